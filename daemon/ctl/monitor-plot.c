/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <math.h>
#include <sys/epoll.h>

#include "braille.h"
#include "monitor-plot.h"
#include "scans.h"
#include "twitchd.h"

#define PLOTS_MAX 16u
/* An event is told within a second of its end; a long one has its peak that much earlier. */
#define KEPT_SEC 8.0
/* On both sides of the peak: some potentials of 8 ms fit */
#define BESIDE_SEC 0.030
/* The tone that contact is measured with (see ContactMethod) is known from so much before the peak. */
#define TONE_SEC 0.5
#define INDENT 25
#define WIDTH 50u
#define HEIGHT 4u
#define READ_BYTES (64u * 1024)

typedef struct Plot {
        char *path;
        Scans scans;
        sd_event_source *io;
        size_t size, n;                 /* of the ring; scans since the last gap */
        double *uv;                     /* [size][n_channels] */
        int64_t *times_ns;
        size_t have;
        char buffer[READ_BYTES];
} Plot;

struct Plots {
        sd_bus *bus;
        sd_event *event;
        Plot *plots[PLOTS_MAX];
};

static Plot* plot_free(Plot *p) {
        if (!p)
                return NULL;
        sd_event_source_disable_unref(p->io);
        if (p->scans.fd >= 0)
                close(p->scans.fd);
        free(p->path);
        free(p->uv);
        free(p->times_ns);
        free(p);
        return NULL;
}
DEFINE_TRIVIAL_CLEANUP_FUNC(Plot*, plot_free);

/* --- what comes ------------------------------------------------------------------ */

static void keep(Plot *p, const char *record) {
        ScanHead head;

        memcpy(&head, record, sizeof head);
        if (head.missed > 0 || head.lost)
                p->n = 0;
        size_t at = p->n++ % p->size;
        p->times_ns[at] = head.time_ns;
        for (size_t i = 0; i < p->scans.n_channels; i++)
                p->uv[at * p->scans.n_channels + i] = scans_uv(&p->scans, record, i);
}

static int on_scans(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        Plot *p = userdata;
        ssize_t n = read(fd, p->buffer + p->have, sizeof p->buffer - p->have);
        size_t used = 0;

        if (n <= 0) {
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                /* it went away, or was set up anew: followed again with its next event */
                p->io = sd_event_source_disable_unref(p->io);
                p->n = 0;
                return 0;
        }
        for (p->have += (size_t) n; p->have - used >= p->scans.record_bytes; used += p->scans.record_bytes)
                keep(p, p->buffer + used);
        p->have -= used;
        memmove(p->buffer, p->buffer + used, p->have);
        return 0;
}

