/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "hat.h"

#define PROG program_invocation_short_name

#define TICK_MSEC 100                   /* longest sleep between looks at the clock and at *stop */
#define CLOCK_INTERVAL_NSEC (NSEC_PER_SEC / 4)  /* often enough for a machine that stalls */
#define NOTICE_NSEC (2 * NSEC_PER_SEC)  /* say what is waited for */

struct Hat {
        HatConfig config;
        int fd;
        int sysfs_fd;                   /* attributes of the device; -EBADF: has none */
        FILE *clock;
        unsigned channels;              /* of the device; 0: unknown */
        unsigned rate_hz;               /* settled; 0: not yet */
        unsigned frame_bytes;           /* of what is written */
        uint64_t bytes_written;
        int64_t last_frame;             /* latest one converted, -1: none yet */
        int64_t last_line;              /* the frame in the last line of the clock file */
        unsigned underruns;             /* of the device before the first frame was there */
        uint64_t clock_due_nsec;
        uint64_t progress_nsec;         /* when something last went forward */
        bool noticed;                   /* the wait was announced */
};

/* --- signals and waiting --------------------------------------------------------- */

static volatile sig_atomic_t stop_requested;

static void on_signal(int signum) {
        stop_requested = 1;
}

const volatile sig_atomic_t* hat_catch_signals(void) {
        struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

        sigaction(SIGINT, &act, NULL);
        sigaction(SIGTERM, &act, NULL);
        signal(SIGPIPE, SIG_IGN);
        return &stop_requested;
}

static uint64_t now_nsec(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

static void made_progress(Hat *h) {
        h->progress_nsec = now_nsec();
        h->noticed = false;
}

/* Sleeps until fd (-1: none) can be written, a signal comes or the tick is over. */
static int wait_tick(Hat *h, int fd, const char *what) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        uint64_t waited = now_nsec() - h->progress_nsec;

        if (h->config.patience_s > 0 && waited > h->config.patience_s * NSEC_PER_SEC) {
                fprintf(stderr, "%s: %s: gave up after %u s: %s\n", PROG, h->config.path, h->config.patience_s, what);
                return -ETIMEDOUT;
        }
        if (waited > NOTICE_NSEC && !h->noticed) {
                fprintf(stderr, "%s: %s: waiting: %s\n", PROG, h->config.path, what);
                h->noticed = true;
        }

        /* A signal ends it, unless it came just before: then the tick does. */
        (void) poll(&p, fd >= 0, TICK_MSEC);
        return *h->config.stop ? -ECANCELED : 0;
}

static int complain(const Hat *h, int r, const char *doing) {
        if (r == -ENODEV || r == -EPIPE || r == -ENXIO || r == -EIO)
                fprintf(stderr, "%s: %s: went away after %" PRIu64 " frames: %s\n", PROG, h->config.path,
                        hat_frames_written(h), strerror(-r));
        else
                fprintf(stderr, "%s: %s: cannot %s: %s\n", PROG, h->config.path, doing, strerror(-r));
        return r;
}

/* --- attributes -------------------------------------------------------------------- */

static int read_attribute(const Hat *h, const char *name, char *buf, size_t size) {
        if (h->sysfs_fd < 0)
                return -ENOENT;

        _cleanup_close_ int fd = openat(h->sysfs_fd, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        ssize_t n = read(fd, buf, size - 1);
        if (n < 0)
                return -errno;
        buf[n] = '\0';
        return 0;
}

static int read_unsigned(const Hat *h, const char *name, unsigned *ret) {
        char buf[32];
        int r = read_attribute(h, name, buf, sizeof(buf));

        if (r < 0)
                return r;
        return sscanf(buf, "%u", ret) == 1 ? 0 : -EBADMSG;
}

/* The directory of a character device in sysfs, if it has our attributes. */
static int open_sysfs(int fd) {
        struct stat st;
        char path[64];

        if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
                return -ENOENT;
        snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));

        int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        if (faccessat(dir, "frame_clock", R_OK, 0) < 0) {
                int r = -errno;
                close(dir);
                return r;
        }
        return dir;
}

