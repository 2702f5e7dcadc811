/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How large signal and filter outputs are when nothing happens.
 *
 * The signal: median of magnitudes over blocks of half a second; a twitch in the block hardly moves it
 * (1.3 % of the time +1.5 %, 5 % +6 %). Of the last 30 s of blocks those are averaged that are
 * not much larger than the lowest quarter: contractions and busy blocks stay out, and in
 * steady noise nearly all blocks count, so that there is no bias to correct.
 *
 * Every filter output has its own estimate, which is what keeps the false alarm rate right when noise is
 * coloured: the mean square over the same blocks, of what is clipped at twice the standard deviation known
 * so far (Huber 1964). It is three times as exact as a median, sees that real noise has more of a tail than
 * a Gaussian, and events in 1.3 % of the time add 3 %.
 *
 * Where noise rises steadily, 30 s are too long: then what the rise makes of it by now counts.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"
#include "daemon/detect/base/simd.h"

#define MEDIAN_PER_SIGMA 0.6744898f     /* of |x|, x Gaussian */
#define CLIP_SIGMA 2.0f
#define GROWTH_MAX 8.0 /* of the standard deviation from block to block: more cannot be told */
#define CALM_PERCENT_MIN 60
#define BUSY_RATIO 1.3f                 /* to the lowest quarter */
#define MARGIN 0.3f /* on the threshold by the number of blocks behind it, see noise_update() */
#define SUSTAINED_STRIDE 8              /* while activity is sustained, one block in so many is believed */
#define RISE_MIN 1.05f                  /* less may be chance */
#define RISE_MAX 3.0f
#define RISE_BLOCKS_MIN 30u
/* A converter that never changes its code by more than one has no Gaussian noise. */
#define FLOOR_LSB 0.5

/* Mean of min(x^2, 1), x Gaussian of that standard deviation. */
static double clipped_square(double sigma) {
        double inside = erf(1 / (sigma * M_SQRT2));
        double tail = sqrt(2 / M_PI) / sigma * exp(-1 / (2 * sigma * sigma));

        return sigma * sigma * (inside - tail) + 1 - inside;
}

/* The other way round, in steps of the mean square. */
static void tabulate_sigmas(float *ret) {
        for (unsigned i = 1; i < NOISE_SIGMAS; i++) {
                double low = 0, high = GROWTH_MAX;

                while (high - low > 1e-7) {
                        double middle = (low + high) / 2;
                        if (clipped_square(middle) < (double) i / NOISE_SIGMAS)
                                low = middle;
                        else
                                high = middle;
                }
                ret[i] = (float) high;
        }
        ret[0] = 0;
        ret[NOISE_SIGMAS] = ret[NOISE_SIGMAS - 1];
}

static float sigma_of(const Noise *n, float clipped) {
        float at = fminf(fmaxf(clipped, 0), 1) * NOISE_SIGMAS;
        unsigned i = (unsigned) at;

        if (i >= NOISE_SIGMAS)
                return n->sigmas[NOISE_SIGMAS];
        /* near zero the square root is too steep for a straight line */
        if (i < NOISE_SIGMAS / 8)
                return sqrtf(clipped);
        return n->sigmas[i] + (n->sigmas[i + 1] - n->sigmas[i]) * (at - (float) i);
}

int noise_init(Noise *n, double step_rate_hz, unsigned eval_steps, unsigned n_lanes, const float *weights,
               double lsb_uv) {
        *n = (Noise) {
                .block_steps = (unsigned) lround(NOISE_BLOCK_S * step_rate_hz),
                .block_evals = (unsigned) lround(NOISE_BLOCK_S * step_rate_hz / eval_steps),
                .n_lanes = n_lanes,
                .weights = weights,
                .squares = calloc(n_lanes, sizeof(float)),
                .clips = calloc(n_lanes, sizeof(float)),
                .signal_medians = calloc(NOISE_BLOCKS, sizeof(float)),
                .lane_sigmas = calloc((size_t) NOISE_BLOCKS * n_lanes, sizeof(float)),
                .inverse = calloc(n_lanes, sizeof(float)),
                .floor_uv = (float) (FLOOR_LSB * lsb_uv),
        };
        if (!n->squares || !n->clips || !n->signal_medians || !n->lane_sigmas || !n->inverse)
                return -ENOMEM;
        tabulate_sigmas(n->sigmas);
        noise_restart(n);
        return 0;
}

