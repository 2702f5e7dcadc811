/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generator's heart in its noise, many channels: what the detector makes of it. */
#include <stdio.h>

#include "heard.h"
#include "tests/synth/ecg.h"
#include "tests/synth/noise.h"

#define RATE_HZ 2000u
#define CHANNELS 16u
#define HEART_UV 300.0
#define CORNER_HZ 100.0
#define KNOWN_S 20.0                    /* by then the heart is learned */

/* Channel c has a noise of so many microvolts. */
static double noise_uv(unsigned c) {
        return pow(20, (double) c / (CHANNELS - 1));
}

static Reports* listen(uint64_t seed, double seconds) {
        static SynthNoise noise[CHANNELS];
        SynthEcg ecg;
        SynthEcgChannel ecg_channels[CHANNELS];
        Reports *r = calloc(1, sizeof *r);
        ck_assert_ptr_nonnull(r);
        Detector *d = new_detector(RATE_HZ, CHANNELS, r);

        synth_ecg_init(&ecg, seed, RATE_HZ);
        for (unsigned c = 0; c < CHANNELS; c++) {
                synth_noise_init(noise + c, seed, c, RATE_HZ, noise_uv(c), CORNER_HZ);
                synth_ecg_init_channel(ecg_channels + c, seed, c, HEART_UV);
        }
        for (size_t f = 0; f < (size_t) (seconds * RATE_HZ); f++) {
                int32_t codes[CHANNELS];

                synth_ecg_next(&ecg);
                for (unsigned c = 0; c < CHANNELS; c++)
                        codes[c] = (int32_t) lround((synth_noise_next(noise + c) + synth_ecg_value(&ecg, ecg_channels + c)) / LSB_UV);
                detector_push(d, codes, NULL, 1);
        }
        detector_finish(d);
        detector_free(d);
        ck_assert_uint_eq(r->n_answered, r->n_notices);
        return r;
}

/*
 * A beat takes some 30 ms to be known as one. No earlier word is given of what turns out to be part of it: each would have
 * to be withdrawn, and would take its time from the exposure.
 */
START_TEST(beats_are_not_noticed) {
        Reports *r = listen(100102, 200);
        size_t n_beats = 0, n_events = 0;

        for (size_t i = 0; i < r->n_artefacts; i++)
                n_beats += r->artefacts[i].cause == ARTEFACT_ECG && r->artefacts[i].from > KNOWN_S * RATE_HZ;
        for (size_t i = 0; i < r->n_events; i++)
                n_events += r->events[i].peak > KNOWN_S * RATE_HZ;
        printf("a heart in %u channels: %zu notices of it withdrawn, %zu events\n", CHANNELS, n_beats, n_events);
        ck_assert_uint_le(n_beats, 2);
        ck_assert_uint_le(n_events, 2);         /* 1 false alarm in an hour and channel */
        free(r);
}
END_TEST

int main(void) {
        Suite *s = suite_create("heart");
        TCase *t = tcase_create("heart");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, beats_are_not_noticed);
        suite_add_tcase(s, t);

        SRunner *runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
