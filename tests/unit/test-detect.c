/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The detector on made-up signals with known contents. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

static bool is_twitch(const DetectEvent *e) {
        return e->kind == EVENT_FASCICULATION || e->kind == EVENT_DOUBLET || e->kind == EVENT_MULTIPLET;
}

/* --- signals --- */

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

        bad[0].rate_hz = 194;
        bad[1].rate_hz = 16801;
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

/* To the last bit; but not the padding of the structures. */
static void check_same(const Reports *a, const Reports *b) {
        ck_assert_uint_eq(a->n_events, b->n_events);
        ck_assert_uint_eq(a->n_artefacts, b->n_artefacts);
        for (size_t i = 0; i < a->n_events; i++) {
                const DetectEvent *x = a->events + i, *y = b->events + i;

                ck_assert_int_eq(x->kind, y->kind);
                ck_assert_uint_eq(x->n_channels, y->n_channels);
                ck_assert_mem_eq(x->channels, y->channels, x->n_channels * sizeof x->channels[0]);
                ck_assert_uint_eq(x->discharges, y->discharges);
                ck_assert(x->peak == y->peak && x->onset == y->onset && x->end == y->end);
                ck_assert(x->amplitude_uv == y->amplitude_uv && x->snr == y->snr);
        }
}

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
                        check_same(first, other);
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
                enum { EXPECTED = 80 };
                double peak_s[EXPECTED];
                int32_t *x = new_signal(n, 2);

                seed(100 + k);
                add_noise(x, n, 2, 2 * sqrt(rate / 1000));
                for (unsigned i = 0; i < EXPECTED; i++) {
                        peak_s[i] = 3 + 0.72 * i + 0.5 * uniform();     /* an even pace would be a heart */
                        add_twitch(x, n, 2, i % 2, rate, peak_s[i], 40);
                }
                Reports *r = detect(rate, 2, x, n, 333);

                for (unsigned i = 0; i < EXPECTED; i++)
                        for (size_t e = 0; e < r->n_events; e++) {
                                double error = r->events[e].peak / rate - peak_s[i];
                                if (fabs(error) > 0.01 || r->events[e].channels[0] != i % 2)
                                        continue;
                                ck_assert_uint_eq(r->events[e].n_channels, 1);
                                ck_assert(is_twitch(r->events + e));
                                time_error += fabs(error) < 0.002;
                                amplitude_error += r->events[e].amplitude_uv / 40 - 1;
                                found++;
                        }
                printf("%g Hz: %zu of %d found, %zu reported, %.0f %% within 2 ms, amplitude %+.1f %%\n", rate,
                       found, EXPECTED, r->n_events, 100 * time_error / (double) found,
                       100 * amplitude_error / (double) found);
                ck_assert_uint_eq(found, EXPECTED);
                ck_assert(time_error >= 0.95 * EXPECTED);
                ck_assert_uint_le(r->n_events, EXPECTED + 1);
                free(r);
                free(x);
        }
}
END_TEST

static size_t count_artefacts(const Reports *r, ArtefactCause cause) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_artefacts; i++)
                n += r->artefacts[i].cause == cause;
        return n;
}

/* The twitch of a channel whose peak is within 2 ms of the time, if any. */
static const DetectEvent* event_at(const Reports *r, unsigned channel, double frame, double rate_hz) {
        for (size_t i = 0; i < r->n_events; i++)
                if (r->events[i].channels[0] == channel && fabs(r->events[i].peak - frame) < 0.002 * rate_hz)
                        return r->events + i;
        return NULL;
}

/* Samples are missing: no twitch out of the seam, no exposure in it, later positions right. */
START_TEST(gap) {
        static const uint64_t gaps[] = { 1, 100, 5000, 60000 };
        enum { BEFORE = 10000, AFTER = 8000 };

        for (size_t k = 0; k < sizeof gaps / sizeof gaps[0]; k++) {
                size_t n = BEFORE + gaps[k] + AFTER;
                int32_t *x = new_signal(n, 1), *behind = x + BEFORE + gaps[k];

                seed(7);
                add_noise(x, n, 1, 2);
                add_mains(x, n, 1, 1000, 50, 30);
                for (size_t i = 0; i < AFTER; i++)
                        add_uv(behind + i, 20000);      /* another electrode potential */
                add_twitch(x, n, 1, 0, 1000, 5, 60);
                add_twitch(behind, AFTER, 1, 0, 1000, 5, 60);

                Reports *r = calloc(1, sizeof *r);
                Detector *d = new_detector(1000, 1, r);
                DetectChannelStats before, after;

                detector_push(d, x, NULL, BEFORE);
                detector_get_channel_stats(d, 0, &before);
                detector_gap(d, 0);
                detector_gap(d, gaps[k]);
                ck_assert_uint_eq(detector_position(d), BEFORE + gaps[k]);
                detector_push(d, behind, NULL, AFTER);
                detector_finish(d);
                detector_get_channel_stats(d, 0, &after);

                ck_assert_uint_eq(r->n_artefacts, 1);
                ck_assert_int_eq(r->artefacts[0].cause, ARTEFACT_GAP);
                ck_assert(r->artefacts[0].from == BEFORE && r->artefacts[0].to == (double) (BEFORE + gaps[k]));
                ck_assert_ptr_nonnull(event_at(r, 0, 5000, 1000));
                ck_assert_ptr_nonnull(event_at(r, 0, 15000 + (double) gaps[k], 1000));
                ck_assert_uint_eq(r->n_events, 2);

                /* What was learned survives a short gap; after a long one it is learned anew. */
                double resumed_s = after.exposure_s - before.exposure_s;
                ck_assert(resumed_s <= 7.95);
                ck_assert(gaps[k] > 10000 ? resumed_s >= 5.9 && resumed_s <= 6.1 : resumed_s >= 7.6);
                detector_free(d);
                free(r);
                free(x);
        }
}
END_TEST

/* A recording played after a silence gives the events of the file read from its beginning. */
START_TEST(silence_before) {
        enum { N = 12000, SILENCE = 30123 };
        int32_t *x = new_signal(N + SILENCE, 2), *recording = x + 2 * SILENCE;

        seed(8);
        add_noise(recording, N, 2, 2);
        add_mains(recording, N, 2, 1000, 60.1, 50);
        for (size_t i = 0; i < 2 * N; i++)
                add_uv(recording + i, -3000);
        for (unsigned i = 0; i < 8; i++)
                add_twitch(recording, N, 2, i % 2, 1000, 2.5 + i, 30);

        Reports *file = detect(1000, 2, recording, N, 100), *live = detect(1000, 2, x, N + SILENCE, 100);
        ck_assert_uint_ge(file->n_events, 8);
        ck_assert_uint_eq(live->n_events, file->n_events);
        for (size_t i = 0; i < file->n_events; i++) {
                ck_assert_int_eq(live->events[i].kind, file->events[i].kind);
                ck_assert_uint_eq(live->events[i].channels[0], file->events[i].channels[0]);
                ck_assert_double_eq_tol(live->events[i].peak - SILENCE, file->events[i].peak, 0.1);
                ck_assert_double_eq_tol(live->events[i].snr / file->events[i].snr, 1, 0.15);
        }
        free(file);
        free(live);
        free(x);
}
END_TEST

START_TEST(flat) {
        enum { N = 10000 };
        int32_t *x = new_signal(N, 2);
        Reports *r = calloc(1, sizeof *r);
        Detector *d = new_detector(1000, 2, r);
        DetectChannelStats s;

        seed(9);
        add_noise(x, N, 2, 2);
        for (size_t f = 0; f < N; f++)
                x[2 * f + 1] = 12345;
        detector_push(d, x, NULL, N);
        ck_assert_int_eq(detector_get_channel_stats(d, 0, &s), 0);
        ck_assert(!s.flat && s.exposure_s > 7.9);
        ck_assert_double_eq_tol(s.noise_uv, 2, 0.1);
        ck_assert_int_eq(detector_get_channel_stats(d, 1, &s), 0);
        ck_assert(s.flat && s.exposure_s == 0 && isnan(s.noise_uv));
        detector_finish(d);
        ck_assert_uint_eq(r->n_events, 0);
        detector_free(d);
        free(r);
        free(x);
}
END_TEST

/* A rail: one artefact, no twitch from its edges, a second of blank time. */
START_TEST(rail) {
        enum { N = 12000, FROM = 5000, TO = 5400 };
        int32_t *x = new_signal(N, 1);
        Reports *r;

        seed(10);
        add_noise(x, N, 1, 2);
        add_twitch(x, N, 1, 0, 1000, 4, 50);
        add_twitch(x, N, 1, 0, 1000, FROM / 1000.0 - 0.1, 50);          /* its forerunner: not believed */
        add_twitch(x, N, 1, 0, 1000, TO / 1000.0 + 0.5, 50);            /* in the blank time */
        add_twitch(x, N, 1, 0, 1000, 9, 50);
        for (size_t f = FROM; f < TO; f++)
                x[f] = f % 2 ? CODE_MAX : CODE_MAX - 3;
        r = detect(1000, 1, x, N, 50);

        ck_assert_uint_eq(r->n_artefacts, 1);
        ck_assert_uint_eq(r->n_notices, 3);             /* the forerunner's is withdrawn */
        ck_assert_uint_eq(r->artefacts[0].id, r->notices[1].id);
        ck_assert_int_eq(r->artefacts[0].cause, ARTEFACT_SATURATION);
        ck_assert(r->artefacts[0].from == FROM && r->artefacts[0].to == TO);
        ck_assert_ptr_nonnull(event_at(r, 0, 4000, 1000));
        ck_assert_ptr_nonnull(event_at(r, 0, 9000, 1000));
        ck_assert_uint_eq(r->n_events, 2);
        free(r);
        free(x);
}
END_TEST

