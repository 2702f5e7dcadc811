/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-plot.h"
#include "text.h"

#define WIDTH 1000
#define MARGIN 60
#define INNER (WIDTH - 2 * MARGIN)
#define COLUMNS INNER /* of the signal: least and greatest in each */
#define SIGNAL_HEIGHT 130.0
#define RATE_HEIGHT 50.0
#define WAVE_HEIGHT 90.0
#define WAVE_WIDTH 160.0
#define CHANNEL_HEIGHT 400.0
#define WAVE_S 0.02 /* before and behind the peak */
#define WAVE_POINTS_MAX 1400u /* of 16800 samples a second */
#define UNITS_MAX 5u /* that are drawn */
#define EVENTS_MAX 100u /* of a unit that make its mean */

typedef struct Plot {
        const AnalyzeOutput *o;
        FILE *f;
        double from_s, to_s;
        unsigned channel;
        double top; /* of the channel, on the page */
} Plot;

static double x_of(const Plot *p, double time_s) {
        double x = (time_s - p->from_s) / (p->to_s - p->from_s);

        return MARGIN + INNER * fmin(fmax(x, 0), 1);
}

static void put_text(FILE *f, double x, double y, const char *anchor, const char *text) {
        fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
        for (; *text; text++)
                if (*text == '&' || *text == '<' || *text == '>')
                        fprintf(f, "&#%d;", *text);
                else
                        putc((unsigned char) *text < 32 ? ' ' : *text, f);
        fputs("</text>\n", f);
}

static void put_box(FILE *f, double x, double y, double width, double height, const char *style) {
        fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" %s/>\n", x, y,
                fmax(width, 0.5), height, style);
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

static void put_marks(const Plot *p, double top) {
        const Findings *found = &p->o->a->findings;

        for (size_t i = 0; i < found->n; i++) {
                const Finding *e = found->items + i;
                bool here = false;

                for (size_t k = 0; k < e->n_channels && !(e->is_event && k > 0); k++)
                        here = here || e->channels[k] == p->channel;
                if (!here)
                        continue;
                double x = x_of(p, e->time_s);
                if (e->is_event && event_kind_is_twitch(e->kind))
                        fprintf(p->f,
                                "<path d=\"M%.1f %.1fl-3 -7h6z\"><title>%s, %.3f s, %.1f "
                                "uV</title></path>\n",
                                x, top, e->word, e->time_s, e->amplitude_uv);
                else
                        put_box(p->f, x_of(p, e->from_s), top - 7, x_of(p, e->to_s) - x_of(p, e->from_s), 5,
                                e->is_event ? "fill=\"#777\"" : "fill=\"#ccc\"");
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
        put_box(p->f, MARGIN, top, INNER, SIGNAL_HEIGHT, "fill=\"none\" stroke=\"#999\"");
        fputs("<path fill=\"none\" stroke=\"#000\" stroke-width=\"0.7\" d=\"", p->f);
        for (unsigned i = 0; i < COLUMNS; i++)
                if (!isnan(low[i]))
                        fprintf(p->f, "M%u %.1fV%.1f", MARGIN + i,
                                top + SIGNAL_HEIGHT * (most - high[i]) / (most - least),
                                top + SIGNAL_HEIGHT * (most - low[i]) / (most - least) + 0.7);
        fputs("\"/>\n", p->f);
        snprintf(text, sizeof text, "%.0f uV", most);
        put_text(p->f, MARGIN - 4, top + 10, "end", text);
        snprintf(text, sizeof text, "%.0f uV", least);
        put_text(p->f, MARGIN - 4, top + SIGNAL_HEIGHT, "end", text);
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
                       height = RATE_HEIGHT * n->found.twitches / most;

                if (n->channel != p->channel)
                        continue;
                if (n->found.voluntary)
                        put_box(p->f, x, top, width, RATE_HEIGHT, "fill=\"#ddd\"");
                if (n->found.twitches > 0)
                        put_box(p->f, x, top + RATE_HEIGHT - height, width, height,
                                "fill=\"#555\" stroke=\"#fff\" stroke-width=\"0.5\"");
        }
        put_box(p->f, MARGIN, top, INNER, RATE_HEIGHT, "fill=\"none\" stroke=\"#999\"");
        snprintf(text, sizeof text, "%.0f", most);
        put_text(p->f, MARGIN - 4, top + 10, "end", text);
        put_text(p->f, MARGIN, top + RATE_HEIGHT + 14, "start",
                 "twitches in each minute; grey: the muscle was used, no rest");
}

/* --- units --- */

typedef struct Wave {
        unsigned n; /* points */
        unsigned events;
        double uv[WAVE_POINTS_MAX];
} Wave;

