/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tones that line-finder.c has found, followed and subtracted like mains: an amplitude and a phase for each
 * channel (Widrow 1975, adaptive noise cancelling), a frequency for all. Where no tone is known nothing is
 * computed and nothing changes.
 *
 * The frequency is kept right by the pace at which the phases move. With phases that follow in a time
 * constant, that is a loop of second order.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tones.h"
#include "daemon/detect/base/simd.h"

/* Numbers chosen on the seeds of tests/unit/test-tones.c. */
#define SAME_HZ 0.7                     /* nearer: the same tone in another channel */
#define LOOK_S 0.1
#define TIME_CONSTANT_S 0.3             /* of a tone as large as the noise; by the root of its size */
#define TIME_CONSTANT_S_MIN 0.08        /* of a large one, whose wander matters more */
#define TIME_CONSTANT_S_MAX 1.0         /* more: less noise is taken along, and changes last longer */
#define PULL 0.25                       /* of the frequency, in a time constant: damping of 1 */
#define CLIP_SIGMA 4.0f                 /* twitches are not learned from */
#define SILENCE_UV 1e-12f               /* amplitudes stop there, and do not become denormal numbers */
#define GONE_SIGMA 0.1f
#define GONE_S 60.0                     /* a telephone may speak again */
#define UNCHANGED 0.15f                 /* of the energy left by fits: of a potential half at least */
#define FITS 3u                         /* of tones beside each other: each takes from the others' rest */

int tones_init(Tones *t, double step_rate_hz, unsigned n_lanes) {
        *t = (Tones) {
                .step_rate_hz = step_rate_hz,
                .n_lanes8 = n_lanes / 8,
                .limit_uv = calloc(n_lanes, sizeof *t->limit_uv),
                .sigma_uv = calloc(n_lanes, sizeof *t->sigma_uv),
                .learning = calloc(n_lanes, sizeof *t->learning),
                .look_steps = (unsigned) lround(LOOK_S * step_rate_hz),
        };
        if (!t->limit_uv || !t->sigma_uv || !t->learning)
                return -ENOMEM;
        for (unsigned i = 0; i < TONES_MAX; i++) {
                t->tones[i].lanes = calloc(t->n_lanes8, sizeof *t->tones[i].lanes);
                if (!t->tones[i].lanes)
                        return -ENOMEM;
        }
        return 0;
}

void tones_done(Tones *t) {
        for (unsigned i = 0; i < TONES_MAX; i++)
                free(t->tones[i].lanes);
        free(t->limit_uv);
        free(t->sigma_uv);
        free(t->learning);
}

void tones_forget(Tones *t) {
        t->n = 0;
}

static void turn_on(const Tones *t, Tone *tone, double steps) {
        tone->phase = fmod(tone->phase + fmod(steps * tone->hz / t->step_rate_hz, 1), 1);
        tone->re = (float) cos(2 * M_PI * tone->phase);
        tone->im = (float) sin(2 * M_PI * tone->phase);
}

void tones_advance(Tones *t, uint64_t steps) {
        for (unsigned i = 0; i < t->n; i++)
                turn_on(t, t->tones + i, (double) steps);
}

void tones_channel_restart(Tones *t, unsigned channel) {
        t->learning[channel] = 0;
        for (unsigned i = 0; i < t->n; i++) {
                ToneLanes8 *e = t->tones[i].lanes + channel / 8;

                e->re[channel % 8] = e->im[channel % 8] = 0;
                e->last_re[channel % 8] = e->last_im[channel % 8] = 0;
        }
}

/* The channel's share of one tone in its latest n steps. */
static LineTone measure(const Tones *t, const Tone *tone, const float *y, unsigned n) {
        double re = 0, im = 0, phase = 2 * M_PI * tone->phase, turn = 2 * M_PI * tone->hz / t->step_rate_hz;

        for (unsigned i = 0; i < n; i++) {
                re += (double) y[n - 1 - i] * cos(phase - i * turn) * 2 / n;
                im += (double) y[n - 1 - i] * sin(phase - i * turn) * 2 / n;
        }
        return (LineTone) { .hz = tone->hz, .re = re, .im = im };
}

