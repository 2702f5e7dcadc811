/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the low-pass lets pass, how late, and what it keeps from folding into the band; in one filter and in two. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/detect/base/band.h"
#include "daemon/detect/conditioning/droop.h"
#include "daemon/detect/conditioning/decimator.h"
#include "suite.h"

#define LANES 8u
#define SECONDS 1
#define CHUNK 7u                        /* no divisor of any decimation */

static const double rates_hz[] = { 2000, 4000, 6400, 8000, 12000, 14000, 16000 };

/*
 * A sine from a position on, as after a gap: the largest difference of the values at steps, once the filter is full, from
 * it as it was the delay before, times the gain.
 */
static double largest_difference(double rate_hz, uint64_t position, double hz, double gain) {
        const Droop none = { .of_signal = false };
        float x[CHUNK * LANES], y[LANES];
        double largest = 0;
        Decimator l;

        ck_assert_int_eq(decimator_init(&l, rate_hz, LANES, &none), 0);
        decimator_align(&l, position);
        uint64_t full = position + l.length_frames, end = position + (uint64_t) (SECONDS * rate_hz), n;

        for (; position < end; position += n) {
                uint64_t until = (l.decimation - position % l.decimation) % l.decimation + 1;

                n = until < CHUNK ? until : CHUNK;
                for (uint64_t i = 0; i < n * LANES; i++)
                        x[i] = (float) sin(2 * M_PI * hz * (double) (position + i / LANES) / rate_hz);
                decimator_feed(&l, x, (unsigned) n);
                if (n < until || position < full)
                        continue;
                decimator_run(&l, y);
                double wanted = gain * sin(2 * M_PI * hz * ((double) (position + n - 1) - l.delay_frames) / rate_hz);
                for (unsigned lane = 0; lane < LANES; lane++)
                        largest = fmax(largest, fabs((double) y[lane] - wanted));
        }
        decimator_done(&l);
        return largest;
}

START_TEST(band_passes) {
        for (size_t r = 0; r < sizeof rates_hz / sizeof rates_hz[0]; r++) {
                double worst = 0;

                for (double hz = 20; hz <= DETECT_LOWPASS_HZ; hz += 43)
                        for (uint64_t position = 0; position < 16; position += 5)
                                worst = fmax(worst, largest_difference(rates_hz[r], position, hz, 1));
                printf("%.0f SPS: off by %.2f %% at most in the band\n", rates_hz[r], 100 * worst);
                ck_assert(worst < 0.008);
        }
}
END_TEST

/* Above step_rate - 450 Hz all would come to lie in the band. */
START_TEST(nothing_folds) {
        for (size_t r = 0; r < sizeof rates_hz / sizeof rates_hz[0]; r++) {
                double step_rate_hz = rates_hz[r] / ceil(rates_hz[r] / DETECT_STEP_RATE_HZ_MAX), worst = 0;

                for (double hz = step_rate_hz - DETECT_LOWPASS_HZ; hz < rates_hz[r] / 2; hz += 37)
                        worst = fmax(worst, largest_difference(rates_hz[r], 0, hz, 0));
                printf("%.0f SPS: %.1f dB from %.0f Hz on\n", rates_hz[r], 20 * log10(worst), step_rate_hz - DETECT_LOWPASS_HZ);
                ck_assert(worst < 0.00316);        /* 50 dB */
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("lowpass");
        TCase *t = tcase_create("lowpass");

        suite_add_tcase(s, t);
        tcase_add_test(t, band_passes);
        tcase_add_test(t, nothing_folds);
        return suite_done(s);
}
