/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "devices.h"
#include "log.h"
#include "monitor.h"

/* Silence this long is "no-data". */
#define STALL_USEC (1 * USEC_PER_SEC)
/* Without a noise estimate (nothing connected) it counts as running all the same after this. */
#define SETTLED_USEC (5 * USEC_PER_SEC)
#define BATCH_FRAMES 64u
/* One signal a cause in this time */
#define ARTEFACT_USEC USEC_PER_SEC

static const char *const state_words[_MONITOR_STATE_MAX] = {
#define STATE_WORD(name, word) [MONITOR_##name] = word,
        MONITOR_STATES(STATE_WORD)
#undef STATE_WORD
};

const char* monitor_state_to_string(MonitorState s) {
        return s < _MONITOR_STATE_MAX ? state_words[s] : NULL;
}

static void set_state(Monitor *m, MonitorState s) {
        if (m->state == s)
                return;
        m->state = s;
        if (m->opened)
                m->sinks.state_changed(m, m->sinks.userdata);
}

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
        }

        for (unsigned c = 0; c < m->n_channels; c++) {
                uint32_t w = f->words[c];
                size_t i = b->n * m->n_channels + c;

                b->samples[i] = (int32_t) w >> 8;
                b->flags[i] = w & (ADS1299_FLAG_P_OFF | ADS1299_FLAG_N_OFF) ? DETECT_SAMPLE_LEAD_OFF : 0;
        }
        if (++b->n == BATCH_FRAMES)
                flush_batch(m, b);
}

static void take_frames(Monitor *m) {
        Batch batch = { .n = 0 };
        uint64_t before = m->n_scans;
        void *frames;
        size_t n;

        while ((n = iio_source_peek(m->source, &frames)) > 0) {
                for (size_t i = 0; i < n; i++)
                        push_frame(m, &batch, iio_source_frame(m->source, frames, i));
                iio_source_release(m->source, n);
                m->n_scans += n;
        }
        flush_batch(m, &batch);
        if (m->n_scans == before)
                return;

        m->last_frame_usec = now_usec();
        if (!m->streaming) {
                m->streaming = true;
                m->first_frame_usec = m->last_frame_usec;
                m->sinks.streaming(m, m->sinks.userdata);
        }
        if (m->state == MONITOR_NO_DATA) {
                log_notice("%s: samples arrive again.", m->name);
                set_state(m, MONITOR_RUNNING);
        }
}

/* --- once a second --------------------------------------------------------- */

static void notice_silence(Monitor *m) {
        usec_t now = now_usec();
        char path[128];

        if (now - m->last_frame_usec < STALL_USEC)
                return;
        iio_source_refresh_lost(m->source);
        if (m->state == MONITOR_STARTING || m->state == MONITOR_RUNNING) {
                log_warning("%s: no samples for a second.", m->name);
                set_state(m, MONITOR_NO_DATA);
        }
        /* Should the news of the node's removal have been missed */
        snprintf(path, sizeof(path), "/sys/bus/iio/devices/%s", m->id ? m->id : "");
        if (m->id && access(path, F_OK) < 0)
                monitor_device_gone(m);
}

static void notice_settled(Monitor *m) {
        if (m->state != MONITOR_STARTING || !m->streaming)
                return;

        bool settled = now_usec() - m->first_frame_usec >= SETTLED_USEC;
        for (unsigned i = 0; i < m->n_channels && !settled; i++) {
                DetectChannelStats s;

                monitor_channel_stats(m, i, &s);
                settled = !isnan(s.noise_uv);
        }
        if (settled)
                set_state(m, MONITOR_RUNNING);
}

static void notice_lost(Monitor *m) {
        bool changed = false;

        for (LostCause c = 0; c < _LOST_CAUSE_MAX; c++) {
                uint64_t n = iio_source_lost(m->source, c);

                changed = changed || n != m->lost[c];
                m->lost[c] = n;
        }
        if (changed)
                m->sinks.lost_changed(m, m->sinks.userdata);
}

