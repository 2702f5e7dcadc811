/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "../source/edf-writer.h"
#include "recording.h"

#define ANNOTATION_BYTES 300u /* in a data record: a storm of 10 events a second has room */
#define ANNOTATIONS_WAITING_MAX 1000u
#define SYNC_RECORDS 10u /* a second is lost at most when the power goes */
#define LEAD_S 5.0 /* until the true rate is known well enough to be written down */
#define CODE_MAX_24 8388607

#define LATE_S 10.0 /* by then what was found in a segment is known, and it can be closed */

typedef struct Segment {
        EdfWriter *writer; /* NULL: none */
        int fd;
        char path[4096];
        uint64_t position, end; /* of its first frame, and behind its last */
        int64_t boottime_usec; /* of its first frame */
        double record_s, fraction_s;
        uint64_t n_records;
} Segment;

typedef struct Note {
        double position, duration;
        char *text;
} Note;

struct Recording {
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wake, ended;
        bool stopping, done, abandoned;

        /* constant */
        char *dir, *name;
        RecordingChannel channels[RECORDING_CHANNELS_MAX];
        unsigned n_channels;
        double rate_hz;
        uint32_t record_frames;
        int32_t code_min, code_max;
        bool sinc3;
        int news_fd;

        /* under the mutex: a ring of frames, which follow each other but for one step */
        int32_t *ring;
        uint64_t ring_frames, head, tail; /* frames pushed and taken */
        uint64_t front; /* the frame of that number is the first of the memory */
        uint64_t head_position; /* that the next frame pushed should have */
        uint64_t break_at, break_position; /* the frame of that number begins anew, at that position;
                                              UINT64_MAX: none */
        bool blocked; /* what came behind another break was refused: this one waits for nothing more */
        bool begun;
        uint64_t split_at; /* from the frame of that number on another segment; UINT64_MAX: none */
        uint64_t at_position; /* which was at that time: of what was pushed last */
        RecordingTime at;
        uint64_t free_bytes_min;
        bool delete_oldest;
        RecordingNews news[RECORDING_NEWS_MAX];
        unsigned n_news;
        Note notes[ANNOTATIONS_WAITING_MAX];
        unsigned n_notes;
        RecordingStatus status;

        /* of the thread */
        Segment now, before; /* the one in front of it stays open for what is found late */
        usec_t retry_usec;
        uint8_t *bytes;
        int32_t *frames;
};

static int32_t *frame_at(const Recording *r, uint64_t number) {
        return r->ring + (number - r->front) % r->ring_frames * r->n_channels;
}

/*
 * Under the mutex. The little that is left after a record moves to the front, so that no more of the ring is ever touched
 * than waits at a time; memory that nobody touched is none.
 */
static void move_to_front(Recording *r) {
        uint64_t n = r->head - r->tail, at = (r->tail - r->front) % r->ring_frames;

        if (n > at || n > r->record_frames || at + n > r->ring_frames)
                return;
        memcpy(r->ring, frame_at(r, r->tail), n * r->n_channels * sizeof *r->ring);
        r->front = r->tail;
}

/* --- from any thread --- */

static void lose(Recording *r, uint64_t n) {
        r->status.frames_lost += n;
}

void recording_push(Recording *r, uint64_t position, const int32_t *samples, size_t n_frames,
                    const RecordingTime *at) {
        pthread_mutex_lock(&r->mutex);
        bool follows = r->begun && position == r->head_position,
             room = r->head - r->tail + n_frames <= r->ring_frames;

        /*
         * One break at a time: while one waits in the queue, what comes behind another is lost. Nothing
         * that follows will come any more then, so the thread must not wait for it.
         */
        bool second = !follows && r->break_at != UINT64_MAX && r->break_at < r->head;

        if (!room || second) {
                lose(r, n_frames);
                if (second) {
                        r->blocked = true;
                        pthread_cond_signal(&r->wake);
                }
        } else {
                if (!follows) {
                        r->break_at = r->head;
                        r->break_position = position;
                        r->begun = true;
                }
                r->at_position = position;
                r->at = *at;
                for (size_t i = 0; i < n_frames; i++)
                        memcpy(frame_at(r, r->head + i), samples + i * r->n_channels,
                               r->n_channels * sizeof *r->ring);
                r->head += n_frames;
                r->head_position = position + n_frames;
                pthread_cond_signal(&r->wake);
        }
        pthread_mutex_unlock(&r->mutex);
}

