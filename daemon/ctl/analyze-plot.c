/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/wait.h>

#include "analyze-plot.h"
#include "drawing.h"
#include "report-call.h"
#include "text.h"
#include "utf8.h"

#define WIDTH 1000
#define MARGIN 80
#define INNER (WIDTH - 2 * MARGIN)
#define COLUMNS INNER /* of the signal: least and greatest in each */
#define SIGNAL_HEIGHT 130.0
#define RATE_HEIGHT 50.0
#define WAVE_HEIGHT 90.0
#define WAVE_WIDTH 160.0
#define PAGE_HEIGHT 420.0
#define WAVE_S 0.02 /* before and behind the peak */
#define WAVE_POINTS_MAX 700u /* of 17000 samples a second */
#define SLACK_S 0.008 /* the peak that an event is timed by may be another one of the same potential */
#define SLACK_POINTS_MAX 140u
#define UNITS_MAX 5u /* that are drawn */
#define EVENTS_MAX 100u /* of a unit that make its mean */

#define LIGHT 0.8
#define MIDDLE 0.45
#define FRAME 0.6 /* grey of frames */

typedef struct Plot {
        const AnalyzeOutput *o;
        Drawing *drawing;
        double from_s, to_s;
        unsigned channel;
} Plot;

static double x_of(const Plot *p, double time_s) {
        double x = (time_s - p->from_s) / (p->to_s - p->from_s);

        return MARGIN + INNER * fmin(fmax(x, 0), 1);
}

/* --- the signal --- */

/* Least and greatest of the samples that fall into each column, in microvolts; NAN: none do. */
static int read_columns(const Plot *p, double *low, double *high) {
        const FileChannel *c = p->o->a->channels[p->channel].file;
        FileSource *file = p->o->a->file;
        int32_t samples[4096];
        uint64_t position;
        ssize_t n;

        for (unsigned i = 0; i < COLUMNS; i++)
                low[i] = high[i] = NAN;
        file_source_seek(file, p->channel, p->from_s);
        while ((n = file_source_read(file, p->channel, &position, samples, ELEMENTSOF(samples))) > 0)
                for (ssize_t k = 0; k < n; k++) {
                        double x = ((double) (position + (uint64_t) k) / c->rate_hz - p->from_s) /
                                (p->to_s - p->from_s) * COLUMNS;
                        double uv = samples[k] * c->lsb_uv;
                        if (x >= COLUMNS)
                                return 0;
                        unsigned i = (unsigned) fmax(x, 0);
                        low[i] = fmin(low[i], uv);
                        high[i] = fmax(high[i], uv);
                }
        return n < 0 ? (int) n : 0;
}

static void put_twitch(const Plot *p, const Finding *e, double top) {
        double x = x_of(p, e->time_s);
        char note[128];

        snprintf(note, sizeof note, "%s, %.3f s, %.1f uV", e->word, e->time_s, e->amplitude_uv);
        drawing_move(p->drawing, x, top);
        drawing_line(p->drawing, x - 3, top - 7);
        drawing_line(p->drawing, x + 3, top - 7);
        drawing_fill(p->drawing, 0, note);
}

static void put_marks(const Plot *p, double top) {
        const Findings *found = &p->o->a->findings;

        for (size_t i = 0; i < found->n; i++) {
                const Finding *e = found->items + i;
                bool here = false;

                for (size_t k = 0; k < e->n_channels && !(e->is_event && k > 0); k++)
                        here = here || e->channels[k] == p->channel;
                if (!here)
                        continue;
                if (e->is_event && event_kind_is_twitch(e->kind))
                        put_twitch(p, e, top);
                else
                        drawing_box(p->drawing, x_of(p, e->from_s), top - 7,
                                    x_of(p, e->to_s) - x_of(p, e->from_s), 5, e->is_event ? MIDDLE : LIGHT,
                                    DRAWING_NONE);
        }
}