static void notice_channel(Monitor *m, unsigned channel) {
        MonitorChannel *c = &m->channels[channel];
        DetectChannelStats s;

        monitor_channel_stats(m, channel, &s);
        const char *status = s.lead_off ? "lead-off" : s.saturated ? "saturated" : s.flat ? "flat" : "ok";
        if (c->lead_off == s.lead_off && streq(c->status, status))
                return;
        c->lead_off = s.lead_off;
        c->status = status;
        m->sinks.channel_changed(m, channel, m->sinks.userdata);
}

static void announce_changes(Monitor *m) {
        for (ArtefactCause c = 0; c < _ARTEFACT_CAUSE_MAX; c++)
                if (m->pending[c].parts > 0)
                        send_artefact(m, c);
        notice_settled(m);
        notice_lost(m);
        for (unsigned i = 0; i < m->n_channels; i++)
                notice_channel(m, i);
}

void monitor_tick(Monitor *m) {
        if (!m->opened)
                return;
        if (!m->device_gone)
                notice_silence(m);
        announce_changes(m);
}

/* --- beginning and end ----------------------------------------------------- */

static int new_detector(Monitor *m, const SourceInfo *info) {
        double lsb_uv[DEVICE_CHANNELS_MAX];
        int32_t code_min[DEVICE_CHANNELS_MAX], code_max[DEVICE_CHANNELS_MAX];

        for (unsigned i = 0; i < info->n_channels; i++) {
                lsb_uv[i] = info->channels[i].lsb_uv;
                code_min[i] = ADS1299_CODE_MIN;
                code_max[i] = ADS1299_CODE_MAX;
        }

        DetectConfig c = {
                .rate_hz = info->rate_hz,
                .n_channels = info->n_channels,
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
        return detector_new(&c, &m->detector);
}

static int on_opened(Monitor *m) {
        const SourceInfo *info = iio_source_info(m->source);

        int r = new_detector(m, info);
        if (r < 0)
                return log_error_errno(r, "%s: cannot set up the detector: %m", info->device);

        frame_clock_init(&m->clock, info->rate_hz);
        m->n_channels = info->n_channels;
        for (unsigned i = 0; i < m->n_channels; i++)
                m->channels[i] = (MonitorChannel) { .monitor = m, .index = i, .status = "ok" };
        m->opened_usec = m->last_frame_usec = now_usec();
        m->opened = true;
        log_info("%s: %u channels at %g samples a second, %g false alarms an hour and channel allowed.",
                 m->name, m->n_channels, info->rate_hz, m->config.false_alarms_per_hour);
        m->sinks.opened(m, m->sinks.userdata);
        return 0;
}

/* One clear line why it ended. */
static void say_why(Monitor *m) {
        const char *device = m->name, *what = NULL;
        int r = iio_source_error(m->source, &what);

        if (m->error == 0)
                m->error = r;
        if (m->device_gone || m->error == -ENODEV) {
                m->error = -ENODEV;
                if (m->opened)
                        log_notice("%s: unplugged after %" PRIu64 " scans, "
                                   "%" PRIu64 " lost and %" PRIu64 " events.",
                                   device, m->n_scans, monitor_lost_total(m), m->n_events);
                else
                        log_error("%s: %s.", device, what ? what : "it went away while it was being opened");
        } else if (m->error == -EACCES || m->error == -EPERM)
                log_error_errno(m->error, "%s: %s: %m; is the udev rule 60-twitchd.rules installed, and the "
                                "device plugged in after that (or `udevadm trigger -c add -s iio`)?",
                                device, what);
        else if (m->error < 0 && what)
                log_error_errno(m->error, "%s: %s: %m", device, what);
        else if (m->error == 0)
                log_info("%s: stopped after %" PRIu64 " scans, %" PRIu64 " lost and %" PRIu64 " events.",
                         device, m->n_scans, monitor_lost_total(m), m->n_events);
}

/* The thread has ended and is joined. */
static void end(Monitor *m) {
        if (m->opened) {
                take_frames(m);
                detector_finish(m->detector);
                announce_changes(m);
        }
        m->wakeup = sd_event_source_disable_unref(m->wakeup);
        say_why(m);
        set_state(m, m->error == 0 || m->error == -ENODEV ? MONITOR_STOPPED : MONITOR_FAILED);
        m->sinks.ended(m, m->sinks.userdata);
}

static int on_wakeup(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        Monitor *m = userdata;
        eventfd_t n;

        (void) eventfd_read(fd, &n);

        /* The state before the frames: behind SOURCE_ENDED there are none. */
        SourceState s = iio_source_state(m->source);
        if (!m->opened && m->error == 0 && s == SOURCE_STREAMING) {
                m->error = on_opened(m);
                if (m->error < 0)
                        monitor_cancel(m);
        }
        if (m->opened)
                take_frames(m);
        if (s == SOURCE_ENDED)
                (void) monitor_finish(m, USEC_PER_SEC);
        return 0;
}

int monitor_new(sd_event *event, const char *uri, const char *id, const DevicePlace *place,
                const Config *config, const MonitorSinks *sinks, Monitor **ret) {
        assert(event);
        assert(sinks);
        assert(ret);

        Monitor *m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->config = *config;
        m->sinks = *sinks;
        m->place = *place;
        m->name = m->place.name;
        /* a device elsewhere cannot be asked */
        m->sinc3 = id && streq(uri, IIO_LOCAL_URI) && device_has_sinc3(id);

        int r = id && !(m->id = strdup(id)) ? -ENOMEM : sd_id128_randomize(&m->instance);
        if (r >= 0)
                r = iio_source_new(uri, id, config, &m->source);
        if (r >= 0)
                r = sd_event_add_io(event, &m->wakeup, iio_source_fd(m->source), EPOLLIN, on_wakeup, m);
        if (r < 0) {
                if (m->source && (monitor_cancel(m), iio_source_join(m->source, USEC_PER_SEC)) < 0)
                        return r;       /* the thread still uses it: a leak is better */
                monitor_free(m);
                return r;
        }
        *ret = m;
        return 0;
}

Monitor* monitor_free(Monitor *m) {
        if (!m)
                return NULL;
        sd_event_source_disable_unref(m->wakeup);
        iio_source_free(m->source);
        detector_free(m->detector);
        free(m->id);
        free(m);
        return NULL;
}

void monitor_cancel(Monitor *m) {
        iio_source_cancel(m->source, false);
}

int monitor_finish(Monitor *m, usec_t timeout_usec) {
        int r = iio_source_join(m->source, timeout_usec);
        if (r < 0)
                return r;
        end(m);
        return 0;
}

void monitor_device_gone(Monitor *m) {
        m->device_gone = true;
        iio_source_cancel(m->source, true);
}

/* --- for the sinks ---------------------------------------------------------- */

double monitor_nominal_rate_hz(const Monitor *m) {
        return iio_source_info(m->source)->rate_hz;
}

const SourceChannel* monitor_channel_info(const Monitor *m, unsigned channel) {
        assert(channel < m->n_channels);
        return &iio_source_info(m->source)->channels[channel];
}

void monitor_channel_stats(const Monitor *m, unsigned channel, DetectChannelStats *ret) {
        *ret = (DetectChannelStats) { .noise_uv = NAN, .floor_uv = NAN };
        (void) detector_get_channel_stats(m->detector, channel, ret);
}

uint64_t monitor_lost_total(const Monitor *m) {
        uint64_t n = 0;

        for (LostCause c = 0; c < _LOST_CAUSE_MAX; c++)
                n += m->lost[c];
        return n;
}