/* Takes the channel's tones out of its latest n steps; what they are goes to ret, [t->n]. */
static void take_out(const Tones *t, unsigned channel, float *y, unsigned n, LineTone *ret) {
        memset(ret, 0, TONES_MAX * sizeof *ret);
        for (unsigned k = 0; k < FITS * t->n; k++) {
                const Tone *tone = t->tones + k % t->n;

                if (!tone->lanes[channel / 8].has[channel % 8])
                        continue;
                LineTone left = measure(t, tone, y, n);
                line_tone_subtract(&left, 2 * M_PI * tone->phase, t->step_rate_hz, y, n);
                ret[k % t->n].re += left.re;
                ret[k % t->n].im += left.im;
        }
}

void tones_channel_fit(Tones *t, unsigned channel, float *y, unsigned n) {
        LineTone left[TONES_MAX];

        t->learning[channel] = -1;
        take_out(t, channel, y, n, left);
        for (unsigned k = 0; k < t->n; k++) {
                ToneLanes8 *e = t->tones[k].lanes + channel / 8;

                e->last_re[channel % 8] = e->re[channel % 8] += (float) left[k].re;
                e->last_im[channel % 8] = e->im[channel % 8] += (float) left[k].im;
        }
}

bool tones_channel_changed(const Tones *t, unsigned channel, const float *y, unsigned n) {
        LineTone left[TONES_MAX];
        float rest[TONES_STEPS_MAX];

        if (n == 0 || n > TONES_STEPS_MAX)
                return false;
        memcpy(rest, y, n * sizeof *y);
        take_out(t, channel, rest, n, left);
        return vector_energy(rest, (int) n) < UNCHANGED * vector_energy(y, (int) n);
}

unsigned tones_channel_has(const Tones *t, unsigned channel) {
        unsigned n = 0;

        for (unsigned k = 0; k < t->n; k++)
                n += t->tones[k].lanes[channel / 8].has[channel % 8] != 0;
        return n;
}

void tones_channel_expect(Tones *t, unsigned channel, float sigma_uv, float recent_uv) {
        if (sigma_uv > 0)               /* else what it was */
                t->sigma_uv[channel] = sigma_uv;
        t->limit_uv[channel] = recent_uv > 0 ? CLIP_SIGMA * recent_uv : INFINITY;
}

static Tone *find_or_make(Tones *t, double hz) {
        for (unsigned i = 0; i < t->n; i++)
                if (fabs(t->tones[i].hz - hz) < SAME_HZ)
                        return t->tones + i;
        if (t->n == TONES_MAX)
                return NULL;

        Tone *tone = t->tones + t->n++;
        tone->hz = hz;
        tone->phase = 0;
        turn_on(t, tone, 0);
        memset(tone->lanes, 0, t->n_lanes8 * sizeof *tone->lanes);
        return tone;
}

/* So fast a phase is followed, by the tone's size to the noise. */
static double time_constant_s(double size) {
        double s = size > 0 ? TIME_CONSTANT_S / sqrt(size) : TIME_CONSTANT_S_MAX;

        return fmin(fmax(s, TIME_CONSTANT_S_MIN), TIME_CONSTANT_S_MAX);
}

static void set_gain(const Tones *t, ToneLanes8 *e, unsigned l, float sigma_uv) {
        double size = sigma_uv > 0 ? (double) (hypotf(e->re[l], e->im[l]) / sigma_uv) : 1;

        e->gain[l] = e->has[l] ? (float) (2 / (time_constant_s(size) * t->step_rate_hz)) : 0;
}

bool tones_channel_add(Tones *t, unsigned channel, const LineTone *found, bool *ret_new) {
        Tone *tone = find_or_make(t, found->hz);

        if (!tone)
                return false;
        ToneLanes8 *e = tone->lanes + channel / 8;
        unsigned l = channel % 8;
        double re = cos(2 * M_PI * tone->phase), im = sin(2 * M_PI * tone->phase);
        *ret_new = !e->has[l];
        /* re cos(p) + im sin(p) of found, whose p is 0 where the tone has its phase */
        e->re[l] += (float) (found->re * re - found->im * im);
        e->im[l] += (float) (found->re * im + found->im * re);
        e->last_re[l] = e->re[l];
        e->last_im[l] = e->im[l];
        e->has[l] = -1;
        e->heard[l] = t->looks;
        t->learning[channel] = -1;
        set_gain(t, e, l, t->sigma_uv[channel]);
        return true;
}

