/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The detector on made-up signals with known contents. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/detect.h"

#define LSB_UV 0.02235                  /* ADS1299 at gain 24: 4.5 V / 24 / 2^23 */
#define CODE_MAX 8388607
#define CODE_MIN (-8388608)
#define CHANNELS_MAX 8
#define REPORTS_MAX 4096

/* --- what came out --- */

typedef struct Reports {
        size_t n_events, n_artefacts;
        DetectEvent events[REPORTS_MAX];
        DetectArtefact artefacts[REPORTS_MAX];
} Reports;

static void on_event(const DetectEvent *event, void *userdata) {
        Reports *r = userdata;
        ck_assert_uint_lt(r->n_events, REPORTS_MAX);
        ck_assert_uint_ge(event->n_channels, 1);
        ck_assert(isfinite(event->peak) && isfinite(event->amplitude_uv) && isfinite(event->snr));
        ck_assert(event->onset <= event->peak && event->peak <= event->end);
        ck_assert_uint_ge(event->discharges, 1);
        r->events[r->n_events++] = *event;
}

static void on_artefact(const DetectArtefact *artefact, void *userdata) {
        Reports *r = userdata;
        ck_assert_uint_lt(r->n_artefacts, REPORTS_MAX);
        ck_assert(artefact->from <= artefact->to);
        r->artefacts[r->n_artefacts++] = *artefact;
}

static Detector* new_detector(double rate_hz, unsigned n_channels, Reports *reports) {
        double lsb_uv[CHANNELS_MAX];
        int32_t code_min[CHANNELS_MAX], code_max[CHANNELS_MAX];

        for (unsigned i = 0; i < n_channels; i++) {
                lsb_uv[i] = LSB_UV;
                code_min[i] = CODE_MIN;
                code_max[i] = CODE_MAX;
        }
        DetectConfig config = {
                .rate_hz = rate_hz,
                .n_channels = n_channels,
                .lsb_uv = lsb_uv,
                .code_min = code_min,
                .code_max = code_max,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .userdata = reports,
        };
        Detector *d = NULL;

        ck_assert_int_eq(detector_new(&config, &d), 0);
        return d;
}

static bool is_twitch(const DetectEvent *e) {
        return e->kind == EVENT_FASCICULATION || e->kind == EVENT_DOUBLET || e->kind == EVENT_MULTIPLET;
}

/* --- signals --- */

static uint64_t random_state;

static void seed(uint64_t s) {
        random_state = s * 2654435761u + 1;
}

static double uniform(void) {           /* xorshift64*, Vigna 2016; 0 < u < 1 */
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return ((double) ((random_state * UINT64_C(2685821657736338717)) >> 11) + 0.5) / 9007199254740992.0;
}

static double gaussian(void) {          /* Box-Muller */
        return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static int32_t* new_signal(size_t n_frames, unsigned n_channels) {
        int32_t *x = calloc(n_frames * n_channels, sizeof *x);
        ck_assert_ptr_nonnull(x);
        return x;
}

static void add_uv(int32_t *code, double uv) {
        *code += (int32_t) lround(uv / LSB_UV);
}

static void add_noise(int32_t *x, size_t n_frames, unsigned n_channels, double sigma_uv) {
        for (size_t i = 0; i < n_frames * n_channels; i++)
                add_uv(x + i, sigma_uv * gaussian());
}

/* Fundamental, third and fifth harmonic, as far as the converter's filter lets them through. */
static void add_mains(int32_t *x, size_t n_frames, unsigned n_channels, double rate_hz, double hz, double uv) {
        for (size_t f = 0; f < n_frames; f++) {
                double t = 2 * M_PI * hz * (double) f / rate_hz;
                double v = uv * sin(t);

                if (3 * hz < rate_hz / 2)
                        v += 0.3 * uv * sin(3 * t + 1);
                if (5 * hz < rate_hz / 2)
                        v += 0.1 * uv * sin(5 * t + 2);
                for (unsigned c = 0; c < n_channels; c++)
                        add_uv(x + f * n_channels + c, v * (1 + 0.2 * c));
        }
}

/* A biphasic potential, the first derivative of a Gaussian; peaks at +-width from its middle. */
static double twitch_shape(double t_s, double width_s) {
        double u = t_s / width_s;
        return -u * exp((1 - u * u) / 2);
}

/* Adds one of the given size peak to peak; the first peak is the larger by half. */
static void add_twitch(int32_t *x, size_t n_frames, unsigned n_channels, unsigned channel, double rate_hz,
                       double peak_s, double peak_to_peak_uv) {
        const double width_s = 0.002;

        for (size_t f = 0; f < n_frames; f++) {
                double t = (double) f / rate_hz - peak_s - width_s;
                if (fabs(t) > 0.02)
                        continue;
                double v = twitch_shape(t, width_s);
                add_uv(x + f * n_channels + channel, peak_to_peak_uv / 2.5 * (v > 0 ? 1.5 * v : v));
        }
}

static Reports* detect(double rate_hz, unsigned n_channels, const int32_t *x, size_t n_frames, size_t block) {
        Reports *r = calloc(1, sizeof *r);
        ck_assert_ptr_nonnull(r);
        Detector *d = new_detector(rate_hz, n_channels, r);

        for (size_t f = 0; f < n_frames; f += block)
                detector_push(d, x + f * n_channels, NULL, f + block <= n_frames ? block : n_frames - f);
        detector_finish(d);
        detector_free(d);
        return r;
}

/* --- tests --- */

START_TEST(words) {
        ck_assert_str_eq(event_kind_to_string(EVENT_FASCICULATION), "fasciculation");
        ck_assert_str_eq(event_kind_to_string(EVENT_UNCLASSIFIED), "unclassified");
        ck_assert_ptr_null(event_kind_to_string(_EVENT_KIND_MAX));
        ck_assert_str_eq(artefact_cause_to_string(ARTEFACT_LEAD_OFF), "lead-off");
        ck_assert_ptr_null(artefact_cause_to_string(_ARTEFACT_CAUSE_MAX));
}
END_TEST

START_TEST(bad_configuration) {
        double lsb_uv = 1;
        int32_t low = -100, high = 100;
        const DetectConfig good = {
                .rate_hz = 1000, .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &low, .code_max = &high,
                .false_alarms_per_hour = 1,
        };
        DetectConfig bad[] = { good, good, good, good, good, good, good, good, good, good };
        double lsb_zero = 0, lsb_nan = NAN;
        Detector *untouched = (Detector*) &low, *d = untouched;

        bad[0].rate_hz = 249;
        bad[1].rate_hz = 16001;
        bad[2].rate_hz = NAN;
        bad[3].n_channels = 0;
        bad[4].n_channels = DETECT_CHANNELS_MAX + 1;
        bad[5].lsb_uv = &lsb_zero;
        bad[6].lsb_uv = &lsb_nan;
        bad[7].code_max = &low;
        bad[8].false_alarms_per_hour = 0;
        bad[9].code_min = NULL;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                ck_assert_int_eq(detector_new(bad + i, &d), -EINVAL);
                ck_assert_ptr_eq(d, untouched);
        }

        ck_assert_int_eq(detector_new(&good, &d), 0);
        DetectChannelStats s;
        ck_assert_int_eq(detector_get_channel_stats(d, 1, &s), -EINVAL);
        ck_assert_int_eq(detector_get_channel_stats(d, 0, &s), 0);
        ck_assert(isnan(s.noise_uv) && isnan(s.floor_uv));
        ck_assert_ptr_null(detector_free(d));
        ck_assert_ptr_null(detector_free(NULL));
}
END_TEST

