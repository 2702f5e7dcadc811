/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heart: learned, found again at every beat, and subtracted, so that twitches near and under a beat are
 * seen.
 *
 * qrs-detector.c says when there is one. All channels see the same heart, each in its own waveform: the
 * moment of a beat is common, the template is the channel's. A beat is looked for at a coarse rate by how
 * much of the signal's magnitude the templates explain. Magnitudes, not squares: a twitch on top counts no
 * more than the samples it covers. Its moment is then fitted to a fraction of a step over all channels
 * together, its size within what earlier beats have varied by.
 *
 * A beat is known some 20 ms after its R wave. What came before that is corrected in the history, and the
 * detector looks at it once more (crossing.c); what comes after is subtracted on its way.
 *
 * A template begins as the median of the first beats. After that it moves by a share of what is left of a
 * beat, clipped at a few times the noise: a twitch that happens to fall there does not become part of it.
 *
 * No two beats are quite the same. How much is left of them is learned, too, for each part of a beat, and
 * where that is more than noise the statistic counts for less.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ecg-tracker.h"
#include "daemon/detect/artefacts/motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/interpolate.h"
#include "daemon/detect/base/simd.h"
#include "daemon/detect/base/sort.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/events/candidates.h"
#include "daemon/detect/statistic/noise.h"

#define BEFORE_S 0.25                   /* R: the P wave ... */
#define AFTER_S 0.42                    /* ... to the end of the T wave */
#define BEFORE_OF_PERIOD 0.37           /* but of a quick heart not into the beats beside */
#define AFTER_OF_PERIOD 0.63
#define COMPLEX_BEFORE_S 0.060          /* QRS, and what the high-pass makes of it ... */
#define COMPLEX_AFTER_S 0.060           /* ... to both sides */
#define PART_S 0.008
#define RESIDUAL_GAIN 0.1f              /* per beat */
#define RESIDUAL_OF_NOISE 2.0f          /* so much more than elsewhere may be chance */
#define STATISTIC_VARIANCE 3.0f         /* the bank adds up what is left of neighbouring steps */
#define VARIES 0.08f                    /* a beat from the next, until it is known */
#define COARSE_S 0.004
#define COARSE_BEFORE 7                 /* of them: what is looked for */
#define COARSE_AFTER 4
#define COARSE_WAIT 2u                  /* without a better match: it was this one */
#define MATCH 0.5f                      /* of the templates' magnitude is found in the signal */
#define MATCH_OUT_OF_TIME 0.65f         /* where none is due ... */
#define RESIDUAL_OUT_OF_TIME 0.6f       /* ... and no more than that of the signal's remains */
#define ON_TIME 0.2                     /* of the period */
#define REFRACTORY_S 0.3
#define EARLY_RATIO 1.5f                /* of what a P wave shows, to what others did */
#define EARLY_MEMORY 0.998f             /* per beat seen anew: near the threshold few of them are seen */
#define FOUND_LATE_S 0.22               /* the history still holds that beat's P wave */
#define LOST_S 10.0                     /* no beat for so long: unlearn */
#define LOST_LEARNING 2.5               /* periods */
#define PERIOD_MEMORY 8
#define WEIGHT_SIGMA 2.0f               /* a template so large is all that is wanted */
#define BEATS_MEMORY 32                 /* of a template */
#define CLIP_SIGMA 3.0f
#define MEDIAN_OF_FIRSTS 1.2f           /* they differ less from their own median than a sixth will */
#define PART_STEPS_MAX 20u
#define SHIFTS_MAX 64u                  /* channels asked for the moment of a beat */
#define NEWTON_STEPS 3u
#define LIKENESS_SHIFTS 4u              /* of a part: 2 ms */
#define LIKENESS_ENERGY 0.5             /* of the noise's */
#define SCALE_DEVIATION 0.1f            /* of the size of beats, at first */
#define SCALE_DEVIATION_MAX 0.3f
#define SCALE_MEMORY 16
#define SCALE_HALVINGS 12u /* to 0.00015: less than noise, of all that a converter can tell from it */
#define COMPLEX_STEPS_MAX 256u          /* to the present, in the history */

/* Of hearts that are faint in the band; chosen on the seeds 1 to 12 of tests/bench/bench-hearts.c. */
#define SLOW_WAIT_S 0.06                /* by so much later a beat is known from below the band */
#define SLOW_DEVIATION_S 0.003          /* of its moment, as seen there */
#define SEEN_WEIGHT 0.3f                /* of all channels: enough to find most beats in the band */
#define SURELY_SEEN_WEIGHT 0.99f        /* ... all of them: what is seen below it and not in it is none */
#define ALIGN_WEIGHT 0.03f              /* ... enough to say something of their moment */
#define SLOW_LAG_MEMORY 16.0            /* beats */
#define SLOW_BESIDE_S 0.15              /* the same beat, in the band and below it */
#define OUT_OF_TIME_S 0.25              /* a premature beat is so far from others */
#define PEAK_SIGMA 5.0f
#define SLOW_NEWTON_STEPS 10u           /* of half a step at most */

