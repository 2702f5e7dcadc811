/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tones that are no mains: converters, telephones, railways, aeroplanes. Twice a second the spectrum of the
 * latest half second is taken (Welch 1967, Hann's window), eight channels side by side. How far each bin
 * stands out of those around it is limited and averaged: a line is what stands out in most windows, whatever
 * else a window contains. In noise a bin has an exponential distribution, so that it seldom does.
 *
 * A motor unit that discharges at an even pace has lines, too. But between its discharges there is nothing,
 * and a tone is there all the time: it is one only if the median over blocks of 10 ms is near the mean.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "line-finder.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/simd.h"
#include "daemon/detect/base/sort.h"

/* Numbers chosen on the seeds of tests/unit/test-tones.c. */
#define WINDOW_S 0.6                    /* at most: a longer one finds smaller lines, later */
#define BESIDE_FIRST 4u                 /* bins: a line itself reaches less far */
#define BESIDE 8u                       /* more: a better mean, of a spectrum that is less even */
#define BESIDE_END (BESIDE_FIRST + BESIDE)
#define MARGIN BESIDE_END               /* of nothing, around the powers */
#define OUTSTANDING_MAX 12.0f           /* of a window: more, and fewer windows make a line */
#define OUTSTANDING 5.0f                /* on average. In noise once in 1e9 bins, by an exponential's sum */
#define MEMORY_LOOKS 8u
#define LOOKS_MIN 4u
#define BLOCK_S 0.01                    /* shorter than the pause between two discharges */
#define BLOCKS_MAX 256
#define STEADY 0.6                      /* median to mean; of a unit at 20 discharges a second below 0.3 */
#define COHERENT 15.0                   /* energy of the mean to that of a block: of noise 1 on average */
#define TONE_UV_MIN 0.01                /* smaller is what others have left of themselves in silence */
#define SIZE_BLOCKS 50u                 /* the latest, by which the size is known */

static unsigned window_steps(double step_rate_hz) {
        unsigned n = 16;

        while (2 * n <= WINDOW_S * step_rate_hz)
                n *= 2;
        return n;
}

int line_finder_init(LineFinder *f, double step_rate_hz, unsigned n_lanes) {
        unsigned n = window_steps(step_rate_hz);
        double highest_hz = fmin(DETECT_LOWPASS_HZ, 0.45 * step_rate_hz);

        *f = (LineFinder) {
                .step_rate_hz = step_rate_hz,
                .n = n,
                .first = (unsigned) ceil(DETECT_HIGHPASS_HZ * n / step_rate_hz) + 1,
                .end = (unsigned) floor(highest_hz * n / step_rate_hz),
                .window = calloc(n, sizeof *f->window),
                .turn_re = calloc(n / 2, sizeof *f->turn_re),
                .turn_im = calloc(n / 2, sizeof *f->turn_im),
                .re = calloc((size_t) n * 4, sizeof *f->re),
                .im = calloc((size_t) n * 4, sizeof *f->im),
                .power = calloc((size_t) (n / 2 + 2 * MARGIN) * 8, sizeof *f->power),
                .fours = calloc((size_t) (n / 2 + 2 * MARGIN) * 8, sizeof *f->fours),
                .scores = calloc((size_t) n / 2 * n_lanes, sizeof *f->scores),
                .n_looks = calloc(n_lanes, sizeof *f->n_looks),
        };
        if (!f->window || !f->turn_re || !f->turn_im || !f->re || !f->im || !f->power || !f->fours ||
            !f->scores || !f->n_looks)
                return -ENOMEM;
        for (unsigned i = 0; i < n; i++)
                f->window[i] = (float) (0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n));
        for (unsigned i = 0; i < n / 2; i++) {
                f->turn_re[i] = (float) cos(2 * M_PI * i / n);
                f->turn_im[i] = (float) -sin(2 * M_PI * i / n);
        }
        return 0;
}

