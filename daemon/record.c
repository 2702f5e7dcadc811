/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>
#include <sys/epoll.h>

#include "boot-id.h"
#include "log.h"
#include "record.h"

/* --- clock --------------------------------------------------------------------- */

static int64_t clock_usec(clockid_t clock) {
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (int64_t) ts.tv_sec * (int64_t) USEC_PER_SEC + ts.tv_nsec / (int64_t) NSEC_PER_USEC;
}

usec_t record_now_usec(void) {
        return (usec_t) clock_usec(CLOCK_BOOTTIME);
}

/* Two clocks at the same moment: once more when something came in between. */
static KeptClock read_clocks(void) {
        int64_t before, after, real;
        KeptClock c;
        struct tm tm;

        for (unsigned i = 0; i < 10; i++) {
                before = clock_usec(CLOCK_BOOTTIME);
                real = clock_usec(CLOCK_REALTIME);
                after = clock_usec(CLOCK_BOOTTIME);
                if (after - before < 100)
                        break;
        }
        c.boottime_usec = (usec_t) after;
        c.utc_minus_boottime_usec = real - (before + after) / 2;

        time_t t = (time_t) (real / (int64_t) USEC_PER_SEC);
        tzset();        /* the zone may have been changed meanwhile */
        c.utc_offset_s = localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
        return c;
}

typedef struct ClockJob {
        StoreJob job;
        KeptClock clock;
} ClockJob;

static int run_clock(Keeper *k, StoreJob *j) {
        return keep_clock(k, &((ClockJob*) j)->clock);
}

void record_tick(Record *r) {
        if (!r)
                return;
        KeptClock now = read_clocks();
        int64_t step = now.utc_minus_boottime_usec - r->clock.utc_minus_boottime_usec;

        if (llabs(step) < KEEPER_STEP_USEC_MIN)
                now.utc_minus_boottime_usec = r->clock.utc_minus_boottime_usec;
        if (llabs(step) < KEEPER_STEP_USEC_MIN && now.utc_offset_s == r->clock.utc_offset_s)
                return;

        ClockJob *j = calloc(1, sizeof(*j));
        if (!j)
                return;         /* in a second again */
        *j = (ClockJob) { .job = { .run = run_clock, .essential = true }, .clock = now };
        r->clock = now;
        store_submit(r->store, &j->job, sizeof(*j));
}

/* --- monitors -------------------------------------------------------------------- */

static ssize_t find(const Record *r, const Monitor *m) {
        for (ssize_t i = 0; r && i < (ssize_t) RECORD_MONITORS_MAX; i++)
                if (r->monitors[i].monitor == m)
                        return i;
        return -1;
}

typedef struct DeviceJob {
        StoreJob job;
        KeptDevice device;
} DeviceJob;

static int run_device(Keeper *k, StoreJob *j) {
        return keep_device(k, &((DeviceJob*) j)->device);
}

static void describe(const Monitor *m, KeptDevice *d) {
        snprintf(d->identity, sizeof(d->identity), "%s", m->place.path);
        snprintf(d->name, sizeof(d->name), "%s", m->name);
        d->n_channels = m->n_channels;
        d->rate_hz = monitor_nominal_rate_hz(m);
        d->false_alarms_per_hour = m->config.false_alarms_per_hour;
        d->boottime_usec = record_now_usec();
        for (unsigned c = 0; c < m->n_channels; c++) {
                const SourceChannel *info = monitor_channel_info(m, c);

                snprintf(d->channels[c].label, sizeof(d->channels[c].label), "%s", info->label);
                d->channels[c].gain = info->gain;
                d->channels[c].lsb_uv = info->lsb_uv;
        }
}

void record_begin(Record *r, const Monitor *m) {
        ssize_t i = find(r, NULL);

        record_end(r, m, "failed");     /* of a run that ended without a word */
        if (i < 0)
                return;
        DeviceJob *j = calloc(1, sizeof(*j));
        if (!j) {
                log_error("%s: out of memory; it is not remembered.", m->name);
                return;
        }
        j->job = (StoreJob) { .run = run_device, .essential = true };
        describe(m, &j->device);
        r->monitors[i].monitor = m;
        r->monitors[i].source = j->device.source = ++r->last_source;
        memcpy(r->monitors[i].lost, m->lost, sizeof(m->lost));
        if (lately_new(j->device.rate_hz, m->n_channels, &r->monitors[i].lately) < 0)
                log_error("%s: out of memory; no waveforms are kept.", m->name);
        store_submit(r->store, &j->job, sizeof(*j));
}