static unsigned to_steps(double seconds, double step_rate_hz) {
        return (unsigned) lround(seconds * step_rate_hz);
}

int ecg_init(EcgTracker *h, unsigned n_channels, double step_rate_hz) {
        *h = (EcgTracker) {
                .before = to_steps(BEFORE_S, step_rate_hz),
                .after = to_steps(AFTER_S, step_rate_hz),
                .complex_before = to_steps(COMPLEX_BEFORE_S, step_rate_hz),
                .complex_after = to_steps(COMPLEX_AFTER_S, step_rate_hz),
                .coarse_steps = (unsigned) fmax(1, round(COARSE_S * step_rate_hz)),
                .part_steps = (unsigned) fmax(1, round(PART_S * step_rate_hz)),
                .refractory = REFRACTORY_S * step_rate_hz,
                .lost = LOST_S * step_rate_hz,
                .out_of_time = OUT_OF_TIME_S * step_rate_hz,
                .slow_beside = SLOW_BESIDE_S * step_rate_hz,
                .slow_wait = SLOW_WAIT_S * step_rate_hz,
                .slow_precision = 1 / (SLOW_DEVIATION_S * step_rate_hz * SLOW_DEVIATION_S * step_rate_hz),
        };
        h->n_parts = (h->before + h->after) / h->part_steps;
        if (h->n_parts > ECG_PARTS_MAX)
                h->n_parts = ECG_PARTS_MAX;
        return slow_beats_init(&h->slow, n_channels, step_rate_hz);
}

void ecg_done(EcgTracker *h) {
        slow_beats_done(&h->slow);
}

int ecg_template_init(const EcgTracker *h, EcgTemplate *c) {
        *c = (EcgTemplate) {
                .template = calloc(h->before + h->after, sizeof *c->template),
                .firsts = calloc((size_t) ECG_FIRST_BEATS * (h->before + h->after), sizeof *c->firsts),
        };
        return c->template && c->firsts ? 0 : -ENOMEM;
}

void ecg_template_done(EcgTemplate *c) {
        free(c->template);
        free(c->firsts);
}

/* Another electrode, perhaps. */
void ecg_template_restart(const EcgTracker *h, EcgTemplate *c) {
        memset(c->template, 0, (h->before + h->after) * sizeof *c->template);
        memset(c->coarse, 0, sizeof c->coarse);
        c->coarse_sum = 0;
        c->n_beats = 0;
        c->search_weight = 0;
        c->early = 0;
        beat_locked_restart(&c->locked);
        c->scale = 1;
        c->scale_variance = SCALE_DEVIATION * SCALE_DEVIATION;
}

void ecg_template_break(EcgTemplate *c) {
        memset(c->coarse, 0, sizeof c->coarse);
        c->coarse_sum = 0;
}

void ecg_break(EcgTracker *h) {
        h->beat_under_way = h->candidate = false;
        h->coarse_fill = 0;
}

static void forget(Detector *d) {
        d->ecg.known = d->ecg.beat_under_way = d->ecg.candidate = false;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                ecg_template_restart(&d->ecg, &d->channels[i].ecg);
                channel_forget_evals(d, d->channels + i);
                motion_forget_beats(&d->channels[i].motion);
        }
}

/* --- between steps --- */

static float clip(float x, float limit) {
        return x > limit ? limit : x < -limit ? -limit : x;
}

static unsigned length(const EcgTracker *h) {
        return h->before + h->after;
}

static EcgAlignment alignment_of(const EcgTracker *h, double beat) {
        EcgAlignment p = { .first = (int64_t) ceil(beat) - h->before };

        cubic_weights(ceil(beat) - beat, p.weights);
        return p;
}

/* Of the template the value at a step. */
static float value_at(const EcgTracker *h, const EcgTemplate *c, const EcgAlignment *p, int64_t step) {
        int64_t i = step - p->first;

        if (i < 1 || i + 2 >= (int64_t) length(h))
                return 0;
        const float *x = c->template + i;
        return cubic_value(p->weights, x);
}

/* The range of the template that is one beat's own. */
static void extent(const EcgTracker *h, int *ret_first, int *ret_end) {
        double before = fmin(h->before, BEFORE_OF_PERIOD * h->period),
               after = fmin(h->after, AFTER_OF_PERIOD * h->period);

        *ret_first = (int) (h->before - before);
        *ret_end = (int) (h->before + after);
}

