/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>

#include "found.h"

#define BATCH_FRAMES 64u
/* One signal a cause in this time */
#define ARTEFACT_USEC USEC_PER_SEC

/* --- what the detector found ----------------------------------------------- */

static usec_t boottime_usec_at(const Monitor *m, double position) {
        return (usec_t) MAX(frame_clock_time_ns(&m->clock, position), INT64_C(0)) / NSEC_PER_USEC;
}

static void on_notice(const DetectNotice *notice, void *userdata) {
        Monitor *m = userdata;
        MonitorNotice n = {
                .notice = notice,
                .boottime_usec = boottime_usec_at(m, notice->peak),
        };

        m->sinks.notice(m, &n, m->sinks.userdata);
}

static void on_event(const DetectEvent *event, void *userdata) {
        Monitor *m = userdata;
        MonitorEvent e = {
                .id = event->id,
                .event = event,
                .boottime_usec = boottime_usec_at(m, event->peak),
                .onset_boottime_usec = boottime_usec_at(m, event->onset),
                .end_boottime_usec = boottime_usec_at(m, event->end),
                .duration_ms = (event->end - event->onset) * m->clock.period_ns / 1e6,
                .frame_ms = m->clock.period_ns / 1e6,
        };

        m->n_events++;
        m->sinks.event(m, &e, m->sinks.userdata);
}

static void send_artefact(Monitor *m, ArtefactCause cause) {
        MonitorArtefact *p = &m->pending[cause];

        p->from_boottime_usec = boottime_usec_at(m, p->artefact.from);
        p->to_boottime_usec = boottime_usec_at(m, p->artefact.to);
        m->artefact_sent_usec[cause] = now_usec();
        m->sinks.artefact(m, p, m->sinks.userdata);
        p->parts = p->n_notices = 0;
}

static void add_channels(DetectArtefact *a, const DetectArtefact *b) {
        for (size_t i = 0; i < b->n_channels; i++) {
                size_t k = 0;

                while (k < a->n_channels && a->channels[k] != b->channels[i])
                        k++;
                if (k == a->n_channels && k < DETECT_EVENT_CHANNELS_MAX)
                        a->channels[a->n_channels++] = b->channels[i];
        }
}

static void add_notices(MonitorArtefact *p, const DetectArtefact *a) {
        if (a->id == 0)
                return;
        p->notices[p->n_notices++] = a->id;
        for (size_t i = 0; i < a->n_merged; i++)
                p->notices[p->n_notices++] = a->merged[i];
}

static void on_artefact(const DetectArtefact *artefact, void *userdata) {
        Monitor *m = userdata;
        MonitorArtefact *p = &m->pending[artefact->cause];

        if (p->n_notices + 1 + DETECT_MERGED_MAX > MONITOR_NOTICES_MAX)
                send_artefact(m, artefact->cause);
        if (p->parts++ == 0) {
                p->artefact = *artefact;
                p->excluded = 0;
                p->n_notices = 0;
        } else {
                p->artefact.from = fmin(p->artefact.from, artefact->from);
                p->artefact.to = fmax(p->artefact.to, artefact->to);
                add_channels(&p->artefact, artefact);
        }
        p->excluded += artefact->to - artefact->from;
        add_notices(p, artefact);
        if (now_usec() - m->artefact_sent_usec[artefact->cause] >= ARTEFACT_USEC)
                send_artefact(m, artefact->cause);
}

static void on_minute(const DetectMinute *minute, void *userdata) {
        Monitor *m = userdata;
        MonitorChannel *c = &m->channels[minute->channel];
        MonitorMinute *kept = &c->minutes[c->n_minutes++ % MONITOR_MINUTES_KEPT];

        *kept = (MonitorMinute) {
                .from_boottime_usec = boottime_usec_at(m, minute->from),
                .to_boottime_usec = boottime_usec_at(m, minute->to),
                .found = *minute,
        };
        m->sinks.minute(m, kept, m->sinks.userdata);
}

/* --- frames to the detector ------------------------------------------------ */

typedef struct Batch {
        size_t n;
        int32_t samples[BATCH_FRAMES * DEVICE_CHANNELS_MAX];
        uint8_t flags[BATCH_FRAMES * DEVICE_CHANNELS_MAX];
} Batch;

static void flush_batch(Monitor *m, Batch *b) {
        /* first to who keeps them: what the detector finds now may lie in them */
        if (b->n > 0)
                m->sinks.frames(m, detector_position(m->detector), b->samples, b->n, m->sinks.userdata);
        detector_push(m->detector, b->samples, b->flags, b->n);
        b->n = 0;
}

