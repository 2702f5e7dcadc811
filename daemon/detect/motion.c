/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What moves electrodes and cables, in two tests.
 *
 * Is the raw signal moving? A muscle has little below 20 Hz; a movement has most of its energy there: more than three
 * times that of the band above whatever the high-pass makes of it. What is taken out by the
 * high-pass is looked at, without what is slower than breathing, and has to be far more than it usually is: the
 * electrodes drift, and the T wave of the heart is slow.
 *
 * Is this a jump of the electrode's potential? The high-pass makes a known figure of a jump:
 * -(1 - |t|/L)^2/2 before and (1 - t/L)^2/2 after it, L the length of its moving averages.
 * An event that is this figure, and not merely near one, was a jump.
 */
#include <math.h>

#include "detect-private.h"

#define TICK_S 0.01
#define SLOW_S 0.1                      /* time constant of what is no movement any more, twice */
#define BEFORE_TICKS 2                  /* around what is asked for */
#define AFTER_TICKS 8
#define NOW_TICKS 20
#define RATIO 3.0f                      /* of energies, 2-20 Hz to 20-450 Hz */
#define UNUSUAL 3.0f                    /* to the energy that is exceeded a tenth of the time */
#define USUAL_RISE 1.02f
#define USUAL_FALL 0.998f
#define SEARCH_S 0.01                   /* the jump is so near to the peak */

void motion_init(Motion *m, double step_rate_hz) {
        *m = (Motion) { .tick_steps = (unsigned) lround(TICK_S * step_rate_hz) };
        m->gain = (float) (TICK_S / SLOW_S);
}

/* As if it had always been there, and nothing is known of what is usual. */
void motion_restart(Motion *m, float low_uv, int64_t step) {
        *m = (Motion) { .tick_steps = m->tick_steps, .gain = m->gain, .slow_uv = { low_uv, 0 }, .end = step };
}

/* low_uv: the raw signal below the high-pass. */
void motion_tick(Motion *m, float low_uv) {
        m->slow_uv[0] += m->gain * (low_uv - m->slow_uv[0]);
        float fast = low_uv - m->slow_uv[0];
        m->slow_uv[1] += m->gain * (fast - m->slow_uv[1]);
        fast -= m->slow_uv[1];

        m->next = (m->next + 1) % MOTION_TICKS;
        m->low[m->next] = fast * fast * (float) m->tick_steps;
        m->high[m->next] = m->above;
        m->above = 0;
        m->fill = 0;
        m->n_ticks += m->n_ticks < MOTION_TICKS;
        if (!(m->usual > 0))
                m->usual = m->low[m->next];
        else
                m->usual *= m->low[m->next] > m->usual ? USUAL_RISE : USUAL_FALL;
}

static bool moves(const Motion *m, unsigned first, unsigned n) {
        float low = 0, high = 0;

        for (unsigned i = first; i < first + n; i++) {
                unsigned k = (m->next + MOTION_TICKS - i) % MOTION_TICKS;
                low += m->low[k];
                high += m->high[k];
        }
        return low > RATIO * high && low > UNUSUAL * m->usual * (float) n;
}

/* Between two steps, and just around them; as far as it is remembered. */
bool motion_between(const Motion *m, double from, double to) {
        double now = (double) m->end;
        double first = floor((now - to) / m->tick_steps) - AFTER_TICKS, last = ceil((now - from) / m->tick_steps) + BEFORE_TICKS;

        first = fmax(first, 0);
        last = fmin(last, (double) m->n_ticks - 1);
        return last > first && moves(m, (unsigned) first, (unsigned) (last - first));
}

bool motion_now(const Motion *m) {
        return m->n_ticks > NOW_TICKS && moves(m, 0, NOW_TICKS);
}

static float figure(int t, int length) {
        float u = 1 - fabsf((float) t + 0.5f) / (float) length;
        return (t < 0 ? -0.5f : 0.5f) * u * u;
}

/* Correlation of the signal around the step with a jump's figure, 0 .. 1. */
float motion_likeness(const History *h, double step, unsigned length_steps, double step_rate_hz) {
        int length = (int) length_steps, search = (int) lround(SEARCH_S * step_rate_hz);
        int64_t base = h->end - (int64_t) h->fill, middle = (int64_t) floor(step) - base;
        float best = 0;

        if (middle - search - length < 0 || middle + search + length > (int64_t) h->fill)
                return 0;
        for (int shift = -search; shift <= search; shift++) {
                const float *y = h->y + middle + shift;
                float yf = 0, yy = 0, ff = 0;

                for (int t = -length; t < length; t++) {
                        float f = figure(t, length);
                        yf += y[t] * f;
                        yy += y[t] * y[t];
                        ff += f * f;
                }
                if (yy > 0)
                        best = fmaxf(best, fabsf(yf) / sqrtf(yy * ff));
        }
        return best;
}