/* Longest time from a P wave to the knowledge of its beat, ... */
double ecg_wait_max(const EcgTracker *h) {
        return h->before + (COARSE_AFTER + COARSE_WAIT + 2.0) * h->coarse_steps + h->slow_wait;
}

/* ... and as long as none is found below the band. */
double ecg_wait(const EcgTracker *h) {
        return ecg_wait_max(h) - (slow_beats_known(&h->slow) ? 0 : h->slow_wait);
}

/* May what was seen at a step turn out to belong to a beat that is due? */
bool ecg_awaited(const EcgTracker *h, double since, double step) {
        double late = step - h->beat - h->period;

        return h->known && h->n_beats >= ECG_FIRST_BEATS && late > -BEFORE_OF_PERIOD * h->period &&
                late < BEFORE_OF_PERIOD * h->period && step - since < ecg_wait(h);
}

/*
 * In what the channel saw before the beat's complex there was nothing but the beat; a statistic of 0: it saw
 * nothing.
 */
void ecg_early(const EcgTracker *h, EcgTemplate *c, double peak, float statistic) {
        c->early *= EARLY_MEMORY;
        if (statistic > c->early && peak < h->beat - h->complex_before) {
                c->early = statistic;
                c->early_before = h->beat - peak;
        }
}

/* Is it time for that again, and this no more of it than it has been? Only the beat will tell. */
bool ecg_early_due(const EcgTracker *h, const EcgTemplate *c, double at, float statistic) {
        return h->known && statistic < EARLY_RATIO * c->early &&
                fabs(at + c->early_before - h->beat - h->period) < ON_TIME * h->period;
}

/* By now, with a muscle at work. */
static float loudness_uv(const Channel *c) {
        return fmaxf(c->noise.sigma_uv, c->noise.recent_uv);
}

static bool takes_part(const Detector *d, const Channel *c) {
        return c->running && noise_known(&c->noise) && c->frames >= d->settle_frames;
}

/* --- subtracting --- */

static bool is_learned(const EcgTemplate *c) {
        return c->n_beats >= ECG_FIRST_BEATS;
}

/* Of the beat under way, from where it is known. */
float ecg_subtract(const EcgTracker *h, const EcgTemplate *c, int64_t step, float x) {
        if (!h->beat_under_way || !is_learned(c) || (double) step >= h->beat + h->extent_after)
                return x;
        return x - c->scale * value_at(h, c, &h->alignment, step);
}

/* How much what is seen in the n steps up to this one is to be believed. */
float ecg_weight(const EcgTracker *h, const EcgTemplate *c, int64_t step, unsigned n_steps) {
        int64_t last = step - h->alignment.first, first = last - (int64_t) n_steps;
        float weight = 1;

        if (!h->known || !is_learned(c) || last < 0 || first >= (int64_t) length(h) ||
            step - (int64_t) h->beat > h->after)
                return 1;
        for (int64_t p = first < 0 ? 0 : first / h->part_steps; p <= last / h->part_steps && p < h->n_parts;
             p++)
                weight = c->weight[p] < weight ? c->weight[p] : weight;
        return weight;
}

static void subtract_so_far(const EcgTracker *h, Channel *c) {
        int64_t base = c->history.end - (int64_t) c->history.fill;
        int64_t from = (int64_t) ceil(h->beat - h->extent_before);

        for (int64_t s = from < base ? base : from; s < c->history.end; s++)
                c->history.y[s - base] -= c->ecg.scale * value_at(h, &c->ecg, &h->alignment, s);
}

/* --- learning --- */