void noise_done(Noise *n) {
        free(n->squares);
        free(n->clips);
        free(n->signal_medians);
        free(n->lane_sigmas);
        free(n->inverse);
}

/* The block under way has a hole. */
void noise_break(Noise *n) {
        n->fill = n->n_calm = 0;
        memset(n->counts, 0, sizeof n->counts);
        memset(n->squares, 0, n->n_lanes * sizeof *n->squares);
}

void noise_restart(Noise *n) {
        noise_break(n);
        n->n_blocks = n->next = n->n_skipped = 0;
        n->sigma_uv = n->recent_uv = 0;
        for (unsigned l = 0; l < n->n_lanes; l++)
                n->clips[l] = INFINITY;
}

/* The k-th smallest; reorders x. (Hoare 1961, Algorithm 65.) */
static float select_kth(float *x, unsigned n, unsigned k) {
        int low = 0, high = (int) n - 1;

        while (low < high) {
                float pivot = x[low + (high - low) / 2];
                int i = low - 1, j = high + 1;

                for (;;) {
                        do
                                i++;
                        while (x[i] < pivot);
                        do
                                j--;
                        while (x[j] > pivot);
                        if (i >= j)
                                break;
                        float t = x[i];
                        x[i] = x[j];
                        x[j] = t;
                }
                /* x[low..j] <= pivot <= x[j+1..high], and j < high */
                if ((int) k <= j)
                        high = j;
                else
                        low = j + 1;
        }
        return x[k];
}

/* Of a stretch of signal, in standard deviations of the noise: about 1 where nothing happens. Reorders. */
float noise_loudness(const Noise *n, float *magnitudes, unsigned n_magnitudes) {
        if (n_magnitudes == 0)
                return 1;
        return select_kth(magnitudes, n_magnitudes, n_magnitudes / 2) / MEDIAN_PER_SIGMA / n->sigma_uv;
}

/*
 * Magnitudes are counted by the first bits of the float they are: 16 classes from one power of two to the
 * next, in which there is a straight line for the median to lie on. No sorting, whose branches no processor
 * foresees.
 */
#define CLASS_BITS 4
#define CLASS_FIRST ((127 - 4) << CLASS_BITS)   /* 1/16 of the floor */

static ALWAYS_INLINE void count_classes(Noise *n, const float *y, unsigned eval_steps) {
        f32x8 floors = { y[0], y[eval_steps], y[2 * eval_steps], y[3 * eval_steps],
                       y[4 * eval_steps], y[5 * eval_steps], y[6 * eval_steps], y[7 * eval_steps] };

        floors /= n->floor_uv;
        i32x8 class = (((i32x8) floors & INT32_MAX) >> (23 - CLASS_BITS)) - CLASS_FIRST;
        class &= class > 0;
        class = (class & (class < NOISE_CLASSES)) | ((NOISE_CLASSES - 1) & (class >= NOISE_CLASSES));
#pragma GCC unroll 8
        for (unsigned i = 0; i < EVAL_BATCH; i++)
                n->counts[class[i]]++;
}

static unsigned class_of(float floors) {
        union { float x; int32_t bits; } u = { .x = floors };
        int32_t class = ((u.bits & INT32_MAX) >> (23 - CLASS_BITS)) - CLASS_FIRST;

        return (unsigned) (class < 0 ? 0 : class >= NOISE_CLASSES ? NOISE_CLASSES - 1 : class);
}

static float class_begin(unsigned class) {
        union {
                int32_t bits;
                float x;
        } u = { .bits = (int32_t) (class + CLASS_FIRST) << (23 - CLASS_BITS) };

        return u.x;
}

