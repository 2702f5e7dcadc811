/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ingredients of the generator that the benchmark's scenes are made of. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "tests/synth/drift.h"
#include "tests/synth/ecg.h"
#include "tests/synth/fault.h"
#include "tests/synth/level.h"
#include "tests/synth/motion.h"
#include "tests/synth/pool.h"
#include "tests/synth/pop.h"
#include "tests/synth/train.h"
#include "suite.h"

#define RATE_HZ 1000.0

static Prng new_prng(uint64_t seed) {
        Prng p;
        prng_init(&p, seed, PRNG_SCENE, 0);
        return p;
}

/* R waves of the asked size come at a human pace, one beat at a time. */
START_TEST(ecg) {
        for (uint64_t seed = 0; seed < 5; seed++) {
                double last_s = -1, largest = 0;
                unsigned beats = 0;
                SynthEcgChannel c;
                SynthEcg e;

                synth_ecg_init(&e, seed, RATE_HZ);
                synth_ecg_init_channel(&c, seed, 0, 300);
                double before = 0, at = 0;
                for (unsigned i = 0; i < 60 * RATE_HZ; i++) {
                        synth_ecg_next(&e);
                        double after = fabs(synth_ecg_value(&e, &c));

                        largest = fmax(largest, after);
                        if (at > 0.7 * fabs(c.uv[2]) && at >= before && at > after) {
                                if (last_s >= 0)
                                        ck_assert(i / RATE_HZ - last_s > 0.55 && i / RATE_HZ - last_s < 1.3);
                                last_s = i / RATE_HZ;
                                beats++;
                        }
                        before = at;
                        at = after;
                }
                ck_assert(beats >= 50 && beats <= 95);
                ck_assert(largest > 0.55 * 300 && largest < 1.5 * 300);
        }
}
END_TEST

/* Beats too early, with a pause after, as often as asked for; a pace that becomes another. */
START_TEST(ecg_rhythm) {
        static const EcgRhythm rhythm = { .premature = 0.2, .dropped = 0.05, .period_s = 0.5, .change_s = 300 };
        unsigned beats = 0, premature = 0, long_pauses = 0;
        SynthEcg e;

        synth_ecg_init(&e, 3, RATE_HZ);
        synth_ecg_set_rhythm(&e, 3, &rhythm);
        SynthEcgBeat last = e.beats[ECG_BEATS - 1];
        while (e.now_s < 600) {
                synth_ecg_next(&e);
                const SynthEcgBeat *beat = e.beats + ECG_BEATS - 1;
                if (beat->at_s == last.at_s)
                        continue;
                double period_s = e.period_s + (0.5 - e.period_s) * fmin(last.at_s / 300, 1);
                double wait = (beat->at_s - last.at_s) / period_s;

                ck_assert(!(beat->premature && last.premature));
                ck_assert(beat->premature ? wait > 0.5 && wait < 0.7 : last.premature ? wait > 1.2 && wait < 1.6 : wait > 0.85);
                beats++;
                premature += beat->premature;
                long_pauses += !last.premature && wait > 1.7;
                last = *beat;
        }
        ck_assert(beats > 700 && premature > 0.13 * beats && premature < 0.21 * beats);
        ck_assert(long_pauses > 0.02 * beats && long_pauses < 0.07 * beats);
}
END_TEST

/* Everything of it is slow: from sample to sample there is less than noise. */
START_TEST(drift) {
        SynthDrift d;
        double last, most = 0, lowest, highest;

        synth_drift_init(&d, 1, 0, RATE_HZ, 300);
        last = lowest = highest = synth_drift_next(&d);
        for (unsigned i = 0; i < 120 * RATE_HZ; i++) {
                double x = synth_drift_next(&d);
                most = fmax(most, fabs(x - last));
                lowest = fmin(lowest, x);
                highest = fmax(highest, x);
                last = x;
        }
        ck_assert(most < 3);
        ck_assert(highest - lowest > 300 && highest - lowest < 5000);
}
END_TEST

START_TEST(level) {
        double lowest = INFINITY, highest = 0, last = 1;
        SynthLevel l;

        synth_level_init(&l, 1, 0, RATE_HZ, 3);
        for (unsigned i = 0; i < 1200 * RATE_HZ; i++) {
                double x = synth_level_next(&l);
                ck_assert(x > 0.999 && x < 3.001);
                ck_assert(fabs(x / last - 1) < log(3) / (59 * RATE_HZ));
                lowest = fmin(lowest, x);
                highest = fmax(highest, x);
                last = x;
        }
        ck_assert(lowest < 1.001 && highest > 2.999);
}
END_TEST

static double gap_s(const ImpulseList *l, size_t i) {
        return l->items[i + 1].at_s - l->items[i].at_s;
}

