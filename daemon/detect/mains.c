/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mains hum: found, followed and subtracted.
 *
 * Each channel holds the amplitude and phase of the fundamental and its harmonics and
 * subtracts that sinusoid (Widrow 1975, adaptive noise cancelling). What it learns from is
 * clipped at a few times the present noise, and it forgets over TIME_CONSTANT_S, so a twitch
 * leaves next to nothing behind; a notch of Q 30 would ring for 0.2 s after each.
 *
 * The frequency is common to all channels. Nothing is assumed of it but 50 or 60 Hz within
 * 3 % (the converter's oscillator alone may be off by 2.5 %). Two demodulators at 50 and 60 Hz
 * sum up blocks of 0.1 s; the mean turn from block to block gives frequency, the
 * better of the two wins. From then on the phase in what is left of the fundamental
 * keeps it right to millihertz, over all channels together.
 *
 * Where there is a heart, all is learned a little late, from the signal that the beat has been taken out of meanwhile.
 *
 * Harmonics beyond half the rate are subtracted where they fold to. What alternates from sample to sample,
 * at just half the rate, is no muscle either: a harmonic that folds there, or two converters that
 * take turns and differ. It is learned in the same way.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define FINDER_BLOCK_S 0.1
#define FINDER_MEMORY_S 3.0
#define FINDER_COHERENCE 0.5            /* of noise: about 0.2 */
#define FINDER_SWITCH_RATIO 4.0
#define TRACK_S 0.05
#define TRACK_RAD_PER_S 1.2             /* three poles there (a drift is followed without lag: 5 mHz late is 2 % of the hum), ... */
#define TRACK_INFORMATION 5e5           /* ... if the variance of a look's phase is the inverse of that */
#define TRACK_RAD_PER_S_MIN 0.3
#define TRACK_RAD_PER_S_MAX 3.0
#define TRACK_HURRY_S 3.0
#define INFORMATION_MEMORY_S 2.0
#define BUSY_WEIGHT 0.2                 /* at least: large harmonics that are not followed yet look busy, too */
#define INFORMATION_MIN 30.0           /* no hum to speak of: the frequency may stay as it is */
#define TRACK_RAD_MAX 0.3               /* between two looks: more is no phase but chance */
#define DRIFT_HZ_PER_S_MAX 0.04         /* a net has inertia */
#define TRACK_AGE_S 0.6
#define CLIP_SIGMA 4.0f
#define TIME_CONSTANT_S 0.5
#define FIRST_MEMORY_S 0.04             /* two cycles */
#define TOLERANCE 0.03
#define ROTOR_STEPS 256u
#define HARMONIC_HZ_MAX 480.0
#define HARMONIC_DISTANCE_HZ 3.0

static double folded_hz(double hz, double rate_hz) {
        double f = fmod(hz, rate_hz);
        return f > rate_hz / 2 ? rate_hz - f : f;
}

static void choose_harmonics(Mains *m, double nominal_hz) {
        m->n_harmonics = 0;
        for (unsigned h = 1; h * nominal_hz <= HARMONIC_HZ_MAX && m->n_harmonics < MAINS_HARMONICS_MAX; h++) {
                double hz = folded_hz(h * nominal_hz, m->step_rate_hz);
                bool apart = hz > DETECT_HIGHPASS_HZ && hz < m->step_rate_hz / 2 - HARMONIC_DISTANCE_HZ;

                for (unsigned i = 0; i < m->n_harmonics; i++) {
                        double other = folded_hz(m->harmonics[i] * nominal_hz, m->step_rate_hz);
                        apart = apart && fabs(hz - other) >= HARMONIC_DISTANCE_HZ;
                }
                if (apart)
                        m->harmonics[m->n_harmonics++] = h;
        }
}

int mains_init(Mains *m, double step_rate_hz, unsigned delay) {
        *m = (Mains) {
                .step_rate_hz = step_rate_hz,
                .delay = delay,
                .late = 1,
                .oscillators = calloc(delay + 1, sizeof *m->oscillators),
                .finders = { { .nominal_hz = 50 }, { .nominal_hz = 60 } },
                .block_steps = (unsigned) lround(FINDER_BLOCK_S * step_rate_hz),
                .track_steps = (unsigned) lround(TRACK_S * step_rate_hz),
                .gain_min = (float) (2 / (TIME_CONSTANT_S * step_rate_hz)),
                .gain_steps_min = (unsigned) lround(FIRST_MEMORY_S * step_rate_hz),
        };
        if (!m->oscillators)
                return -ENOMEM;
        m->oscillators[0].alternation = 1;
        mains_forget(m);
        return 0;
}

void mains_done(Mains *m) {
        free(m->oscillators);
}

int mains_channel_init(const Mains *m, MainsChannel *c) {
        *c = (MainsChannel) { .hum = calloc(m->delay + 1, sizeof *c->hum) };
        return c->hum ? 0 : -ENOMEM;
}

void mains_channel_done(MainsChannel *c) {
        free(c->hum);
}

/* Nothing is connected: what comes next may be another country. */
void mains_forget(Mains *m) {
        for (unsigned i = 0; i < 2; i++) {
                m->finders[i].turn_re = m->finders[i].turn_im = 0;
                m->finders[i].power = 0;
        }
        m->known = false;
        m->drift_hz = 0;
        m->information = m->tracked_s = 0;
        m->hz = m->finders[0].nominal_hz;
        choose_harmonics(m, m->hz);
}

/* The hum goes on while samples are missing. */
void mains_advance(Mains *m, uint64_t steps) {
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

/*
 * To the next phase by a turn as before, which is a product; sine and cosine anew only where something else
 * has changed the phase, and now and then, before rounding adds up.
 */
static void rotor_turn(MainsRotor *r, double from, double to, double step) {
        if (r->left > 0 && r->phase == from && r->step == step) {
                double t = r->re * r->step_re - r->im * r->step_im;
                r->im = r->re * r->step_im + r->im * r->step_re;
                r->re = t;
                r->left--;
        } else {
                r->re = cos(2 * M_PI * to);
                r->im = sin(2 * M_PI * to);
                if (r->step != step) {
                        r->step = step;
                        r->step_re = cos(2 * M_PI * step);
                        r->step_im = sin(2 * M_PI * step);
                }
                r->left = ROTOR_STEPS;
        }
        r->phase = to;
}

/* The oscillators of the next step. */
void mains_oscillate(Mains *m) {
        double step = m->hz / m->step_rate_hz, from = m->phase;

        m->phase = turn_on(from, step);
        rotor_turn(&m->rotor, from, m->phase, step);
        double re1 = m->rotor.re, im1 = m->rotor.im, re = 1, im = 0;
        float alternation = -m->oscillators[m->now].alternation;

        m->now = m->late;
        m->late = m->now < m->delay ? m->now + 1 : 0;
        MainsOscillators *o = m->oscillators + m->now;
        o->alternation = alternation;

        for (unsigned i = 0, h = 0; i < m->n_harmonics; i++) {
                for (; h < m->harmonics[i]; h++) {
                        double t = re * re1 - im * im1;
                        im = re * im1 + im * re1;
                        re = t;
                }
                o->re[i] = (float) re;
                o->im[i] = (float) im;
        }
        for (unsigned i = m->n_harmonics; i < MAINS_HARMONICS_MAX; i++)
                o->re[i] = o->im[i] = 0;

        for (unsigned i = 0; i < 2; i++) {
                MainsFinder *f = m->finders + i;
                step = f->nominal_hz / m->step_rate_hz;
                from = f->phase;
                f->phase = turn_on(from, step);
                rotor_turn(&f->rotor, from, f->phase, step);
                m->finder_re[i] = (float) f->rotor.re;
                m->finder_im[i] = (float) -f->rotor.im;
        }
}

void mains_channel_restart(const Mains *m, MainsChannel *c) {
        *c = (MainsChannel) { .hum = c->hum };
        mains_channel_break(m, c);
}

/*
 * Samples are missing or the filters start anew: what is learned stays, and is
 * put right quickly should the number of missing samples not be exact.
 */
void mains_channel_break(const Mains *m, MainsChannel *c) {
        memset(c->hum, 0, (m->delay + 1) * sizeof *c->hum);
        for (unsigned i = 0; i < 2; i++)
                c->block_re[i] = c->block_im[i] = 0;
        c->n_blocks = 0;
        c->skip = 2;                    /* the block under way and the one with the filter's start */
        c->track_re = c->track_im = c->track_power = 0;
        c->age = 0;
        c->wait = m->delay;
}

static float hum(const Mains *m, const MainsChannel *c, const MainsOscillators *o) {
        Quad sum = { 0 };

        for (unsigned i = 0; i < m->n_harmonics; i += 4) {
                sum += *(const Quad*) (c->re + i) * *(const Quad*) (o->re + i);
                sum += *(const Quad*) (c->im + i) * *(const Quad*) (o->im + i);
        }
        return c->alternation * o->alternation + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

float mains_subtract(const Mains *m, MainsChannel *c, float x) {
        c->hum[m->now] = c->age > 0 ? hum(m, c, m->oscillators + m->now) : 0;
        return x - c->hum[m->now];
}

/*
 * y: what is left of the signal without mains, and of the step that is `delay` behind without the heart, too. Not adapt:
 * only listen for the frequency.
 */
void mains_learn(const Mains *m, MainsChannel *c, float y, float sigma_uv, float recent_uv, bool late, bool adapt) {
        unsigned at = late ? m->late : m->now;
        float x = y + c->hum[at];

        c->wait -= c->wait > 0;
        if (late && c->wait > 0)
                return;
        for (unsigned i = 0; i < 2; i++) {
                c->block_re[i] += x * m->finder_re[i];
                c->block_im[i] += x * m->finder_im[i];
        }
        if (!adapt)
                return;

        /* While young, the running least squares fit; then the exponential memory. */
        float gain = fmaxf(2.0f / (float) (m->gain_steps_min + c->age), m->gain_min);
        c->age++;

        const MainsOscillators *o = m->oscillators + at;
        float e = late ? x - hum(m, c, o) : y, limit = recent_uv > 0 ? CLIP_SIGMA * recent_uv : INFINITY;
        c->track_power += e * e;
        e = e > limit ? limit : e < -limit ? -limit : e;
        c->track_re += e * o->re[0];
        c->track_im += e * o->im[0];
        c->sigma_uv = sigma_uv;
        c->alternation += gain / 2 * e * o->alternation; /* as quick as the others, of which a sine and a cosine share it */
        Quad ge = { gain * e, gain * e, gain * e, gain * e };
        for (unsigned i = 0; i < m->n_harmonics; i += 4) {
                *(Quad*) (c->re + i) += ge * *(const Quad*) (o->re + i);
                *(Quad*) (c->im + i) += ge * *(const Quad*) (o->im + i);
        }
}

static void collect_blocks(Mains *m, MainsChannel *const *active, unsigned n_active) {
        double decay = exp(-FINDER_BLOCK_S / FINDER_MEMORY_S);

        for (unsigned i = 0; i < 2; i++) {
                MainsFinder *f = m->finders + i;
                f->turn_re *= decay;
                f->turn_im *= decay;
                f->power *= decay;
        }
        for (unsigned k = 0; k < n_active; k++) {
                MainsChannel *c = active[k];

                for (unsigned i = 0; i < 2; i++) {
                        MainsFinder *f = m->finders + i;
                        double re = c->block_re[i], im = c->block_im[i];
                        double last_re = c->last_re[i], last_im = c->last_im[i];

                        if (c->n_blocks > 0) {
                                f->turn_re += re * last_re + im * last_im;
                                f->turn_im += im * last_re - re * last_im;
                                f->power += sqrt((re * re + im * im) * (last_re * last_re + last_im * last_im));
                        }
                        c->last_re[i] = c->block_re[i];
                        c->last_im[i] = c->block_im[i];
                        c->block_re[i] = c->block_im[i] = 0;
                }
                if (c->skip > 0)
                        c->skip--;
                else
                        c->n_blocks = 1;
        }
}

static double clamp(double x, double low, double high) {
        return x < low ? low : x > high ? high : x;
}

/* True if the frequency jumped, so that nothing learned so far fits. */
static bool decide(Mains *m) {
        double magnitude[2];

        for (unsigned i = 0; i < 2; i++)
                magnitude[i] = hypot(m->finders[i].turn_re, m->finders[i].turn_im);

        unsigned i = magnitude[1] > magnitude[0];
        const MainsFinder *f = m->finders + i;
        if (magnitude[i] <= FINDER_COHERENCE * f->power)
                return false;

        bool same = fabs(m->hz - f->nominal_hz) < 5;
        if (m->known && !same && magnitude[i] < FINDER_SWITCH_RATIO * magnitude[!i])
                return false;

        double block_s = m->block_steps / m->step_rate_hz;
        double hz = f->nominal_hz + atan2(f->turn_im, f->turn_re) / (2 * M_PI * block_s);
        hz = clamp(hz, f->nominal_hz * (1 - TOLERANCE), f->nominal_hz * (1 + TOLERANCE));
        if (m->known && fabs(hz - m->hz) < 0.3)
                return false;

        bool jumped = m->known || !same;
        m->known = true;
        m->hz = hz;
        m->drift_hz = m->information = m->tracked_s = 0;
        choose_harmonics(m, f->nominal_hz);
        return jumped;
}

/*
 * The phase that all channels lag behind by, on average since the latest look. What a channel says counts by how far
 * its hum stands out of what else it has now; if that is more than its noise use to be, all of it counts less.
 */
static bool look(Mains *m, MainsChannel *const *active, unsigned n_active, double *ret_rad, double *ret_information) {
        double lag = 0, information = 0, n = m->track_steps;

        for (unsigned k = 0; k < n_active; k++) {
                MainsChannel *c = active[k];
                double re = c->re[0], im = c->im[0], usual = c->sigma_uv * c->sigma_uv;
                double left_re = c->track_re, left_im = c->track_im;
                double power = c->track_power / n - 2 * (left_re * left_re + left_im * left_im) / (n * n);

                if ((double) c->age > TRACK_AGE_S * m->step_rate_hz && power > 0) {
                        double weight = usual > 0 ? 1 / usual : 1 / power;
                        lag += clamp(1 / power, BUSY_WEIGHT * weight, weight) * (im * left_re - re * left_im);
                        information += fmax(weight, 1 / power) * (re * re + im * im) * n / 2;
                }
                c->track_re = c->track_im = c->track_power = 0;
        }
        if (!(information > 0))
                return false;
        *ret_rad = clamp(lag / information, -TRACK_RAD_MAX, TRACK_RAD_MAX);
        *ret_information = information;
        return true;
}

/* At first in a hurry; then the better the phase is known the quicker (Kalman's gain for a frequency whose drift changes). */
static double quickness(const Mains *m) {
        double settled = TRACK_RAD_PER_S * pow(m->information / TRACK_INFORMATION, 1 / 6.0);

        return clamp(settled * (1 + TRACK_HURRY_S / m->tracked_s), TRACK_RAD_PER_S_MIN, TRACK_RAD_PER_S_MAX);
}

static void track(Mains *m, MainsChannel *const *active, unsigned n_active) {
        const MainsFinder *f = m->finders + (m->hz > 55);
        double track_s = m->track_steps / m->step_rate_hz, drift_max = DRIFT_HZ_PER_S_MAX * track_s;
        double lag, hz, information;

        if (!look(m, active, n_active, &lag, &information) || !m->known ||
            hypot(f->turn_re, f->turn_im) <= FINDER_COHERENCE * f->power)
                return;
        m->information += (information - m->information) * (m->information > 0 ? track_s / INFORMATION_MEMORY_S : 1);
        if (m->information < INFORMATION_MIN) {
                m->drift_hz = 0;
                return;
        }
        m->tracked_s += track_s;
        double gain = quickness(m) * track_s;
        hz = lag / (2 * M_PI * track_s);
        m->drift_hz = clamp(m->drift_hz + gain * gain * gain * hz, -drift_max, drift_max);
        m->hz = clamp(m->hz + 3 * gain * gain * hz + m->drift_hz, f->nominal_hz * (1 - TOLERANCE), f->nominal_hz * (1 + TOLERANCE));
        m->phase += 3 * gain * lag / (2 * M_PI);
        m->phase -= floor(m->phase);
}

/* After all channels. *ret_changed: the amplitudes of all channels have to be learned anew. */
void mains_step_end(Mains *m, MainsChannel *const *active, unsigned n_active, bool *ret_changed) {
        *ret_changed = false;
        if (++m->block_fill >= m->block_steps) {
                m->block_fill = 0;
                collect_blocks(m, active, n_active);
                *ret_changed = decide(m);
        }
        if (++m->track_fill >= m->track_steps) {
                m->track_fill = 0;
                track(m, active, n_active);
        }
}
