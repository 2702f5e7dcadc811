/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the detector computes with stays finite, and none of it becomes so small that processors take a hundred times
 * as long for it (denormal numbers): not when a signal dies away, and not at the ends of the scale. Looks at the state
 * itself, not at clocks.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "random.h"
#include "daemon/detect/channel.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/potentials/unit-templates.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/statistic/noise.h"
#include "recorder.h"
#include "suite.h"

#define LSB_UV_LEAST 1e-9               /* what the detector takes */
#define LSB_UV_MOST 1e6

/* --- the state --- */

static const char *context;
static double context_s;

static void look(const char *what, const float *x, size_t n, bool may_be_infinite) {
        for (size_t i = 0; i < n; i++) {
                int class = fpclassify(x[i]);

                /* an assertion for each would take longer than the detector */
                if (class != FP_NORMAL && class != FP_ZERO && !(may_be_infinite && class == FP_INFINITE))
                        ck_abort_msg("%s, after %.1f s: %s[%zu] is %g", context, context_s, what, i, (double) x[i]);
        }
}

#define LOOK(array, n) look(#array, &(array), n, false)
#define LOOK_ALL(array) look(#array, (const float*) (array), sizeof(array) / sizeof(float), false)

static void track_mains(const Mains *m) {
        LOOK(m->hum[0], (size_t) (m->delay + 1) * 8 * m->n_lanes8);
        for (unsigned i = 0; i < m->n_lanes8; i++) {
                const MainsLanes8 *e = m->lanes8 + i;

                LOOK_ALL(e->re);
                LOOK_ALL(e->im);
                LOOK_ALL(e->alternation);
                LOOK_ALL(e->gains);
                LOOK_ALL(e->alternation_gain);
                LOOK_ALL(e->sigma_uv);
                look("limit_uv", e->limit_uv, 8, true);
                LOOK_ALL(e->track_re);
                LOOK_ALL(e->track_im);
                LOOK_ALL(e->track_power);
                LOOK_ALL(e->block_re);
                LOOK_ALL(e->block_im);
                LOOK_ALL(e->last_re);
                LOOK_ALL(e->last_im);
        }
}

static void look_at_channel(const Detector *d, const Channel *c) {
        size_t n_lanes = d->bank.n_lanes, n_taps = d->bank.n_taps;

        LOOK(c->history.y[0], c->history.fill);
        LOOK(c->eval_outputs[0], d->n_evals * n_lanes);
        LOOK(c->noise.squares[0], n_lanes);
        look("clips", c->noise.clips, n_lanes, true);
        LOOK(c->noise.inverse[0], n_lanes);
        LOOK(c->noise.lane_sigmas[0], NOISE_BLOCKS * n_lanes);
        LOOK(c->noise.signal_medians[0], NOISE_BLOCKS);
        LOOK(c->noise.sigma_uv, 1);
        LOOK(c->noise.recent_uv, 1);
        LOOK(c->whiten.block[0], n_taps);
        LOOK(c->whiten.taps[0], n_taps * n_lanes);
        for (size_t i = 0; i < n_taps; i++)
                if (!isfinite(c->whiten.covariance[i]))
                        ck_abort_msg("%s, after %.1f s: covariance[%zu]", context, context_s, i);
        LOOK(c->unit_templates.taps[0], n_taps * UNIT_TEMPLATE_LANES);
        LOOK_ALL(c->unit_templates.inverse);
        LOOK_ALL(c->motion.slow_uv);
        LOOK(c->motion.above, 1);
        LOOK_ALL(c->motion.low_uv);
        LOOK_ALL(c->motion.beat_uv);
        LOOK_ALL(c->motion.high);
        LOOK(c->motion.typical, 1);
        LOOK(c->ecg.template[0], d->ecg.before + d->ecg.after);
        LOOK_ALL(c->ecg.residual);
        LOOK_ALL(c->ecg.weight);
        LOOK_ALL(c->ecg.coarse);
}

static void look_at_fir(const Fir *f, unsigned n_lanes) {
        if (f->n_taps == 0)
                return;
        LOOK(f->taps[0], f->n_padded);
        LOOK(f->ring[0], 2 * (size_t) f->n_padded * n_lanes);
}

static void look_at(const Detector *d) {
        LOOK(d->bank.taps[0], (size_t) d->bank.n_taps * d->bank.n_lanes);
        LOOK(d->x[0], d->n_lanes);
        look_at_fir(&d->decimator.coarse, d->n_lanes);
        look_at_fir(&d->decimator.fine, d->n_lanes);
        ck_assert(isfinite(d->mains.hz) && isfinite(d->mains.phase));
        track_mains(&d->mains);
        for (unsigned i = 0; i < d->config.n_channels; i++)
                look_at_channel(d, d->channels + i);
}

/* --- what goes in --- */

typedef double (*Signal)(double t_s, double frame);     /* codes */