void recording_annotate(Recording *r, double position, double duration_frames, const char *text) {
        char *copy = strdup(text);

        pthread_mutex_lock(&r->mutex);
        if (copy && r->n_notes < ANNOTATIONS_WAITING_MAX)
                r->notes[r->n_notes++] = (Note){ position, duration_frames, copy };
        else
                free(copy);
        pthread_mutex_unlock(&r->mutex);
}

void recording_split(Recording *r) {
        pthread_mutex_lock(&r->mutex);
        r->split_at = r->head;
        pthread_mutex_unlock(&r->mutex);
}

void recording_set_room(Recording *r, uint64_t free_bytes_min, bool delete_oldest) {
        pthread_mutex_lock(&r->mutex);
        r->free_bytes_min = free_bytes_min;
        r->delete_oldest = delete_oldest;
        pthread_mutex_unlock(&r->mutex);
}

int recording_take_news(Recording *r, RecordingNews *ret) {
        pthread_mutex_lock(&r->mutex);
        bool any = r->n_news > 0;
        if (any) {
                *ret = r->news[0];
                memmove(r->news, r->news + 1, --r->n_news * sizeof r->news[0]);
        }
        pthread_mutex_unlock(&r->mutex);
        return any;
}

void recording_get_status(Recording *r, RecordingStatus *ret) {
        pthread_mutex_lock(&r->mutex);
        *ret = r->status;
        pthread_mutex_unlock(&r->mutex);
}

/* --- a segment --- */

static void set_status(Recording *r, const char *path, int error) {
        pthread_mutex_lock(&r->mutex);
        snprintf(r->status.path, sizeof r->status.path, "%s", path);
        r->status.error = error;
        pthread_mutex_unlock(&r->mutex);
}

/* Of the thread, and not while it is left to itself: then nobody has the descriptor any more. */
static void tell(Recording *r, RecordingWhat what, const char *name, const Segment *s) {
        RecordingNews news = { .what = what };

        snprintf(news.name, sizeof news.name, "%s", name);
        if (s) {
                news.position = s->position;
                news.boottime_usec = s->boottime_usec;
                news.duration_s = (double) s->n_records * s->record_s;
        }
        pthread_mutex_lock(&r->mutex);
        if (r->n_news == RECORDING_NEWS_MAX)
                memmove(r->news, r->news + 1, --r->n_news * sizeof r->news[0]);
        r->news[r->n_news++] = news;
        if (r->news_fd >= 0 && !r->abandoned)
                (void) eventfd_write(r->news_fd, 1);
        pthread_mutex_unlock(&r->mutex);
}

/* As it will be when it is closed */
static void name_of(const char *path, char ret[static 256]) {
        const char *slash = strrchr(path, '/');

        snprintf(ret, 256, "%s", slash ? slash + 1 : path);
        size_t n = strlen(ret), k = strlen(RECORDING_PART);
        if (n > k && streq(ret + n - k, RECORDING_PART))
                ret[n - k] = 0;
}