static float counted_median(const Noise *n) {
        float half = (float) n->block_evals / 2, below = 0;
        unsigned class = 0;

        while (class + 1 < NOISE_CLASSES && below + (float) n->counts[class] < half)
                below += (float) n->counts[class++];
        if (class == 0)
                return 0;
        float begin = class_begin(class), end = class_begin(class + 1);
        return (begin + (end - begin) * fminf((half - below) / (float) n->counts[class], 1)) * n->floor_uv;
}

#define NOISE_BLOCKS_PADDED ((NOISE_BLOCKS + 7) / 8 * 8)

/* Beyond n, to whole vectors */
static void pad(float x[static NOISE_BLOCKS_PADDED], unsigned n) {
        for (; n % 8 != 0; n++)
                x[n] = INFINITY;
}

/*
 * The k-th smallest of n, padded: the one that k are smaller than. Eight at a time are held against all, as
 * no processor foresees the branches of a sort.
 */
static ALWAYS_INLINE float kth_block_any(const float *x, unsigned n, unsigned k) {
        for (unsigned first = 0; first < n; first += 8) {
                const f32x8 candidates = *(const f32x8*) (x + first);
                i32x8 smaller = { 0 }, equal = { 0 };

                for (unsigned i = 0; i < n; i++) {
                        smaller -= x[i] < candidates;
                        equal -= x[i] == candidates;
                }
                i32x8 is_it = (smaller <= (int32_t) k) & (smaller + equal > (int32_t) k);
                for (unsigned l = 0; i32x8_any(&is_it) && l < 8; l++)
                        if (is_it[l])
                                return candidates[l];
        }
        return x[0];                    /* all are NAN */
}

STATIC_VECTOR_FUNCTION(float, kth_block, (const float *x, unsigned n, unsigned k), (x, n, k))

/* Median of the block medians of the k-th third of the time, counted from the oldest; reorders nothing. */
static float third_median(const Noise *n, unsigned k) {
        float x[NOISE_BLOCKS_PADDED];
        unsigned from = k * n->n_blocks / 3, to = (k + 1) * n->n_blocks / 3;
        unsigned oldest = n->n_blocks < NOISE_BLOCKS ? 0 : n->next;

        for (unsigned i = from; i < to; i++)
                x[i - from] = n->signal_medians[(oldest + i) % NOISE_BLOCKS];
        pad(x, to - from);
        return kth_block(x, to - from, (to - from) / 2);
}

/*
 * How much larger than on average, by now, noise is that rises at an even pace: it takes half of the rise
 * from the first third to the last to get from the middle of the last third to its end.
 */
static float rise(const Noise *n, float average) {
        if (n->n_blocks < RISE_BLOCKS_MIN)
                return 1;
        float first = third_median(n, 0), middle = third_median(n, 1), last = third_median(n, 2);
        if (!(first < middle && middle < last))
                return 1;
        float ratio = last * powf(last / first, 0.25f) / average;
        return ratio < RISE_MIN ? 1 : fminf(ratio, RISE_MAX);
}

/*
 * The estimate from n blocks is off by some 5 %/sqrt(n), and the rate of false alarms is steep in it: its
 * mean grows by exp(threshold^4 0.05^2 / 2n), 3 times from two blocks. The margin on the threshold takes
 * that back.
 */
void noise_update(Noise *n) {
        float medians[NOISE_BLOCKS_PADDED];

        memcpy(medians, n->signal_medians, n->n_blocks * sizeof *medians);
        pad(medians, n->n_blocks);
        float limit = BUSY_RATIO * kth_block(medians, n->n_blocks, n->n_blocks / 4);
        n->limit_uv = limit;

        double sum = 0;
        unsigned used = 0;
        for (unsigned i = 0; i < n->n_blocks; i++)
                if (n->signal_medians[i] <= limit) {
                        sum += (double) n->signal_medians[i];
                        used++;
                }
        float average = (float) sum / (float) used, factor = rise(n, average);
        n->sigma_uv = fmaxf(factor * average / MEDIAN_PER_SIGMA, n->floor_uv);

        for (unsigned l = 0; l < n->n_lanes; l++) {
                double lane = 0;
                for (unsigned i = 0; i < n->n_blocks; i++)
                        if (n->signal_medians[i] <= limit)
                                lane += (double) n->lane_sigmas[i * n->n_lanes + l];
                float sigma = fmaxf(factor * (float) lane / (float) used, n->floor_uv);
                n->clips[l] = CLIP_SIGMA * sigma;
                n->inverse[l] = n->weights[l] / (sigma * (1 + MARGIN / (float) used));
        }
}