static void push_frame(Monitor *m, Batch *b, const Frame *f) {
        uint32_t flags = 0;

        for (unsigned c = 0; c < m->n_channels; c++)
                flags |= f->words[c];

        uint64_t missing = frame_clock_push(&m->clock, f->time_ns, flags & ADS1299_FLAG_LOST);
        if (missing > 0) {
                flush_batch(m, b);
                detector_gap(m->detector, missing);
                contact_gap(&m->contact);
        }

        int32_t *samples = b->samples + b->n * m->n_channels;
        for (unsigned c = 0; c < m->n_channels; c++)
                samples[c] = (int32_t) f->words[c] >> 8;
        if (contact_push(&m->contact, samples))
                m->contact_is_new = true;

        for (unsigned c = 0; c < m->n_channels; c++) {
                uint8_t off = f->words[c] & (ADS1299_FLAG_P_OFF | ADS1299_FLAG_N_OFF);

                m->channels[c].flags = off;
                if (m->contact.channels[c].state == CONTACT_OFF)
                        off = ADS1299_FLAG_P_OFF;       /* or the other one */
                b->flags[b->n * m->n_channels + c] = off ? DETECT_SAMPLE_LEAD_OFF : 0;
        }
        if (++b->n == BATCH_FRAMES)
                flush_batch(m, b);
}

/* No clock goes backwards or stands still; a device whose clock does is not one that can be trusted. */
static void watch_time(Monitor *m, const Frame *f) {
        if (f->time_ns > m->last_time_ns) {
                m->last_time_ns = f->time_ns;
                m->n_standing = 0;
        } else
                m->n_standing++;
}

size_t found_take_frames(Monitor *m, size_t max) {
        Batch batch = { .n = 0 };
        size_t taken = 0, n;
        void *frames;

        while (taken < max && (n = MIN(iio_source_peek(m->source, &frames), max - taken)) > 0) {
                for (size_t i = 0; i < n; i++) {
                        const Frame *f = iio_source_frame(m->source, frames, i);

                        watch_time(m, f);
                        push_frame(m, &batch, f);
                        m->sinks.frame(m, f, m->sinks.userdata);
                }
                iio_source_release(m->source, n);
                taken += n;
        }
        flush_batch(m, &batch);
        m->sinks.frames_taken(m, m->sinks.userdata);
        m->n_scans += taken;
        return taken;
}

/* --- beginning and end ----------------------------------------------------- */

int found_begin(Monitor *m) {
        double lsb_uv[DEVICE_CHANNELS_MAX];
        int32_t code_min[DEVICE_CHANNELS_MAX], code_max[DEVICE_CHANNELS_MAX];

        for (unsigned i = 0; i < m->info.n_channels; i++) {
                lsb_uv[i] = m->info.channels[i].lsb_uv;
                code_min[i] = ADS1299_CODE_MIN;
                code_max[i] = ADS1299_CODE_MAX;
        }

        DetectConfig c = {
                .rate_hz = m->info.rate_hz,
                .n_channels = m->info.n_channels,
                .lsb_uv = lsb_uv,
                .code_min = code_min,
                .code_max = code_max,
                .sinc3 = m->sinc3,
                .false_alarms_per_hour = m->config.false_alarms_per_hour,
                .on_notice = on_notice,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .on_minute = on_minute,
                .userdata = m,
        };

        frame_clock_init(&m->clock, m->info.rate_hz);
        contact_init(&m->contact, m->info.rate_hz, m->info.n_channels,
                     m->info.contact == SOURCE_CONTACT_AC);
        for (unsigned i = 0; i < m->info.n_channels; i++)
                m->contact.channels[i].lsb_uv = lsb_uv[i];
        m->last_time_ns = -1;
        m->n_standing = 0;
        return detector_new(&c, &m->detector);
}

void found_announce(Monitor *m) {
        for (ArtefactCause c = 0; c < _ARTEFACT_CAUSE_MAX; c++)
                if (m->pending[c].parts > 0)
                        send_artefact(m, c);
}

void found_end(Monitor *m) {
        (void) found_take_frames(m, SIZE_MAX);
        detector_finish(m->detector);
        found_announce(m);
        for (unsigned i = 0; i < m->n_channels; i++) {
                monitor_channel_stats(m, i, &m->channels[i].before);
                m->channels[i].before.noise_uv = m->channels[i].before.floor_uv = NAN;
                m->channels[i].before.lead_off = false;
                m->channels[i].flags = 0;
        }
        m->detector = detector_free(m->detector);
}
