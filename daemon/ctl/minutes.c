/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "minutes.h"
#include "util.h"

int minutes_add(Minutes *m, const DetectMinute *minute, double rate_hz, double from_s, const unsigned *channels) {
        if (m->n == m->allocated) {
                size_t n = MAX(m->allocated * 2, (size_t) 64);
                Minute *items = reallocarray(m->items, n, sizeof *items);
                if (!items)
                        return -ENOMEM;
                m->items = items;
                m->allocated = n;
        }
        m->items[m->n++] = (Minute) {
                .channel = channels[minute->channel],
                .from_s = from_s + minute->from / rate_hz,
                .to_s = from_s + minute->to / rate_hz,
                .found = *minute,
        };
        return 0;
}

/* Channels of different rates round the same minute differently. */
static long number_of(const Minute *m) {
        return lround(m->from_s / 60);
}

static int compare(const void *a, const void *b) {
        const Minute *x = a, *y = b;

        if (number_of(x) != number_of(y))
                return number_of(x) < number_of(y) ? -1 : 1;
        return x->channel < y->channel ? -1 : 1;
}

void minutes_sort(Minutes *m) {
        if (m->n > 0)
                qsort(m->items, m->n, sizeof *m->items, compare);
}

void minutes_done(Minutes *m) {
        free(m->items);
        *m = (Minutes) {};
}

static void json_minute(Json *j, const Minute *m) {
        const DetectMinute *f = &m->found;

        json_begin(j, NULL);
        json_put_string(j, "type", "minute");
        json_put_unsigned(j, "channel", m->channel);
        json_put_double(j, "from", m->from_s, 4);
        json_put_double(j, "to", m->to_s, 4);
        json_put_double(j, "exposure_s", f->exposure_s, 3);
        json_begin(j, "excluded_s");
        for (unsigned i = 0; i < _EXCLUSION_MAX; i++)
                if (f->excluded_s[i] >= 0.0005)
                        json_put_double(j, exclusion_to_string((Exclusion) i), f->excluded_s[i], 3);
        json_end(j);
        json_put_double(j, "noise_uv", f->noise_uv, 2);
        json_put_double(j, "floor_uv", f->floor_uv, 2);
        json_put_unsigned(j, "events", f->events);
        json_put_unsigned(j, "twitches", f->twitches);
        json_put_bool(j, "voluntary", f->voluntary);
        json_end(j);
        json_line(j);
}

void minutes_print_json(const Minutes *m, Json *j) {
        for (size_t i = 0; i < m->n; i++)
                json_minute(j, m->items + i);
}