static float median(float *x, unsigned n) {
        sort_stable(x, n, sizeof *x, sort_floats_up);
        return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* The history on the template's grid: what is at its i-th value. */
static float beat_at(const History *h, const EcgTracker *ecg, int i) {
        double at = ecg->beat + i - ecg->before - (double) (h->end - (int64_t) h->fill), whole = floor(at);
        float weights[4];

        if (whole < 1 || whole + 2 >= h->fill)
                return 0;
        cubic_weights(at - whole, weights);
        return cubic_value(weights, h->y + (size_t) whole);
}

/* What is left of a part of a beat: its mean, as what is slow is what the bank looks for. */
static float mean_of(const float *x, unsigned n) {
        float sum = 0;

        for (unsigned i = 0; i < n; i++)
                sum += x[i];
        return fabsf(sum) / (float) n;
}

/*
 * After the first beats: by how much they differ from what they have in common, and at least as hearts use
 * to.
 */
static void residual_of_firsts(const EcgTracker *h, EcgTemplate *c) {
        float residual[ECG_FIRST_BEATS], part[PART_STEPS_MAX];

        for (unsigned p = 0; p < h->n_parts; p++) {
                const float *x = c->template + p * h->part_steps;
                float largest = 0;

                for (unsigned k = 0; k < ECG_FIRST_BEATS; k++) {
                        for (unsigned i = 0; i < h->part_steps; i++)
                                part[i] = c->firsts[k * length(h) + p * h->part_steps + i] - x[i];
                        residual[k] = mean_of(part, h->part_steps);
                }
                for (unsigned i = 0; i < h->part_steps; i++)
                        largest = fmaxf(largest, fabsf(x[i]));
                c->residual[p] = fmaxf(median(residual, ECG_FIRST_BEATS) * MEDIAN_OF_FIRSTS,
                                       VARIES * largest);
        }
}

/* Where a beat leaves more than most of its parts do, which are as good as without heart. */
static void make_weights(const EcgTracker *h, EcgTemplate *c) {
        float sorted[ECG_PARTS_MAX];

        memcpy(sorted, c->residual, h->n_parts * sizeof *sorted);
        float typical = median(sorted, h->n_parts) * RESIDUAL_OF_NOISE;
        for (unsigned p = 0; p < h->n_parts; p++)
                c->weight[p] = c->residual[p] > typical ? 1 /
                                sqrtf(1 +
                                      STATISTIC_VARIANCE *
                                              (c->residual[p] * c->residual[p] / (typical * typical) - 1)) :
                                                          1;
}

/* Of one channel the part first .. end of the template, from what is left of the beat. */
static void refine(const EcgTracker *h, Channel *c, int first, int end) {
        EcgTemplate *hc = &c->ecg;
        float gain = 1 / (float) (hc->n_beats < BEATS_MEMORY ? hc->n_beats + 1 : BEATS_MEMORY);
        float limit = CLIP_SIGMA * c->noise.sigma_uv, part[PART_STEPS_MAX];

        for (int i = first; i < end; i++) {
                float residual = beat_at(&c->history, h, i);
                unsigned p = (unsigned) i / h->part_steps, k = (unsigned) i % h->part_steps;

                hc->template[i] += gain * clip(residual, limit);
                part[k] = residual;
                if (k + 1 == h->part_steps && p < h->n_parts && i - (int) k >= first)
                        hc->residual[p] *= mean_of(part, h->part_steps) > hc->residual[p] ?
                                1 + RESIDUAL_GAIN :
                                1 - RESIDUAL_GAIN;
        }
}

/* The same of one of the first beats. */
static void begin(const EcgTracker *h, Channel *c, int first, int end) {
        EcgTemplate *hc = &c->ecg;
        float *beat = hc->firsts + (size_t) hc->n_beats * length(h), x[ECG_FIRST_BEATS];

        for (int i = first; i < end; i++) {
                beat[i] = beat_at(&c->history, h, i);
                for (unsigned k = 0; k <= hc->n_beats; k++)
                        x[k] = hc->firsts[(size_t) k * length(h) + (unsigned) i];
                hc->template[i] = median(x, hc->n_beats + 1);
        }
}

/* What is looked for, and how much this channel has to say. */
static void make_coarse_template(const EcgTracker *h, Channel *c) {
        EcgTemplate *hc = &c->ecg;
        const float *x = hc->template + h->before - COARSE_BEFORE * h->coarse_steps;

        hc->coarse_template_sum = 0;
        for (unsigned i = 0; i < ECG_COARSE_POINTS; i++) {
                hc->coarse_template[i] = 0;
                for (unsigned k = 0; k < h->coarse_steps; k++)
                        hc->coarse_template[i] += *x++ / (float) h->coarse_steps;
                hc->coarse_template_sum += fabsf(hc->coarse_template[i]);
        }
        float scale = hc->coarse_template_sum / ECG_COARSE_POINTS / (WEIGHT_SIGMA * c->noise.sigma_uv);
        hc->search_weight = fminf(1, scale * scale);
}

/* The first half of a beat when its complex is over, the second when its T wave is. */
static void learn(Detector *d, int64_t step) {
        EcgTracker *h = &d->ecg;
        /* whole parts */
        int first, end, middle = (int) ((h->before + h->complex_after) / h->part_steps * h->part_steps);
        double since = (double) step - h->beat;

        extent(h, &first, &end);
        bool is_first = !h->half_learned && since > h->complex_after + 2,
             is_second = since > end - (int) h->before + 2;
        if (!is_first && !is_second)
                return;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!takes_part(d, c))
                        continue;
                void (*learn_part)(const EcgTracker *, Channel *, int, int) = is_learned(&c->ecg) ? refine :
                                                                                                    begin;
                if (is_first)
                        learn_part(h, c, first, middle);
                if (!is_second)
                        continue;
                learn_part(h, c, middle, end);
                c->ecg.n_beats += c->ecg.n_beats < BEATS_MEMORY;
                if (c->ecg.n_beats == ECG_FIRST_BEATS)
                        residual_of_firsts(h, &c->ecg);
                make_coarse_template(h, c);
                make_weights(h, &c->ecg);
        }
        h->half_learned = true;
        if (!is_second)
                return;
        h->beat_under_way = false;
        h->n_beats++;
}