static int write_clock_line(Hat *h, int64_t boottime_ns) {
        if (!h->clock || h->last_frame <= h->last_line)
                return 0;
        if (fprintf(h->clock, "%" PRId64 ",%" PRId64 "\n", h->last_frame, boottime_ns) < 0 || fflush(h->clock) != 0) {
                int r = -errno;
                fprintf(stderr, "%s: %s: cannot write: %s\n", PROG, h->config.clock_path, strerror(-r));
                return r;
        }
        h->last_line = h->last_frame;
        return 0;
}

/* Looks at how far the device is, and writes that down if a line is due. */
static int look_at_clock(Hat *h, bool due) {
        char buf[64];
        int64_t frame, boottime_ns;

        if (h->sysfs_fd < 0)
                return 0;
        int r = read_attribute(h, "frame_clock", buf, sizeof(buf));
        if (r < 0)
                return complain(h, r == -ENOENT ? -ENODEV : r, "read frame_clock");
        if (sscanf(buf, "%" SCNd64 " %" SCNd64, &frame, &boottime_ns) != 2)
                return complain(h, -EBADMSG, "understand frame_clock");

        if (frame > h->last_frame) {
                h->last_frame = frame;
                made_progress(h);
        }
        return due ? write_clock_line(h, boottime_ns) : 0;
}

/* A rate that changes under way would stretch the signal. */
static int check_rate(const Hat *h) {
        unsigned rate;

        if (h->rate_hz == 0 || read_unsigned(h, "sampling_frequency", &rate) < 0 || rate == 0 || rate == h->rate_hz)
                return 0;
        fprintf(stderr, "%s: %s: the device converts at %u Hz, the signal is for %u Hz\n", PROG, h->config.path, rate,
                h->rate_hz);
        return -EINVAL;
}

/* --- opening ------------------------------------------------------------------------- */

/* Only ordinary files are made: one in /dev would hide that the module is not loaded. */
static bool may_create(const char *path) {
        return strncmp(path, "/dev/", 5) != 0;
}

static int try_open(const char *path) {
        const int flags = O_WRONLY | O_NONBLOCK | O_TRUNC | O_CLOEXEC;
        int fd = open(path, flags);

        if (fd < 0 && errno == ENOENT && may_create(path))
                fd = open(path, flags | O_CREAT, 0666);
        return fd;
}

static int open_device(Hat *h) {
        const char *path = h->config.path;

        for (;;) {
                h->fd = try_open(path);
                if (h->fd >= 0)
                        return 0;
                if (errno == ENXIO) {
                        int r = wait_tick(h, -1, "nobody reads this FIFO");
                        if (r < 0)
                                return r;
                        continue;
                }
                int r = -errno;
                fprintf(stderr, "%s: %s: %s%s\n", PROG, path, strerror(-r),
                        r == -ENOENT && !may_create(path) ? " (is the module ads1299-sim loaded?)" :
                        r == -EBUSY ? " (another program writes to it)" :
                        r == -EACCES ? " (only root may write to the simulated hat)" : "");
                return r;
        }
}

static int open_clock(Hat *h) {
        if (!h->config.clock_path)
                return 0;
        if (h->sysfs_fd < 0) {
                fprintf(stderr, "%s: %s: is not a simulated hat, no clock file is written\n", PROG, h->config.path);
                return 0;
        }
        h->clock = fopen(h->config.clock_path, "we");
        if (!h->clock || fputs("frame,boottime_ns\n", h->clock) < 0 || fflush(h->clock) != 0) {
                int r = errno > 0 ? -errno : -EIO;
                fprintf(stderr, "%s: %s: %s\n", PROG, h->config.clock_path, strerror(-r));
                return r;
        }
        return 0;
}

Hat* hat_free(Hat *h) {
        if (!h)
                return NULL;
        fclosep(&h->clock);
        closep(&h->sysfs_fd);
        closep(&h->fd);
        free(h);
        return NULL;
}

int hat_open(const HatConfig *config, Hat **ret) {
        _cleanup_(hat_freep) Hat *h = calloc(1, sizeof(*h));
        int r;

        if (!h)
                return -ENOMEM;
        h->config = *config;
        h->fd = h->sysfs_fd = -EBADF;
        h->last_frame = h->last_line = -1;
        made_progress(h);

        r = open_device(h);
        if (r < 0)
                return r;
        h->sysfs_fd = open_sysfs(h->fd);
        if (h->sysfs_fd >= 0) {
                r = read_unsigned(h, "channels", &h->channels);
                if (r < 0)
                        return complain(h, r, "read the number of channels");
        }
        r = open_clock(h);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(h);
        return 0;
}