static int put_signal(const Plot *p, double top) {
        _cleanup_free_ double *low = calloc(COLUMNS, sizeof *low), *high = calloc(COLUMNS, sizeof *high);
        double least = INFINITY, most = -INFINITY;
        char text[64];

        int r = low && high ? read_columns(p, low, high) : -ENOMEM;
        if (r < 0)
                return r;
        for (unsigned i = 0; i < COLUMNS; i++) {
                least = fmin(least, low[i]);
                most = fmax(most, high[i]);
        }
        if (!(most > least))
                most = least + 1;
        drawing_box(p->drawing, MARGIN, top, INNER, SIGNAL_HEIGHT, DRAWING_NONE, FRAME);
        for (unsigned i = 0; i < COLUMNS; i++)
                if (!isnan(low[i])) {
                        drawing_move(p->drawing, MARGIN + i,
                                     top + SIGNAL_HEIGHT * (most - high[i]) / (most - least));
                        drawing_line(p->drawing, MARGIN + i,
                                     top + SIGNAL_HEIGHT * (most - low[i]) / (most - least) + 0.7);
                }
        drawing_stroke(p->drawing, 1);
        snprintf(text, sizeof text, "%.0f uV", most);
        drawing_text(p->drawing, MARGIN - 4, top + 10, DRAWING_RIGHT, text);
        snprintf(text, sizeof text, "%.0f uV", least);
        drawing_text(p->drawing, MARGIN - 4, top + SIGNAL_HEIGHT, DRAWING_RIGHT, text);
        put_marks(p, top);
        return 0;
}

/* --- twitches a minute --- */

static void put_rate(const Plot *p, double top) {
        const Minutes *m = &p->o->a->minutes;
        double most = 1;
        char text[64];

        for (size_t i = 0; i < m->n; i++)
                if (m->items[i].channel == p->channel)
                        most = fmax(most, m->items[i].found.twitches);
        for (size_t i = 0; i < m->n; i++) {
                const Minute *n = m->items + i;
                double x = x_of(p, n->from_s), width = x_of(p, n->to_s) - x,
                       height = 0.75 * RATE_HEIGHT * n->found.twitches / most;

                if (n->channel != p->channel)
                        continue;
                if (n->found.voluntary)
                        drawing_box(p->drawing, x, top, width, RATE_HEIGHT, LIGHT, DRAWING_NONE);
                if (n->found.twitches > 0)
                        drawing_box(p->drawing, x, top + RATE_HEIGHT - height, width, height, MIDDLE, 1);
        }
        drawing_box(p->drawing, MARGIN, top, INNER, RATE_HEIGHT, DRAWING_NONE, FRAME);
        snprintf(text, sizeof text, "%.0f", most);
        drawing_text(p->drawing, MARGIN - 4, top + 0.25 * RATE_HEIGHT + 4, DRAWING_RIGHT, text);
        drawing_text(p->drawing, MARGIN, top + RATE_HEIGHT + 14, DRAWING_LEFT,
                     "twitches in each minute; light grey: the muscle was used, no rest");
}

/* --- units --- */

typedef struct Wave {
        unsigned n, slack; /* points */
        unsigned events;
        double uv[WAVE_POINTS_MAX]; /* sum */
} Wave;

/* By how many samples an event goes later than its peak says, so that it lies best on those before it. */
static unsigned best_shift(const Wave *w, const double *uv /* [n + 2 * slack] */) {
        double best = -INFINITY;
        unsigned shift = w->slack;

        for (unsigned k = 0; k <= 2 * w->slack && w->events > 0; k++) {
                double product = 0;

                for (unsigned i = 0; i < w->n; i++)
                        product += w->uv[i] * uv[k + i];
                if (product > best) {
                        best = product;
                        shift = k;
                }
        }
        return shift;
}