static int plot_new(Plots *all, const char *path, Plot **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(plot_freep) Plot *p = calloc(1, sizeof *p);

        if (!p)
                return -ENOMEM;
        p->scans.fd = -EBADF;
        p->path = strdup(path);
        int r = p->path ? scans_open(all->bus, path, NULL, &p->scans, &error) : -ENOMEM;
        if (r < 0)
                return r;
        if (!(p->scans.rate_hz > 0 && p->scans.rate_hz <= 1e6) ||
            fcntl(p->scans.fd, F_SETFL, O_NONBLOCK) < 0)
                return -EBADMSG;
        p->size = (size_t) (KEPT_SEC * p->scans.rate_hz) + 1;
        p->uv = calloc(p->size * p->scans.n_channels, sizeof p->uv[0]);
        p->times_ns = calloc(p->size, sizeof p->times_ns[0]);
        if (!p->uv || !p->times_ns)
                return -ENOMEM;
        r = sd_event_add_io(all->event, &p->io, p->scans.fd, EPOLLIN, on_scans, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

/* Where the one of that path is, or may be; NULL: there is no room. */
static Plot** find(Plots *all, const char *path) {
        Plot **room = NULL;

        for (size_t i = 0; i < PLOTS_MAX; i++)
                if (!all->plots[i])
                        room = room ? room : &all->plots[i];
                else if (streq(all->plots[i]->path, path))
                        return &all->plots[i];
        return room;
}

void plots_follow(Plots *all, const char *path) {
        Plot **p = find(all, path);

        if (!p || (*p && (*p)->io))
                return;
        *p = plot_free(*p);
        (void) plot_new(all, path, p);
}

/* --- drawing --------------------------------------------------------------------------- */

static double at(const Plot *p, size_t i, size_t channel) {
        return p->uv[i % p->size * p->scans.n_channels + channel];
}

/* How many scans back from the latest one that time is; -1: it is not there. */
static ssize_t find_time(const Plot *p, int64_t ns) {
        size_t n = MIN(p->n, p->size);

        for (size_t back = 1; back <= n; back++)
                if (p->times_ns[(p->n - back) % p->size] <= ns)
                        return back > 1 ? (ssize_t) (p->n - back) : -1;
        return -1;
}

/*
 * A quarter of the rate is four samples long: of even and of odd ones it is a number each that changes its
 * sign, as contact.h says. Of n samples from `from` on, half the difference of samples two apart.
 */
static void find_tone(const Plot *p, size_t channel, size_t from, size_t n, double ret[static 2]) {
        double sum[2] = {};

        for (size_t i = from; i + 2 < from + n; i++)
                sum[i & 1] += (i & 2 ? -1 : 1) * (at(p, i, channel) - at(p, i + 2, channel)) / 2;
        ret[0] = sum[0] / ((double) n / 2);
        ret[1] = sum[1] / ((double) n / 2);
}

static void draw(const double *uv, size_t n, FILE *f) {
        Braille *b = braille_new(WIDTH, HEIGHT);
        double least = INFINITY, most = -INFINITY;
        int before = -1;

        if (!b)
                return;
        for (size_t i = 0; i < n; i++) {
                least = fmin(least, uv[i]);
                most = fmax(most, uv[i]);
        }
        double scale = (4 * HEIGHT - 1) / fmax(most - least, 1);
        for (int x = 0; x < (int) (2 * WIDTH); x++) {
                size_t i = MIN((size_t) ((double) x / (2 * WIDTH - 1) * (double) (n - 1) + 0.5), n - 1);
                int y = (int) lround((uv[i] - least) * scale), from = before < 0 ? y : before;

                for (int k = MIN(from, y); k <= MAX(from, y); k++)
                        braille_dot(b, x, k);
                before = y;
        }
        braille_print(b, f, INDENT);
        fprintf(f, "%*s%.0f ms before to %.0f ms after the peak, %.0f to %.0f uV\n", INDENT, "",
                BESIDE_SEC * 1e3, BESIDE_SEC * 1e3, least, most);
        b = braille_free(b);
}

void plots_draw(Plots *all, const char *path, uint32_t channel, uint64_t boottime_usec, FILE *f) {
        Plot **found = find(all, path), *p = found ? *found : NULL;
        size_t beside = p ? (size_t) (BESIDE_SEC * p->scans.rate_hz) : 0;
        size_t tone_n = p ? (size_t) (TONE_SEC * p->scans.rate_hz) : 0;
        int64_t ns = (int64_t) (boottime_usec * NSEC_PER_USEC);
        ssize_t peak = p && channel < p->scans.n_channels ? find_time(p, ns) : -1;
        double tone[2], mean = 0;

        if (peak < 0 || (size_t) peak + beside >= p->n || (size_t) peak < tone_n + beside ||
            p->n - ((size_t) peak - tone_n - beside) > p->size) {
                fprintf(f, "%*s(no samples of it)\n", INDENT, "");
                return;
        }
        size_t from = (size_t) peak - beside, n = 2 * beside + 1;
        _cleanup_free_ double *uv = calloc(n, sizeof *uv);
        if (!uv)
                return;
        find_tone(p, channel, from - tone_n, tone_n, tone);
        for (size_t i = 0; i < n; i++) {
                uv[i] = at(p, from + i, channel) - ((from + i) & 2 ? -1 : 1) * tone[(from + i) & 1];
                mean += uv[i] / (double) n;
        }
        for (size_t i = 0; i < n; i++)
                uv[i] -= mean;
        draw(uv, n, f);
}

/* --- --------------------------------------------------------------------------------- */

int plots_new(sd_bus *bus, sd_event *event, Plots **ret) {
        Plots *p = calloc(1, sizeof *p);

        if (!p)
                return -ENOMEM;
        p->bus = bus;
        p->event = event;
        *ret = p;
        return 0;
}

Plots* plots_free(Plots *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < PLOTS_MAX; i++)
                plot_free(p->plots[i]);
        free(p);
        return NULL;
}
