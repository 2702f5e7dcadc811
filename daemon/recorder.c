/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <math.h>
#include <sys/eventfd.h>

#include "log.h"
#include "recorder.h"

/* Fewer samples lost are not worth a line: each gap leaves up to a tenth of a second that is not kept. */
#define LOST_SAID_MIN 1000u
#define LOST_SAID_USEC (60 * USEC_PER_SEC) /* a line a minute at most */

static void on_news(Recorder *r);

static int on_io(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        eventfd_t n;

        (void) eventfd_read(fd, &n);
        on_news(userdata);
        return 0;
}

int recorder_init(Recorder *r, sd_event *event, const char *state_dir, const Config *config,
                  const RecorderSinks *sinks) {
        *r = (Recorder){
                .mode = config->record,
                .free_bytes_min = (uint64_t) config->record_free_mb << 20,
                .delete_oldest = config->record_delete_oldest,
                .sinks = *sinks,
                .fd = -EBADF,
        };
        if (!state_dir || !state_dir[0])
                return 0;
        if (asprintf(&r->dir, "%s/" RECORDING_FOLDER, state_dir) < 0) {
                r->dir = NULL;
                return -ENOMEM;
        }
        r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (r->fd < 0)
                return -errno;
        return sd_event_add_io(event, &r->io, r->fd, EPOLLIN, on_io, r);
}

static bool is_on(const Recorder *r, const RecorderEntry *e) {
        return r->dir && (r->asked || r->mode == RECORD_ALWAYS || (r->mode == RECORD_SESSIONS && e->begun));
}

bool recorder_is_on(const Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].monitor && is_on(r, &r->monitors[i]))
                        return true;
        return is_on(r, &(RecorderEntry){});
}

/* As the board has it printed, where nobody gave it a name */
static const char *label_of(const Monitor *m, unsigned channel, char ret_buffer[static 16]) {
        const char *label = monitor_channel_info(m, channel)->label;

        if (label[0])
                return label;
        snprintf(ret_buffer, 16, "IN%u", channel + 1);
        return ret_buffer;
}

static void start(Recorder *r, RecorderEntry *e) {
        const Monitor *m = e->monitor;
        RecordingChannel channels[RECORDING_CHANNELS_MAX] = {};
        char name[256];
        RecordingConfig config = {
                .dir = r->dir,
                .name = name,
                .rate_hz = monitor_nominal_rate_hz(m),
                .n_channels = m->n_channels,
                .channels = channels,
                .code_min = ADS1299_CODE_MIN,
                .code_max = ADS1299_CODE_MAX,
                .sinc3 = m->sinc3,
                .free_bytes_min = r->free_bytes_min,
                .delete_oldest = r->delete_oldest,
                .news_fd = r->fd,
        };

        if (m->n_channels > RECORDING_CHANNELS_MAX)
                return;
        snprintf(name, sizeof(name), "%s%s%s", r->asked ? r->name : "", r->asked && r->name[0] ? "-" : "",
                 m->name);
        for (unsigned c = 0; c < m->n_channels; c++) {
                const SourceChannel *info = monitor_channel_info(m, c);
                char buffer[16];

                snprintf(channels[c].label, sizeof(channels[c].label), "%.16s", label_of(m, c, buffer));
                channels[c].lsb_uv = info->lsb_uv;
                channels[c].gain = info->gain;
        }
        int k = recording_new(&config, &e->recording);
        e->error = 0;
        e->lost = 0;
        e->lost_said_usec = 0;
        if (k < 0) {
                e->recording = NULL;
                log_error_errno(k, "%s: cannot be recorded: %m", m->name);
        } else
                log_info("%s: recording to %s.", m->name, r->dir);
}

static void say_lost(RecorderEntry *e, const RecordingStatus *s) {
        if (s->frames_lost < e->lost + LOST_SAID_MIN)
                return;
        log_warning("%s: %" PRIu64 " samples of each channel were not recorded, %" PRIu64
                    " since recording began.",
                    e->place, s->frames_lost - e->lost, s->frames_lost);
        e->lost = s->frames_lost;
        e->lost_said_usec = now_usec();
}

/* --- what they tell ------------------------------------------------------------ */

static void take_news(Recorder *r, RecorderEntry *e) {
        RecordingNews news;

        while (recording_take_news(e->recording, &news) > 0)
                r->sinks.file(e->place, &news, r->sinks.userdata);
}