/* Cutting the input differently changes nothing, to the last bit. */
START_TEST(block_size) {
        static const size_t blocks[] = { 1, 7, 64, 1000, 1u << 30 };
        static const double rates[] = { 250, 1000, 4000 };

        for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) {
                double rate = rates[k];
                size_t n = (size_t) (8 * rate);
                int32_t *x = new_signal(n, 3);

                seed(k);
                add_noise(x, n, 3, 2 * sqrt(rate / 1000));
                add_mains(x, n, 3, rate, 50.4, 60);
                for (unsigned i = 0; i < 9; i++)
                        add_twitch(x, n, 3, i % 3, rate, 3 + 0.51 * i, 40 + 10 * i);

                Reports *first = detect(rate, 3, x, n, blocks[0]);
                ck_assert_uint_ge(first->n_events, 8);
                for (size_t b = 1; b < sizeof blocks / sizeof blocks[0]; b++) {
                        Reports *other = detect(rate, 3, x, n, blocks[b]);
                        ck_assert_mem_eq(first, other, sizeof *first);
                        free(other);
                }
                free(first);
                free(x);
        }
}
END_TEST

/* Time and size of twitches of 20 sigma on the right channel, and nothing else. */
START_TEST(time_and_amplitude) {
        static const double rates[] = { 500, 1000, 2000, 2048, 3000, 16000 };

        for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) {
                double rate = rates[k], time_error = 0, amplitude_error = 0;
                size_t n = (size_t) (63 * rate), found = 0;
                unsigned expected = 100;
                int32_t *x = new_signal(n, 2);

                seed(100 + k);
                add_noise(x, n, 2, 2 * sqrt(rate / 1000));
                for (unsigned i = 0; i < expected; i++)
                        add_twitch(x, n, 2, i % 2, rate, 3 + 0.59 * i + 0.0001 * i, 40);
                Reports *r = detect(rate, 2, x, n, 333);

                for (unsigned i = 0; i < expected; i++)
                        for (size_t e = 0; e < r->n_events; e++) {
                                double error = r->events[e].peak / rate - (3 + 0.5901 * i);
                                if (fabs(error) > 0.01 || r->events[e].channels[0] != i % 2)
                                        continue;
                                ck_assert_uint_eq(r->events[e].n_channels, 1);
                                ck_assert(is_twitch(r->events + e));
                                time_error += fabs(error) < 0.002;
                                amplitude_error += r->events[e].amplitude_uv / 40 - 1;
                                found++;
                        }
                printf("%g Hz: %zu of %u found, %zu reported, %.0f %% within 2 ms, amplitude %+.1f %%\n", rate,
                       found, expected, r->n_events, 100 * time_error / (double) found,
                       100 * amplitude_error / (double) found);
                ck_assert_uint_eq(found, expected);
                ck_assert(time_error >= 0.95 * expected);
                ck_assert_uint_le(r->n_events, expected + 1);
                free(r);
                free(x);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("detect");
        TCase *t = tcase_create("detect");

        tcase_set_timeout(t, 300);
        tcase_add_test(t, words);
        tcase_add_test(t, bad_configuration);
        tcase_add_test(t, block_size);
        tcase_add_test(t, time_and_amplitude);
        suite_add_tcase(s, t);

        SRunner *sr = srunner_create(s);
        srunner_run_all(sr, CK_NORMAL);
        int failed = srunner_ntests_failed(sr);
        srunner_free(sr);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