/* qrs-detector.c is sure of one: what the channels saw then is the first template. */
void ecg_found(Detector *d, double peak, double period, bool even, int64_t step) {
        EcgTracker *h = &d->ecg;

        if (h->known || (double) step - peak > FOUND_LATE_S * d->step_rate_hz)
                return;
        forget(d);
        h->known = h->beat_under_way = true;
        h->half_learned = false;
        h->n_beats = 0;
        double since_slow = slow_beats_since(&h->slow, peak);
        bool same = fabs(since_slow) < h->slow_beside;
        h->slow_lag = same ? since_slow : 0;
        h->n_slow_lags = same;
        h->coarse_fill = 0;
        h->beat = h->beat_before = h->found_in_band = peak;
        h->alignment = alignment_of(h, peak);
        h->period = period;
        h->extent_before = h->before;
        h->extent_after = h->after;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (takes_part(d, d->channels + i))
                        motion_beat(&d->channels[i].motion, h->beat, h->period, &d->channels[i].history);
        candidates_were_beats(d, h->beat, h->period, even);
}

/*
 * How much a waveform, given at steps, is like some part of the channel's beat: the largest correlation, 0
 * to 1. Parts that are hardly more than noise are like anything.
 */
double ecg_likeness(const EcgTracker *h, const EcgTemplate *c, const double *waveform, unsigned n,
                    float sigma_uv) {
        double own = 0, most = 0;

        if (!h->known || c->n_beats < ECG_FIRST_BEATS)
                return 0;
        for (unsigned i = 0; i < n; i++)
                own += waveform[i] * waveform[i];
        for (unsigned from = 0; from + n <= h->before + h->after; from += h->part_steps / LIKENESS_SHIFTS) {
                double both = 0, energy = 0;

                for (unsigned i = 0; i < n; i++) {
                        double x = (double) c->template[from + i];
                        both += x * waveform[i];
                        energy += x * x;
                }
                if (energy > LIKENESS_ENERGY * n * (double) sigma_uv * (double) sigma_uv)
                        most = fmax(most, fabs(both) / sqrt(own * energy));
        }
        return most;
}

/* --- finding --- */

static void coarse_push(EcgTracker *h, EcgTemplate *c, float y) {
        c->coarse_sum += y;
        if (h->coarse_fill + 1 < h->coarse_steps)
                return;
        memmove(c->coarse, c->coarse + 1, (ECG_COARSE_POINTS - 1) * sizeof *c->coarse);
        c->coarse[ECG_COARSE_POINTS - 1] = c->coarse_sum / (float) h->coarse_steps;
        c->coarse_sum = 0;
}

/*
 * How much of the templates is in the latest signal, and how much of the signal is left without them. Where
 * that is far more than the template a muscle is at work, which says nothing of the heart.
 */
static float match(const Detector *d, float *ret_left) {
        float weights = 0, before = 0, after = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const EcgTemplate *c = &d->channels[i].ecg;
                float with = 0, without = 0;

                if (!takes_part(d, d->channels + i) || !(c->search_weight > 0))
                        continue;
                for (unsigned k = 0; k < ECG_COARSE_POINTS; k++) {
                        with += fabsf(c->coarse[k]);
                        without += fabsf(c->coarse[k] - c->coarse_template[k]);
                }
                float unlike = fmaxf(1, without / c->coarse_template_sum),
                      weight = c->search_weight / (unlike * unlike);
                weights += weight;
                before += weight * with / c->coarse_template_sum;
                after += weight * without / c->coarse_template_sum;
        }
        *ret_left = before > 0 ? after / before : 1;
        return weights > 0 ? (before - after) / weights : 0;
}

/* Where the next beats are due. */
static bool is_due(const EcgTracker *h, double beat) {
        double periods = (beat - h->beat) / h->period;

        return periods > 0.5 && fabs(periods - round(periods)) <= ON_TIME;
}

/* The channels' common misfit if the beat is at this moment. */
static float misfit(const Detector *d, double beat) {
        const EcgTracker *h = &d->ecg;
        EcgAlignment alignment = alignment_of(h, beat);
        float sum = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;

                if (!takes_part(d, c) || !(c->ecg.search_weight > 0))
                        continue;
                int64_t base = c->history.end - (int64_t) c->history.fill;
                int64_t from = (int64_t) ceil(beat) - COARSE_BEFORE * h->coarse_steps,
                        to = from + ECG_COARSE_POINTS * h->coarse_steps;
                float misfit = 0;
                for (int64_t s = from; s < to; s++)
                        misfit += fabsf(c->history.y[s - base] - value_at(h, &c->ecg, &alignment, s));
                sum += misfit / loudness_uv(c);
        }
        return sum;
}