START_TEST(lead_off) {
        enum { N = 12000 };
        int32_t *x = new_signal(N, 2);
        uint8_t *flags = calloc(2 * N, 1);
        Reports *r = calloc(1, sizeof *r);
        Detector *d = new_detector(1000, 2, r);
        DetectChannelStats s;

        seed(11);
        add_noise(x, N, 2, 2);
        for (size_t f = 6000; f < N; f++) {
                flags[2 * f + 1] = f < 8000 || f >= 11900 ? DETECT_SAMPLE_LEAD_OFF : 0;
                if (flags[2 * f + 1])
                        add_uv(x + 2 * f + 1, 3000 * sin((double) f));
        }
        detector_push(d, x, flags, N);
        detector_get_channel_stats(d, 1, &s);
        ck_assert(s.lead_off);
        /* not the 0.2 s before an electrode is off either */
        ck_assert(s.exposure_s > 6 - 2.2 + 2.6 && s.exposure_s < 6 - 2.1 + 2.8);
        detector_get_channel_stats(d, 0, &s);
        ck_assert(!s.lead_off && s.exposure_s > 9.9);
        detector_finish(d);
        ck_assert_uint_eq(r->n_events, 0);
        ck_assert_uint_eq(count_artefacts(r, ARTEFACT_LEAD_OFF), 2);
        ck_assert(r->artefacts[0].from == 6000 && r->artefacts[0].to == 8000);
        ck_assert(r->artefacts[1].from == 11900 && r->artefacts[1].to == N);
        detector_free(d);
        free(r);
        free(flags);
        free(x);
}
END_TEST

/*
 * The knob is right: at 30 allowed an hour (so that hours are enough to count) in white and
 * in 1/f noise, at rates with and without decimation, and just after the start, again and again.
 */
START_TEST(false_alarms) {
        static const struct { double rate_hz, hours, corner_hz, restart_s; } cases[] = {
                { 1000, 4, 0, 0 }, { 1000, 4, 100, 0 }, { 250, 8, 40, 0 }, { 4000, 0.6, 100, 0 }, { 1000, 1, 0, 6 },
        };
        enum { CHANNELS = 8, BLOCK = 500, OCTAVES = 6 };
        const double allowed = 30;

        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
                double rate = cases[k].rate_hz, exposure_s = 0;
                size_t n = 0, wrong_start = 0;
                static double state[CHANNELS][OCTAVES];
                static int32_t x[BLOCK * CHANNELS];
                double lsb_uv[CHANNELS];
                int32_t low[CHANNELS], high[CHANNELS];
                Reports *r = calloc(1, sizeof *r);
                Detector *d = NULL;

                for (unsigned c = 0; c < CHANNELS; c++) {
                        lsb_uv[c] = LSB_UV;
                        low[c] = CODE_MIN;
                        high[c] = CODE_MAX;
                }
                DetectConfig config = {
                        .rate_hz = rate, .n_channels = CHANNELS, .lsb_uv = lsb_uv, .code_min = low, .code_max = high,
                        .false_alarms_per_hour = allowed, .on_event = recorder_event, .userdata = r,
                };

                seed(1000 + k);
                size_t blocks = (size_t) (cases[k].hours * 3600 * rate / CHANNELS / BLOCK);
                for (size_t b = 0; b < blocks; b++) {
                        for (size_t i = 0; i < BLOCK; i++)
                                for (unsigned c = 0; c < CHANNELS; c++) {
                                        double v = gaussian(), corner = 1;
                                        /* first-order noises an octave and a half apart add up to 1/f */
                                        for (unsigned o = 0; cases[k].corner_hz > 0 && o < OCTAVES; o++, corner *= 3) {
                                                double p = exp(-2 * M_PI * corner / rate);
                                                state[c][o] = p * state[c][o] + sqrt(1 - p * p) * gaussian();
                                                v += sqrt(4 * cases[k].corner_hz / rate) * state[c][o];
                                        }
                                        x[i * CHANNELS + c] = (int32_t) lround(2 * v / LSB_UV);
                                }
                        if (!d)
                                ck_assert_int_eq(detector_new(&config, &d), 0);
                        detector_push(d, x, NULL, BLOCK);

                        bool last = b + 1 == blocks ||
                                (cases[k].restart_s > 0 && (double) detector_position(d) >= cases[k].restart_s * rate);
                        if (!last)
                                continue;
                        detector_finish(d);
                        for (unsigned c = 0; c < CHANNELS; c++) {
                                DetectChannelStats s;
                                detector_get_channel_stats(d, c, &s);
                                exposure_s += s.exposure_s;
                        }
                        for (size_t i = 0; i < r->n_events; i++)
                                wrong_start += r->events[i].peak < 1.9 * rate;
                        n += r->n_events;
                        r->n_events = 0;
                        d = detector_free(d);
                }
                double per_hour = (double) n / (exposure_s / 3600);
                printf("%g Hz, white noise and 1/f below %g Hz%s: %.1f false alarms per hour of %g allowed (%zu in %.1f h)\n", rate,
                       cases[k].corner_hz, cases[k].restart_s > 0 ? ", always just started" : "", per_hour, allowed,
                       n, exposure_s / 3600);
                ck_assert(per_hour <= 2 * allowed);
                if (cases[k].restart_s == 0)
                        ck_assert(per_hour >= 0.3 * allowed);
                ck_assert_uint_eq(wrong_start, 0);
                free(r);
        }
}
END_TEST

/* 100 uV of hum, a frequency nobody told: noise and floor as without. */
START_TEST(mains) {
        static const double hums_hz[] = { 50, 48.8, 50.15, 51.2, 60, 58.6, 60.2, 61.4 };
        static const double rates_hz[] = { 250, 1000, 2000 };

        for (size_t i = 0; i < sizeof rates_hz / sizeof rates_hz[0]; i++) {
                double rate = rates_hz[i], quiet_uv = 0, quiet_floor_uv = 0, worst = 0, worst_floor = 0;
                size_t n = (size_t) (30 * rate);

                for (size_t k = 0; k <= sizeof hums_hz / sizeof hums_hz[0]; k++) {
                        int32_t *x = new_signal(n, 2);
                        Reports *r = calloc(1, sizeof *r);
                        Detector *d = new_detector(rate, 2, r);
                        DetectChannelStats s;

                        seed(12);
                        add_noise(x, n, 2, 2);
                        if (k > 0)
                                add_mains(x, n, 2, rate, hums_hz[k - 1], 100);
                        add_twitch(x, n, 2, 0, rate, 20, 60);
                        detector_push(d, x, NULL, n);
                        detector_finish(d);
                        detector_get_channel_stats(d, 0, &s);
                        if (k == 0) {
                                quiet_uv = s.noise_uv;
                                quiet_floor_uv = s.floor_uv;
                        }
                        worst = fmax(worst, s.noise_uv / quiet_uv);
                        worst_floor = fmax(worst_floor, s.floor_uv / quiet_floor_uv);
                        ck_assert_uint_eq(r->n_events, 1);      /* nor an alarm while it is being learned */
                        ck_assert(fabs(r->events[0].peak / rate - 20) < 0.5 / rate + 0.001);
                        detector_free(d);
                        free(r);
                        free(x);
                }
                printf("%g Hz: mains of 100 uV raise the noise by %.1f %%, the floor by %.1f %%\n", rate,
                       100 * (worst - 1), 100 * (worst_floor - 1));
                ck_assert(worst < 1.1 && worst_floor < 1.15);
        }
}
END_TEST

/* A net whose frequency drifts steadily is followed without lag: the noise stays what it is. */
START_TEST(mains_drift) {
        enum { N = 40000 };
        double noise_uv[2];

        for (unsigned hum = 0; hum < 2; hum++) {
                int32_t *x = new_signal(N, 1);
                Reports *r = calloc(1, sizeof *r);
                Detector *d = new_detector(1000, 1, r);
                DetectChannelStats s;

                seed(40);
                add_noise(x, N, 1, 2);
                for (size_t f = 0; f < N && hum; f++) {
                        double t = (double) f / 1000, phase = 2 * M_PI * (50 * t + 0.007 * t * t / 2);
                        add_uv(x + f, 100 * sin(phase) + 30 * sin(3 * phase) + 15 * sin(5 * phase));
                }
                detector_push(d, x, NULL, N);
                detector_finish(d);
                detector_get_channel_stats(d, 0, &s);
                ck_assert_uint_eq(r->n_events, 0);
                noise_uv[hum] = s.noise_uv;
                detector_free(d);
                free(r);
                free(x);
        }
        printf("mains of 100 uV drifting by 7 mHz/s raise the noise by %.1f %%\n", 100 * (noise_uv[1] / noise_uv[0] - 1));
        ck_assert(noise_uv[1] < 1.04 * noise_uv[0]);
}
END_TEST

/* Two converters that take turns and differ: what alternates from sample to sample is no noise. */
START_TEST(alternation) {
        enum { N = 20000 };
        int32_t *x = new_signal(N, 1);
        Reports *r = calloc(1, sizeof *r);
        Detector *d = new_detector(1000, 1, r);
        DetectChannelStats s;

        seed(41);
        add_noise(x, N, 1, 2);
        for (size_t f = 0; f < N; f++)
                add_uv(x + f, f % 2 ? 8 : -8);
        detector_push(d, x, NULL, N);
        detector_finish(d);
        detector_get_channel_stats(d, 0, &s);
        ck_assert_uint_eq(r->n_events, 0);
        ck_assert_double_eq_tol(s.noise_uv, 2, 0.1);
        detector_free(d);
        free(r);
        free(x);
}
END_TEST