void line_finder_done(LineFinder *f) {
        free(f->window);
        free(f->turn_re);
        free(f->turn_im);
        free(f->re);
        free(f->im);
        free(f->power);
        free(f->fours);
        free(f->scores);
        free(f->n_looks);
}

static float *scores_of(const LineFinder *f, unsigned channel) {
        return f->scores + (size_t) (channel / 8) * (f->n / 2) * 8 + channel % 8;
}

void line_finder_restart(LineFinder *f, unsigned channel) {
        float *scores = scores_of(f, channel);

        for (unsigned k = 0; k < f->n / 2; k++)
                scores[8 * k] = 0;
        f->n_looks[channel] = 0;
}

/* Bit-reversed, as the transform wants it. */
static void load(const LineFinder *f, const float *const signals[static 8]) {
        for (unsigned i = 0, at = 0; i < f->n; i++) {
                for (unsigned l = 0; l < 4; l++) {
                        f->re[4 * at + l] = signals[l] ? signals[l][i] * f->window[i] : 0;
                        f->im[4 * at + l] = signals[l + 4] ? signals[l + 4][i] * f->window[i] : 0;
                }
                unsigned bit = f->n / 2;
                for (; at & bit; bit /= 2)
                        at ^= bit;
                at ^= bit;
        }
}

/* The first two stages: turns by quarters, which need no product. */
static void transform_fours(const LineFinder *f) {
        for (unsigned begin = 0; begin < f->n; begin += 4) {
                f32x4 *re = (f32x4*) (f->re + (size_t) 4 * begin),
                      *im = (f32x4*) (f->im + (size_t) 4 * begin);
                f32x4 a_re = re[0] + re[1], a_im = im[0] + im[1], b_re = re[0] - re[1], b_im = im[0] - im[1],
                      c_re = re[2] + re[3], c_im = im[2] + im[3], d_re = re[2] - re[3], d_im = im[2] - im[3];

                re[0] = a_re + c_re;
                im[0] = a_im + c_im;
                re[1] = b_re + d_im;
                im[1] = b_im - d_re;
                re[2] = a_re - c_re;
                im[2] = a_im - c_im;
                re[3] = b_re - d_im;
                im[3] = b_im + d_re;
        }
}

/* Cooley & Tukey 1965, four transforms side by side. */
static void transform(const LineFinder *f) {
        transform_fours(f);
        for (unsigned half = 4, apart = f->n / 8; half < f->n; half *= 2, apart /= 2)
                for (unsigned begin = 0; begin < f->n; begin += 2 * half)
                        for (unsigned i = 0; i < half; i++) {
                                float turn_re = f->turn_re[i * apart], turn_im = f->turn_im[i * apart];
                                f32x4 *re = (f32x4*) (f->re + (size_t) 4 * (begin + i)),
                                      *im = (f32x4*) (f->im + (size_t) 4 * (begin + i));
                                f32x4 a_re = *re, a_im = *im, x = re[half], y = im[half],
                                      b_re = x * turn_re - y * turn_im, b_im = x * turn_im + y * turn_re;

                                *re = a_re + b_re;
                                *im = a_im + b_im;
                                re[half] = a_re - b_re;
                                im[half] = a_im - b_im;
                        }
}

/* Two real signals in a complex one: the even part of the spectrum is one's, the odd part the other's. */
static void take_powers(const LineFinder *f) {
        for (unsigned k = f->first; k < f->end; k++) {
                const float *re = f->re + (size_t) 4 * k, *im = f->im + (size_t) 4 * k,
                            *mirror_re = f->re + (size_t) 4 * (f->n - k),
                            *mirror_im = f->im + (size_t) 4 * (f->n - k);
                f32x4 even_re = *(const f32x4*) re + *(const f32x4*) mirror_re,
                      even_im = *(const f32x4*) im - *(const f32x4*) mirror_im,
                      odd_re = *(const f32x4*) re - *(const f32x4*) mirror_re,
                      odd_im = *(const f32x4*) im + *(const f32x4*) mirror_im;

                *(f32x4*) (f->power + (size_t) 8 * (k + MARGIN)) = even_re * even_re + even_im * even_im;
                *(f32x4*) (f->power + (size_t) 8 * (k + MARGIN) + 4) = odd_re * odd_re + odd_im * odd_im;
        }
}

