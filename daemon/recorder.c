/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <math.h>

#include "log.h"
#include "recorder.h"

/* Of the two seconds that the service has for its end */
#define STOP_USEC (500 * USEC_PER_MSEC)

/* Fewer samples lost are not worth a line: each gap leaves up to a tenth of a second that is not kept. */
#define LOST_SAID_MIN 1000u
#define LOST_SAID_USEC (60 * USEC_PER_SEC) /* a line a minute at most */

int recorder_init(Recorder *r, const char *state_dir, const Config *config) {
        *r = (Recorder){ .mode = config->record, .free_bytes_min = (uint64_t) config->record_free_mb << 20 };
        if (state_dir && state_dir[0] && asprintf(&r->dir, "%s/recordings", state_dir) < 0) {
                r->dir = NULL;
                return -ENOMEM;
        }
        return 0;
}

bool recorder_is_on(const Recorder *r) {
        return r->dir &&
                (r->asked || r->mode == RECORD_ALWAYS || (r->mode == RECORD_SESSIONS && r->session));
}

/* As the board has it printed, where nobody gave it a name */
static const char *label_of(const Monitor *m, unsigned channel, char ret_buffer[static 16]) {
        const char *label = monitor_channel_info(m, channel)->label;

        if (label[0])
                return label;
        snprintf(ret_buffer, 16, "IN%u", channel + 1);
        return ret_buffer;
}

static void start(Recorder *r, size_t i) {
        const Monitor *m = r->monitors[i].monitor;
        RecordingChannel channels[RECORDING_CHANNELS_MAX] = {};
        RecordingConfig config = {
                .dir = r->dir,
                .name = m->name,
                .rate_hz = monitor_nominal_rate_hz(m),
                .n_channels = m->n_channels,
                .channels = channels,
                .code_min = ADS1299_CODE_MIN,
                .code_max = ADS1299_CODE_MAX,
                .free_bytes_min = r->free_bytes_min,
        };

        if (m->n_channels > RECORDING_CHANNELS_MAX)
                return;
        for (unsigned c = 0; c < m->n_channels; c++) {
                const SourceChannel *info = monitor_channel_info(m, c);
                char buffer[16];

                snprintf(channels[c].label, sizeof(channels[c].label), "%.16s", label_of(m, c, buffer));
                channels[c].lsb_uv = info->lsb_uv;
                channels[c].gain = info->gain;
        }
        int k = recording_new(&config, &r->monitors[i].recording);
        r->monitors[i].error = 0;
        r->monitors[i].lost = 0;
        r->monitors[i].lost_said_usec = 0;
        if (k < 0) {
                r->monitors[i].recording = NULL;
                log_error_errno(k, "%s: cannot be recorded: %m", m->name);
        } else
                log_info("%s: recording to %s.", m->name, r->dir);
}

static void say_lost(Recorder *r, size_t i, const RecordingStatus *s) {
        if (s->frames_lost < r->monitors[i].lost + LOST_SAID_MIN)
                return;
        log_warning("%s: %" PRIu64 " samples of each channel were not recorded, %" PRIu64
                    " since recording began.",
                    r->monitors[i].monitor->name, s->frames_lost - r->monitors[i].lost, s->frames_lost);
        r->monitors[i].lost = s->frames_lost;
        r->monitors[i].lost_said_usec = now_usec();
}

static void stop(Recorder *r, size_t i) {
        RecordingStatus s;

        if (!r->monitors[i].recording)
                return;
        recording_get_status(r->monitors[i].recording, &s);
        say_lost(r, i, &s);
        if (recording_stop(r->monitors[i].recording, STOP_USEC) < 0)
                log_error("%s: the disk does not answer; \"twitchctl record repair\" mends the last file.",
                          r->dir);
        r->monitors[i].recording = NULL;
}

/* As it is to be now */
static void apply(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].monitor && recorder_is_on(r) && !r->monitors[i].recording)
                        start(r, i);
                else if (!recorder_is_on(r))
                        stop(r, i);
}

