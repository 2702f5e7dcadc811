/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings.h"
#include "util.h"

static int add(Findings *f, Finding item) {
        if (f->n == f->allocated) {
                size_t n = MAX(f->allocated * 2, (size_t) 64);
                Finding *items = reallocarray(f->items, n, sizeof *items);
                if (!items)
                        return -ENOMEM;
                f->items = items;
                f->allocated = n;
        }
        item.order = f->n_added++;
        f->items[f->n++] = item;
        return 0;
}

int findings_add_event(Findings *f, const DetectEvent *e, double rate_hz, double from_s,
                       const unsigned *channels) {
        Finding item = {
                .is_event = true,
                .word = event_kind_to_string(e->kind),
                .kind = e->kind,
                .from_s = from_s + e->onset / rate_hz,
                .time_s = from_s + e->peak / rate_hz,
                .to_s = from_s + e->end / rate_hz,
                .n_channels = e->n_channels,
                .amplitude_uv = e->amplitude_uv,
                .snr = e->snr,
                .discharges = e->discharges,
                .unit = e->unit,
        };

        for (size_t i = 0; i < e->n_channels; i++) {
                item.channels[i] = channels[e->channels[i]];
                item.lags_ms[i] = e->lags[i] / rate_hz * 1e3;
        }
        return add(f, item);
}

int findings_add_artefact(Findings *f, const DetectArtefact *a, double rate_hz, double from_s,
                          const unsigned *channels) {
        Finding item = {
                .word = artefact_cause_to_string(a->cause),
                .from_s = from_s + a->from / rate_hz,
                .time_s = from_s + a->from / rate_hz,
                .to_s = from_s + a->to / rate_hz,
                .n_channels = a->n_channels,
        };

        for (size_t i = 0; i < a->n_channels; i++)
                item.channels[i] = channels[a->channels[i]];
        return add(f, item);
}

static int compare(const void *a, const void *b) {
        const Finding *x = a, *y = b;

        if (x->time_s != y->time_s)
                return x->time_s < y->time_s ? -1 : 1;
        return x->order < y->order ? -1 : 1;
}

void findings_release(Findings *f, double before_s, void (*release)(const Finding *finding, void *userdata),
                      void *userdata) {
        if (f->n > f->n_released)
                qsort(f->items + f->n_released, f->n - f->n_released, sizeof *f->items, compare);
        for (; f->n_released < f->n && f->items[f->n_released].time_s < before_s; f->n_released++) {
                Finding *item = f->items + f->n_released;

                if (item->is_event)
                        item->id = ++f->n_events;
                release(item, userdata);
        }
}

void findings_forget(Findings *f, bool (*keep)(const Finding *finding, void *userdata), void *userdata) {
        size_t n = f->n_kept;

        for (size_t i = f->n_kept; i < f->n_released; i++)
                if (keep(f->items + i, userdata))
                        f->items[n++] = f->items[i];
        for (size_t i = f->n_released; i < f->n; i++)
                f->items[n + i - f->n_released] = f->items[i];
        f->n -= f->n_released - n;
        f->n_released = f->n_kept = n;
}

void findings_done(Findings *f) {
        free(f->items);
        *f = (Findings){};
}