static double nearest_step(const Detector *d, double beat) {
        int reach = (int) d->ecg.coarse_steps, best = 0;
        float least = INFINITY;

        for (int k = -reach; k <= reach; k++) {
                float x = misfit(d, beat + k);
                if (x < least) {
                        least = x;
                        best = k;
                }
        }
        return beat + best;
}

/*
 * By how much this channel would move the beat, by least squares; what differs by more than the limit does
 * not count. Where most does not, there is more than a beat and a twitch: it has no say.
 */
static double shift(const EcgTracker *h, const Channel *c, double beat, float limit_uv, double *ret_weight) {
        EcgAlignment alignment = alignment_of(h, beat);
        int64_t base = c->history.end - (int64_t) c->history.fill;
        int64_t from = (int64_t) ceil(beat - h->complex_before);
        float rs = 0, ss = 0, scale = c->ecg.scale;
        int n_steps = 0, n_counted = 0;

        for (int64_t s = from < base ? base : from; s < c->history.end; s++) {
                float slope = scale *
                        (value_at(h, &c->ecg, &alignment, s + 1) - value_at(h, &c->ecg, &alignment, s - 1)) /
                        2;
                float residual = c->history.y[s - base] - scale * value_at(h, &c->ecg, &alignment, s);
                bool counts = fabsf(residual) < limit_uv;

                rs += (counts ? residual : residual < 0 ? -limit_uv : limit_uv) * slope;
                ss += counts ? slope * slope : 0;
                n_steps++;
                n_counted += counts;
        }
        if (2 * n_counted < n_steps)
                ss = 0;
        *ret_weight = (double) (ss / (loudness_uv(c) * loudness_uv(c)));
        return ss > 0 ? (double) (-rs / ss) : 0;
}

typedef struct Shift {
        double steps, weight;
} Shift;

static bool is_shifted_less(const void *a, const void *b) {
        return ((const Shift*) a)->steps < ((const Shift*) b)->steps;
}

/* First the median over channels, as one with a twitch on it may be far off, ... */
static double median_shift(const Detector *d, double beat) {
        Shift shifts[SHIFTS_MAX];
        double sum = 0, below = 0;
        unsigned n = 0;

        for (unsigned i = 0; i < d->config.n_channels && n < SHIFTS_MAX; i++) {
                const Channel *c = d->channels + i;

                if (!takes_part(d, c) || !(c->ecg.search_weight > 0))
                        continue;
                shifts[n].steps = shift(&d->ecg, c, beat, INFINITY, &shifts[n].weight);
                sum += shifts[n++].weight;
        }
        sort_stable(shifts, n, sizeof *shifts, is_shifted_less);
        for (unsigned k = 0; k < n; k++) {
                below += shifts[k].weight;
                if (below >= sum / 2)
                        return fmax(-1, fmin(1, shifts[k].steps));
        }
        return 0;
}

/* ... then steps of Newton for Huber's loss over all of them, and what is known of it otherwise. */
static double mean_shift(const Detector *d, double beat, float least_weight, double expected,
                         double precision) {
        double sum = precision * (expected - beat), weights = precision;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;
                double weight, x;

                if (!takes_part(d, c) || !(c->ecg.search_weight > least_weight))
                        continue;
                x = shift(&d->ecg, c, beat, CLIP_SIGMA * c->noise.sigma_uv, &weight);
                sum += weight * x;
                weights += weight;
        }
        return weights > 0 ? fmax(-0.5, fmin(0.5, sum / weights)) : 0;
}

/*
 * By how much a size is too small, by what it leaves of the beat; what differs by more than the limit counts
 * as that.
 */
static float scale_pull(const float *y, const float *t, unsigned n, float scale, float limit_uv) {
        float sum = 0;

        for (unsigned i = 0; i < n; i++)
                sum += clip(y[i] - scale * t[i], limit_uv) * t[i];
        return sum;
}

/*
 * The size of this beat, as far as it can be told from noise. By Huber's loss: a twitch on top counts no
 * more than a few times the noise would, and however much larger than that a breath makes the beat, nothing
 * pulls at the right size. The pull falls with the size, so that is found by halving. Returns by how much
 * this one varied, squared.
 */