/* -ENOENT: there is none that was closed */
static int delete_oldest(Recording *r) {
        char oldest[256] = "", path[4096];
        int64_t oldest_ns = 0;
        DIR *d = opendir(r->dir);

        if (!d)
                return -errno;
        for (struct dirent *e; (e = readdir(d));) {
                size_t n = strlen(e->d_name);
                struct stat st;

                if (n < 5 || n >= sizeof oldest || !streq(e->d_name + n - 4, ".bdf") ||
                    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
                        continue;
                int64_t written_ns = st.st_mtim.tv_sec * (int64_t) NSEC_PER_SEC + st.st_mtim.tv_nsec;

                /* of the same moment: names of one front end are in order of time */
                if (oldest[0] &&
                    (written_ns > oldest_ns || (written_ns == oldest_ns && strcmp(e->d_name, oldest) > 0)))
                        continue;
                strcpy(oldest, e->d_name);
                oldest_ns = written_ns;
        }
        closedir(d);
        if (!oldest[0])
                return -ENOENT;
        if (snprintf(path, sizeof path, "%s/%s", r->dir, oldest) >= (int) sizeof path)
                return -ENAMETOOLONG;
        if (unlink(path) < 0)
                return -errno;
        tell(r, RECORDING_DELETED, oldest, NULL);
        return 0;
}

static bool has_room(Recording *r) {
        struct statvfs s;

        pthread_mutex_lock(&r->mutex);
        uint64_t free_bytes_min = r->free_bytes_min;
        bool deletes = r->delete_oldest;
        pthread_mutex_unlock(&r->mutex);
        for (;;) {
                if (statvfs(r->dir, &s) < 0 || (uint64_t) s.f_bavail * s.f_frsize >= free_bytes_min)
                        return true;
                if (!deletes || delete_oldest(r) < 0)
                        return false;
        }
}

static int open_file(Recording *r, Segment *s, int64_t local_s) {
        time_t t = (time_t) local_s;
        struct tm tm;
        char when[32];

        if (mkdir(r->dir, 0700) < 0 && errno != EEXIST)
                return -errno;
        if (!has_room(r))
                return -ENOSPC;
        if (!gmtime_r(&t, &tm) || !strftime(when, sizeof when, "%Y-%m-%dT%H-%M-%S", &tm))
                strcpy(when, "unknown");
        for (unsigned n = 0; n < 1000; n++) { /* a clock that was set back makes the same name again */
                int size = snprintf(s->path, sizeof s->path, "%s/%s-%s%s%.0u.bdf", r->dir, r->name, when,
                                    n ? "-" : "", n);

                if (size + strlen(RECORDING_PART) >= sizeof s->path)
                        return -ENAMETOOLONG;
                if (access(s->path, F_OK) == 0)
                        continue;
                strcat(s->path, RECORDING_PART);
                s->fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                if (s->fd < 0 && errno == EEXIST)
                        continue;
                if (s->fd < 0)
                        return -errno;
                /* Who mends files leaves it alone. Without locks on that file system it is written all the
                 * same. */
                (void) flock(s->fd, LOCK_EX | LOCK_NB);
                return 0;
        }
        return -EEXIST;
}

static int write_header(Recording *r, Segment *s, int64_t local_s, double true_rate_hz) {
        EdfWriterSignal signals[RECORDING_CHANNELS_MAX];
        char transducer[RECORDING_CHANNELS_MAX][81];

        /* six decimals, as they will stand in the header, for the time stamps to agree with them */
        s->record_s = round(r->record_frames / (true_rate_hz > 0 ? true_rate_hz : r->rate_hz) * 1e6) / 1e6;
        for (unsigned i = 0; i < r->n_channels; i++) {
                const RecordingChannel *c = r->channels + i;

                snprintf(transducer[i], sizeof transducer[i], r->sinc3 ? "ADS1299 gain %u" : "gain %u",
                         c->gain);
                signals[i] = (EdfWriterSignal){
                        .label = c->label,
                        .unit = "uV",
                        .transducer = transducer[i],
                        .prefiltering = r->sinc3 ? "sinc3" : NULL,
                        .physical_min = r->code_min * c->lsb_uv,
                        .physical_max = r->code_max * c->lsb_uv,
                        .digital_min = r->code_min,
                        .digital_max = r->code_max,
                        .n_samples = r->record_frames,
                };
        }
        const EdfWriterConfig config = {
                .bdf = true,
                .recording = r->sinc3 ? "X X twitchd_ADS1299" : "X X twitchd",
                .record_duration_s = s->record_s,
                .annotation_bytes = ANNOTATION_BYTES,
                .start = { .known = true, .seconds = local_s },
                .n_signals = r->n_channels,
                .signals = signals,
        };
        return edf_writer_new(s->fd, &config, &s->writer);
}

/* Notes of a segment to its writer. Those in front of all segments were found too late, and are let go. */
static void take_notes(Recording *r, Segment *s, uint64_t end) {
        for (;;) {
                Note note;
                unsigned i = 0;

                pthread_mutex_lock(&r->mutex);
                while (i < r->n_notes && r->notes[i].position >= (double) end)
                        i++;
                bool found = i < r->n_notes;
                if (found) {
                        note = r->notes[i];
                        memmove(r->notes + i, r->notes + i + 1, (r->n_notes - i - 1) * sizeof note);
                        r->n_notes--;
                }
                pthread_mutex_unlock(&r->mutex);
                if (!found)
                        return;
                double frame_s = s->record_s / r->record_frames;
                if (s->writer && note.position >= (double) s->position)
                        (void) edf_writer_annotate(
                                s->writer, s->fraction_s + (note.position - (double) s->position) * frame_s,
                                note.duration * frame_s, note.text);
                free(note.text);
        }
}

static int close_segment(Recording *r, Segment *s) {
        if (!s->writer)
                return 0;
        take_notes(r, s, s->end);
        int k = edf_writer_place_pending(s->writer), q = edf_writer_close(s->writer);
        _cleanup_free_ char *final = strndup(s->path, strlen(s->path) - strlen(RECORDING_PART));

        s->writer = edf_writer_free(s->writer);
        close(s->fd);
        if (k >= 0)
                k = q;
        /* one that was deleted meanwhile has no name, and needs none */
        if (k >= 0 && final && rename(s->path, final) < 0)
                k = errno == ENOENT ? 0 : -errno;
        if (k >= 0) {
                char name[256];

                name_of(s->path, name);
                tell(r, RECORDING_CLOSED, name, s);
        }
        return k;
}

/* It goes on being open for a while; the one before it does not. */
static void end_segment(Recording *r) {
        if (!r->now.writer)
                return;
        int k = close_segment(r, &r->before);
        r->before = r->now;
        r->now = (Segment){};
        set_status(r, "", k);
}

/* at: when `known` was, which is not far from position */
static int begin_segment(Recording *r, uint64_t position, uint64_t known, const RecordingTime *at) {
        double rate_hz = at->rate_hz > 0 ? at->rate_hz : r->rate_hz;
        int64_t boottime_usec = at->boottime_usec +
                llround(((double) position - (double) known) / rate_hz * (double) USEC_PER_SEC);
        int64_t local_usec = boottime_usec + at->utc_minus_boottime_usec +
                at->local_offset_s * (int64_t) USEC_PER_SEC,
                local_s = local_usec / (int64_t) USEC_PER_SEC;
        Segment s = {
                .position = position,
                .end = position,
                .boottime_usec = boottime_usec,
                .fraction_s = (double) (local_usec - local_s * (int64_t) USEC_PER_SEC) / USEC_PER_SEC,
        };

        int k = open_file(r, &s, local_s);
        if (k < 0)
                return k;
        k = write_header(r, &s, local_s, at->rate_hz);
        if (k < 0) {
                close(s.fd);
                (void) unlink(s.path);
                return k;
        }
        r->now = s;
        set_status(r, s.path, 0);
        pthread_mutex_lock(&r->mutex);
        r->status.segments++;
        pthread_mutex_unlock(&r->mutex);
        char name[256];
        name_of(s.path, name);
        tell(r, RECORDING_BEGAN, name, &s);
        return 0;
}

static int write_record(Recording *r) {
        Segment *s = &r->now;
        uint8_t *p = r->bytes;

        for (unsigned c = 0; c < r->n_channels; c++)
                for (uint32_t i = 0; i < r->record_frames; i++) {
                        int32_t code = r->frames[(size_t) i * r->n_channels + c];
                        *p++ = (uint8_t) code;
                        *p++ = (uint8_t) (code >> 8);
                        *p++ = (uint8_t) (code >> 16);
                }
        if (r->before.writer)
                take_notes(r, &r->before, r->before.end);
        take_notes(r, s, s->end + r->record_frames);
        int k = edf_writer_put_record(s->writer, s->fraction_s + (double) s->n_records * s->record_s,
                                      r->bytes);
        if (k < 0)
                return k;
        s->end += r->record_frames;
        if (++s->n_records % SYNC_RECORDS == 0 && fdatasync(s->fd) < 0)
                return -errno;
        /* where that fails the other file stays a part, for repair; this record is written all the same */
        if (s->n_records == (uint64_t) (LATE_S / RECORDING_RECORD_S))
                (void) close_segment(r, &r->before);
        return s->n_records % (100 * SYNC_RECORDS) == 0 && !has_room(r) ? -ENOSPC : 0;
}

/* --- the thread --- */

typedef struct Work {
        bool quit, breaks, splits; /* a new segment begins before these frames */
        uint64_t n_left; /* frames in front of a break that make no record */
        bool record; /* r->frames holds one */
        uint64_t position;
        uint64_t at_position;
        RecordingTime at;
} Work;

/* Under the mutex: whether there is something to do, and what. */
static bool next_work(Recording *r, Work *w, bool open) {
        uint64_t available =
                (r->break_at != UINT64_MAX && r->break_at > r->tail ? r->break_at : r->head) - r->tail;
        uint64_t lead = open || r->stopping ? 0 : (uint64_t) (LEAD_S * r->rate_hz);

        *w = (Work){ .at_position = r->at_position, .at = r->at };
        if (r->break_at == r->tail) {
                /* the first frames wait until the rate is known */
                if (r->head - r->tail < MAX(lead, (uint64_t) r->record_frames) && !r->stopping &&
                    !r->blocked)
                        return false;
                w->breaks = true;
                w->position = r->break_position;
                r->break_at = UINT64_MAX;
                r->blocked = false;
                return true;
        }
        if (available >= r->record_frames) {
                w->splits = r->split_at <= r->tail;
                if (w->splits)
                        r->split_at = UINT64_MAX;
                for (uint32_t i = 0; i < r->record_frames; i++)
                        memcpy(r->frames + (size_t) i * r->n_channels,
                               frame_at(r, r->tail + i), r->n_channels * sizeof *r->frames);
                r->tail += r->record_frames;
                move_to_front(r);
                w->record = true;
                return true;
        }
        if (r->break_at != UINT64_MAX || r->stopping) {
                w->n_left = available;
                r->tail += available;
                w->quit = r->stopping && r->tail == r->head && r->break_at == UINT64_MAX;
                return w->n_left > 0 || w->quit;
        }
        return false;
}

static void count(Recording *r, uint64_t frames, uint64_t lost) {
        pthread_mutex_lock(&r->mutex);
        r->status.frames += frames;
        r->status.frames_lost += lost;
        pthread_mutex_unlock(&r->mutex);
}

/* The disk refused: what comes in the next time is counted, and then it is tried again. */
static void refused(Recording *r, int error) {
        end_segment(r);
        set_status(r, "", error);
        r->retry_usec = now_usec() + (usec_t) (RECORDING_RETRY_S * USEC_PER_SEC);
}

/* position: of the next frame to be written, whether a file is open or not */
static void do_work(Recording *r, const Work *w, uint64_t *position) {
        int k = 0;

        if (w->breaks || w->splits || w->n_left > 0)
                end_segment(r);
        if (w->breaks)
                *position = w->position;
        if (w->n_left > 0)
                count(r, 0, w->n_left);
        if (!w->record)
                return;

        if (r->now.writer && (double) r->now.n_records * r->now.record_s >= RECORDING_SEGMENT_S)
                end_segment(r);
        if (!r->now.writer && now_usec() >= r->retry_usec)
                k = begin_segment(r, *position, w->at_position, &w->at);
        if (k >= 0 && r->now.writer)
                k = write_record(r);
        if (k < 0)
                refused(r, k);
        bool written = k >= 0 && r->now.writer;
        count(r, written ? r->record_frames : 0, written ? 0 : r->record_frames);
        *position += r->record_frames;
}

static void free_all(Recording *r) {
        for (unsigned i = 0; i < r->n_notes; i++)
                free(r->notes[i].text);
        free(r->dir);
        free(r->name);
        free(r->ring);
        free(r->bytes);
        free(r->frames);
        free(r);
}

static void *run(void *userdata) {
        Recording *r = userdata;
        uint64_t position = 0;
        Work w;

        for (;;) {
                pthread_mutex_lock(&r->mutex);
                while (!next_work(r, &w, r->now.writer))
                        pthread_cond_wait(&r->wake, &r->mutex);
                pthread_mutex_unlock(&r->mutex);
                do_work(r, &w, &position);
                if (w.quit)
                        break;
        }
        end_segment(r);
        (void) close_segment(r, &r->before);
        pthread_mutex_lock(&r->mutex);
        bool abandoned = r->abandoned;
        r->done = true;
        if (r->news_fd >= 0 && !abandoned)
                (void) eventfd_write(r->news_fd, 1);
        pthread_cond_signal(&r->ended);
        pthread_mutex_unlock(&r->mutex);
        if (abandoned)
                free_all(r);
        return NULL;
}

/* A name that may be a path, as part of the name of a file */
static char *file_name_of(const char *name) {
        char *copy = strdup(name);

        for (char *p = copy; p && *p; p++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p) ||
                    (p == copy && *p == '.'))
                        *p = '_';
        return copy;
}

