/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mains hum: found, followed and subtracted.
 *
 * Each channel holds the amplitude and phase of the fundamental and its harmonics and
 * subtracts that sinusoid (Widrow 1975, adaptive noise cancelling). What it learns from is
 * clipped at a few times the present noise, and it forgets over TIME_CONSTANT_S or more, so a twitch
 * leaves next to nothing behind; a notch of Q 30 would ring for 0.2 s after each.
 *
 * The frequency is common to all channels. Nothing is assumed of it but 50 or 60 Hz within
 * 3 % (the converter's oscillator alone may be off by 2.5 %). Two demodulators at 50 and 60 Hz
 * sum up blocks of 0.1 s; the mean turn from block to block gives frequency, the
 * better of the two wins. From then on the phase in what is left of the fundamental
 * keeps it right to millihertz, over all channels together.
 *
 * Where there is a heart, all is learned a little late, from the signal that the beat has been taken out of
 * meanwhile.
 *
 * Harmonics beyond half the rate are subtracted where they fold to. What alternates from sample to sample,
 * at just half the rate, is no muscle either: a harmonic that folds there, or two converters that
 * take turns and differ. It is learned in the same way.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mains.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/simd.h"

#define FINDER_BLOCK_S 0.1
#define FINDER_MEMORY_S 3.0
#define FINDER_COHERENCE 0.5            /* of noise: about 0.2 */
#define FINDER_SWITCH_RATIO 4.0
#define TRACK_S 0.05
/* three poles there (a drift is followed without lag: 5 mHz late is 2 % of the hum), ... */
#define TRACK_RAD_PER_S 1.2
#define TRACK_INFORMATION 5e5 /* ... if the variance of an evaluation's phase is the inverse of that */
#define TRACK_RAD_PER_S_MIN 0.3
#define TRACK_RAD_PER_S_MAX 3.0
#define TRACK_HURRY_S 3.0
#define SURPRISE_MEMORY_S 0.3
#define SURPRISE_USUAL 4.0              /* phases further off: follow faster; less: jitter */
#define SURPRISE_MAX 50.0               /* a step is no wander */
#define SURPRISED_RAD_PER_S_MAX 6.0     /* three poles there are stable in looks of 50 ms */
#define INFORMATION_MEMORY_S 2.0
#define BUSY_WEIGHT 0.2 /* at least: large harmonics that are not followed yet look busy, too */
#define INFORMATION_MIN 30.0            /* no hum to speak of: the frequency may stay as it is */
#define TRACK_RAD_MAX 0.3               /* between two evaluations: more is no phase but chance */
#define DRIFT_HZ_PER_S_MAX 0.04         /* a net has inertia */
#define TRACK_AGE_S 0.6
#define CLIP_SIGMA 4.0f
#define RESIDUAL_MIN_UV 1e-12f /* in silence amplitudes stop there, and do not become denormal numbers */
#define TIME_CONSTANT_S 0.5             /* of a hum larger than that: */
#define AMPLITUDE_FULL 0.25f            /* of the noise */
#define TIME_CONSTANT_S_MAX 10.0        /* of one far below it, or not there at all */
#define FIRST_MEMORY_S 0.04             /* two cycles */
#define TOLERANCE 0.03
#define AGE_MAX (1 << 24)               /* steps: counts them without overflow, and a float exactly */
#define HARMONIC_HZ_MAX 480.0
#define HARMONIC_DISTANCE_HZ 3.0

/* What a lock that is lost may be off by, and a tone is not; see tests/unit/test-tones.c. */
#define NEAR_HZ 1.0
#define OFF_HZ 0.3                      /* for each harmonic, see decide() */

static double folded_hz(double hz, double rate_hz) {
        double f = fmod(hz, rate_hz);
        return f > rate_hz / 2 ? rate_hz - f : f;
}

static bool folds_apart(const Mains *m, double nominal_hz, unsigned harmonic) {
        double hz = folded_hz(harmonic * nominal_hz, m->step_rate_hz);

        if (hz <= DETECT_HIGHPASS_HZ || hz >= m->step_rate_hz / 2 - HARMONIC_DISTANCE_HZ)
                return false;
        for (unsigned h = 1; h < harmonic; h++)
                if (m->harmonics[h - 1] &&
                    fabs(hz - folded_hz(h * nominal_hz, m->step_rate_hz)) < HARMONIC_DISTANCE_HZ)
                        return false;
        return true;
}

static void choose_harmonics(Mains *m, double nominal_hz) {
        m->n_harmonics = 0;
        memset(m->harmonics, 0, sizeof m->harmonics);
        for (unsigned h = 1; h * nominal_hz <= HARMONIC_HZ_MAX && h <= MAINS_HARMONICS_MAX; h++)
                if (folds_apart(m, nominal_hz, h)) {
                        m->harmonics[h - 1] = true;
                        m->n_harmonics = h;
                }
}

int mains_init(Mains *m, double step_rate_hz, unsigned delay, unsigned n_lanes) {
        *m = (Mains) {
                .step_rate_hz = step_rate_hz,
                .delay = delay,
                .late = 1,
                .oscillators = calloc(delay + 1, sizeof *m->oscillators),
                .n_lanes8 = n_lanes / 8,
                .lanes8 = calloc(n_lanes / 8, sizeof *m->lanes8),
                .hum = calloc((size_t) (delay + 1) * n_lanes, sizeof *m->hum),
                .finders = { { .nominal_hz = 50 }, { .nominal_hz = 60 } },
                .block_steps = (unsigned) lround(FINDER_BLOCK_S * step_rate_hz),
                .track_steps = (unsigned) lround(TRACK_S * step_rate_hz),
                .gain_steps_min = (unsigned) lround(FIRST_MEMORY_S * step_rate_hz),
        };
        if (!m->oscillators || !m->lanes8 || !m->hum)
                return -ENOMEM;
        m->oscillators[0].alternation = 1;
        mains_forget(m);
        return 0;
}

void mains_done(Mains *m) {
        free(m->oscillators);
        free(m->lanes8);
        free(m->hum);
}

/* Nothing is connected: what comes next may be another country. */
void mains_forget(Mains *m) {
        for (unsigned i = 0; i < 2; i++) {
                m->finders[i].rotation_re = m->finders[i].rotation_im = 0;
                m->finders[i].power = 0;
        }
        m->known = false;
        m->drift_hz = 0;
        m->information = m->tracked_s = m->surprise = 0;
        m->hz = m->finders[0].nominal_hz;
        m->moved = true;
        choose_harmonics(m, m->hz);
}

/* The hum goes on while samples are missing. */
void mains_advance(Mains *m, uint64_t steps) {
        m->moved = true;
        m->phase = fmod(m->phase + fmod((double) steps * m->hz / m->step_rate_hz, 1), 1);
        for (unsigned i = 0; i < 2; i++) {
                MainsFinder *f = m->finders + i;
                f->phase = fmod(f->phase + fmod((double) steps * f->nominal_hz / m->step_rate_hz, 1), 1);
        }
}

static double turn_on(double phase, double step) {
        phase += step;
        return phase >= 1 ? phase - 1 : phase;
}

/* From phases in turns, exactly. */
static void set_oscillators(const Mains *m, double phase, const double finder_phases[static 2],
                            MainsOscillators *ret) {
        double re1 = cos(2 * M_PI * phase), im1 = sin(2 * M_PI * phase), re = 1, im = 0;

        for (unsigned h = 0; h < MAINS_HARMONICS_MAX; h++) {
                double t = re * re1 - im * im1;

                im = re * im1 + im * re1;
                re = t;
                ret->re[h] = m->harmonics[h] ? (float) re : 0;
                ret->im[h] = m->harmonics[h] ? (float) im : 0;
        }
        for (unsigned i = 0; i < 2; i++) {
                ret->re[MAINS_HARMONICS_MAX + i] = (float) cos(2 * M_PI * finder_phases[i]);
                ret->im[MAINS_HARMONICS_MAX + i] = (float) sin(2 * M_PI * finder_phases[i]);
        }
}

/* As often as the frequency is looked at: rounding has no time to add up. */
static __attribute__((noinline)) void set_anew(Mains *m) {
        double phases[2], steps[2];

        for (unsigned i = 0; i < 2; i++) {
                phases[i] = m->finders[i].phase;
                steps[i] = m->finders[i].nominal_hz / m->step_rate_hz;
        }
        set_oscillators(m, m->phase, phases, m->oscillators + m->now);
        set_oscillators(m, m->hz / m->step_rate_hz, steps, &m->rotation);
        m->moved = false;
}

/* A product of complex numbers each. */
static ALWAYS_INLINE void rotation(const MainsOscillators *from, const MainsOscillators *by,
                                   MainsOscillators *ret) {
        for (unsigned i = 0; i < MAINS_OSCILLATORS; i += 8) {
                f32x8 re = *(const f32x8*) (from->re + i), im = *(const f32x8*) (from->im + i);
                f32x8 by_re = *(const f32x8*) (by->re + i), by_im = *(const f32x8*) (by->im + i);

                *(f32x8*) (ret->re + i) = re * by_re - im * by_im;
                *(f32x8*) (ret->im + i) = re * by_im + im * by_re;
        }
}

static ALWAYS_INLINE void mains_oscillate_any(Mains *m) {
        const MainsOscillators *before = m->oscillators + m->now;

        m->phase = turn_on(m->phase, m->hz / m->step_rate_hz);
        for (unsigned i = 0; i < 2; i++)
                m->finders[i].phase = turn_on(m->finders[i].phase,
                                              m->finders[i].nominal_hz / m->step_rate_hz);
        m->now = m->late;
        m->late = m->now < m->delay ? m->now + 1 : 0;
        m->oscillators[m->now].alternation = -before->alternation;
        if (m->moved)
                set_anew(m);
        else
                rotation(before, &m->rotation, m->oscillators + m->now);
}

/* The oscillators of the next step. */
VECTOR_FUNCTION(void, mains_oscillate, (Mains *m), (m))

void mains_channel_restart(Mains *m, unsigned channel) {
        MainsLanes8 *e = m->lanes8 + channel / 8;
        unsigned l = channel % 8;

        for (unsigned h = 0; h < MAINS_HARMONICS_MAX; h++)
                e->re[h][l] = e->im[h][l] = 0;
        e->alternation[l] = 0;
        for (unsigned i = 0; i < 2; i++)
                e->last_re[i][l] = e->last_im[i][l] = 0;
        mains_channel_break(m, channel);
}

/*
 * Samples are missing or the filters start anew: what is learned stays, and is
 * put right quickly should the number of missing samples not be exact.
 */
void mains_channel_break(Mains *m, unsigned channel) {
        MainsLanes8 *e = m->lanes8 + channel / 8;
        unsigned l = channel % 8;

        for (size_t i = 0; i <= m->delay; i++)
                m->hum[i * 8 * m->n_lanes8 + channel] = 0;
        for (unsigned i = 0; i < 2; i++)
                e->block_re[i][l] = e->block_im[i][l] = 0;
        e->n_blocks[l] = 0;
        e->skip[l] = 2;                 /* the block under way and the one with the filter's start */
        e->track_re[l] = e->track_im[l] = e->track_power[l] = 0;
        e->age[l] = 0;
        e->wait[l] = (int32_t) m->delay;
}

void mains_channel_run(Mains *m, unsigned channel, bool running) {
        m->lanes8[channel / 8].running[channel % 8] = -(int32_t) running;
}

/* For so many steps, only for the frequency. */
void mains_channel_listen(Mains *m, unsigned channel, unsigned steps) {
        m->lanes8[channel / 8].listening[channel % 8] = (int32_t) steps;
}

/* The channel's noise, long term (0: not known) and lately. */
void mains_channel_expect(Mains *m, unsigned channel, float sigma_uv, float recent_uv) {
        m->lanes8[channel / 8].sigma_uv[channel % 8] = sigma_uv;
        m->lanes8[channel / 8].limit_uv[channel % 8] = recent_uv > 0 ? CLIP_SIGMA * recent_uv : INFINITY;
}

/* So many steps ago; as many are known as the delay. */
static const MainsOscillators* oscillators_ago(const Mains *m, unsigned ago) {
        return m->oscillators + (m->now + m->delay + 1 - ago) % (m->delay + 1);
}

/* What is left of the hum in the latest n steps: it has changed by that, which is taken out of them. */
void mains_channel_correct(Mains *m, unsigned channel, float *y, unsigned n) {
        MainsLanes8 *e = m->lanes8 + channel / 8;
        unsigned l = channel % 8;

        n = n > m->delay + 1 ? m->delay + 1 : n;
        for (unsigned h = 0; h < m->n_harmonics; h++) {
                float re = 0, im = 0;

                for (unsigned i = 0; i < n; i++) {
                        re += y[n - 1 - i] * oscillators_ago(m, i)->re[h];
                        im += y[n - 1 - i] * oscillators_ago(m, i)->im[h];
                }
                re *= 2 / (float) n;
                im *= 2 / (float) n;
                for (unsigned i = 0; i < n; i++)
                        y[n - 1 - i] -= re * oscillators_ago(m, i)->re[h] +
                                im * oscillators_ago(m, i)->im[h];
                e->re[h][l] += re;
                e->im[h][l] += im;
        }
        e->wait[l] = (int32_t) m->delay; /* where all is learned late, what was before has another hum */
        e->track_re[l] = e->track_im[l] = e->track_power[l] = 0;
}

bool mains_is_sure(const Mains *m) {
        double nominal_hz = m->finders[m->hz > 55].nominal_hz;

        return m->known && m->information >= INFORMATION_MIN &&
                fabs(m->hz / nominal_hz - 1) < TOLERANCE * 0.999;
}

static bool is_harmonic_of(const Mains *m, double fundamental_hz, double hz) {
        for (unsigned h = 1; h * fundamental_hz <= HARMONIC_HZ_MAX && h <= MAINS_HARMONICS_MAX; h++)
                if ((m->harmonics[h - 1] || h * fundamental_hz < m->step_rate_hz / 2) &&
                    fabs(hz - folded_hz(h * fundamental_hz, m->step_rate_hz)) < fmax(NEAR_HZ, h * OFF_HZ))
                        return true;
        return false;
}

static bool may_be_fundamental(double nominal_hz, double hz) {
        return fabs(hz / nominal_hz - 1) < TOLERANCE;
}

/*
 * Whatever is where the fundamental may be is left to the finders: hum of an electrode that floats is not
 * known at once. Where there is hardly a fundamental, harmonics are subtracted where they should be.
 */
bool mains_has(const Mains *m, double hz) {
        double nominal_hz = m->finders[m->hz > 55].nominal_hz, other_hz = m->finders[1].nominal_hz;

        if (may_be_fundamental(nominal_hz, hz))
                return true;
        if (mains_is_sure(m))
                return is_harmonic_of(m, m->hz, hz);
        return is_harmonic_of(m, nominal_hz, hz) ||
                (!m->known && (may_be_fundamental(other_hz, hz) || is_harmonic_of(m, other_hz, hz)));
}

/* The largest harmonic's amplitude. */
float mains_channel_size_uv(const Mains *m, unsigned channel) {
        const MainsLanes8 *e = m->lanes8 + channel / 8;
        unsigned l = channel % 8;
        float largest = 0;

        for (unsigned h = 0; h < m->n_harmonics; h++)
                largest = fmaxf(largest, hypotf(e->re[h][l], e->im[h][l]));
        return largest;
}

/* Of each amplitude times oscillator, for one harmonic after the other. */
static ALWAYS_INLINE void add_harmonic(const MainsLanes8 *e, const MainsOscillators *o, unsigned h,
                                       f32x8 *sum) {
        sum[0] += *(const f32x8*) e->re[h] * o->re[h];
        sum[1] += *(const f32x8*) e->im[h] * o->im[h];
}

static ALWAYS_INLINE void add_up_hum(const Mains *m, const MainsLanes8 *e, const MainsOscillators *o,
                                     f32x8 *ret) {
        f32x8 sum[4] = { { 0 } };

        /* Four sums: an addition need not wait for the one before. Beyond the harmonics there are zeros. */
        for (unsigned h = 0; h < m->n_harmonics; h += 2) {
                add_harmonic(e, o, h, sum);
                add_harmonic(e, o, h + 1, sum + 2);
        }
        *ret = *(const f32x8*) e->alternation * o->alternation + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static ALWAYS_INLINE void mains_subtract_any(Mains *m, float *x) {
        const MainsOscillators *o = m->oscillators + m->now;

        for (unsigned i = 0; i < m->n_lanes8; i++) {
                const MainsLanes8 *e = m->lanes8 + i;
                f32x8 hum;

                add_up_hum(m, e, o, &hum);
                hum = (f32x8) ((i32x8) hum & (*(const i32x8*) e->age > 0));
                *(f32x8*) (m->hum + (size_t) (m->now * m->n_lanes8 + i) * 8) = hum;
                *(f32x8*) (x + i * 8) -= hum;
        }
}

VECTOR_FUNCTION(void, mains_subtract, (Mains *m, float *x), (m, x))

/* The listening first. Returns the flags of those who adapt; x: the signal with its hum. */
static ALWAYS_INLINE void listen(MainsLanes8 *e, const MainsOscillators *o, bool late, f32x8 *x,
                                 i32x8 *ret_adapt) {
        i32x8 running = *(const i32x8 *) e->running, wait = *(const i32x8 *) e->wait,
              listening = *(const i32x8 *) e->listening;

        *(i32x8*) e->wait = wait += (wait > 0) & running;
        *(i32x8*) e->listening = listening + ((listening > 0) & running);
        if (late)
                running &= wait <= 0;
        *x = (f32x8) ((i32x8) *x & running);
        for (unsigned k = 0; k < 2; k++) {
                *(f32x8*) e->block_re[k] += *x * o->re[MAINS_HARMONICS_MAX + k];
                *(f32x8*) e->block_im[k] -= *x * o->im[MAINS_HARMONICS_MAX + k];
        }
        *ret_adapt = running & (listening <= 0);
}

/* From what is left. */
static ALWAYS_INLINE void adapt(const Mains *m, MainsLanes8 *e, const MainsOscillators *o, const f32x8 *left,
                                const i32x8 *who) {
        i32x8 age = *(const i32x8 *) e->age,
              something = (*left > RESIDUAL_MIN_UV) | (*left < -RESIDUAL_MIN_UV);
        f32x8 limit = *(const f32x8*) e->limit_uv, error = (f32x8) ((i32x8) *left & *who & something);

        /* While young, the running least squares fit; then the exponential memory. */
        f32x8 young = 2.0f / __builtin_convertvector(age + (int32_t) m->gain_steps_min, f32x8);
        *(i32x8*) e->age = age - (*who & (age < AGE_MAX));

        *(f32x8*) e->track_power += error * error;
        error = F32X8_SELECT(error > limit, limit, error);
        error = F32X8_SELECT(error < -limit, -limit, error);
        *(f32x8*) e->track_re += error * o->re[0];
        *(f32x8*) e->track_im += error * o->im[0];
        /* as quick as the others, of which a sine and a cosine share it */
        *(f32x8*) e->alternation += F32X8_MAX(young, *(const f32x8*) e->alternation_gain) / 2 * error *
                o->alternation;
        for (unsigned h = 0; h < m->n_harmonics; h++) {
                f32x8 step = F32X8_MAX(young, *(const f32x8*) e->gains[h]) * error;

                *(f32x8*) e->re[h] += step * o->re[h];
                *(f32x8*) e->im[h] += step * o->im[h];
        }
}

static ALWAYS_INLINE void mains_learn_any(Mains *m, const float *y, bool late) {
        unsigned at = late ? m->late : m->now;
        m->learns_late = late;
        const MainsOscillators *o = m->oscillators + at;

        for (unsigned i = 0; i < m->n_lanes8; i++) {
                MainsLanes8 *e = m->lanes8 + i;
                f32x8 left = *(const f32x8 *) (y + i * 8),
                      x = left + *(const f32x8 *) (m->hum + (size_t) (at * m->n_lanes8 + i) * 8);
                i32x8 who;

                listen(e, o, late, &x, &who);
                if (late) {             /* what would be subtracted by now */
                        add_up_hum(m, e, o, &left);
                        left = x - left;
                }
                adapt(m, e, o, &left, &who);
        }
}

/*
 * y: what is left of the signal without mains, and of the step that is `delay` behind without the heart,
 * too.
 */
VECTOR_FUNCTION(void, mains_learn, (Mains *m, const float *y, bool late), (m, y, late))

static void collect_blocks(Mains *m, const unsigned *active, unsigned n_active) {
        double decay = exp(-FINDER_BLOCK_S / FINDER_MEMORY_S);

        for (unsigned i = 0; i < 2; i++) {
                MainsFinder *f = m->finders + i;
                f->rotation_re *= decay;
                f->rotation_im *= decay;
                f->power *= decay;
        }
        for (unsigned k = 0; k < n_active; k++) {
                MainsLanes8 *e = m->lanes8 + active[k] / 8;
                unsigned l = active[k] % 8;

                for (unsigned i = 0; i < 2; i++) {
                        MainsFinder *f = m->finders + i;
                        double re = e->block_re[i][l], im = e->block_im[i][l];
                        double last_re = e->last_re[i][l], last_im = e->last_im[i][l];

                        if (e->n_blocks[l] > 0) {
                                f->rotation_re += re * last_re + im * last_im;
                                f->rotation_im += im * last_re - re * last_im;
                                f->power += sqrt((re * re + im * im) *
                                                 (last_re * last_re + last_im * last_im));
                        }
                        e->last_re[i][l] = e->block_re[i][l];
                        e->last_im[i][l] = e->block_im[i][l];
                        e->block_re[i][l] = e->block_im[i][l] = 0;
                }
                if (e->skip[l] > 0)
                        e->skip[l]--;
                else
                        e->n_blocks[l] = 1;
        }
}

static double clamp(double x, double low, double high) {
        return x < low ? low : x > high ? high : x;
}

/* True if the frequency jumped, so that nothing learned so far fits. */
static bool decide(Mains *m) {
        double magnitude[2];

        for (unsigned i = 0; i < 2; i++)
                magnitude[i] = hypot(m->finders[i].rotation_re, m->finders[i].rotation_im);

        unsigned i = magnitude[1] > magnitude[0];
        const MainsFinder *f = m->finders + i;
        if (magnitude[i] <= FINDER_COHERENCE * f->power)
                return false;

        bool same = fabs(m->hz - f->nominal_hz) < 5;
        if (m->known && !same && magnitude[i] < FINDER_SWITCH_RATIO * magnitude[!i])
                return false;

        double block_s = m->block_steps / m->step_rate_hz;
        double hz = f->nominal_hz + atan2(f->rotation_im, f->rotation_re) / (2 * M_PI * block_s);
        hz = clamp(hz, f->nominal_hz * (1 - TOLERANCE), f->nominal_hz * (1 + TOLERANCE));
        if (m->known && fabs(hz - m->hz) < 0.3)
                return false;

        bool jumped = m->known || !same;
        m->known = true;
        m->hz = hz;
        m->drift_hz = m->information = m->tracked_s = m->surprise = 0;
        choose_harmonics(m, f->nominal_hz);
        return jumped;
}

/*
 * The phase that all channels lag behind by, on average since the latest evaluation. What a channel says
 * counts by how far its hum stands out of what else it has now; if that is more than its noise use to be,
 * all of it counts less.
 */
static bool track_phase(Mains *m, const unsigned *active, unsigned n_active, double *ret_rad,
                        double *ret_information, double *ret_surprise) {
        double lag = 0, information = 0, variance = 0, n = m->track_steps;

        for (unsigned k = 0; k < n_active; k++) {
                MainsLanes8 *e = m->lanes8 + active[k] / 8;
                unsigned l = active[k] % 8;
                double re = e->re[0][l], im = e->im[0][l], typical = e->sigma_uv[l] * e->sigma_uv[l];
                double left_re = e->track_re[l], left_im = e->track_im[l];
                double power = e->track_power[l] / n - 2 * (left_re * left_re + left_im * left_im) / (n * n);

                if ((double) e->age[l] > TRACK_AGE_S * m->step_rate_hz && power > 0) {
                        double weight = typical > 0 ? 1 / typical : 1 / power;
                        double counts = clamp(1 / power, BUSY_WEIGHT * weight, weight);
                        lag += counts * (im * left_re - re * left_im);
                        variance += counts * counts * (re * re + im * im) * fmax(power, typical) * n / 2;
                        information += fmax(weight, 1 / power) * (re * re + im * im) * n / 2;
                }
                e->track_re[l] = e->track_im[l] = e->track_power[l] = 0;
        }
        if (!(information > 0))
                return false;
        *ret_rad = clamp(lag / information, -TRACK_RAD_MAX, TRACK_RAD_MAX);
        *ret_information = information;
        *ret_surprise = fmin(lag * lag / variance, SURPRISE_MAX);
        return true;
}

/*
 * At first in a hurry; then the better the phase is known the quicker (Kalman's gain for a frequency whose
 * drift changes).
 */
static double quickness(const Mains *m) {
        double settled = TRACK_RAD_PER_S * pow(m->information / TRACK_INFORMATION, 1 / 6.0);
        double hurried = clamp(settled * (1 + TRACK_HURRY_S / m->tracked_s), TRACK_RAD_PER_S_MIN,
                               TRACK_RAD_PER_S_MAX);

        if (m->learns_late)             /* the loop is longer by that, and would swing */
                return hurried;
        return clamp(hurried * m->surprise / SURPRISE_USUAL, hurried, SURPRISED_RAD_PER_S_MAX);
}

static void track(Mains *m, const unsigned *active, unsigned n_active) {
        const MainsFinder *f = m->finders + (m->hz > 55);
        double track_s = m->track_steps / m->step_rate_hz, drift_max = DRIFT_HZ_PER_S_MAX * track_s;
        double lag, hz, information, surprise;

        if (!track_phase(m, active, n_active, &lag, &information, &surprise) || !m->known ||
            hypot(f->rotation_re, f->rotation_im) <= FINDER_COHERENCE * f->power)
                return;
        m->information += (information - m->information) *
                (m->information > 0 ? track_s / INFORMATION_MEMORY_S : 1);
        if (m->information < INFORMATION_MIN) {
                m->drift_hz = 0;
                return;
        }
        m->tracked_s += track_s;
        m->surprise += (surprise - m->surprise) * track_s / SURPRISE_MEMORY_S;
        double gain = quickness(m) * track_s;
        hz = lag / (2 * M_PI * track_s);
        m->drift_hz = clamp(m->drift_hz + gain * gain * gain * hz, -drift_max, drift_max);
        m->hz = clamp(m->hz + 3 * gain * gain * hz + m->drift_hz, f->nominal_hz * (1 - TOLERANCE),
                      f->nominal_hz * (1 + TOLERANCE));
        m->phase += 3 * gain * lag / (2 * M_PI);
        m->phase -= floor(m->phase);
}

/*
 * Every hum that is followed takes noise along: nine of them, in a hurry, a tenth of a decibel of what
 * potentials have. The smaller it is the less its changes matter, and the longer it may be averaged.
 */
static ALWAYS_INLINE void settled_gain(const Mains *m, const float re[static 8], const float im[static 8],
                                       const f32x8 *sigma, float ret[static 8]) {
        const f32x8 slowest = (f32x8){ 0 } + (float) (1 / TIME_CONSTANT_S_MAX),
                    fastest = (f32x8){ 0 } + (float) (1 / TIME_CONSTANT_S);
        f32x8 size = *(const f32x8 *) re * *(const f32x8 *) re + *(const f32x8 *) im * *(const f32x8 *) im,
              speed;

        for (unsigned l = 0; l < 8; l++)
                size[l] = sqrtf(size[l]);
        speed = size / (AMPLITUDE_FULL * *sigma) / (float) TIME_CONSTANT_S;
        speed = F32X8_MAX(speed, slowest);
        speed = F32X8_SELECT((speed < fastest) & (*sigma > 0), speed, fastest);
        *(f32x8*) ret = (float) (2 / m->step_rate_hz) * speed;
}

static ALWAYS_INLINE void set_gains_any(const Mains *m, MainsLanes8 *e) {
        static const float none[8] = { 0 };
        const f32x8 sigma = *(const f32x8*) e->sigma_uv;

        for (unsigned h = 0; h < m->n_harmonics; h++)
                settled_gain(m, e->re[h], e->im[h], &sigma, e->gains[h]);
        settled_gain(m, e->alternation, none, &sigma, e->alternation_gain);
}

STATIC_VECTOR_FUNCTION(void, set_gains, (const Mains *m, MainsLanes8 *e), (m, e))

/* When mains_count() says so. *ret_changed: the amplitudes of all channels have to be learned anew. */
void mains_track(Mains *m, const unsigned *active, unsigned n_active, bool *ret_changed) {
        *ret_changed = false;
        m->moved = true;
        if (m->block_fill >= m->block_steps) {
                m->block_fill = 0;
                collect_blocks(m, active, n_active);
                *ret_changed = decide(m);
        }
        if (m->track_fill >= m->track_steps) {
                m->track_fill = 0;
                track(m, active, n_active);
                for (unsigned i = 0; i < m->n_lanes8; i++)
                        set_gains(m, m->lanes8 + i);
        }
}