static void check_kind(const int32_t *x, size_t n, EventKind kind, unsigned discharges, double peak_frame) {
        Reports *r = detect(1000, 1, x, n, 100);

        ck_assert_uint_eq(r->n_events, 1);
        ck_assert_msg(r->events[0].kind == kind, "is %s", event_kind_to_string(r->events[0].kind));
        ck_assert_uint_eq(r->events[0].discharges, discharges);
        ck_assert_double_eq_tol(r->events[0].peak, peak_frame, 1.5);
        ck_assert_uint_eq(r->n_artefacts, 0);
        free(r);
}

/* Discharges of one unit at most 110 ms apart are one event, at the time of the first. */
START_TEST(doublet_and_multiplet) {
        static const double apart_s[] = { 0.020, 0.032, 0.080, 0.105 };
        enum { N = 8000 };

        for (size_t k = 0; k < sizeof apart_s / sizeof apart_s[0]; k++)
                for (unsigned count = 1; count <= 4; count++) {
                        int32_t *x = new_signal(N, 1);

                        seed(20 + k);
                        add_noise(x, N, 1, 2);
                        for (unsigned i = 0; i < count; i++)
                                add_twitch(x, N, 1, 0, 1000, 5 + i * apart_s[k], 80 - 5 * i);
                        check_kind(x, N, count == 1 ? EVENT_FASCICULATION : count == 2 ? EVENT_DOUBLET : EVENT_MULTIPLET,
                                   count, 5000);
                        free(x);
                }

        int32_t *x = new_signal(N, 1);
        add_noise(x, N, 1, 2);
        add_twitch(x, N, 1, 0, 1000, 5, 80);
        add_twitch(x, N, 1, 0, 1000, 5.13, 80);
        Reports *r = detect(1000, 1, x, N, 100);
        ck_assert_uint_eq(r->n_events, 2);
        free(r);
        free(x);
}
END_TEST

/* What two neighbouring electrodes see 5 ms apart is one event; far ones are not. */
START_TEST(neighbours) {
        enum { N = 8000, CHANNELS = 5 };
        int32_t *x = new_signal(N, CHANNELS);

        seed(30);
        add_noise(x, N, CHANNELS, 2);
        add_twitch(x, N, CHANNELS, 1, 1000, 4.005, 60);
        add_twitch(x, N, CHANNELS, 2, 1000, 4.000, 100);
        add_twitch(x, N, CHANNELS, 3, 1000, 4.004, -40);        /* from beyond the end-plates it is turned over */
        add_twitch(x, N, CHANNELS, 0, 1000, 6, 60);
        add_twitch(x, N, CHANNELS, 4, 1000, 6.004, 60);

        Reports *r = detect(1000, CHANNELS, x, N, 100);
        ck_assert_uint_eq(r->n_events, 3);
        ck_assert_uint_eq(r->events[0].n_channels, 3);
        ck_assert_uint_eq(r->events[0].channels[0], 2);
        ck_assert_uint_eq(r->events[0].channels[1], 1);
        ck_assert_uint_eq(r->events[0].channels[2], 3);
        ck_assert_double_eq_tol(r->events[0].lags[1], 5, 0.5);
        ck_assert_double_eq_tol(r->events[0].lags[2], 4, 0.5);
        ck_assert_double_eq_tol(r->events[0].peak, 4000, 1);
        ck_assert_double_eq_tol(r->events[0].amplitude_uv, 100, 8);
        ck_assert_uint_eq(r->events[1].n_channels, 1);
        ck_assert_uint_eq(r->events[2].n_channels, 1);
        free(r);
        free(x);
}
END_TEST

/* The same on all channels at once is not a muscle. */
START_TEST(common) {
        enum { N = 8000, CHANNELS = 4 };
        int32_t *x = new_signal(N, CHANNELS);

        seed(31);
        add_noise(x, N, CHANNELS, 2);
        for (unsigned c = 0; c < CHANNELS; c++)
                add_twitch(x, N, CHANNELS, c, 1000, 5, 80);
        Reports *r = detect(1000, CHANNELS, x, N, 100);
        ck_assert_uint_eq(r->n_events, 0);
        ck_assert_uint_eq(r->n_artefacts, 1);
        ck_assert_int_eq(r->artefacts[0].cause, ARTEFACT_COMMON);
        ck_assert_uint_eq(r->artefacts[0].n_channels, CHANNELS);
        ck_assert(r->artefacts[0].from < 5000 && r->artefacts[0].to > 5000);
        free(r);
        free(x);
}
END_TEST

/* A sample or less is no muscle either. */
START_TEST(spike) {
        static const double rates_hz[] = { 1000, 2000, 8000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                size_t n = (size_t) (12 * rates_hz[k]);
                int32_t *x = new_signal(n, 1);

                seed(36);
                add_noise(x, n, 1, 2);
                for (unsigned i = 0; i < 4; i++)
                        add_uv(x + (size_t) ((3 + i * i * 0.7) * rates_hz[k]), 200 * rates_hz[k] / 1000);
                add_twitch(x, n, 1, 0, rates_hz[k], 11, 60);
                Reports *r = detect(rates_hz[k], 1, x, n, 100);
                ck_assert_uint_eq(r->n_events, 1);
                ck_assert_uint_eq(count_artefacts(r, ARTEFACT_SPIKE), 4);
                free(r);
                free(x);
        }
}
END_TEST

/* Nor are two or three milliseconds from which nothing follows: a contact that opens. */
START_TEST(pop) {
        static const double rates_hz[] = { 1000, 2000, 8000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                size_t n = (size_t) (12 * rates_hz[k]);
                int32_t *x = new_signal(n, 1);

                seed(37);
                add_noise(x, n, 1, 2);
                for (unsigned i = 0; i < 4; i++) {
                        size_t at = (size_t) ((3 + i * i * 0.7) * rates_hz[k]), length = (size_t) ((2 + i % 2) * rates_hz[k] / 1000);
                        for (size_t j = 0; j < length; j++)
                                add_uv(x + at + j, i < 2 ? 100 : -300);
                }
                add_twitch(x, n, 1, 0, rates_hz[k], 11, 60);
                Reports *r = detect(rates_hz[k], 1, x, n, 100);
                ck_assert_uint_eq(r->n_events, 1);
                ck_assert_uint_eq(count_artefacts(r, ARTEFACT_SPIKE), 4);
                free(r);
                free(x);
        }
}
END_TEST

/* Jumps of the electrode potential, and slow sway, are not twitches. */
START_TEST(jump) {
        enum { N = 20000 };
        int32_t *x = new_signal(N, 1);

        seed(32);
        add_noise(x, N, 1, 2);
        for (size_t f = 0; f < N; f++) {
                double t = (double) f / 1000;

                add_uv(x + f, 300 * sin(2 * M_PI * 0.7 * t));
                for (unsigned k = 0; k < 5; k++)
                        if (t >= 4 + 3 * k)
                                add_uv(x + f, (k % 2 ? -100.0 : 100.0) * (k + 1) * exp(-(t - 4 - 3 * k) / 0.5));
        }
        Reports *r = detect(1000, 1, x, N, 100);
        ck_assert_uint_eq(r->n_events, 0);
        ck_assert_uint_eq(count_artefacts(r, ARTEFACT_MOTION), 5);
        free(r);
        free(x);
}
END_TEST

/* Three seconds of activity: one contraction, no twitch, and its time is no rest. */
START_TEST(contraction) {
        enum { N = 20000, FROM = 8000, TO = 11000 };
        int32_t *x = new_signal(N, 1);
        Reports *r = calloc(1, sizeof *r);
        Detector *d = new_detector(1000, 1, r);
        DetectChannelStats s;
        double length_s = 0;

        seed(33);
        add_noise(x, N, 1, 2);
        add_noise(x + FROM, TO - FROM, 1, 60);
        add_twitch(x, N, 1, 0, 1000, 6, 50);
        add_twitch(x, N, 1, 0, 1000, 14, 50);
        detector_push(d, x, NULL, N);
        detector_finish(d);

        for (size_t i = 0; i < r->n_events; i++)
                if (r->events[i].kind == EVENT_CONTRACTION)
                        length_s += (r->events[i].end - r->events[i].onset) / 1000;
                else
                        ck_assert(r->events[i].peak < FROM - 500 || r->events[i].peak > TO + 500);
        ck_assert_ptr_nonnull(event_at(r, 0, 6000, 1000));
        ck_assert_ptr_nonnull(event_at(r, 0, 14000, 1000));
        ck_assert(length_s > 2.8 && length_s < 4.2);
        detector_get_channel_stats(d, 0, &s);
        ck_assert(s.exposure_s > 12.5 && s.exposure_s < 14.2);       /* without half a second on either side */
        ck_assert_double_eq_tol(s.noise_uv, 2, 0.2);
        detector_free(d);
        free(r);
        free(x);
}
END_TEST

static size_t count_twitches(const Reports *r, double from_frame) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_events; i++)
                n += is_twitch(r->events + i) && r->events[i].peak >= from_frame;
        return n;
}