static int set_up(Recording *r, const RecordingConfig *c) {
        pthread_condattr_t attributes;

        memcpy(r->channels, c->channels, c->n_channels * sizeof *c->channels);
        r->n_channels = c->n_channels;
        r->rate_hz = c->rate_hz;
        r->record_frames = (uint32_t) lround(c->rate_hz * RECORDING_RECORD_S);
        r->code_min = c->code_min;
        r->code_max = c->code_max;
        r->sinc3 = c->sinc3;
        r->free_bytes_min = c->free_bytes_min;
        r->delete_oldest = c->delete_oldest;
        r->news_fd = c->news_fd;
        r->split_at = UINT64_MAX;
        r->ring_frames = (uint64_t) (c->rate_hz * RECORDING_QUEUE_S);
        r->break_at = UINT64_MAX;
        r->dir = strdup(c->dir);
        r->name = file_name_of(c->name);
        r->ring = calloc(r->ring_frames * c->n_channels, sizeof *r->ring);
        r->frames = calloc((size_t) r->record_frames * c->n_channels, sizeof *r->frames);
        r->bytes = malloc((size_t) r->record_frames * c->n_channels * 3);
        if (!r->dir || !r->name || !r->ring || !r->frames || !r->bytes)
                return -ENOMEM;
        pthread_mutex_init(&r->mutex, NULL);
        pthread_cond_init(&r->wake, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&r->ended, &attributes);
        return -pthread_create(&r->thread, NULL, run, r);
}