void recorder_configure(Recorder *r, const Config *config) {
        r->mode = config->record;
        r->free_bytes_min = (uint64_t) config->record_free_mb << 20;
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].recording)
                        recording_set_free_bytes_min(r->monitors[i].recording, r->free_bytes_min);
        apply(r);
}

int recorder_ask(Recorder *r, bool on) {
        if (!r->dir)
                return -EOPNOTSUPP;
        r->asked = on;
        apply(r);
        return 0;
}

void recorder_session(Recorder *r, bool begun) {
        r->session = begun;
        apply(r);
}

static ssize_t find(const Recorder *r, const Monitor *m) {
        for (ssize_t i = 0; i < (ssize_t) RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].monitor == m)
                        return i;
        return -1;
}

void recorder_begin(Recorder *r, Monitor *m) {
        ssize_t i;

        recorder_end(r, m);
        i = find(r, NULL);
        if (i < 0)
                return;
        r->monitors[i].monitor = m;
        apply(r);
}

void recorder_end(Recorder *r, const Monitor *m) {
        ssize_t i = find(r, m);

        if (i < 0)
                return;
        stop(r, (size_t) i);
        r->monitors[i].monitor = NULL;
}

void recorder_done(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                stop(r, i);
        free(r->dir);
        *r = (Recorder){};
}

static int64_t utc_usec_at(const Monitor *m, uint64_t position, int32_t *ret_local_offset_s) {
        struct timespec boot, real;
        struct tm tm;

        (void) clock_gettime(CLOCK_BOOTTIME, &boot);
        (void) clock_gettime(CLOCK_REALTIME, &real);
        int64_t utc_minus_boot_ns =
                (real.tv_sec - boot.tv_sec) * (int64_t) NSEC_PER_SEC + real.tv_nsec - boot.tv_nsec;
        *ret_local_offset_s = localtime_r(&real.tv_sec, &tm) ? (int32_t) tm.tm_gmtoff : 0;
        return (frame_clock_time_ns(&m->clock, (double) position) + utc_minus_boot_ns) /
                (int64_t) NSEC_PER_USEC;
}

void recorder_frames(Recorder *r, const Monitor *m, uint64_t position, const int32_t *samples,
                     size_t n_frames) {
        ssize_t i = find(r, m);
        int32_t local_offset_s;

        if (i < 0 || !r->monitors[i].recording)
                return;
        int64_t utc_usec = utc_usec_at(m, position, &local_offset_s);
        recording_push(r->monitors[i].recording, position, samples, n_frames, utc_usec, local_offset_s,
                       frame_clock_rate_hz(&m->clock));
}

void recorder_event(Recorder *r, const Monitor *m, const MonitorEvent *e) {
        const DetectEvent *d = e->event;
        ssize_t i = find(r, m);
        char text[128], buffer[16];

        if (i < 0 || !r->monitors[i].recording)
                return;
        if (d->n_channels == 1)
                snprintf(text, sizeof(text), "%s@@%s", event_kind_to_string(d->kind),
                         label_of(m, d->channels[0], buffer));
        else
                snprintf(text, sizeof(text), "%s", event_kind_to_string(d->kind));
        recording_annotate(r->monitors[i].recording, d->onset, d->end - d->onset, text);
}

void recorder_tick(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++) {
                RecordingStatus s;

                if (!r->monitors[i].recording)
                        continue;
                recording_get_status(r->monitors[i].recording, &s);
                /* while the disk refuses that is said, and how much it was afterwards */
                if (s.error >= 0 && (r->monitors[i].lost_said_usec == 0 ||
                                     now_usec() >= r->monitors[i].lost_said_usec + LOST_SAID_USEC))
                        say_lost(r, i, &s);
                if (s.error == r->monitors[i].error)
                        continue;
                r->monitors[i].error = s.error;
                if (s.error < 0)
                        log_error_errno(s.error, "%s: not recorded, and tried again every %g s: %m", r->dir,
                                        RECORDING_RETRY_S);
                else
                        log_info("%s: recorded again.", r->dir);
        }
}
