/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the subtraction of mains hum takes from a signal: the hum, wherever it comes from, and next to nothing else. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "daemon/detect/conditioning/mains.h"
#include "suite.h"

#define RATE_HZ 1000
#define DELAY_STEPS 99u                 /* to the learning, were there a heart */
#define CHANNELS 8u

static Mains mains;

static void begin(void) {
        ck_assert_int_eq(mains_init(&mains, RATE_HZ, DELAY_STEPS, CHANNELS), 0);
        for (unsigned i = 0; i < CHANNELS; i++) {
                mains_channel_restart(&mains, i);
                mains_channel_run(&mains, i, true);
                mains_channel_expect(&mains, i, 1, 1);
        }
}

/* The hum of a harmonic of 50 Hz on noise of 1 uV. Mean squares of what is taken away, and of the hum that is left. */
static void run(unsigned harmonic, double hum_uv, unsigned from_s, unsigned to_s, double *ret_taken, double *ret_left) {
        static const unsigned active[CHANNELS] = { 0, 1, 2, 3, 4, 5, 6, 7 };
        double taken = 0, left = 0;

        for (unsigned step = from_s * RATE_HZ; step < to_s * RATE_HZ; step++) {
                double hum = hum_uv * sin(2 * M_PI * 50 * harmonic * step / RATE_HZ);
                float x[CHANNELS], before[CHANNELS];
                bool changed;

                for (unsigned i = 0; i < CHANNELS; i++)
                        before[i] = x[i] = (float) (gaussian() + hum);
                mains_oscillate(&mains);
                mains_subtract(&mains, x);
                for (unsigned i = 0; i < CHANNELS; i++) {
                        double part = (double) before[i] - (double) x[i];

                        taken += part * part;
                        left += (part - hum) * (part - hum);
                }
                mains_learn(&mains, x, false);
                if (mains_count(&mains))
                        mains_track(&mains, active, CHANNELS, &changed);
        }
        *ret_taken = taken / CHANNELS / RATE_HZ / (to_s - from_s);
        *ret_left = left / CHANNELS / RATE_HZ / (to_s - from_s);
}

/* Potentials have what noise has: as much of them would be missing. */
START_TEST(noise_alone) {
        double taken, left;

        seed(51);
        begin();
        run(1, 0, 0, 20, &taken, &left);
        run(1, 0, 20, 60, &taken, &left);
        printf("of noise without mains %.2f %% is subtracted\n", 100 * taken);
        ck_assert(taken < 0.005);
        mains_done(&mains);
}
END_TEST

START_TEST(switched_on) {
        double taken, left;

        for (unsigned harmonic = 1; harmonic <= 5; harmonic += 2) {
                seed(52);
        begin();
                run(1, 0, 0, 60, &taken, &left);
                run(harmonic, 20, 60, 63, &taken, &left);
                run(harmonic, 20, 63, 68, &taken, &left);
                printf("%u Hz of 20 times the noise, from 3 s after its beginning on: %.2f of the noise is left\n", 50 * harmonic, sqrt(left));
                ck_assert(left < 0.1);
                mains_done(&mains);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("mains");
        TCase *t = tcase_create("mains");

        suite_add_tcase(s, t);
        tcase_add_test(t, noise_alone);
        tcase_add_test(t, switched_on);
        return suite_done(s);
}