/* A unit that discharges eight times a second about as high as the threshold: only some cross it. */
START_TEST(faint_train) {
        enum { N = 40000 };
        int32_t *x = new_signal(N, 1);
        double t = 10;

        seed(42);
        add_noise(x, N, 1, 2);
        while (t < 30) {
                add_twitch(x, N, 1, 0, 1000, t, 9 + 3 * uniform());
                t += 0.125 * (1 + 0.15 * gaussian());
        }
        add_twitch(x, N, 1, 0, 1000, 37, 50);
        Reports *r = detect(1000, 1, x, N, 100);
        unsigned discharges = 0;
        for (size_t i = 0; i < r->n_events; i++)
                discharges += r->events[i].kind == EVENT_UNIT_TRAIN ? r->events[i].discharges : 0;
        ck_assert_uint_gt(discharges, 10);
        ck_assert_ptr_nonnull(event_at(r, 0, 37000, 1000));
        printf("faint unit train: %zu of %zu events called twitches\n", count_twitches(r, 0) - 1, r->n_events);
        ck_assert_uint_le(count_twitches(r, 0) - 1, 3);
        free(r);
        free(x);
}
END_TEST

/* A QRS complex, without the slow waves around it. */
/* What noise nearly lifts over the threshold is no train around a twitch that is hardly larger. */
START_TEST(faint_singles) {
        enum { RATE = 2000, SECONDS = 320, CHANNELS = 8, N = RATE * SECONDS };
        int32_t *x = new_signal(N, CHANNELS);
        unsigned trains = 0, twitches = 0;

        seed(161);
        add_noise(x, N, CHANNELS, 3);
        for (unsigned c = 0; c < CHANNELS; c++)
                for (double t = 4 + 0.2 * c; t < SECONDS - 2; t += 1.6 + 0.2 * uniform())
                        add_twitch(x, N, CHANNELS, c, RATE, t, 9.5 + 3 * uniform());
        Reports *r = detect(RATE, CHANNELS, x, N, 1000);
        for (size_t i = 0; i < r->n_events; i++) {
                twitches += is_twitch(r->events + i);
                trains += r->events[i].kind == EVENT_UNIT_TRAIN;
        }
        printf("of faint twitches %u reported as such, %u as trains\n", twitches, trains);
        ck_assert_uint_gt(twitches, 200);
        ck_assert_uint_le(trains, twitches / 1000);
        free(r);
        free(x);
}
END_TEST

static double qrs(double t_s) {
        return exp(-pow(t_s / 0.010, 2) / 2) - 0.25 * exp(-pow((t_s - 0.030) / 0.010, 2) / 2) -
                0.15 * exp(-pow((t_s + 0.028) / 0.008, 2) / 2);
}

/* Heartbeats are known as such after a few, and then no more to be seen; a unit that happens to twitch evenly is none. */
START_TEST(heart_and_even_unit) {
        enum { N = 60000 };

        for (unsigned unit = 0; unit < 2; unit++) {
                int32_t *x = new_signal(N, 1);
                size_t beats = 0;

                seed(43);
                add_noise(x, N, 1, 2);
                for (double t = 3; t < 58; t += 0.85 * (1 + 0.03 * gaussian()), beats++)
                        if (unit)
                                add_twitch(x, N, 1, 0, 1000, t, 60);
                        else
                                for (int i = -80; i <= 80; i++)
                                        add_uv(x + (size_t) (1000 * t) + i, 200 * qrs(i / 1000.0));
                Reports *r = detect(1000, 1, x, N, 100);
                printf("%zu %s: %zu called twitches, %zu heartbeats\n", beats, unit ? "even twitches" : "heartbeats",
                       count_twitches(r, 0), count_artefacts(r, ARTEFACT_ECG));
                if (unit) {
                        ck_assert_uint_eq(count_twitches(r, 0), beats);
                } else {
                        ck_assert_uint_le(count_twitches(r, 0), 3);
                        ck_assert_uint_ge(count_artefacts(r, ARTEFACT_ECG), 3);
                        ck_assert_uint_le(count_artefacts(r, ARTEFACT_ECG) + r->n_events, 16);
                        for (size_t i = 0; i < r->n_events; i++)
                                ck_assert(r->events[i].peak < 16000);
                }
                free(r);
                free(x);
        }
}
END_TEST

/*
 * One heart on eight channels, large on some, hardly out of the noise on others: no twitch of it, the floor as
 * without it, and twitches between the beats are found.
 */
START_TEST(heart_on_all_channels) {
        enum { N = 120000, CHANNELS = 8, TWITCHES = 40 };
        double floor_uv[2], peak_s[TWITCHES];

        for (unsigned heart = 0; heart < 2; heart++) {
                int32_t *x = new_signal(N, CHANNELS);
                Reports *r = calloc(1, sizeof *r);
                Detector *d = new_detector(1000, CHANNELS, r);
                DetectChannelStats s;
                size_t found = 0, wrong = 0;

                seed(45);
                add_noise(x, N, CHANNELS, 5);
                for (unsigned i = 0; i < TWITCHES; i++) {
                        peak_s[i] = 10 + 2.6 * i + 2 * uniform();
                        add_twitch(x, N, CHANNELS, i % CHANNELS, 1000, peak_s[i], 100);
                }
                for (double t = 3; t < 118 && heart; t += 0.8 * (1 + 0.03 * gaussian()))
                        for (unsigned c = 0; c < CHANNELS; c++)
                                for (int i = -80; i <= 80; i++)
                                        add_uv(x + (size_t) (1000 * t + i + 2 * c) * CHANNELS + c,
                                               (c % 2 ? -40.0 : 40.0) * (c + 1) * qrs(i / 1000.0));
                detector_push(d, x, NULL, N);
                detector_finish(d);
                detector_get_channel_stats(d, 5, &s);
                floor_uv[heart] = s.floor_uv;
                for (size_t e = 0; e < r->n_events; e++) {
                        bool right = false;
                        for (unsigned i = 0; i < TWITCHES; i++)
                                right = right || fabs(r->events[e].peak / 1000 - peak_s[i]) < 0.025;
                        found += is_twitch(r->events + e) && right;
                        wrong += is_twitch(r->events + e) && !right;
                }
                printf("%s: %zu of %d twitches found, %zu wrong, floor %.1f uV\n", heart ? "heart" : "no heart", found,
                       TWITCHES, wrong, s.floor_uv);
                ck_assert_uint_ge(found, heart ? TWITCHES * 7 / 10 : TWITCHES);   /* the rest coincide with a beat */
                ck_assert_uint_le(wrong, heart ? 4 : 0);
                detector_free(d);
                free(r);
                free(x);
        }
        ck_assert(floor_uv[1] < 1.1 * floor_uv[0]);
}
END_TEST

/* A heartbeat in all channels, in each another size and sign. */
static void add_beat(int32_t *x, unsigned n_channels, double time_s, double uv) {
        for (int i = -80; i <= 80; i++)
                for (unsigned c = 0; c < n_channels; c++) {
                        double frame = round(1000 * time_s) + i;

                        add_uv(x + (size_t) frame * n_channels + c,
                               (c % 2 ? -1 : 1) * uv * (1 + 0.3 * c) * qrs(frame / 1000 - time_s));
                }
}

/* The heart is taken out of the signal: what happens under a beat is seen, in one channel and in several. */
START_TEST(twitch_under_beat) {
        enum { N = 120000, TWITCHES = 40 };

        for (unsigned channels = 1; channels <= 4; channels += 3) {
                int32_t *x = new_signal(N, channels);
                double twitches_s[TWITCHES];
                unsigned n_beats = 0, found = 0;

                seed(46);
                add_noise(x, N, channels, 2);
                for (double t = 3; t < 118; t += 0.9 * (1 + 0.03 * gaussian()), n_beats++) {
                        add_beat(x, channels, t, 200);
                        if (n_beats >= 30 && n_beats % 2 && (n_beats - 30) / 2 < TWITCHES) {
                                unsigned i = (n_beats - 30) / 2;

                                twitches_s[i] = t - 0.06 + 0.12 * i / (TWITCHES - 1);
                                add_twitch(x, N, channels, channels - 1, 1000, twitches_s[i], 50);
                        }
                }
                Reports *r = detect(1000, channels, x, N, 100);
                for (unsigned i = 0; i < TWITCHES; i++) {
                        const DetectEvent *e = event_at(r, channels - 1, 1000 * twitches_s[i], 1000);
                        found += e && is_twitch(e);
                }
                printf("%u channels: %u of %u twitches under heartbeats found, %zu events in %u beats\n", channels, found,
                       (unsigned) TWITCHES, r->n_events, n_beats);
                ck_assert_uint_ge(found, TWITCHES - 3);
                ck_assert_uint_le(count_twitches(r, 12000), TWITCHES + 1);

                Reports *one = detect(1000, channels, x, N, 1);
                check_same(r, one);
                free(one);
                free(r);
                free(x);
        }
}
END_TEST

/*
 * Once the heart is subtracted, what a unit does in groups is as whole as without it, wherever in the beat it falls: long
 * ones, and such as melt into one with the beat before that is taken out.
 */