static void answer_waiting(Recorder *r) {
        size_t n = r->n_waiting;

        if (r->n_ending > 0)
                return;
        r->n_waiting = 0;
        for (size_t i = 0; i < n; i++)
                r->waiting[i].ended(r->waiting[i].userdata);
}

/* The last word of one that has ended, or will not until then */
static void bury(Recorder *r, size_t i, usec_t until_usec) {
        RecorderEntry *e = &r->ending[i];
        RecordingStatus s;

        recording_get_status(e->recording, &s);
        say_lost(e, &s);
        while (!recording_is_done(e->recording) && now_usec() < until_usec)
                usleep(1000);
        take_news(r, e);
        if (recording_join(e->recording, until_usec) < 0)
                log_error("%s: the disk does not answer; the last file is mended when the service starts "
                          "again.",
                          r->dir);
        r->ending[i] = r->ending[--r->n_ending];
}

static void on_news(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].recording)
                        take_news(r, &r->monitors[i]);
        for (size_t i = r->n_ending; i > 0; i--)
                if (recording_is_done(r->ending[i - 1].recording))
                        bury(r, i - 1, 0);
                else
                        take_news(r, &r->ending[i - 1]);
        answer_waiting(r);
}

static void stop(Recorder *r, RecorderEntry *e) {
        if (!e->recording)
                return;
        recording_end(e->recording);
        /* a disk that hangs while somebody begins and ends again and again */
        if (r->n_ending == RECORDER_ENDING_MAX)
                bury(r, 0, 0);
        r->ending[r->n_ending++] = *e;
        e->recording = NULL;
}

/* As it is to be now */
static void apply(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++) {
                RecorderEntry *e = &r->monitors[i];

                if (e->monitor && is_on(r, e) && !e->recording)
                        start(r, e);
                else if (!is_on(r, e))
                        stop(r, e);
        }
}

void recorder_configure(Recorder *r, const Config *config) {
        r->mode = config->record;
        r->free_bytes_min = (uint64_t) config->record_free_mb << 20;
        r->delete_oldest = config->record_delete_oldest;
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].recording)
                        recording_set_room(r->monitors[i].recording, r->free_bytes_min, r->delete_oldest);
        apply(r);
}

int recorder_ask(Recorder *r, bool on, const char *name) {
        if (!r->dir)
                return -EOPNOTSUPP;
        if (strchr(name, '/') || name[0] == '.' || strlen(name) >= sizeof(r->name))
                return -EINVAL;
        bool renamed = r->asked && on && !streq(name, r->name);
        for (size_t i = 0; renamed && i < RECORDER_MONITORS_MAX; i++)
                stop(r, &r->monitors[i]);
        r->asked = on;
        strcpy(r->name, name);
        apply(r);
        return 0;
}

int recorder_wait(Recorder *r, RecorderEnded ended, void *userdata) {
        if (r->n_waiting == RECORDER_WAITING_MAX)
                return -EBUSY;
        r->waiting[r->n_waiting].ended = ended;
        r->waiting[r->n_waiting++].userdata = userdata;
        answer_waiting(r);
        return 0;
}

static RecorderEntry *find(Recorder *r, const Monitor *m) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                if (r->monitors[i].monitor == m)
                        return &r->monitors[i];
        return NULL;
}

void recorder_session(Recorder *r, const Monitor *m, int64_t session, bool begun) {
        RecorderEntry *e = find(r, m);

        if (!e || (e->session == session && e->begun == begun))
                return;
        bool another = e->session != 0 && e->session != session;
        e->session = session;
        e->begun = begun;
        apply(r);
        if (another && e->recording)
                recording_split(e->recording);
}

void recorder_begin(Recorder *r, Monitor *m) {
        recorder_end(r, m);
        RecorderEntry *e = find(r, NULL);
        if (!e)
                return;
        *e = (RecorderEntry){ .monitor = m };
        snprintf(e->place, sizeof(e->place), "%s", m->place.path);
        apply(r);
}

void recorder_end(Recorder *r, const Monitor *m) {
        RecorderEntry *e = find(r, m);

        if (!e)
                return;
        stop(r, e);
        e->monitor = NULL;
}

void recorder_finish(Recorder *r, usec_t until_usec) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++)
                stop(r, &r->monitors[i]);
        while (r->n_ending > 0)
                bury(r, r->n_ending - 1, until_usec);
        answer_waiting(r);
}

void recorder_done(Recorder *r) {
        recorder_finish(r, 0);
        sd_event_source_disable_unref(r->io);
        if (r->fd >= 0)
                close(r->fd);
        free(r->dir);
        *r = (Recorder){ .fd = -EBADF };
}