static float fit_scale(const EcgTracker *h, Channel *c, double beat) {
        EcgTemplate *hc = &c->ecg;
        EcgAlignment alignment = alignment_of(h, beat);
        float t[COMPLEX_STEPS_MAX], sigma = c->noise.sigma_uv, low = 1 - SCALE_DEVIATION_MAX,
                                    high = 1 + SCALE_DEVIATION_MAX;
        int64_t base = c->history.end - (int64_t) c->history.fill,
                from = (int64_t) ceil(beat - h->complex_before);
        unsigned n = 0;

        from = from < base ? base : from;
        const float *y = c->history.y + (from - base);
        for (int64_t s = from; s < c->history.end && n < COMPLEX_STEPS_MAX; s++)
                t[n++] = value_at(h, hc, &alignment, s);
        float tt = vector_energy(t, n);
        hc->scale = 1;
        if (!(tt > 0))
                return 0;
        for (unsigned i = 0; i < SCALE_HALVINGS; i++) {
                float middle = (low + high) / 2;

                if (scale_pull(y, t, n, middle, CLIP_SIGMA * sigma) > 0)
                        low = middle;
                else
                        high = middle;
        }
        float deviation = (low + high) / 2 - 1, noise = sigma * sigma / tt;
        hc->scale += deviation * hc->scale_variance / (hc->scale_variance + noise);
        return fmaxf(0, deviation * deviation - noise);
}

/* The moment of a beat, as the templates tell it. */
static double align(Detector *d, double beat) {
        const EcgTracker *h = &d->ecg;

        beat = nearest_step(d, beat);
        beat += median_shift(d, beat);
        /* with the wrong size hardly a sample would count */
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (takes_part(d, d->channels + i) && is_learned(&d->channels[i].ecg))
                        (void) fit_scale(h, d->channels + i, beat);
        for (unsigned i = 0; i < NEWTON_STEPS; i++)
                beat += mean_shift(d, beat, 0, 0, 0);
        return beat;
}

/* The same where most of it is known from below the band. */
static double align_slow(Detector *d, double expected) {
        double beat = expected;

        for (unsigned i = 0; i < SLOW_NEWTON_STEPS; i++)
                beat += mean_shift(d, beat, ALIGN_WEIGHT, expected, d->ecg.slow_precision);
        return beat;
}

static void beat_begin(Detector *d, double beat) {
        EcgTracker *h = &d->ecg;
        double period = beat - h->beat;
        int first, end;

        if (fabs(period - h->period) <= ON_TIME * h->period)
                h->period += (period - h->period) / PERIOD_MEMORY;
        h->beat_before = h->beat;
        h->beat = beat;
        h->alignment = alignment_of(h, beat);
        h->beat_under_way = true;
        h->half_learned = false;
        extent(h, &first, &end);
        h->extent_before = h->before - first;
        h->extent_after = end - (int) h->before;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!takes_part(d, c))
                        continue;
                if (is_learned(&c->ecg)) {
                        float varied = fit_scale(h, c, h->beat);

                        c->ecg.scale_variance += (varied - c->ecg.scale_variance) / SCALE_MEMORY;
                        subtract_so_far(h, c);
                }
                motion_beat(&c->motion, h->beat, h->period, &c->history);
        }
}

/* A heart that the channels see so well in the band. */
static bool is_seen(const Detector *d, float weight) {
        float sum = 0;

        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (takes_part(d, d->channels + i))
                        sum += d->channels[i].ecg.search_weight;
        return sum > weight;
}

/* Where a beat that has been found below the band has its peak in it, if that stands out of noise. */
static double peak_near(const Detector *d, double beat) {
        double reach = d->ecg.complex_before, peak = beat;
        float most = PEAK_SIGMA;

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;
                double step = beat;

                if (!takes_part(d, c))
                        continue;
                float largest = history_largest(&c->history, beat - reach, beat + reach, &step) /
                        c->noise.sigma_uv;
                if (largest > most) {
                        most = largest;
                        peak = step;
                }
        }
        return peak;
}

/* A beat below the band. True: it has been subtracted, as below. */
static bool slow_step(Detector *d, int64_t step, int64_t *ret_from) {
        EcgTracker *h = &d->ecg;
        double slow_beat = slow_beats_step(&h->slow), beat = slow_beat + h->slow_lag;
        double late = h->beat - slow_beat;

        h->slow_beat = false;
        if (!h->known || h->n_beats < ECG_FIRST_BEATS || slow_beats_is_new(&h->slow))
                candidates_at_slow_beats(d);
        if (!h->known) {
                ecg_found(d, peak_near(d, beat), slow_beats_period_steps(&h->slow),
                          slow_beats_is_even(&h->slow), step);
                return false;
        }
        if (fabs(late) < h->slow_beside) {      /* it has been found in the band, too */
                if (is_seen(d, SEEN_WEIGHT))
                        h->slow_lag += (late - h->slow_lag) / fmin(++h->n_slow_lags, SLOW_LAG_MEMORY);
                return false;
        }
        if ((!slow_beats_is_sure(&h->slow) && is_seen(d, SURELY_SEEN_WEIGHT)) ||
            beat - h->beat < h->refractory)
                return false;
        h->candidate = false;
        beat_begin(d, is_seen(d, SEEN_WEIGHT) ? align(d, beat) : align_slow(d, beat));
        *ret_from = (int64_t) ceil(h->beat - h->extent_before);
        return true;
}