START_TEST(groups_beside_beats) {
        static const struct { unsigned members; double apart_s, uv; } groups[] = { { 4, 0.050, 60 }, { 3, 0.022, 25 } };
        enum { N = 120000, GROUPS = 45 };
        unsigned undisturbed = 0;

        for (unsigned k = 0; k < 4; k++) {
                unsigned heart = k % 2, members = groups[k / 2].members, whole = 0;
                int32_t *x = new_signal(N, 2);

                seed(48);
                add_noise(x, N, 2, 2);
                for (double t = 3; t < 118 && heart; t += 0.8 * (1 + 0.03 * gaussian()))
                        add_beat(x, 2, t, 200);
                for (unsigned i = 0; i < GROUPS; i++)
                        for (unsigned m = 0; m < members; m++)
                                add_twitch(x, N, 2, i % 2, 1000, 15 + 2.3 * i + 0.07 * (i % 8) + groups[k / 2].apart_s * m,
                                           groups[k / 2].uv);
                Reports *r = detect(1000, 2, x, N, 100);
                for (unsigned i = 0; i < GROUPS; i++) {
                        double peak = 1000 * (15 + 2.3 * i + 0.07 * (i % 8));
                        const DetectEvent *e = event_at(r, i % 2, peak, 1000);
                        if (!e) /* noise may make the second lobe the larger one */
                                e = event_at(r, i % 2, peak + 4, 1000);
                        whole += e && e->kind == EVENT_MULTIPLET && e->discharges == members;
                }
                printf("%s: %u of %d groups whole, %zu twitches\n", heart ? "heart" : "no heart", whole, GROUPS,
                       count_twitches(r, 14000));
                if (!heart)
                        undisturbed = whole;
                ck_assert_uint_ge(whole, heart ? undisturbed - 1 : GROUPS - 4);
                ck_assert_uint_le(count_twitches(r, 14000), GROUPS + 3);
                free(r);
                free(x);
        }
}
END_TEST

/* The electrodes are moved: another shape, learned anew. Then there is no heart at all, and nothing is made of what was. */
START_TEST(heart_changes) {
        enum { N = 120000, MOVED = 40, STOPPED = 80 };
        int32_t *x = new_signal(N, 2);

        seed(47);
        add_noise(x, N, 2, 2);
        for (double t = 3; t < STOPPED; t += 0.8 * (1 + 0.03 * gaussian())) {
                add_beat(x, 2, t, t < MOVED ? 200 : -100);
                if (t >= MOVED)
                        add_beat(x, 2, t + 0.035, 60);
        }
        for (unsigned i = 0; i < 20; i++)
                add_twitch(x, N, 2, 1, 1000, STOPPED + 2 + 1.8 * i + 0.2 * uniform(), 40);
        Reports *r = detect(1000, 2, x, N, 100);
        size_t settled = 0, learning = 0;
        for (size_t i = 0; i < r->n_events; i++) {
                settled += (r->events[i].peak > 15000 && r->events[i].peak < 1000 * MOVED) ||
                        (r->events[i].peak > 1000 * MOVED + 25000 && r->events[i].peak < 1000 * STOPPED);
                learning += is_twitch(r->events + i) && r->events[i].peak < 1000 * STOPPED;
        }
        printf("a heart that changes: %zu events while it is known, %zu twitches; %zu of 20 without it\n", settled, learning,
               count_twitches(r, 1000 * STOPPED + 1000));
        ck_assert_uint_eq(settled, 0);
        ck_assert_uint_le(learning, 4);
        ck_assert_uint_eq(count_twitches(r, 1000 * STOPPED + 1000), 20);
        free(r);
        free(x);
}
END_TEST

/* A cable moves: whatever the high-pass makes of it, it is no twitch; a twitch a little later is. */
START_TEST(movement) {
        enum { N = 140000, MOVES = 12 };
        int32_t *x = new_signal(N, 1);
        unsigned found = 0;

        seed(48);
        add_noise(x, N, 1, 2);
        for (unsigned i = 0; i < MOVES; i++) {
                double from_s = 15 + 10 * i, decay_s = i % 3 ? 0.08 * (i % 3) : 0.5, sway_hz = i % 2 ? 0 : 2 + i / 3.0;

                for (int k = 0; k < (sway_hz > 0 ? 2000 : 5000); k++) {
                        double t = k / 1000.0;
                        double v = sway_hz > 0 ? 400 * pow(sin(M_PI * t / 2), 2) * sin(2 * M_PI * sway_hz * t) :
                                (i % 4 == 1 ? -600 : 600) * (1 - exp(-t / 0.004)) * exp(-t / decay_s);

                        add_uv(x + (size_t) (1000 * from_s) + k, v);
                }
                add_twitch(x, N, 1, 0, 1000, from_s + 6, 40);
        }
        Reports *r = detect(1000, 1, x, N, 100);
        for (unsigned i = 0; i < MOVES; i++) {
                const DetectEvent *e = event_at(r, 0, 1000 * (15 + 10 * i + 6), 1000);
                found += e && is_twitch(e);
        }
        printf("movements: %u of %u twitches between them found, %zu more, %zu called movements\n", found, (unsigned) MOVES,
               count_twitches(r, 0) - found, count_artefacts(r, ARTEFACT_MOTION));
        ck_assert_uint_eq(found, MOVES);
        ck_assert_uint_eq(count_twitches(r, 0), MOVES);
        ck_assert_uint_ge(count_artefacts(r, ARTEFACT_MOTION), MOVES / 2);
        free(r);
        free(x);
}
END_TEST

/*
 * Small movements that begin softly are none of the jumps that are known by their figure; a heart is no excuse for them.
 * Nor is it a movement: twitches at any time of the beat are found.
 */
START_TEST(movement_beside_heart) {
        enum { N = 260000, MOVES = 24, QUIET_S = 140 };

        for (unsigned heart = 0; heart < 2; heart++) {
                int32_t *x = new_signal(N, 1);
                double twitches_s[N / 1000];
                unsigned n_beats = 0, n_twitches = 0, found = 0;
                size_t moved = 0;

                seed(50);
                add_noise(x, N, 1, 2);
                for (double t = 3; t < 258; t += 0.8 * (1 + 0.03 * gaussian())) {
                        if (t > QUIET_S && n_beats++ % 2 == 0) {
                                twitches_s[n_twitches] = t - 0.3 + 0.01 * (n_twitches % 70);
                                add_twitch(x, N, 1, 0, 1000, twitches_s[n_twitches++], 30);
                        }
                        if (!heart)
                                continue;
                        add_beat(x, 1, t, 200);
                        for (int i = -200; i < 200; i++)
                                add_uv(x + (size_t) (1000 * (t + 0.26)) + i, 60 * exp(-pow(i / 45.0, 2) / 2));
                }
                for (unsigned i = 0; i < MOVES; i++)
                        for (int k = 0; k < 2000; k++)
                                add_uv(x + 20000 + 5000 * i + k, 200 * (1 - exp(-k / 8.0)) * exp(-k / 150.0));
                Reports *r = detect(1000, 1, x, N, 100);
                for (size_t i = 0; i < r->n_events; i++)
                        moved += is_twitch(r->events + i) && r->events[i].peak > 10000 && r->events[i].peak < 1000.0 * (QUIET_S - 1);
                for (unsigned i = 0; i < n_twitches; i++) {
                        const DetectEvent *e = event_at(r, 0, 1000 * twitches_s[i], 1000);
                        found += e && is_twitch(e);
                }
                printf("%s: %zu of %d soft movements called twitches, %u of %u twitches found\n", heart ? "heart" : "no heart",
                       moved, MOVES, found, n_twitches);
                ck_assert_uint_le(moved, heart ? 1 : 0);
                ck_assert_uint_ge(found, n_twitches - n_twitches / 16);
                free(r);
                free(x);
        }
}
END_TEST

/* A tenth of a second of many units is not a multiplet, and what follows at once is not rest. */
START_TEST(burst) {
        enum { N = 30000, BURSTS = 8 };
        int32_t *x = new_signal(N, 1);

        seed(44);
        add_noise(x, N, 1, 2);
        for (unsigned i = 0; i < BURSTS; i++) {
                for (unsigned k = 0; k < 12; k++) {
                        double time_s = 4 + 3 * i + 0.1 * uniform();

                        add_twitch(x, N, 1, 0, 1000, time_s, 50 + 100 * uniform());
                }
                add_twitch(x, N, 1, 0, 1000, 4 + 3 * i + 0.4, 50);
                add_twitch(x, N, 1, 0, 1000, 4 + 3 * i + 1.5, 50);
        }
        Reports *r = detect(1000, 1, x, N, 100);
        unsigned wrong = 0;
        for (unsigned i = 0; i < BURSTS; i++) {
                const DetectEvent *after = event_at(r, 0, 4400 + 3000 * i, 1000);
                const DetectEvent *later = event_at(r, 0, 5500 + 3000 * i, 1000);

                wrong += after && is_twitch(after);
                ck_assert(later && is_twitch(later));
        }
        printf("%u bursts: %zu called twitches, %u of what follows at once\n", (unsigned) BURSTS,
               count_twitches(r, 0) - BURSTS - wrong, wrong);
        ck_assert_uint_le(wrong, 2);
        ck_assert_uint_le(count_twitches(r, 0), BURSTS + 2);
        free(r);
        free(x);
}
END_TEST

/* --- kinds: what a unit does again, what many do at once --- */

/* Two units of one channel: of their potentials one has two phases, the other three. */
static void add_unit(int32_t *x, size_t n_frames, unsigned n_channels, unsigned channel, unsigned unit, double time_s,
                     double peak_uv) {
        const double width_s = unit ? 0.0025 : 0.0018;

        for (int i = -25; i <= 25; i++) {
                double f = floor(1000 * time_s) + i, u = (f / 1000 - time_s) / width_s;
                double v = unit ? (1 - u * u) * exp(-u * u / 2) : -u * exp((1 - u * u) / 2) * (u < 0 ? 1.2 : 1);

                if (f >= 0 && f < (double) n_frames)
                        add_uv(x + (size_t) f * n_channels + channel, peak_uv * v);
        }
}

/* Singles, by which the channel learns its units; then silence until 20 s. */
static int32_t* kinds_begin(size_t n_frames, unsigned n_channels) {
        int32_t *x = new_signal(n_frames, n_channels);

        add_noise(x, n_frames, n_channels, 2);
        for (unsigned c = 0; c < n_channels; c++)
                for (unsigned i = 0; i < 10; i++)
                        add_unit(x, n_frames, n_channels, c, i % 2, 3 + 1.5 * i + 0.9 * c / n_channels + 0.3 * uniform(), 40);
        return x;
}