/* Patterns keep to the rules that name them (detection.md, section 7). */
START_TEST(patterns) {
        Prng p = new_prng(_i);
        ImpulseList doublet = {}, multiplet = {}, train = {}, run = {}, groups = {};

        ck_assert_int_eq(synth_train_doublet(&p, 1, &doublet), 0);
        ck_assert_uint_eq(doublet.n, 2);
        ck_assert(gap_s(&doublet, 0) >= 0.0025 && gap_s(&doublet, 0) <= 0.110);

        ck_assert_int_eq(synth_train_multiplet(&p, 1, &multiplet), 0);
        ck_assert_uint_ge(multiplet.n, 3);
        for (size_t i = 0; i + 1 < multiplet.n; i++)
                ck_assert(gap_s(&multiplet, i) > 0 && gap_s(&multiplet, i) <= 0.110);

        ck_assert_int_eq(synth_train_unit(&p, 1, &train), 0);
        ck_assert_uint_ge(train.n, 10);
        double rate = (train.n - 1) / (train.items[train.n - 1].at_s - train.items[0].at_s);
        ck_assert(rate > 3.5 && rate < 20);

        ck_assert_int_eq(synth_train_high_frequency(&p, 1, &run), 0);
        ck_assert(run.items[run.n - 1].at_s - 1 > 0.02);
        for (size_t i = 0; i + 1 < run.n; i++)
                ck_assert(gap_s(&run, i) > 0 && gap_s(&run, i) < 0.010);

        unsigned n_groups = 1;
        ck_assert_int_eq(synth_train_myokymic(&p, 1, &groups), 0);
        for (size_t i = 0; i + 1 < groups.n; i++)
                n_groups += gap_s(&groups, i) > 0.1;
        ck_assert_uint_ge(n_groups, 3);
        ck_assert_uint_ge(groups.n, 3 * n_groups);

        impulse_done(&doublet);
        impulse_done(&multiplet);
        impulse_done(&train);
        impulse_done(&run);
        impulse_done(&groups);
}
END_TEST

/* A stronger drive recruits more units, and no unit fires faster than its peak. */
START_TEST(pool) {
        unsigned recruited[2] = {};
        double drives[2] = { 0.1, 0.6 };

        for (unsigned k = 0; k < 2; k++) {
                Prng p = new_prng(k);
                ImpulseList l = {};
                unsigned n[POOL_UNITS] = {};

                ck_assert_int_eq(synth_pool_contract(&p, 10, 20, 1, drives[k], &l), 0);
                for (size_t i = 0; i < l.n; i++) {
                        ck_assert(l.items[i].at_s >= 10 && l.items[i].at_s < 20);
                        n[l.items[i].unit]++;
                }
                for (unsigned i = 0; i < POOL_UNITS; i++) {
                        recruited[k] += n[i] > 0;
                        ck_assert_uint_le(n[i], 10 * 40);
                }
                ck_assert_uint_ge(n[0], n[POOL_UNITS - 1]);
                impulse_done(&l);
        }
        ck_assert_uint_gt(recruited[0], 0);
        ck_assert_uint_gt(recruited[1], recruited[0]);
        ck_assert(synth_pool_size(POOL_UNITS - 1) > 50 * synth_pool_size(0));
}
END_TEST

START_TEST(cramp_and_jerk) {
        Prng p = new_prng(_i);
        ImpulseList cramp = {}, jerk = {};

        ck_assert_int_eq(synth_pool_cramp(&p, 5, 25, &cramp), 0);
        ck_assert_int_eq(synth_pool_jerk(&p, 5, 5.2, &jerk), 0);
        /* 8 to 16 units of 6 to 25 a second for 20 s */
        ck_assert_uint_ge(cramp.n, 8 * 6 * 18);
        ck_assert_uint_le(cramp.n, 16 * 25 * 20);
        for (size_t i = 0; i < cramp.n; i++)
                ck_assert(cramp.items[i].at_s >= 5 && cramp.items[i].at_s < 25);
        ck_assert_uint_ge(jerk.n, POOL_UNITS / 2);
        for (size_t i = 0; i < jerk.n; i++)
                ck_assert(jerk.items[i].at_s >= 5 && jerk.items[i].at_s < 5.2);
        impulse_done(&cramp);
        impulse_done(&jerk);
}
END_TEST

START_TEST(artefacts) {
        Prng p = new_prng(_i);
        SynthMotion motion;
        SynthFault fault;
        SynthPop pop;
        unsigned samples = 0;
        double uv, most = 0;

        synth_motion_draw(&motion, &p, 2);
        ck_assert(synth_motion_value(&motion, 1.999) == 0);
        for (double t = 2; t < motion.to_s; t += 0.001)
                most = fmax(most, fabs(synth_motion_value(&motion, t)));
        ck_assert(most > 30 && most <= 3000);
        ck_assert(fabs(synth_motion_value(&motion, motion.to_s + 20 * motion.decay_s)) < 1e-3);

        synth_pop_draw(&pop, &p, 2.0005);
        for (unsigned i = 0; i < 3000; i++)
                samples += synth_pop_value(&pop, i / RATE_HZ, RATE_HZ) != 0;
        ck_assert_uint_eq(samples, pop.n_samples);

        synth_fault_draw(&fault, &p, 2, _i % 2, 187500);
        ck_assert(!synth_fault_value(&fault, 1.9, &uv) && uv == 0);
        ck_assert(synth_fault_value(&fault, (2 + fault.to_s) / 2, &uv) && fabs(uv) == 187500);
        ck_assert(!synth_fault_value(&fault, fault.to_s, &uv) && fabs(uv) < 187500);
        ck_assert(!synth_fault_value(&fault, fault.to_s + 20 * fault.decay_s, &uv) && fabs(uv) < 1e-3);
}
END_TEST

int main(void) {
        Suite *s = suite_create("synth-ingredients");
        TCase *c = tcase_create("ingredients");

        tcase_add_test(c, ecg);
        tcase_add_test(c, ecg_rhythm);
        tcase_add_test(c, drift);
        tcase_add_test(c, level);
        tcase_add_loop_test(c, patterns, 0, 200);
        tcase_add_test(c, pool);
        tcase_add_loop_test(c, cramp_and_jerk, 0, 20);
        tcase_add_loop_test(c, artefacts, 0, 200);
        suite_add_tcase(s, c);
        return suite_done(s);
}