/* Adds the samples around a peak, less their mean. */
static int add_event(const Plot *p, const Finding *e, Wave *w) {
        const FileChannel *c = p->o->a->channels[p->channel].file;
        int32_t samples[WAVE_POINTS_MAX + 2 * SLACK_POINTS_MAX];
        double uv[ELEMENTSOF(samples)], mean = 0, from_s = e->time_s - WAVE_S - SLACK_S;
        unsigned n_wanted = w->n + 2 * w->slack;
        uint64_t position;

        if (from_s < 0)
                return 0;
        file_source_seek(p->o->a->file, p->channel, from_s);
        ssize_t n = file_source_read(p->o->a->file, p->channel, &position, samples, n_wanted);
        if (n < (ssize_t) n_wanted || fabs((double) position / c->rate_hz - from_s) > 1.5 / c->rate_hz)
                return n < 0 ? (int) n : 0; /* a gap */
        for (unsigned i = 0; i < n_wanted; i++)
                mean += samples[i] * c->lsb_uv / n_wanted;
        for (unsigned i = 0; i < n_wanted; i++)
                uv[i] = samples[i] * c->lsb_uv - mean;
        unsigned shift = best_shift(w, uv);
        for (unsigned i = 0; i < w->n; i++)
                w->uv[i] += uv[shift + i];
        w->events++;
        return 0;
}

static void put_wave(const Plot *p, const Wave *w, unsigned unit, double x, double top) {
        double least = INFINITY, most = -INFINITY;
        char text[64];

        for (unsigned i = 0; i < w->n; i++) {
                least = fmin(least, w->uv[i] / w->events);
                most = fmax(most, w->uv[i] / w->events);
        }
        if (!(most > least))
                return;
        drawing_box(p->drawing, x, top, WAVE_WIDTH - 10, WAVE_HEIGHT, DRAWING_NONE, FRAME);
        for (unsigned i = 0; i < w->n; i++)
                (i == 0 ? drawing_move :
                          drawing_line)(p->drawing, x + (WAVE_WIDTH - 10) * i / (w->n - 1),
                                        top + WAVE_HEIGHT * (most - w->uv[i] / w->events) / (most - least));
        drawing_stroke(p->drawing, 1);
        snprintf(text, sizeof text, "unit %u: %u x, %.0f uV", unit, w->events, most - least);
        drawing_text(p->drawing, x, top + WAVE_HEIGHT + 14, DRAWING_LEFT, text);
}

static int put_units(const Plot *p, double top) {
        const Findings *found = &p->o->a->findings;
        _cleanup_free_ Wave *w = malloc(sizeof *w);
        double rate_hz = p->o->a->channels[p->channel].file->rate_hz;
        unsigned drawn = 0;

        if (!w)
                return -ENOMEM;
        for (unsigned unit = 1; unit < 100 && drawn < UNITS_MAX; unit++) {
                *w = (Wave){ .n = (unsigned) fmin(WAVE_POINTS_MAX, round(2 * WAVE_S * rate_hz)),
                             .slack = (unsigned) fmin(SLACK_POINTS_MAX, round(SLACK_S * rate_hz)) };
                for (size_t i = 0; i < found->n && w->events < EVENTS_MAX; i++) {
                        const Finding *e = found->items + i;
                        int r = e->is_event && e->unit == unit && e->channels[0] == p->channel ?
                                add_event(p, e, w) :
                                0;
                        if (r < 0)
                                return r;
                }
                if (w->events > 0)
                        put_wave(p, w, unit, MARGIN + WAVE_WIDTH * drawn++, top);
        }
        return 0;
}

/* --- the page --- */