/* --- what they get --------------------------------------------------------------- */

static RecordingTime time_at(const Monitor *m, uint64_t position) {
        struct timespec boot, real;
        struct tm tm;

        (void) clock_gettime(CLOCK_BOOTTIME, &boot);
        (void) clock_gettime(CLOCK_REALTIME, &real);
        return (RecordingTime){
                .boottime_usec = frame_clock_time_ns(&m->clock, (double) position) / (int64_t) NSEC_PER_USEC,
                .utc_minus_boottime_usec = (real.tv_sec - boot.tv_sec) * (int64_t) USEC_PER_SEC +
                        (real.tv_nsec - boot.tv_nsec) / (int64_t) NSEC_PER_USEC,
                .local_offset_s = localtime_r(&real.tv_sec, &tm) ? (int32_t) tm.tm_gmtoff : 0,
                .rate_hz = frame_clock_rate_hz(&m->clock),
        };
}

void recorder_frames(Recorder *r, const Monitor *m, uint64_t position, const int32_t *samples,
                     size_t n_frames) {
        const RecorderEntry *e = find(r, m);

        if (!e || !e->recording)
                return;
        RecordingTime at = time_at(m, position);
        recording_push(e->recording, position, samples, n_frames, &at);
}

void recorder_event(Recorder *r, const Monitor *m, const MonitorEvent *e) {
        const DetectEvent *d = e->event;
        const RecorderEntry *to = find(r, m);
        char text[128], buffer[16];

        if (!to || !to->recording)
                return;
        if (d->n_channels == 1)
                snprintf(text, sizeof(text), "%s@@%s", event_kind_to_string(d->kind),
                         label_of(m, d->channels[0], buffer));
        else
                snprintf(text, sizeof(text), "%s", event_kind_to_string(d->kind));
        recording_annotate(to->recording, d->onset, d->end - d->onset, text);
}

/* The frame of a time: back from the latest one */
static double position_at(const Monitor *m, int64_t boottime_usec, double rate_hz) {
        int64_t now_ns = frame_clock_time_ns(&m->clock, (double) m->clock.position);

        return (double) m->clock.position -
                (double) (now_ns - boottime_usec * (int64_t) NSEC_PER_USEC) / (double) NSEC_PER_SEC *
                rate_hz;
}

void recorder_note(Recorder *r, int64_t boottime_usec, double duration_s, const char *text) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++) {
                const RecorderEntry *e = &r->monitors[i];

                if (!e->recording)
                        continue;
                double rate_hz = frame_clock_rate_hz(&e->monitor->clock);
                if (!(rate_hz > 0))
                        rate_hz = monitor_nominal_rate_hz(e->monitor);
                double position = position_at(e->monitor, boottime_usec, rate_hz);
                recording_annotate(e->recording, position, duration_s * rate_hz, text);
        }
}

void recorder_note_file(Recorder *r, const RecordingNews *file, const char *place, unsigned channel,
                        const char *text) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++) {
                const RecorderEntry *e = &r->monitors[i];
                char whole[256], buffer[16];

                if (!e->recording || !streq(e->place, place) || channel > e->monitor->n_channels)
                        continue;
                /* "TEXT@@LABEL": of that channel only, as EDFbrowser and MNE read it */
                snprintf(whole, sizeof(whole), "%s%s%s", text, channel > 0 ? "@@" : "",
                         channel > 0 ? label_of(e->monitor, channel - 1, buffer) : "");
                recording_annotate(e->recording, (double) file->position, NAN, whole);
        }
}

void recorder_tick(Recorder *r) {
        for (size_t i = 0; i < RECORDER_MONITORS_MAX; i++) {
                RecorderEntry *e = &r->monitors[i];
                RecordingStatus s;

                if (!e->recording)
                        continue;
                recording_get_status(e->recording, &s);
                /* while the disk refuses that is said, and how much it was afterwards */
                if (s.error >= 0 &&
                    (e->lost_said_usec == 0 || now_usec() >= e->lost_said_usec + LOST_SAID_USEC))
                        say_lost(e, &s);
                if (s.error == e->error)
                        continue;
                e->error = s.error;
                if (s.error < 0)
                        log_error_errno(s.error, "%s: not recorded, and tried again every %g s: %m", r->dir,
                                        RECORDING_RETRY_S);
                else
                        log_info("%s: recorded again.", r->dir);
        }
}