static void run(const char *name, Signal signal, double rate_hz, double seconds, double lsb_uv, double full_scale) {
        int32_t low = (int32_t) fmax(-full_scale - 1, INT32_MIN), high = (int32_t) full_scale;
        static Reports reports;
        Detector *d = recorder_detector(rate_hz, 1, lsb_uv, low, high, &reports);

        context = name;
        random_state = 88172645463325252u;
        for (double frame = 0; frame < seconds * rate_hz; frame++) {
                int32_t code = (int32_t) fmin(fmax(round(signal(frame / rate_hz, frame)), low), high);

                detector_push(d, &code, NULL, 1);
                if (fmod(frame, rate_hz / 10) < 1) {
                        context_s = frame / rate_hz;
                        look_at(d);
                }
        }
        detector_finish(d);
        look_at(d);
        detector_free(d);
}

static const double rates_hz[] = { 250, 1000, 2000, 16000 };
#define FOR_EACH_RATE(rate) for (size_t rate = 0; rate < sizeof rates_hz / sizeof rates_hz[0]; rate++)

/*
 * A code more each frame is not flat, and nothing is left of it behind the high-pass: silence that goes on being
 * listened to.
 */
static double hum_then_silence(double t_s, double frame) {
        double uv = t_s < 5 ? 30 * sin(2 * M_PI * 50.3 * t_s) + 5 * gaussian() : 0;

        return -4e6 + frame + uv / LSB_UV;
}

START_TEST(silence) {
        FOR_EACH_RATE(i)
                run("silence after hum", hum_then_silence, rates_hz[i], i == 3 ? 80 : 150, LSB_UV, 8388607);
}
END_TEST

/* To nothing in 40 s, in all lengths of a wave */
static double decay(double t_s, double frame) {
        return 2e9 * exp(-t_s / 1.8) * (sin(2 * M_PI * 50 * t_s) + 0.3 * gaussian()) / 2 + fmod(frame, 2);
}

START_TEST(decay_to_nothing) {
        FOR_EACH_RATE(i)
                run("decay", decay, rates_hz[i], 60, LSB_UV_LEAST, INT32_MAX);
}
END_TEST

static double one_code(double t_s, double frame) {
        return uniform() < 0.5 ? 0 : 1;
}

START_TEST(tiny) {
        FOR_EACH_RATE(i)
                run("one code", one_code, rates_hz[i], 30, LSB_UV_LEAST, 8388607);
}
END_TEST

#define FULL 2.14e9                     /* just inside the rails of 32 bits, which are 0.1 % of the range wide */

static double square_wave(double t_s, double frame) {
        return fmod(t_s, 0.1) < 0.05 ? FULL : -FULL;
}

static double alternating(double t_s, double frame) {
        return fmod(frame, 2) < 1 ? FULL : -FULL;
}

static double wild(double t_s, double frame) {
        return uniform() < 0.5 ? FULL : -FULL;
}

static double loud_noise(double t_s, double frame) {
        return fmin(fmax(FULL / 3 * gaussian(), -FULL), FULL);
}

/* Quiet, and every second for 0.3 s from rail to rail. */
static double rails(double t_s, double frame) {
        if (fmod(t_s, 3) > 2.7)
                return fmod(frame, 2) < 1 ? INT32_MAX : INT32_MIN;
        return 1000 * gaussian();
}

/* Nothing, and now and then all there is. */
static double bangs(double t_s, double frame) {
        return fmod(t_s, 1.3) < 0.004 ? FULL : gaussian();
}

static const struct { const char *name; Signal signal; } extremes[] = {
        { "square wave", square_wave },
        { "alternating", alternating },
        { "wild", wild },
        { "loud noise", loud_noise },
        { "rails", rails },
        { "bangs", bangs },
};

START_TEST(ends_of_the_scale) {
        static const double lsbs_uv[] = { LSB_UV_LEAST, LSB_UV, LSB_UV_MOST };

        for (size_t k = 0; k < sizeof lsbs_uv / sizeof lsbs_uv[0]; k++)
                FOR_EACH_RATE(i)
                        run(extremes[_i].name, extremes[_i].signal, rates_hz[i], i == 3 ? 8 : 30, lsbs_uv[k], INT32_MAX);
}
END_TEST

/* A full scale that is too large for squares of it to be added up in a float. */
START_TEST(too_large) {
        double lsb_uv = LSB_UV_MOST * 1.01;
        int32_t low = INT32_MIN, high = INT32_MAX;
        Detector *d = NULL;
        DetectConfig config = {
                .rate_hz = 1000, .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &low, .code_max = &high,
                .false_alarms_per_hour = 1,
        };

        ck_assert_int_eq(detector_new(&config, &d), -EINVAL);
        ck_assert_ptr_null(d);
}
END_TEST

int main(void) {
        Suite *s = suite_create("detect-numerics");
        TCase *t = tcase_create("numerics");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, silence);
        tcase_add_test(t, decay_to_nothing);
        tcase_add_test(t, tiny);
        tcase_add_loop_test(t, ends_of_the_scale, 0, (int) (sizeof extremes / sizeof extremes[0]));
        tcase_add_test(t, too_large);
        suite_add_tcase(s, t);
        return suite_done(s);
}