static const unsigned kinds_singles = 10;

static double even(double mean, double cv) {
        return mean * (1 + cv * fmax(-2, fmin(2, gaussian())));
}

/* One event of that kind from 19.5 s on, and none but it; the singles are still twitches. */
static DetectEvent kinds_end(int32_t *x, size_t n_frames, unsigned n_channels, EventKind kind) {
        Reports *r = detect(1000, n_channels, x, n_frames, 100);
        DetectEvent found = { .id = 0 };
        unsigned singles = 0;

        for (size_t i = 0; i < r->n_events; i++) {
                const DetectEvent *e = r->events + i;

                if (e->peak < 19500) {
                        singles += e->kind == EVENT_FASCICULATION;
                        continue;
                }
                ck_assert_msg(e->kind == kind, "%s at %.3f s, %u discharges, snr %.1f, instead of %s", event_kind_to_string(e->kind),
                              e->peak / 1000, e->discharges, e->snr, event_kind_to_string(kind));
                ck_assert_msg(found.id == 0, "a second %s at %.3f s", event_kind_to_string(kind), e->peak / 1000);
                found = *e;
        }
        ck_assert_uint_gt(found.id, 0);
        ck_assert_uint_ge(singles, kinds_singles * n_channels - n_channels);
        free(r);
        free(x);
        return found;
}

/* 5 ms apart the potentials overlap: told by the unit's own, which is known by then. */
START_TEST(axonal_doublet) {
        enum { N = 25000 };

        for (unsigned unit = 0; unit < 2; unit++) {
                seed(60 + unit);
                int32_t *x = kinds_begin(N, 1);
                add_unit(x, N, 1, 0, unit, 20, 40);
                add_unit(x, N, 1, 0, unit, 20.005, 42);
                ck_assert_uint_eq(kinds_end(x, N, 1, EVENT_DOUBLET).discharges, 2);
        }
}
END_TEST

/* A potential somewhat broader than a unit's looks like two of it, one in the other: it is another unit's all the same. */
START_TEST(broad_potential) {
        enum { N = 25000 };

        for (unsigned k = 0; k < 4; k++) {
                seed(180 + k);
                int32_t *x = kinds_begin(N, 1);
                add_unit(x, N, 1, 0, 0, 20, 32);
                add_unit(x, N, 1, 0, 0, 20.0025, 32);
                kinds_end(x, N, 1, EVENT_FASCICULATION);
        }
}
END_TEST

/* Of some form and size that never comes again. */
static void add_other(int32_t *x, unsigned n_channels, unsigned channel, double time_s) {
        double hz = 70 + 130 * uniform(), phase = 2 * M_PI * uniform(), width_s = 0.002 + 0.004 * uniform(), peak_uv = 20 + 60 * uniform();

        for (int i = -25; i <= 25; i++) {
                double f = floor(1000 * time_s) + i, t = f / 1000 - time_s, u = t / width_s;
                add_uv(x + (size_t) f * n_channels + channel, peak_uv * cos(2 * M_PI * hz * t + phase) * exp(-u * u / 2));
        }
}

/*
 * A potential that looks like two of a known unit, and is forgotten among many others before it comes again: always at
 * the same distance, it is no doublet. Those of the unit itself come at changing distances.
 */
START_TEST(rare_potential) {
        enum { ROUNDS = 18, DOUBLETS = ROUNDS / 3, OTHERS = 14, N = 30000 + ROUNDS * 10000 };
        unsigned doublets[2] = { 0 };

        seed(240);
        int32_t *x = kinds_begin(N, 1);
        for (unsigned k = 0; k < ROUNDS; k++) {
                double from_s = 22 + 10 * k;
                for (unsigned i = k % 3 > 0; i < 2; i++) {
                        double t = from_s + 0.4 * i, apart_s = i ? 0.0042 : even(0.0055, 0.15);

                        add_unit(x, N, 1, 0, 0, t, 40);
                        add_unit(x, N, 1, 0, 0, t + apart_s, 40);
                }
                add_unit(x, N, 1, 0, 0, from_s + 0.8, 40);
                for (unsigned i = 0; i < OTHERS; i++)
                        add_other(x, 1, 0, from_s + 1.5 + 0.5 * i + 0.1 * uniform());
        }
        Reports *r = detect(1000, 1, x, N, 100);
        for (size_t i = 0; i < r->n_events; i++) {
                double into_round = fmod(r->events[i].peak - 21800, 10000);
                if (r->events[i].kind == EVENT_DOUBLET && r->events[i].peak > 21800 && into_round < 600)
                        doublets[into_round > 380]++;
        }
        printf("of %d doublets %u are reported as such, of %d rare potentials that look so %u\n", DOUBLETS, doublets[0], ROUNDS, doublets[1]);
        ck_assert_uint_ge(doublets[0], DOUBLETS - 1);
        ck_assert_uint_le(doublets[1], ROUNDS / 4);
        free(r);
        free(x);
}
END_TEST

/* Of a small unit that is known, discharges count that would not cross the threshold by themselves, beside one that does. */
START_TEST(faint_repeats) {
        enum { N = 110000, TRIPLES = 20 };
        unsigned right = 0, more = 0;

        seed(190);
        int32_t *x = new_signal(N, 1);
        add_noise(x, N, 1, 2);
        for (unsigned i = 0; i < 20; i++)
                add_unit(x, N, 1, 0, 0, 4 + 1.2 * i + 0.4 * uniform(), 5.4);
        for (unsigned i = 0; i < TRIPLES; i++)
                for (unsigned k = 0; k < 3; k++)
                        add_unit(x, N, 1, 0, 0, 32 + 3.5 * i + 0.045 * k, 5.4);
        Reports *r = detect(1000, 1, x, N, 100);
        for (size_t i = 0; i < r->n_events; i++) {
                right += r->events[i].peak > 31000 && r->events[i].discharges == 3;
                more += r->events[i].peak < 31000 ? r->events[i].discharges > 1 : r->events[i].discharges > 3;
        }
        printf("of %d triples of a small unit %u are seen whole\n", TRIPLES, right);
        ck_assert_uint_ge(right, TRIPLES * 7 / 10);
        ck_assert_uint_le(more, 1);
        free(r);
        free(x);
}
END_TEST

/* The same discharges in 3 s: with other intervals they are twitches, each by itself. */
START_TEST(unit_train) {
        static const double rates_hz[] = { 5, 8, 12, 16 };
        enum { N = 40000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                seed(62 + k);
                int32_t *x = kinds_begin(N, 1);
                unsigned n = 0;
                for (double t = 20; t < 28; t += even(1 / rates_hz[k], 0.12), n++)
                        add_unit(x, N, 1, 0, 0, t, even(40, 0.05));
                DetectEvent e = kinds_end(x, N, 1, EVENT_UNIT_TRAIN);
                ck_assert_uint_ge(e.discharges, n * 9 / 10);
                ck_assert_uint_le(e.discharges, n);
                ck_assert_double_eq_tol(e.onset, 20000, 50);
                ck_assert_double_eq_tol(e.end, 28000, 300);
                ck_assert_uint_gt(e.unit, 0);
        }

        seed(66);
        int32_t *x = new_signal(N, 1);
        add_noise(x, N, 1, 2);
        unsigned n = 0;
        for (double t = 5; t < 35; t += 0.7 + 0.8 * uniform(), n++)
                add_unit(x, N, 1, 0, 0, t, even(40, 0.05));
        Reports *r = detect(1000, 1, x, N, 100);
        ck_assert_uint_eq(count_twitches(r, 0), n);
        free(r);
        free(x);
}
END_TEST

/* Four discharges, two that nobody sees, and four again: a train with holes, neither multiplets nor groups. */
START_TEST(broken_train) {
        enum { N = 40000 };

        for (unsigned k = 0; k < 3; k++) {
                unsigned n = 0;

                seed(201 + k);
                int32_t *x = kinds_begin(N, 1);
                for (double t = 20; t < 27; t += even(0.085, 0.1), n++)
                        if (n % 6 < 4)
                                add_unit(x, N, 1, 0, 0, t, even(40, 0.05));
                ck_assert_uint_ge(kinds_end(x, N, 1, EVENT_UNIT_TRAIN).discharges, n / 2);
        }
}
END_TEST

/* Of two lobes of one size, ten milliseconds apart, noise makes now this, now that the peak: one unit all the same. */
START_TEST(two_lobes) {
        enum { N = 40000 };

        for (unsigned k = 0; k < 4; k++) {
                seed(160 + k);
                int32_t *x = kinds_begin(N, 1);
                unsigned n = 0;

                for (double t = 20; t < 28; t += even(0.1 + 0.02 * k, 0.12), n++) {
                        double uv = even(12, 0.05);

                        add_unit(x, N, 1, 0, 1, t, uv);
                        add_unit(x, N, 1, 0, 1, t + 0.010, -uv);
                }
                DetectEvent e = kinds_end(x, N, 1, EVENT_UNIT_TRAIN);
                printf("two lobes: a train of %u discharges, %u of them seen\n", n, e.discharges);
                ck_assert_uint_ge(e.discharges, n * 9 / 10);
                ck_assert_uint_le(e.discharges, n * 21 / 20);
        }
}
END_TEST