unsigned hat_channels(const Hat *h) {
        return h->channels;
}

int hat_settle_rate(Hat *h, unsigned wanted_hz, unsigned *ret_rate_hz) {
        unsigned rate = 0;
        int r;

        if (h->sysfs_fd < 0 && wanted_hz == 0) {
                fprintf(stderr, "%s: %s: has no rate of its own, give one with --rate\n", PROG, h->config.path);
                return -EINVAL;
        }
        while (h->sysfs_fd >= 0) {
                r = read_unsigned(h, "sampling_frequency", &rate);
                if (r < 0)
                        return complain(h, r, "read the sampling frequency");
                if (rate > 0 || wanted_hz > 0)
                        break;
                r = wait_tick(h, -1, "the chip does not convert, its rate is not known (--rate gives one)");
                if (r < 0)
                        return r;
        }
        h->rate_hz = wanted_hz > 0 ? wanted_hz : rate;
        r = check_rate(h);
        if (r < 0)
                return r;

        made_progress(h);
        *ret_rate_hz = h->rate_hz;
        return 0;
}

/*
 * Conversions that found no frame because the writer was late: from there on frames and time are shifted. To be
 * looked at while there are frames queued; those before the first and after the last one do not count.
 */
static unsigned count_underruns(const Hat *h) {
        unsigned n = 0;

        (void) read_unsigned(h, "frames_underrun", &n);
        return n;
}

/* --- writing -------------------------------------------------------------------------- */

/* Now and then. */
static int housekeeping(Hat *h) {
        uint64_t now = now_nsec();

        if (now < h->clock_due_nsec)
                return 0;
        h->clock_due_nsec = now + CLOCK_INTERVAL_NSEC;
        int r = look_at_clock(h, true);
        return r < 0 ? r : check_rate(h);
}

int hat_write(Hat *h, const int32_t *nv, size_t n_frames, unsigned n_channels) {
        const uint8_t *bytes = (const uint8_t*) nv;
        size_t left = n_frames * n_channels * sizeof(int32_t);

        h->frame_bytes = n_channels * sizeof(int32_t);
        while (left > 0) {
                if (*h->config.stop)
                        return -ECANCELED;

                int r = housekeeping(h);
                if (r < 0)
                        return r;

                ssize_t n = write(h->fd, bytes, left);
                if (n >= 0) {
                        if (h->bytes_written == 0)
                                h->underruns = count_underruns(h);
                        bytes += n;
                        left -= n;
                        h->bytes_written += n;
                        made_progress(h);
                } else if (errno == EAGAIN) {
                        r = wait_tick(h, h->fd, h->sysfs_fd >= 0 ? "the chip does not convert" : "the reader takes nothing");
                        if (r < 0)
                                return r;
                } else if (errno != EINTR)
                        return complain(h, -errno, "write");
        }
        return 0;
}

/*
 * Asks the clock instead of fsync(): that would wait for as long as the chip does not convert, and a signal that
 * comes just before it would be lost.
 */
int hat_drain(Hat *h) {
        int64_t last = (int64_t) hat_frames_written(h) - 1;
        unsigned underruns = count_underruns(h) - h->underruns;

        if (underruns > 0)
                fprintf(stderr, "%s: %s: came too late %u times, later frames are late by as many conversions\n", PROG,
                        h->config.path, underruns);
        while (h->sysfs_fd >= 0 && h->last_frame < last) {
                int r = housekeeping(h);
                if (r >= 0)
                        r = look_at_clock(h, false);
                if (r >= 0 && h->last_frame < last)
                        r = wait_tick(h, -1, "the chip does not convert what is still queued");
                if (r < 0)
                        return r;
        }
        return look_at_clock(h, true);
}

uint64_t hat_frames_written(const Hat *h) {
        return h->frame_bytes ? h->bytes_written / h->frame_bytes : 0;
}