/* Adds the samples around a peak, less their mean. */
static int add_event(const Plot *p, const Finding *e, Wave *w) {
        const FileChannel *c = p->o->a->channels[p->channel].file;
        int32_t samples[WAVE_POINTS_MAX];
        uint64_t position;
        double mean = 0, from_s = e->time_s - WAVE_S;

        if (from_s < 0)
                return 0;
        file_source_seek(p->o->a->file, p->channel, from_s);
        ssize_t n = file_source_read(p->o->a->file, p->channel, &position, samples, w->n);
        if (n < (ssize_t) w->n || fabs((double) position / c->rate_hz - from_s) > 1.5 / c->rate_hz)
                return n < 0 ? (int) n : 0; /* a gap */
        for (unsigned i = 0; i < w->n; i++)
                mean += samples[i] * c->lsb_uv / w->n;
        for (unsigned i = 0; i < w->n; i++)
                w->uv[i] += samples[i] * c->lsb_uv - mean;
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
        put_box(p->f, x, top, WAVE_WIDTH - 10, WAVE_HEIGHT, "fill=\"none\" stroke=\"#999\"");
        fputs("<polyline fill=\"none\" stroke=\"#000\" points=\"", p->f);
        for (unsigned i = 0; i < w->n; i++)
                fprintf(p->f, "%.1f,%.1f ", x + (WAVE_WIDTH - 10) * i / (w->n - 1),
                        top + WAVE_HEIGHT * (most - w->uv[i] / w->events) / (most - least));
        fputs("\"/>\n", p->f);
        snprintf(text, sizeof text, "unit %u: %u x, %.0f uV", unit, w->events, most - least);
        put_text(p->f, x, top + WAVE_HEIGHT + 14, "start", text);
}

static int put_units(const Plot *p, double top) {
        const Findings *found = &p->o->a->findings;
        _cleanup_free_ Wave *w = malloc(sizeof *w);
        unsigned drawn = 0;

        if (!w)
                return -ENOMEM;
        for (unsigned unit = 1; unit < 100 && drawn < UNITS_MAX; unit++) {
                *w = (Wave){ .n = (unsigned) fmin(
                                     WAVE_POINTS_MAX,
                                     round(2 * WAVE_S * p->o->a->channels[p->channel].file->rate_hz)) };
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
        char text[256], rest[40], from[40], to[40];

        int n = snprintf(text, sizeof text, "ch %u %.40s: %llu twitches in %s of rest", p->channel + 1,
                         c->file->label, (unsigned long long) c->stats.rest_twitches,
                         text_duration(c->stats.rest_s, 0, rest));
        if (!isnan(rate.per_min))
                n += snprintf(text + n, sizeof text - (size_t) n, ", %.2f a minute (%.2f to %.2f)",
                              rate.per_min, rate.low_per_min, rate.high_per_min);
        snprintf(text + n, sizeof text - (size_t) n, "; floor %.1f uV", c->stats.floor_uv);
        put_text(p->f, MARGIN, p->top + 20, "start", text);
        int r = put_signal(p, p->top + 36);
        if (r < 0)
                return r;
        put_text(p->f, MARGIN, p->top + SIGNAL_HEIGHT + 50, "start", text_duration(p->from_s, 0, from));
        put_text(p->f, MARGIN + INNER, p->top + SIGNAL_HEIGHT + 50, "end", text_duration(p->to_s, 0, to));
        put_rate(p, p->top + SIGNAL_HEIGHT + 60);
        return put_units(p, p->top + SIGNAL_HEIGHT + RATE_HEIGHT + 84);
}

static int write_page(Plot *p) {
        const Analysis *a = p->o->a;
        unsigned n = 0;

        for (unsigned i = 0; i < a->n_channels; i++)
                n += !a->channels[i].left_out;
        fprintf(p->f,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                "font-family=\"sans-serif\" font-size=\"12\">\n"
                "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                WIDTH, CHANNEL_HEIGHT * n + 40);
        for (p->channel = 0; p->channel < a->n_channels; p->channel++) {
                if (a->channels[p->channel].left_out)
                        continue;
                int r = put_channel(p);
                if (r < 0)
                        return r;
                p->top += CHANNEL_HEIGHT;
        }
        put_text(p->f, MARGIN, p->top + 20, "start",
                 "Triangles: twitches; dark bars: other events; light bars: artefacts, not counted. "
                 "Research and self-tracking; not a medical device.");
        fputs("</svg>\n", p->f);
        return ferror(p->f) ? -EIO : 0;
}

int analyze_plot(const AnalyzeOutput *o, const char *path, char **ret_error) {
        const AnalysisOptions *options = &o->a->options;
        size_t n = strlen(path);

        if (n < 5 || strcasecmp(path + n - 4, ".svg") != 0) {
                *ret_error = strdup("--plot takes a file that ends with .svg");
                return -EINVAL;
        }
        Plot p = { .o = o,
                   .f = fopen(path, "we"),
                   .from_s = options->from_s,
                   .to_s = fmin(options->to_s, fmax(o->a->reached_s, 1e-3)) };
        int r = p.f ? write_page(&p) : -errno;
        if (p.f && fclose(p.f) != 0 && r >= 0)
                r = -errno;
        if (r < 0 && asprintf(ret_error, "cannot draw %s: %s", path, strerror(-r)) < 0)
                *ret_error = NULL;
        return r;
}