START_TEST(myokymic) {
        enum { N = 40000, GROUPS = 6, INSIDE = 5 };

        for (unsigned unit = 0; unit < 2; unit++) {
                seed(67 + unit);
                int32_t *x = kinds_begin(N, 1);
                double t = 20;
                for (unsigned g = 0; g < GROUPS; g++, t += even(1.2, 0.08))
                        for (unsigned i = 0; i < INSIDE; i++)
                                add_unit(x, N, 1, 0, unit, t + i * even(0.030, 0.03), 40);
                DetectEvent e = kinds_end(x, N, 1, EVENT_MYOKYMIC);
                ck_assert_uint_ge(e.discharges, GROUPS * INSIDE * 8 / 10);
                ck_assert_double_eq_tol(e.peak, 20000, 15);
        }
}
END_TEST

START_TEST(high_frequency_run) {
        static const double rates_hz[] = { 160, 200, 240 };
        enum { N = 25000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                seed(70 + k);
                int32_t *x = kinds_begin(N, 1);
                for (double t = 20; t < 20.25; t += even(1 / rates_hz[k], 0.02))
                        add_unit(x, N, 1, 0, 0, t, 80 * (1 - 2 * (t - 20)));
                DetectEvent e = kinds_end(x, N, 1, EVENT_HIGH_FREQUENCY_RUN);
                ck_assert_double_eq_tol(e.end - e.onset, 250, 80);
        }
}
END_TEST

/* A group that nobody saw makes an interval twice as long. */
START_TEST(hidden_group) {
        enum { N = 40000, GROUPS = 6, INSIDE = 5 };

        for (unsigned k = 0; k < 3; k++) {
                seed(195 + k);
                int32_t *x = kinds_begin(N, 1);
                double t = 20;
                for (unsigned g = 0; g < GROUPS; g++, t += even(1.1, 0.06))
                        for (unsigned i = 0; i < INSIDE && g != 1; i++)
                                add_unit(x, N, 1, 0, 0, t + i * even(0.030, 0.03), 40);
                ck_assert_uint_ge(kinds_end(x, N, 1, EVENT_MYOKYMIC).discharges, (GROUPS - 1) * INSIDE * 8 / 10);
        }
}
END_TEST

/* Of one size, one length and one rhythm: groups of one unit, though their discharges do not all look it. */
START_TEST(groups_of_one_size) {
        enum { N = 45000, GROUPS = 6, INSIDE = 5 };

        for (unsigned k = 0; k < 3; k++) {
                seed(198 + k);
                int32_t *x = kinds_begin(N, 1);
                double t = 20;
                for (unsigned g = 0; g < GROUPS; g++, t += even(1.5, 0.06))
                        for (unsigned i = 0; i < INSIDE; i++)
                                add_unit(x, N, 1, 0, g % 2, t + i * even(0.030, 0.03), g % 2 ? 54 : 36);
                ck_assert_uint_ge(kinds_end(x, N, 1, EVENT_MYOKYMIC).discharges, GROUPS * INSIDE * 8 / 10);
        }
}
END_TEST

static void add_tone(int32_t *x, double from_s, double to_s, double hz, double uv) {
        for (int i = (int) (1000 * from_s); i < (int) (1000 * to_s); i++)
                add_uv(x + i, uv * sin(2 * M_PI * hz * (i / 1000.0 - from_s)));
}

/*
 * Of a unit deep under the skin only the first and the last potential stand out of a run, in between a tone is left that
 * has half of the energy there is. A hum that was there before a twitch makes no run of it.
 */
START_TEST(faint_run) {
        static const double rates_hz[] = { 160, 187, 216, 240, 265 };
        enum { N = 25000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                seed(370 + k);
                int32_t *x = kinds_begin(N, 1);
                add_unit(x, N, 1, 0, 0, 20, 30);
                add_tone(x, 20.004, 20.26, rates_hz[k], 2.8);
                add_unit(x, N, 1, 0, 0, 20.264, 20);
                DetectEvent e = kinds_end(x, N, 1, EVENT_HIGH_FREQUENCY_RUN);
                ck_assert_double_eq_tol(e.end - e.onset, 264, 80);

                x = kinds_begin(N, 1);
                add_tone(x, 19.5, 20.5, rates_hz[k], 2.8);
                add_unit(x, N, 1, 0, 0, 20, 40);
                kinds_end(x, N, 1, EVENT_FASCICULATION);
        }
}
END_TEST

/* Many units, each at its own pace: at one site a cramp, at neighbouring ones a contraction, and one event. */
START_TEST(many_units) {
        enum { N = 45000, CHANNELS = 4, UNITS = 30 };

        for (unsigned spread = 0; spread < 2; spread++) {
                seed(73 + spread);
                int32_t *x = kinds_begin(N, CHANNELS);
                for (unsigned u = 0; u < UNITS; u++)
                        for (double t = 22 + 2.0 * u / UNITS + 0.1 * uniform(); t < 34; t += even(0.08, 0.4)) {
                                double size_uv = 10 + 2 * u;
                                add_unit(x, N, CHANNELS, 1, u % 2, t, size_uv);
                                if (spread)
                                        add_unit(x, N, CHANNELS, 2, u % 2, t + 0.004, 0.6 * size_uv);
                        }
                DetectEvent e = kinds_end(x, N, CHANNELS, spread ? EVENT_CONTRACTION : EVENT_CRAMP_LIKE);
                ck_assert_uint_eq(e.n_channels, spread ? 2 : 1);
                ck_assert_uint_eq(e.channels[0], 1);
                ck_assert_uint_eq(e.unit, 0);
                ck_assert(e.onset > 21500 && e.onset < 23500 && e.end > 33500 && e.end < 35500);
        }
}
END_TEST

/* Bursts of several sites within 0.15 s are one jerk; half a second apart they are none. */
START_TEST(jerk) {
        enum { N = 26000, CHANNELS = 4, UNITS = 25 };

        seed(75);
        int32_t *x = kinds_begin(N, CHANNELS);
        for (unsigned c = 0; c < CHANNELS; c += 3)
                for (unsigned u = 0; u < UNITS; u++)
                        add_unit(x, N, CHANNELS, c, u % 2, 20 + 0.02 * c + 0.15 * uniform(), 20 + 4 * u);
        DetectEvent e = kinds_end(x, N, CHANNELS, EVENT_JERK);
        ck_assert_uint_eq(e.n_channels, 2);
        ck_assert(e.end - e.onset < 350);

        unsigned wrong = 0;
        for (unsigned k = 76; k < 96; k++) {
                bool right = true;

                seed(k);
                x = new_signal(N, CHANNELS);
                add_noise(x, N, CHANNELS, 2);
                for (unsigned c = 0; c < CHANNELS; c += 3)
                        for (unsigned u = 0; u < UNITS; u++)
                                add_unit(x, N, CHANNELS, c, u % 2, 20 + 0.2 * c + 0.15 * uniform(), 20 + 4 * u);
                Reports *r = detect(1000, CHANNELS, x, N, 100);
                for (size_t i = 0; i < r->n_events; i++)
                        right = right && (r->events[i].kind == EVENT_UNCLASSIFIED || r->events[i].peak < 19000);
                wrong += !right;
                ck_assert_uint_ge(r->n_events, 2);
                free(r);
                free(x);
        }
        printf("of 20 pairs of bursts %u are taken for something else\n", wrong);
        ck_assert_uint_le(wrong, 1);
}
END_TEST

/* Units keep their numbers, whatever comes between. */
START_TEST(unit_numbers) {
        enum { N = 60000 };
        unsigned numbers[2] = { 0 }, changed = 0, n = 0;

        seed(77);
        int32_t *x = new_signal(N, 1);
        add_noise(x, N, 1, 2);
        for (double t = 3; t < 57; t += 0.8 + 0.4 * uniform())
                add_unit(x, N, 1, 0, n++ % 2, t, 40);
        Reports *r = detect(1000, 1, x, N, 100);
        ck_assert_uint_eq(r->n_events, n);
        for (size_t i = 0; i < r->n_events; i++) {
                if (i >= 4 && r->events[i].unit != numbers[i % 2])
                        changed++;
                numbers[i % 2] = r->events[i].unit;
        }
        ck_assert_uint_ne(numbers[0], numbers[1]);
        ck_assert_uint_eq(changed, 0);
        free(r);
        free(x);
}
END_TEST

