/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters fitted to the colour of noise, where that is known badly. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/detect/statistic/template-bank.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/statistic/whiten.h"
#include "suite.h"

#define RATE_HZ 2000.0
#define EDGE 0.225                      /* of the rate: noise behind a low-pass of 450 Hz */
#define HOLE 0.3                        /* where the estimate is wrong */
#define GAIN_MAX 21.0                   /* (1 + LOADING) / LOADING of whiten.c */

/*
 * Noise behind a low-pass, whose covariance has been estimated to have by and by less power than none at a frequency
 * above it: no filter may grow from that. In noise of unit power its output has variance 1, and no frequency is taken for 13 dB
 * lower than that power is on average: so the energy of its taps has a bound.
 */
START_TEST(no_power_below_zero) {
        TemplateBank bank = { .n_taps = 0 };
        Whiten w = { .n_lags = 0 };
        double most = 0;

        ck_assert_int_eq(template_bank_init(&bank, RATE_HZ, highpass_length(RATE_HZ) / RATE_HZ), 0);
        ck_assert_int_eq(whiten_init(&w, &bank, RATE_HZ, 1), 0);
        double *scratch = calloc((size_t) bank.n_taps * (2 + bank.n_lanes), sizeof *scratch);
        float *taps = calloc((size_t) bank.n_taps * bank.n_lanes, sizeof *taps);
        ck_assert(scratch && taps);

        for (double less = 0; less < 0.01; less += 0.00002) {
                for (unsigned k = 0; k < w.n_lags; k++)
                        w.covariance[k] = (k == 0 ? 1 : sin(2 * M_PI * EDGE * k) / (2 * M_PI * EDGE * k)) -
                                less * cos(2 * M_PI * HOLE * k);
                ck_assert(whiten_waveforms(&w, bank.taps, bank.n_lanes, bank.n_taps, scratch, taps));
                for (unsigned lane = 0; lane < bank.n_lanes; lane++) {
                        double energy = 0;

                        for (unsigned i = 0; i < bank.n_taps; i++)
                                energy += pow((double) template_bank_tap(&bank, taps, lane, i), 2);
                        most = fmax(most, energy);
                }
        }
        printf("filters fitted to bad estimates: energy up to %.1f\n", most);
        ck_assert(most < GAIN_MAX);
        free(taps);
        free(scratch);
        whiten_done(&w);
        template_bank_done(&bank);
}
END_TEST

int main(void) {
        Suite *s = suite_create("whiten");
        TCase *t = tcase_create("whiten");

        tcase_add_test(t, no_power_below_zero);
        suite_add_tcase(s, t);
        return suite_done(s);
}