/* Of four bins each, from one on. */
static ALWAYS_INLINE void add_up_fours(const LineFinder *f) {
        for (unsigned k = f->first; k < f->end + 2 * MARGIN - 3; k++) {
                const f32x8 *power = (const f32x8*) (f->power + (size_t) 8 * k);

                *(f32x8*) (f->fours + (size_t) 8 * k) = (power[0] + power[1]) + (power[2] + power[3]);
        }
}

/* How many of the bins beside one, on one side, lie in the band: so many bins there are on that side. */
static unsigned beside(unsigned n_bins) {
        return n_bins < BESIDE_FIRST ? 0 : n_bins >= BESIDE_END ? BESIDE : n_bins - BESIDE_FIRST + 1;
}

static ALWAYS_INLINE void score_any(LineFinder *f, unsigned group, const f32x8 *share) {
        float *scores = f->scores + (size_t) group * (f->n / 2) * 8;
        const f32x8 most = (f32x8) { 0 } + OUTSTANDING_MAX, never = (f32x8) { 0 } + INFINITY;

        add_up_fours(f);
        for (unsigned k = f->first; k < f->end; k++) {
                const float *power = f->power + (size_t) 8 * (k + MARGIN),
                            *fours = f->fours + (size_t) 8 * (k + MARGIN);
                const f32x8 *left = (const f32x8*) (fours - 8 * (BESIDE_END - 1)),
                            *right = (const f32x8*) (fours + 8 * BESIDE_FIRST);
                f32x8 *score = (f32x8*) (scores + (size_t) 8 * k), outstanding,
                      around = (left[0] + left[4]) + (right[0] + right[4]);

                around /= (float) (beside(k - f->first) + beside(f->end - 1 - k));
                outstanding = *(const f32x8*) power / F32X8_SELECT(around > 0, around, never);
                outstanding = F32X8_SELECT(outstanding > most, most, outstanding);
                *score += *share * (outstanding - *score);
        }
}

STATIC_VECTOR_FUNCTION(void, score, (LineFinder *f, unsigned group, const f32x8 *share), (f, group, share))

void line_finder_look(LineFinder *f, unsigned group, const float *const signals[static 8]) {
        f32x8 share = { 0 };
        bool any = false;

        for (unsigned l = 0; l < 8; l++)
                if (signals[l]) {
                        unsigned *n = f->n_looks + 8 * group + l;

                        *n += *n < MEMORY_LOOKS;
                        share[l] = 1 / (float) *n;
                        any = true;
                }
        if (!any)
                return;
        load(f, signals);
        transform(f);
        take_powers(f);
        score(f, group, &share);
}

bool line_finder_knows(const LineFinder *f, unsigned channel) {
        return f->n_looks[channel] >= MEMORY_LOOKS;
}

double line_finder_next(const LineFinder *f, unsigned channel, double above_hz) {
        const float *scores = scores_of(f, channel);
        double bin_hz = f->step_rate_hz / f->n;

        if (f->n_looks[channel] < LOOKS_MIN)
                return 0;
        for (unsigned k = f->first; k < f->end; k++) {
                float at = scores[8 * (size_t) k], before = scores[8 * ((size_t) k - 1)],
                      behind = scores[8 * ((size_t) k + 1)];

                if (at > OUTSTANDING && at >= before && at > behind && k * bin_hz > above_hz)
                        return k * bin_hz;
        }
        return 0;
}