static int by_size(const void *a, const void *b) {
        const double *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

/* How far reported sizes of a unit that is always the same are apart, at 15 sigma: its shape tells more than two extremes. */
START_TEST(unit_size) {
        enum { CHANNELS = 8, N = 150000, AFTER_S = 40 };
        static double size_uv[CHANNELS * 100], off[CHANNELS * 100];
        size_t n = 0;

        seed(178);
        int32_t *x = new_signal(N, CHANNELS);
        add_noise(x, N, CHANNELS, 2);
        for (unsigned c = 0; c < CHANNELS; c++)
                for (double t = 4 + 0.25 * c; t < 148; t += 2)
                        add_unit(x, N, CHANNELS, c, 0, t + 0.1 * uniform(), 13.6);
        Reports *r = detect(1000, CHANNELS, x, N, 500);
        for (size_t i = 0; i < r->n_events; i++)
                if (r->events[i].peak > 1000.0 * AFTER_S && n < CHANNELS * 100)
                        size_uv[n++] = r->events[i].amplitude_uv;
        ck_assert_uint_gt(n, CHANNELS * 50);
        qsort(size_uv, n, sizeof size_uv[0], by_size);
        for (size_t i = 0; i < n; i++)
                off[i] = fabs(size_uv[i] / size_uv[n / 2] - 1);
        qsort(off, n, sizeof off[0], by_size);
        printf("a unit of 30 uV in noise of 2: %.1f uV, half of them within %.1f %%\n", size_uv[n / 2], 100 * off[n / 2]);
        fflush(stdout);
        ck_assert(off[n / 2] < 0.05);
        ck_assert(fabs(size_uv[n / 2] / 29.9 - 1) < 0.05);
        free(r);
        free(x);
}
END_TEST

/* A unit of many phases, which no filter of the bank fits well. */
static void add_polyphasic(int32_t *x, unsigned n_channels, unsigned channel, double time_s, double peak_uv) {
        for (int i = -20; i <= 20; i++) {
                double f = floor(1000 * time_s) + i, t = f / 1000 - time_s, u = t / 0.004;
                add_uv(x + (size_t) f * n_channels + channel, peak_uv * cos(2 * M_PI * 120 * t) * exp(-u * u / 2));
        }
}

/*
 * Faint discharges of a unit are found more often by who knows it, and false alarms in noise alone are as many as
 * allowed. The same signal for both, but for the discharges at the beginning.
 */
START_TEST(learned_unit) {
        enum { CHANNELS = 8, NOISE_S = 700, FAINT_S = 240, FAINT_FROM_S = 60 + NOISE_S, N = 1000 * (FAINT_FROM_S + FAINT_S) };
        const double allowed = 30;
        size_t found[2], wrong[2];

        for (unsigned taught = 0; taught < 2; taught++) {
                int32_t *x = new_signal(N, CHANNELS), low[CHANNELS], high[CHANNELS];
                Reports *r = calloc(1, sizeof *r);
                double lsb_uv[CHANNELS];
                Detector *d = NULL;

                seed(171);
                add_noise(x, N, CHANNELS, 2);
                for (unsigned c = 0; c < CHANNELS; c++) {
                        lsb_uv[c] = LSB_UV;
                        low[c] = CODE_MIN;
                        high[c] = CODE_MAX;
                        for (double t = FAINT_FROM_S + 0.25 * c; t < FAINT_FROM_S + FAINT_S - 2; t += 2)
                                add_polyphasic(x, CHANNELS, c, t + 0.1 * uniform(), 4.6);
                        for (double t = 5 + 0.25 * c; taught && t < 50; t += 2)
                                add_polyphasic(x, CHANNELS, c, t, 30);
                }
                ck_assert_int_eq(detector_new(&(DetectConfig) {
                        .rate_hz = 1000, .n_channels = CHANNELS, .lsb_uv = lsb_uv, .code_min = low, .code_max = high,
                        .false_alarms_per_hour = allowed, .on_event = recorder_event, .userdata = r,
                }, &d), 0);
                detector_push(d, x, NULL, N);
                detector_finish(d);
                found[taught] = wrong[taught] = 0;
                for (size_t i = 0; i < r->n_events; i++) {
                        found[taught] += r->events[i].peak >= 1000.0 * FAINT_FROM_S;
                        wrong[taught] += r->events[i].peak >= 60e3 && r->events[i].peak < 1000.0 * FAINT_FROM_S;
                }
                detector_free(d);
                free(r);
                free(x);
        }
        double hours = CHANNELS * NOISE_S / 3600.0;
        printf("a unit of many phases: of %d faint discharges %zu events where it is unknown, %zu where it is known; "
               "%.1f and %.1f false alarms per hour of %g allowed (%.1f h)\n", CHANNELS * (FAINT_S / 2 - 1), found[0], found[1],
               (double) wrong[0] / hours, (double) wrong[1] / hours, allowed, hours);
        ck_assert_uint_gt(4 * found[1], 5 * found[0]);
        ck_assert((double) wrong[1] <= 1.6 * allowed * hours && (double) wrong[1] >= 0.3 * allowed * hours);
}
END_TEST

/* A few samples of a loose contact are as large as a twitch, but have corners. */
START_TEST(loose_contact) {
        enum { N = 30000 };
        int32_t *x = new_signal(N, 1);

        seed(78);
        add_noise(x, N, 1, 2);
        for (unsigned i = 0; i < 12; i++)
                for (unsigned k = 0; k < 2 + i % 2; k++)
                        add_uv(x + 4000 + 2000 * i + (size_t) (300 * uniform()) * (k == 0) + k, k == 1 ? -90 : 70);
        Reports *r = detect(1000, 1, x, N, 100);
        ck_assert_uint_eq(count_twitches(r, 0), 0);
        ck_assert_uint_ge(count_artefacts(r, ARTEFACT_SPIKE), 10);
        free(r);
        free(x);
}
END_TEST

/* A notice comes within 60 ms of the end of a twitch, its event no later than promised. */
START_TEST(latency) {
        static const double rates_hz[] = { 250, 1000, 16000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                double rate = rates_hz[k];
                size_t n = (size_t) (5 * rate);
                int32_t *x = new_signal(n, 1);
                Reports *r = calloc(1, sizeof *r);
                Detector *d = new_detector(rate, 1, r);

                seed(34);
                add_noise(x, n, 1, 2 * sqrt(rate / 1000));
                add_twitch(x, n, 1, 0, rate, 4, 60);
                double noticed = 0;
                for (size_t f = 0; f < n && r->n_events == 0; f++) {
                        detector_push(d, x + f, NULL, 1);
                        if (r->n_notices > 0 && noticed == 0)
                                noticed = (double) detector_position(d);
                }
                ck_assert_uint_eq(r->n_notices, 1);
                ck_assert_uint_eq(r->n_events, 1);
                ck_assert_uint_eq(r->events[0].id, r->notices[0].id);
                ck_assert_double_eq_tol(r->notices[0].peak, r->events[0].peak, 0.001 * rate);
                double waited = (double) detector_position(d) - r->events[0].end;
                printf("%g Hz: %.1f ms from the end of a twitch to its notice\n", rate, 1e3 * (noticed - r->events[0].end) / rate);
                ck_assert(noticed - r->events[0].end <= 0.060 * rate);
                printf("%g Hz: %.1f ms from the end of a twitch to its event, at most %.1f promised\n", rate,
                       1e3 * waited / rate, 1e3 * detector_latency_frames(d) / rate);
                ck_assert(waited <= detector_latency_frames(d));
                ck_assert(detector_latency_frames(d) <= 0.85 * rate);
                detector_free(d);
                free(r);
                free(x);
        }
}
END_TEST

/* The worst codes there are: nothing overflows (the sanitizers look), nothing is reported but the rails. */
START_TEST(extreme_codes) {
        static const double rates_hz[] = { 250, 16000 };

        for (size_t k = 0; k < sizeof rates_hz / sizeof rates_hz[0]; k++) {
                double lsb_uv = 1e6;
                int32_t low = INT32_MIN, high = INT32_MAX;
                Reports *r = calloc(1, sizeof *r);
                DetectConfig config = {
                        .rate_hz = rates_hz[k], .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &low, .code_max = &high,
                        .false_alarms_per_hour = 1, .on_event = recorder_event, .on_artefact = recorder_artefact, .userdata = r,
                };
                Detector *d = NULL;
                DetectChannelStats s;

                ck_assert_int_eq(detector_new(&config, &d), 0);
                seed(35);
                for (size_t f = 0; f < 6 * rates_hz[k]; f++) {
                        int32_t code = uniform() < 0.5 ? INT32_MIN / 100 * 99 : INT32_MAX / 100 * 99;
                        if (f % 5000 == 4999)
                                code = INT32_MAX;
                        detector_push(d, &code, NULL, 1);
                }
                detector_finish(d);
                ck_assert_int_eq(detector_get_channel_stats(d, 0, &s), 0);
                ck_assert(!isinf(s.noise_uv) && !isinf(s.floor_uv));
                detector_free(d);
                free(r);
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
        tcase_add_test(t, gap);
        tcase_add_test(t, silence_before);
        tcase_add_test(t, flat);
        tcase_add_test(t, rail);
        tcase_add_test(t, lead_off);
        tcase_add_test(t, false_alarms);
        tcase_add_test(t, mains);
        tcase_add_test(t, mains_drift);
        tcase_add_test(t, alternation);
        tcase_add_test(t, doublet_and_multiplet);
        tcase_add_test(t, neighbours);
        tcase_add_test(t, common);
        tcase_add_test(t, spike);
        tcase_add_test(t, pop);
        tcase_add_test(t, jump);
        tcase_add_test(t, contraction);
        tcase_add_test(t, faint_train);
        tcase_add_test(t, faint_singles);
        tcase_add_test(t, heart_and_even_unit);
        tcase_add_test(t, heart_on_all_channels);
        tcase_add_test(t, twitch_under_beat);
        tcase_add_test(t, groups_beside_beats);
        tcase_add_test(t, heart_changes);
        tcase_add_test(t, movement);
        tcase_add_test(t, movement_beside_heart);
        tcase_add_test(t, burst);
        tcase_add_test(t, axonal_doublet);
        tcase_add_test(t, broad_potential);
        tcase_add_test(t, rare_potential);
        tcase_add_test(t, faint_repeats);
        tcase_add_test(t, unit_train);
        tcase_add_test(t, broken_train);
        tcase_add_test(t, two_lobes);
        tcase_add_test(t, myokymic);
        tcase_add_test(t, hidden_group);
        tcase_add_test(t, groups_of_one_size);
        tcase_add_test(t, high_frequency_run);
        tcase_add_test(t, faint_run);
        tcase_add_test(t, many_units);
        tcase_add_test(t, jerk);
        tcase_add_test(t, unit_numbers);
        tcase_add_test(t, learned_unit);
        tcase_add_test(t, unit_size);
        tcase_add_test(t, loose_contact);
        tcase_add_test(t, latency);
        tcase_add_test(t, extreme_codes);
        suite_add_tcase(s, t);
        return suite_done(s);
}