int recording_new(const RecordingConfig *config, Recording **ret) {
        if (config->n_channels < 1 || config->n_channels > RECORDING_CHANNELS_MAX ||
            !(config->rate_hz >= 1 / RECORDING_RECORD_S) ||
            fmod(config->rate_hz * RECORDING_RECORD_S, 1) != 0 || config->code_max > CODE_MAX_24)
                return -EINVAL;
        Recording *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        int k = set_up(r, config);
        if (k < 0) {
                free_all(r);
                return k;
        }
        *ret = r;
        return 0;
}

void recording_end(Recording *r) {
        pthread_mutex_lock(&r->mutex);
        r->stopping = true;
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->mutex);
}

bool recording_is_done(Recording *r) {
        pthread_mutex_lock(&r->mutex);
        bool done = r->done;
        pthread_mutex_unlock(&r->mutex);
        return done;
}

int recording_join(Recording *r, usec_t until_usec) {
        struct timespec ts = { .tv_sec = (time_t) (until_usec / USEC_PER_SEC),
                               .tv_nsec = (long) (until_usec % USEC_PER_SEC * NSEC_PER_USEC) };

        if (!r)
                return 0;
        pthread_mutex_lock(&r->mutex);
        int k = 0;
        while (!r->done && k == 0)
                k = pthread_cond_timedwait(&r->ended, &r->mutex, &ts);
        r->abandoned = !r->done;
        bool done = r->done;
        if (!done)
                pthread_detach(r->thread); /* now: once it has the mutex it may free r */
        pthread_mutex_unlock(&r->mutex);
        if (!done)
                return -ETIMEDOUT;
        pthread_join(r->thread, NULL);
        free_all(r);
        return 0;
}

int recording_stop(Recording *r, usec_t timeout_usec) {
        if (!r)
                return 0;
        recording_end(r);
        return recording_join(r, now_usec() + timeout_usec);
}

/* --- after a crash --- */

/* A file that is whole gets its final name. */
static int rename_part(const char *path) {
        size_t n = strlen(path), k = strlen(RECORDING_PART);
        _cleanup_free_ char *final = NULL;

        if (n <= k || !streq(path + n - k, RECORDING_PART))
                return 0;
        final = strndup(path, n - k);
        if (!final)
                return -ENOMEM;
        if (access(final, F_OK) == 0)
                return -EEXIST;
        return rename(path, final) < 0 ? -errno : 0;
}

int recording_repair(const char *path, double *ret_duration_s) {
        _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                return -EBUSY;
        int mended = edf_repair(fd, ret_duration_s);
        int r = mended < 0 ? mended : rename_part(path);
        return r < 0 ? r : mended;
}