static int put_channel(const Plot *p) {
        const AnalysisChannel *c = p->o->a->channels + p->channel;
        AnalyzeRate rate = analyze_rate(c);
        char text[512], label[128], rest[40], from[40], to[40], floor_uv[64];

        (void) utf8_clean(label, sizeof label, c->file->label, strlen(c->file->label));
        drawing_page(p->drawing);
        int n = snprintf(text, sizeof text, "ch %u %s: %llu twitches in %s of rest", p->channel + 1, label,
                         (unsigned long long) c->stats.rest_twitches,
                         text_duration(c->stats.rest_s, 0, rest));
        if (!isnan(rate.per_min))
                n += snprintf(text + n, sizeof text - (size_t) n, ", %.2f a minute (%.2f to %.2f)",
                              rate.per_min, rate.low_per_min, rate.high_per_min);
        snprintf(text + n, sizeof text - (size_t) n, "; floor %s",
                 text_number(c->stats.floor_uv, 1, " uV", floor_uv));
        drawing_text(p->drawing, MARGIN, 20, DRAWING_LEFT, text);
        int r = put_signal(p, 36);
        if (r < 0)
                return r;
        drawing_text(p->drawing, MARGIN, SIGNAL_HEIGHT + 50, DRAWING_LEFT,
                     text_duration(p->from_s, 0, from));
        drawing_text(p->drawing, MARGIN + INNER, SIGNAL_HEIGHT + 50, DRAWING_RIGHT,
                     text_duration(p->to_s, 0, to));
        put_rate(p, SIGNAL_HEIGHT + 60);
        if ((r = put_units(p, SIGNAL_HEIGHT + RATE_HEIGHT + 84)) < 0)
                return r;
        drawing_text(p->drawing, MARGIN, PAGE_HEIGHT - 20, DRAWING_LEFT,
                     "Triangles: twitches; dark bars: other events; light bars: artefacts, not counted. "
                     "Research and self-tracking; not a medical device.");
        return 0;
}

static int draw(Plot *p) {
        const Analysis *a = p->o->a;
        unsigned n = 0;

        for (unsigned i = 0; i < a->n_channels; i++)
                n += !a->channels[i].left_out;
        drawing_begin(p->drawing, WIDTH, PAGE_HEIGHT, n);
        for (p->channel = 0; p->channel < a->n_channels; p->channel++) {
                int r = a->channels[p->channel].left_out ? 0 : put_channel(p);
                if (r < 0)
                        return r;
        }
        return drawing_end(p->drawing);
}

/* SVG is written here; the other forms by twitch-report, which has Cairo. */
static const char *form_of(const char *path) {
        static const char *const forms[] = { "svg", "png", "pdf" };
        const char *point = strrchr(path, '.');

        for (size_t i = 0; point && i < ELEMENTSOF(forms); i++)
                if (strcasecmp(point + 1, forms[i]) == 0)
                        return forms[i];
        return NULL;
}

int analyze_plot_check(const char *path, char **ret_error) {
        if (form_of(path))
                return 0;
        *ret_error = strdup("--plot takes a file that ends with .svg, .png or .pdf");
        return -EINVAL;
}

/* Draws the list at f; says itself what goes wrong. */
static int call_report(FILE *f, const char *path) {
        int status;

        rewind(f);
        (void) fflush(NULL);
        pid_t child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                char *args[REPORT_CALL_MAX] = {};

                report_call_add(args, "picture", form_of(path));
                report_call_add(args, "output", path);
                if (dup2(fileno(f), STDIN_FILENO) >= 0)
                        (void) report_call(args);
                _exit(EXIT_FAILURE);
        }
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return status == 0 ? 0 : -ECHILD;
}

int analyze_plot(const AnalyzeOutput *o, const char *path, char **ret_error) {
        const AnalysisOptions *options = &o->a->options;
        bool svg = streq(form_of(path), "svg");
        _cleanup_fclose_ FILE *f = svg ? fopen(path, "we") : tmpfile();
        Drawing drawing = { .f = f, .svg = svg };
        Plot p = { .o = o,
                   .drawing = &drawing,
                   .from_s = options->from_s,
                   .to_s = fmin(options->to_s, fmax(o->a->reached_s, 1e-3)) };

        int r = f ? draw(&p) : -errno;
        if (r >= 0 && !svg)
                r = call_report(f, path);
        if (r == -ECHILD)
                *ret_error = strdup("");
        else if (r < 0 && asprintf(ret_error, "cannot draw %s: %s", path, strerror(-r)) < 0)
                *ret_error = NULL;
        return r;
}