typedef struct EndJob {
        StoreJob job;
        uint64_t source;
        usec_t boottime_usec;
        const char *why;
} EndJob;

static int run_end(Keeper *k, StoreJob *j) {
        EndJob *e = (EndJob*) j;

        return keep_device_end(k, e->source, e->boottime_usec, e->why);
}

void record_end(Record *r, const Monitor *m, const char *why) {
        ssize_t i = find(r, m);

        if (i < 0)
                return;
        record_lost(r, m);
        EndJob *j = calloc(1, sizeof(*j));
        if (j) {
                *j = (EndJob) {
                        .job = { .run = run_end, .essential = true },
                        .source = r->monitors[i].source,
                        .boottime_usec = record_now_usec(),
                        .why = why,
                };
                store_submit(r->store, &j->job, sizeof(*j));
        }
        r->monitors[i].monitor = NULL;
        r->monitors[i].lately = lately_free(r->monitors[i].lately);
}

bool record_get_session(Record *r, const Monitor *m, int64_t *ret_id, bool *ret_begun) {
        ssize_t i = find(r, m);
        StoreStatus status;

        if (i < 0)
                return false;
        store_get_status(r->store, &status);
        for (size_t k = 0; k < ELEMENTSOF(status.sessions); k++)
                if (status.sessions[k].source == r->monitors[i].source && status.sessions[k].id != 0) {
                        *ret_id = status.sessions[k].id;
                        *ret_begun = status.sessions[k].confirmed;
                        return true;
                }
        return false;
}

/* --- what they find ---------------------------------------------------------------- */

void record_frames(Record *r, const Monitor *m, uint64_t position, const int32_t *samples, size_t n_frames) {
        ssize_t i = find(r, m);

        if (i >= 0 && r->monitors[i].lately)
                lately_push(r->monitors[i].lately, position, samples, n_frames);
}

typedef struct EventJob {
        StoreJob job;
        KeptEvent event;
} EventJob;

/* A little more than the event, on both sides: what is beside it tells as much. */
#define BESIDE_MS 15.0
/* Of a long one, its beginning */
#define LONGEST_MS 300.0

typedef struct Window {
        int64_t from;
        unsigned n, before;
} Window;

static Window window_of(const MonitorEvent *e) {
        double beside = BESIDE_MS / e->frame_ms, longest = LONGEST_MS / e->frame_ms;
        double from = floor(e->event->onset - beside), to = ceil(e->event->end + beside);

        return (Window) {
                .from = (int64_t) from,
                .n = (unsigned) MIN(fmin(to - from, longest), (double) KEPT_SAMPLES_MAX),
                .before = (unsigned) fmax(round(e->event->peak - from), 0),
        };
}

static int run_event(Keeper *k, StoreJob *j) {
        return keep_event(k, &((EventJob*) j)->event);
}

void record_event(Record *r, const Monitor *m, const MonitorEvent *e) {
        const DetectEvent *d = e->event;
        ssize_t i = find(r, m);
        size_t size = sizeof(EventJob) + d->n_channels * sizeof(((KeptEvent*) NULL)->channels[0]);
        Window w = window_of(e);

        if (i < 0)
                return;
        EventJob *j = calloc(1, size + w.n * sizeof(int32_t));
        if (!j)
                return;
        int32_t *samples = (int32_t*) ((char*) j + size);
        bool seen = r->monitors[i].lately && lately_get(r->monitors[i].lately, w.from, w.n, d->channels[0], samples);
        j->job.run = run_event;
        j->event = (KeptEvent) {
                .source = r->monitors[i].source,
                .boottime_usec = e->boottime_usec,
                .onset_usec = e->boottime_usec - e->onset_boottime_usec,
                .duration_usec = e->end_boottime_usec - e->onset_boottime_usec,
                .kind = event_kind_to_string(d->kind),
                .amplitude_uv = d->amplitude_uv,
                .snr = d->snr,
                .discharges = d->discharges,
                .unit = d->unit,
                .n_samples = seen ? w.n : 0,
                .n_before = w.before,
                .rate_hz = 1e3 / e->frame_ms,
                .lsb_uv = monitor_channel_info(m, d->channels[0])->lsb_uv,
                .samples = samples,
                .n_channels = (unsigned) d->n_channels,
        };
        for (size_t c = 0; c < d->n_channels; c++) {
                j->event.channels[c].channel = d->channels[c] + 1;
                j->event.channels[c].lag_usec = d->lags[c] * e->frame_ms * 1e3;
        }
        store_submit(r->store, &j->job, size + (seen ? w.n : 0) * sizeof(int32_t));
}

