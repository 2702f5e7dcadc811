/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "edf-timing.h"

/* "+", the seconds with as many decimals as somebody likes, and two separators; NUL behind it all */
#define STAMP_MAX 40u

/* Thirty years; what lies behind is a broken file, and no position may overflow. */
#define RECORDING_MAX_S 1e9

/*
 * A clock of the recorder and the oscillator of the converter differ by no more: the ADS1299's own is good
 * to 2.5 % (data sheet, "Internal oscillator accuracy"). More is gaps behind all records.
 */
#define DRIFT_MAX 0.03
#define DRIFT_CERTAIN 6.0 /* standard errors; a smaller drift is left to the header */

/*
 * A stamp that is further off than that many standard deviations of the clock's jitter is a gap or nonsense.
 * Raising it takes short gaps for jitter.
 */
#define JITTER_SIGMAS 6.0
#define OUTLIERS_MAX 3u /* stamps in a row that are nonsense; more that agree are a gap */
#define LEVEL_WEIGHT 0.1 /* of a stamp in what is expected of the next */

typedef struct Stamps {
        uint64_t n;
        double *s; /* of each record; NAN: cannot be read */
        double *scratch;
        uint64_t n_bad, n_odd; /* cannot be read; disagree with those around them */
        double tolerance_s;
} Stamps;

static double parse_stamp(const char *text) {
        char number[STAMP_MAX + 1], *end;
        size_t n = strcspn(text, "\x14\x15");

        if (!text[n] || n == 0)
                return NAN;
        memcpy(number, text, n);
        number[n] = 0;
        char *comma = strchr(number, ',');
        if (comma)
                *comma = '.';
        if (number[strspn(number, "+-0123456789.")] != 0)
                return NAN;
        double s = strtod(number, &end);
        return *end == 0 && fabs(s) <= RECORDING_MAX_S ? s : NAN;
}