void line_finder_forget(LineFinder *f, unsigned channel, double hz) {
        float *scores = scores_of(f, channel);
        unsigned at = (unsigned) lround(hz * f->n / f->step_rate_hz);

        for (unsigned k = at - 2; k <= at + 2; k++)
                if (k > 0 && k < f->n / 2)
                        scores[8 * (size_t) k] = 0;
}

typedef struct Blocks {                 /* the signal, demodulated, in pieces of BLOCK_S */
        double re[BLOCKS_MAX], im[BLOCKS_MAX];
        unsigned n, steps;
        double s;                       /* of a piece */
} Blocks;

/* The phase is 0 at the end of the signal. */
static void demodulate(Blocks *b, const float *y, unsigned n, double step_rate_hz, double hz) {
        b->steps = (unsigned) lround(BLOCK_S * step_rate_hz);
        b->s = b->steps / step_rate_hz;
        b->n = n / b->steps < BLOCKS_MAX ? n / b->steps : BLOCKS_MAX;
        y += n - b->n * b->steps;
        n = b->n * b->steps;
        for (unsigned k = 0; k < b->n; k++) {
                double re = 0, im = 0;

                for (unsigned i = k * b->steps; i < (k + 1) * b->steps; i++) {
                        double phase = -2 * M_PI * hz * (n - 1 - i) / step_rate_hz;

                        re += (double) y[i] * cos(phase);
                        im += (double) y[i] * sin(phase);
                }
                b->re[k] = 2 * re / b->steps;
                b->im[k] = 2 * im / b->steps;
        }
}

/* How fast the phase moves, seen over so many blocks: Hz. */
static double off_hz(const Blocks *b, unsigned apart) {
        double re = 0, im = 0;

        for (unsigned k = apart; k < b->n; k++) {
                re += b->re[k] * b->re[k - apart] + b->im[k] * b->im[k - apart];
                im += b->re[k] * b->im[k - apart] - b->im[k] * b->re[k - apart];
        }
        return atan2(im, re) / (2 * M_PI * apart * b->s);
}

static double median(double *x, unsigned n) {
        sort_stable(x, n, sizeof *x, sort_doubles_up);
        return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static void mean_of(const Blocks *b, unsigned from, double *ret_re, double *ret_im) {
        double re = 0, im = 0;

        for (unsigned k = from; k < b->n; k++) {
                re += b->re[k];
                im += b->im[k];
        }
        *ret_re = re / (b->n - from);
        *ret_im = im / (b->n - from);
}

bool line_is_tone(const float *y, unsigned n, double step_rate_hz, double hz, LineTone *ret) {
        double along[BLOCKS_MAX], re, im, energy = 0;
        Blocks b;

        demodulate(&b, y, n, step_rate_hz, hz);
        for (unsigned apart = 10; apart <= b.n / 2; apart *= 3) {
                hz += off_hz(&b, apart);
                demodulate(&b, y, n, step_rate_hz, hz);
        }
        mean_of(&b, 0, &re, &im);
        double size = hypot(re, im);
        for (unsigned k = 0; k < b.n; k++) {
                along[k] = (b.re[k] * re + b.im[k] * im) / size;
                energy += (b.re[k] * b.re[k] + b.im[k] * b.im[k]) / b.n;
        }
        if (!(size > TONE_UV_MIN && size * size * b.n > COHERENT * energy &&
              median(along, b.n) > STEADY * size))
                return false;
        mean_of(&b, b.n > SIZE_BLOCKS ? b.n - SIZE_BLOCKS : 0, &re, &im);
        *ret = (LineTone) { .hz = hz, .re = re, .im = im };
        return true;
}

void line_tone_subtract(const LineTone *tone, double phase, double step_rate_hz, float *y, unsigned n) {
        double turn = 2 * M_PI * tone->hz / step_rate_hz;

        for (unsigned i = 0; i < n; i++)
                y[n - 1 - i] -= (float) (tone->re * cos(phase - i * turn) +
                                         tone->im * sin(phase - i * turn));
}