static ALWAYS_INLINE void subtract_all_any(const Tones *t, float *x) {
        for (unsigned k = 0; k < t->n; k++)
                for (unsigned i = 0; i < t->n_lanes8; i++) {
                        const ToneLanes8 *e = t->tones[k].lanes + i;

                        *(f32x8*) (x + (size_t) 8 * i) -= *(const f32x8*) e->re * t->tones[k].re +
                                *(const f32x8*) e->im * t->tones[k].im;
                }
}

STATIC_VECTOR_FUNCTION(void, subtract_all, (const Tones *t, float *x), (t, x))

void tones_subtract(Tones *t, float *x) {
        for (unsigned i = 0; i < t->n; i++)
                turn_on(t, t->tones + i, 1);
        subtract_all(t, x);
}

static ALWAYS_INLINE void adapt_any(Tones *t, const float *left) {
        for (unsigned i = 0; i < t->n_lanes8; i++) {
                const f32x8 limit = *(const f32x8*) (t->limit_uv + (size_t) 8 * i);
                f32x8 error = *(const f32x8*) (left + (size_t) 8 * i);

                i32x8 who = *(const i32x8*) (t->learning + (size_t) 8 * i) &
                        ((error > SILENCE_UV) | (error < -SILENCE_UV));

                error = (f32x8) ((i32x8) error & who & (error < limit) & (error > -limit));
                for (unsigned k = 0; k < t->n; k++) {
                        ToneLanes8 *e = t->tones[k].lanes + i;
                        f32x8 step = *(const f32x8*) e->gain * error;

                        *(f32x8*) e->re += step * t->tones[k].re;
                        *(f32x8*) e->im += step * t->tones[k].im;
                }
        }
}

STATIC_VECTOR_FUNCTION(void, adapt, (Tones *t, const float *left), (t, left))

/* The frequency, by how far the phases have moved since the latest look. False: nobody has the tone now. */
static bool look(const Tones *t, Tone *tone) {
        double re = 0, im = 0;
        bool anybody = false;

        for (unsigned channel = 0; channel < 8 * t->n_lanes8; channel++) {
                ToneLanes8 *e = tone->lanes + channel / 8;
                unsigned l = channel % 8;
                float sigma = t->sigma_uv[channel];

                if (!e->has[l])
                        continue;
                if (hypotf(e->re[l], e->im[l]) > GONE_SIGMA * sigma || !t->learning[channel])
                        e->heard[l] = t->looks;
                if ((double) (t->looks - e->heard[l]) * LOOK_S > GONE_S) {
                        e->has[l] = 0;
                        e->re[l] = e->im[l] = e->gain[l] = 0;
                        continue;
                }
                anybody = true;
                if (sigma > 0) {
                        float weight = 1 / (sigma * sigma);

                        re += (double) (weight * (e->re[l] * e->last_re[l] + e->im[l] * e->last_im[l]));
                        im += (double) (weight * (e->re[l] * e->last_im[l] - e->im[l] * e->last_re[l]));
                }
                e->last_re[l] = e->re[l];
                e->last_im[l] = e->im[l];
                set_gain(t, e, l, sigma);
        }
        /* Phases move by chance, too, and the more the smaller the tone. */
        double known = hypot(re, im), weight = known / (known + 1);
        if (known > 0)
                tone->hz += weight * PULL / time_constant_s(sqrt(known)) * atan2(im, re) / (2 * M_PI);
        return anybody;
}

void tones_learn(Tones *t, const float *left) {
        adapt(t, left);
        if (++t->look_fill < t->look_steps)
                return;
        t->look_fill = 0;
        t->looks++;
        for (unsigned i = t->n; i-- > 0;)
                if (!look(t, t->tones + i)) {
                        Tone gone = t->tones[i];

                        t->tones[i] = t->tones[--t->n];
                        t->tones[t->n] = gone;
                }
}