static int read_stamps(int fd, const Layout *l, const LayoutSignal *annotations, Stamps *t) {
        size_t size = MIN((size_t) annotations->n_samples * l->sample_bytes, (size_t) STAMP_MAX);

        for (uint64_t i = 0; i < l->n_records; i++) {
                char text[STAMP_MAX + 1] = "";

                ssize_t n = pread(fd, text, size,
                                  (off_t) (l->data_offset + i * l->record_size + annotations->offset));
                if (n < 0)
                        return -errno;
                t->s[i] = parse_stamp(text);
                t->n_bad += isnan(t->s[i]);
        }
        return 0;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

static double median(double *x, size_t n) {
        if (n == 0)
                return NAN;
        qsort(x, n, sizeof *x, compare);
        return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

static bool is_drift(double duration_s, double nominal_s) {
        return fabs(duration_s / nominal_s - 1) <= DRIFT_MAX;
}

/* Of a record, by stamps some records apart, most of which have no gap between them */
static double rough_duration_s(Stamps *t, double nominal_s) {
        uint64_t lag = t->n < 40 ? 1 + t->n / 8 : 10, n = 0;

        for (uint64_t i = lag; i < t->n; i++)
                if (!isnan(t->s[i]) && !isnan(t->s[i - lag]))
                        t->scratch[n++] = (t->s[i] - t->s[i - lag]) / (double) lag;
        double duration_s = median(t->scratch, n);
        return is_drift(duration_s, nominal_s) ? duration_s : nominal_s;
}

/* Standard deviation, robust: most neighbours have no gap between them. */
static double jitter_s(Stamps *t, double duration_s) {
        uint64_t n = 0;

        for (uint64_t i = 1; i < t->n; i++)
                if (!isnan(t->s[i]) && !isnan(t->s[i - 1]))
                        t->scratch[n++] = fabs(t->s[i] - t->s[i - 1] - duration_s);
        return n == 0 ? 0 : 1.4826 / M_SQRT2 * median(t->scratch, n);
}

static double late_s(const Stamps *t, uint64_t record, double duration_s) {
        return t->s[record] - (double) record * duration_s;
}

/* Whether soon after a stamp that is off there is one as expected */
static bool returns(const Stamps *t, uint64_t record, double level_s, double duration_s) {
        unsigned seen = 0;

        for (uint64_t i = record + 1; i < t->n && seen < OUTLIERS_MAX; i++) {
                if (isnan(t->s[i]))
                        continue;
                seen++;
                if (fabs(late_s(t, i, duration_s) - level_s) <= t->tolerance_s)
                        return true;
        }
        /* the very last one that is early is nonsense rather than a clock that was set back */
        return seen == 0 && late_s(t, record, duration_s) < level_s;
}

/* Cuts at lasting steps. Stamps that are nonsense become NAN. */
static int find_stretches(Stamps *t, Layout *l, double duration_s) {
        double level_s = NAN;

        for (uint64_t i = 0; i < t->n; i++) {
                double x = late_s(t, i, duration_s);

                if (i == 0) {
                        int r = layout_add_stretch(l, 0, 0);
                        if (r < 0)
                                return r;
                }
                if (isnan(x))
                        continue;
                if (isnan(level_s))
                        level_s = x;
                if (fabs(x - level_s) <= t->tolerance_s) {
                        level_s += LEVEL_WEIGHT * (x - level_s);
                        continue;
                }
                if (returns(t, i, level_s, duration_s)) {
                        t->s[i] = NAN;
                        t->n_odd++;
                        continue;
                }
                int r = i > 0 ? layout_add_stretch(l, i, 0) : 0;
                if (r < 0)
                        return r;
                level_s = x;
        }
        return 0;
}

static uint64_t stretch_end(const Layout *l, size_t k) {
        return k + 1 < l->n_stretches ? l->stretches[k + 1].first_record : l->n_records;
}

/* By a line through the stamps of all stretches, each with a start of its own; *ret_error_s: its standard
 * error */
static double exact_duration_s(const Stamps *t, const Layout *l, double duration_s, double sigma_s,
                               double *ret_error_s) {
        double sxx = 0, sxy = 0;

        for (size_t k = 0; k < l->n_stretches; k++) {
                double n = 0, x = 0, y = 0;

                for (uint64_t i = l->stretches[k].first_record; i < stretch_end(l, k); i++)
                        if (!isnan(t->s[i])) {
                                n++;
                                x += (double) i;
                                y += late_s(t, i, duration_s);
                        }
                for (uint64_t i = l->stretches[k].first_record; i < stretch_end(l, k); i++)
                        if (!isnan(t->s[i])) {
                                sxx += ((double) i - x / n) * ((double) i - x / n);
                                sxy += ((double) i - x / n) * (late_s(t, i, duration_s) - y / n);
                        }
        }
        *ret_error_s = sxx > 0 ? sigma_s / sqrt(sxx) : INFINITY;
        return sxx > 0 ? duration_s + sxy / sxx : duration_s;
}

static double start_s(Stamps *t, const Layout *l, size_t k) {
        uint64_t first = l->stretches[k].first_record, n = 0;

        for (uint64_t i = first; i < stretch_end(l, k); i++)
                if (!isnan(t->s[i]))
                        t->scratch[n++] = t->s[i] - (double) (i - first) * l->record_duration_s;
        return median(t->scratch, n);
}

/* Half a sample of the fastest signal: a difference below that is the rounding of the writer. */
static double half_sample_s(const Layout *l) {
        uint32_t most = 1;

        for (unsigned i = 0; i < l->n_signals; i++)
                if (!l->signals[i].annotations)
                        most = MAX(most, l->signals[i].n_samples);
        return l->record_duration_s / most / 2;
}

/* When each stretch begins; none before the end of the last. */
static int place_stretches(Stamps *t, Layout *l) {
        uint64_t n_back = 0;
        double zero_s = 0, end_s = 0, sample_s = 2 * half_sample_s(l), back_s = 0;

        for (size_t k = 0; k < l->n_stretches; k++) {
                Stretch *s = l->stretches + k;
                double from_s = start_s(t, l, k);

                if (k == 0) {
                        zero_s = isnan(from_s) ? 0 : from_s;
                        if (zero_s >= 0 && zero_s < 1) /* of the second that the header names */
                                l->start.fraction_s = zero_s;
                }
                s->start_s = k == 0 ? 0 : from_s - zero_s;
                /* a break all the same: one sample is missing */
                if (k > 0 && s->start_s < end_s + sample_s) {
                        n_back += s->start_s < end_s - t->tolerance_s;
                        back_s = fmax(back_s, end_s - s->start_s);
                        s->start_s = end_s + sample_s;
                }
                end_s = s->start_s + (double) (stretch_end(l, k) - s->first_record) * l->record_duration_s;
        }
        if (n_back > 0)
                return notes_add(&l->notes,
                                 "%llu data records begin before the one in front of them ends, by up to "
                                 "%.3g s: read "
                                 "one behind the other, so times behind them are late",
                                 (unsigned long long) n_back, back_s);
        return 0;
}

static int note_what_was_odd(const Stamps *t, Layout *l, double nominal_s) {
        int r = 0;

        if (l->record_duration_s != nominal_s)
                r = notes_add(&l->notes,
                              "by the time stamps the data records are %.6f times as long as the header "
                              "says: rates and "
                              "times follow the stamps",
                              l->record_duration_s / nominal_s);
        /* a continuous recording need not have them */
        if (r >= 0 && (t->n_odd > 0 || (t->n_bad > 0 && l->discontinuous)))
                r = notes_add(&l->notes,
                              "%llu of %llu time stamps cannot be right: those records are taken to follow "
                              "the ones in front of them",
                              (unsigned long long) (t->n_bad + t->n_odd), (unsigned long long) t->n);
        if (r >= 0 && l->n_stretches > 1 && !l->discontinuous)
                r = notes_add(&l->notes,
                              "the file calls itself continuous, and its time stamps have %zu gaps: those "
                              "are taken as gaps",
                              l->n_stretches - 1);
        return r;
}

/* Stamps without sense, as of a writer that gives all records the same: the header counts. */
static bool make_sense(const Stamps *t, double nominal_s) {
        uint64_t n = 0, back = 0;

        for (uint64_t i = 1; i < t->n; i++)
                if (!isnan(t->s[i]) && !isnan(t->s[i - 1])) {
                        n++;
                        back += t->s[i] - t->s[i - 1] < nominal_s / 2;
                }
        return n == 0 ? t->n_bad < t->n : back * 2 <= n;
}

static int time_by_stamps(Stamps *t, Layout *l) {
        double nominal_s = l->record_duration_s, error_s;
        int r;

        double duration_s = rough_duration_s(t, nominal_s), sigma_s = jitter_s(t, duration_s);
        t->tolerance_s = fmin(fmax(half_sample_s(l), JITTER_SIGMAS * sigma_s), nominal_s / 2);
        if ((r = find_stretches(t, l, duration_s)) < 0)
                return r;
        duration_s = exact_duration_s(t, l, duration_s, fmax(sigma_s, half_sample_s(l) / 10), &error_s);
        if (is_drift(duration_s, nominal_s) && fabs(duration_s - nominal_s) > DRIFT_CERTAIN * error_s)
                l->record_duration_s = duration_s;
        if ((r = place_stretches(t, l)) < 0)
                return r;
        return note_what_was_odd(t, l, nominal_s);
}

int edf_timing_read(int fd, Layout *l) {
        const LayoutSignal *annotations = layout_annotations(l);
        Stamps t = { .n = l->n_records };
        int r = 0;

        if (annotations && annotations->n_samples > 0) {
                t.s = calloc(t.n, sizeof *t.s);
                t.scratch = calloc(t.n, sizeof *t.scratch);
                r = t.s && t.scratch ? read_stamps(fd, l, annotations, &t) : -ENOMEM;
        }
        bool sense = r >= 0 && t.s && make_sense(&t, l->record_duration_s);
        if (sense)
                r = time_by_stamps(&t, l);
        else if (r >= 0) {
                r = layout_add_stretch(l, 0, 0);
                if (r >= 0 && l->discontinuous)
                        r = notes_add(&l->notes,
                                      "the file calls itself discontinuous and its data records have no "
                                      "time stamps%s: "
                                      "read as continuous, so times behind a gap would be too early",
                                      t.s ? " that make sense" : "");
        }
        free(t.s);
        free(t.scratch);
        return r;
}