typedef struct MinuteJob {
        StoreJob job;
        KeptMinute minute;
} MinuteJob;

static int run_minute(Keeper *k, StoreJob *j) {
        return keep_minute(k, &((MinuteJob*) j)->minute);
}

void record_minute(Record *r, const Monitor *m, const MonitorMinute *minute) {
        const DetectMinute *d = &minute->found;
        ssize_t i = find(r, m);

        if (i < 0)
                return;
        MinuteJob *j = calloc(1, sizeof(*j));
        if (!j)
                return;
        j->job.run = run_minute;
        j->minute = (KeptMinute) {
                .source = r->monitors[i].source,
                .channel = d->channel + 1,
                .boottime_usec = minute->from_boottime_usec,
                .length_usec = minute->to_boottime_usec - minute->from_boottime_usec,
                .exposure_s = d->exposure_s,
                .noise_uv = d->noise_uv,
                .floor_uv = d->floor_uv,
                .events = d->events,
                .twitches = d->twitches,
                .voluntary = d->voluntary,
        };
        for (Exclusion x = 0; x < _EXCLUSION_MAX; x++)
                if (d->excluded_s[x] > 0) {
                        unsigned n = j->minute.n_excluded++;

                        j->minute.excluded[n].cause = exclusion_to_string(x);
                        j->minute.excluded[n].excluded_s = d->excluded_s[x];
                }
        store_submit(r->store, &j->job, sizeof(*j));
}

typedef struct LossJob {
        StoreJob job;
        KeptLoss loss;
} LossJob;

static int run_loss(Keeper *k, StoreJob *j) {
        return keep_loss(k, &((LossJob*) j)->loss);
}

void record_lost(Record *r, const Monitor *m) {
        ssize_t i = find(r, m);

        for (LostCause c = 0; i >= 0 && c < _LOST_CAUSE_MAX; c++) {
                if (m->lost[c] <= r->monitors[i].lost[c])
                        continue;
                LossJob *j = calloc(1, sizeof(*j));
                if (!j)
                        return; /* told with the next */
                *j = (LossJob) {
                        .job.run = run_loss,
                        .loss = {
                                .source = r->monitors[i].source,
                                .boottime_usec = record_now_usec(),
                                .cause = lost_cause_to_string(c),
                                .scans = m->lost[c] - r->monitors[i].lost[c],
                        },
                };
                r->monitors[i].lost[c] = m->lost[c];
                store_submit(r->store, &j->job, sizeof(*j));
        }
}

/* --- ------------------------------------------------------------------------------- */

static int on_io(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        Record *r = userdata;

        store_dispatch(r->store);
        r->changed(r->userdata);
        return 0;
}

int record_new(sd_event *event, const char *dir, void (*changed)(void *userdata), void *userdata, Record **ret) {
        sd_id128_t boot;

        assert(ret);
        int r = boot_id_get(&boot);
        if (r < 0)
                return r;
        Record *record = calloc(1, sizeof(*record));
        if (!record)
                return -ENOMEM;
        record->changed = changed;
        record->userdata = userdata;
        record->clock = read_clocks();
        r = store_new(dir, SD_ID128_TO_STRING(boot), &record->clock, &record->store);
        if (r >= 0)
                r = sd_event_add_io(event, &record->io, store_fd(record->store), EPOLLIN, on_io, record);
        if (r < 0) {
                (void) record_stop(record, USEC_PER_SEC);
                return r;
        }
        *ret = record;
        return 0;
}

Record* record_stop(Record *r, usec_t timeout_usec) {
        if (!r)
                return NULL;
        r->io = sd_event_source_disable_unref(r->io);
        if (r->store) {
                if (store_stop(r->store, timeout_usec) < 0) {
                        log_error("%s: the disk does not answer; what was not written by now is lost.",
                                  store_path(r->store));
                        return NULL;    /* the thread still uses it: a leak is better */
                }
                store_dispatch(r->store);
                store_free(r->store);
        }
        for (size_t i = 0; i < RECORD_MONITORS_MAX; i++)
                lately_free(r->monitors[i].lately);
        free(r);
        return NULL;
}