/* The lane's filter has changed: outputs before would have been larger by the factor. */
void noise_rescale(Noise *n, unsigned lane, float factor) {
        for (unsigned i = 0; i < n->n_blocks; i++)
                n->lane_sigmas[i * n->n_lanes + lane] *= factor;
}

static NoiseBlock block_end(Noise *n, bool sustained) {
        float median = counted_median(n);

        n->recent_uv = fmaxf(median / MEDIAN_PER_SIGMA, n->floor_uv);
        if (sustained && ++n->n_skipped % SUSTAINED_STRIDE != 0)
                return NOISE_BLOCK_BUSY;

        /* Heartbeats fill a tenth of the time; where most is event, it is the noise that has grown. */
        bool calm = n->n_calm * 100 >= n->block_evals * CALM_PERCENT_MIN;
        unsigned n_events = calm ? 0 : n->block_evals - n->n_calm, n_outputs = n->n_calm + n_events;

        for (unsigned l = 0; l < n->n_lanes; l++) {
                float square = n->squares[l], clip = n->clips[l], sigma;

                if (isinf(clip))
                        sigma = sqrtf(square / (float) n_outputs);
                else
                        sigma = clip *
                                sigma_of(n, (square / (clip * clip) + (float) n_events) / (float) n_outputs);
                n->lane_sigmas[n->next * n->n_lanes + l] = sigma;
                /* The first block had nothing to clip by: a twitch may be in it. */
                if (n->n_blocks == 1)
                        n->lane_sigmas[l] = sigma;
        }
        n->signal_medians[n->next] = median;
        n->next = (n->next + 1) % NOISE_BLOCKS;
        if (n->n_blocks < NOISE_BLOCKS)
                n->n_blocks++;
        noise_update(n);
        return !sustained && median <= n->limit_uv ? NOISE_BLOCK_QUIET : NOISE_BLOCK_BUSY;
}

/* What counts of the outputs of some evaluations. */
static ALWAYS_INLINE void add_squares(Noise *n, const float *outputs, unsigned n_evals) {
        for (unsigned l = 0; l < n->n_lanes; l += 8) {
                f32x8 sum = *(const f32x8*) (n->squares + l), clip = *(const f32x8*) (n->clips + l);

                clip *= clip;
#pragma GCC unroll 8
                for (unsigned i = 0; i < n_evals; i++) {
                        f32x8 square = *(const f32x8*) (outputs + (size_t) i * n->n_lanes + l);

                        square *= square;
                        sum += F32X8_SELECT(square < clip, square, clip);
                }
                *(f32x8*) (n->squares + l) = sum;
        }
}

/* A look at the signal and the outputs. */
NoiseBlock noise_feed(Noise *n, float y, const float *outputs, bool event, bool sustained) {
        n->counts[class_of(y / n->floor_uv)]++;
        if (!event) {
                n->n_calm++;
                add_squares(n, outputs, 1);
        }
        if (++n->fill < n->block_evals)
                return NOISE_BLOCK_UNDER_WAY;

        NoiseBlock block = block_end(n, sustained);
        noise_break(n);
        return block;
}

static ALWAYS_INLINE void noise_feed_calm_any(Noise *n, const float *y, unsigned eval_steps,
                                              const float *outputs) {
        if (eval_steps == 1)
                count_classes(n, y, 1);
        else
                count_classes(n, y, eval_steps);
        add_squares(n, outputs, EVAL_BATCH);
        n->n_calm += EVAL_BATCH;
        n->fill += EVAL_BATCH;
}

/* The same, EVAL_BATCH times without an event; y: of the first of them. */
VECTOR_FUNCTION(void, noise_feed_calm, (Noise *n, const float *y, unsigned eval_steps, const float *outputs),
                (n, y, eval_steps, outputs))