/*
 * Of the latest two beats, which are those that events of now may be of. Where the band does not tell their
 * moment it is uncertain by some milliseconds, and so is what subtraction leaves of them.
 */
static bool is_subtracted(const Detector *d, const EcgTemplate *c, double slow_beat) {
        const EcgTracker *h = &d->ecg;

        return h->known && is_learned(c) && is_seen(d, SURELY_SEEN_WEIGHT) &&
                (fabs(h->beat - slow_beat) < h->slow_beside ||
                 fabs(h->beat_before - slow_beat) < h->slow_beside);
}

/*
 * So near to this is a beat that was found below the band, and the channel still has it, or much of it.
 * Where it has been subtracted a faint twitch is as good as elsewhere: what is left of the beat has its part
 * in the statistic, see ecg_weight().
 */
bool ecg_near_unsubtracted_beat(const Detector *d, unsigned channel, double step, double within_steps) {
        double since = slow_beats_since(&d->ecg.slow, step);

        return fabs(since) <= within_steps && !is_subtracted(d, &d->channels[channel].ecg, step - since);
}

/*
 * Is this what a channel has in the band of a beat that was found below it? While beats are not subtracted
 * yet, any that looks like one there; or a beat out of time.
 */
bool ecg_at_slow_beat(const EcgTracker *h, unsigned channel, double step, float amplitude_uv) {
        bool subtracted = h->known && h->n_beats >= ECG_FIRST_BEATS;
        bool apart = fabs(step - h->beat) > h->out_of_time && fabs(step - h->beat_before) > h->out_of_time &&
                !slow_beats_near(&h->slow, step, h->out_of_time);
        return slow_beats_known(&h->slow) && (!subtracted || apart) &&
                slow_beats_like_qrs(&h->slow, channel, step, amplitude_uv);
}

/* An event that is no beat, but always comes at the same time from one. */
bool ecg_is_locked(const EcgTracker *h, EcgTemplate *c, double step, float uv, double step_rate_hz) {
        double lag = step - h->beat, before = step - h->beat_before;

        lag = fabs(lag) < fabs(before) ? lag : before;
        return h->known && beat_locked_next(&c->locked, lag / step_rate_hz, uv);
}

/* No beat for long; or, where the templates should find them, only such as are known from below the band. */
static bool is_lost(const Detector *d, double here) {
        const EcgTracker *h = &d->ecg;

        if (here - h->beat > (h->n_beats < ECG_FIRST_BEATS ? LOST_LEARNING * h->period : h->lost))
                return true;
        return here - h->found_in_band > h->lost && is_seen(d, SEEN_WEIGHT);
}

/* After all channels have their sample of this step. True: a beat was subtracted from ret_from on. */
bool ecg_step(Detector *d, int64_t step, int64_t *ret_from) {
        EcgTracker *h = &d->ecg;

        bool slow_beat = h->slow_beat;
        if (!h->known && slow_beat)
                (void) slow_step(d, step, ret_from);
        if (!h->known)
                return false;
        if (h->beat_under_way)
                learn(d, step);
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running)
                        coarse_push(h, &d->channels[i].ecg, history_window(&d->channels[i].history, 1)[0]);
        if (slow_beat && slow_step(d, step, ret_from))
                return true;
        if (++h->coarse_fill < h->coarse_steps)
                return false;
        h->coarse_fill = 0;

        double here = (double) (step + 1) - COARSE_AFTER * h->coarse_steps;
        if (is_lost(d, here)) {
                forget(d);
                return false;
        }
        if (here - h->beat < h->refractory || (slow_beats_known(&h->slow) && !is_seen(d, SEEN_WEIGHT)))
                return false;

        float residual, found = match(d, &residual);
        bool good = is_due(h, here) ? found > MATCH :
                                      found > MATCH_OUT_OF_TIME && residual < RESIDUAL_OUT_OF_TIME;
        if (good && (!h->candidate || found > h->candidate_match)) {
                h->candidate = true;
                h->candidate_match = found;
                h->candidate_beat = here;
                h->candidate_age = 0;
                return false;
        }
        if (!h->candidate || ++h->candidate_age < COARSE_WAIT)
                return false;
        h->candidate = false;
        beat_begin(d, align(d, h->candidate_beat));
        h->found_in_band = h->beat;
        *ret_from = (int64_t) ceil(h->beat - h->extent_before);
        return true;
}
