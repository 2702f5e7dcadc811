/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each minute was good for: nothing is counted twice, and nothing is left out. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define CHANNELS_MAX 4u

/* --- signals --- */

/* Two lobes of some 8 ms together */
static double twitch_uv(double t_s) {
        double u = t_s / 0.002;

        return u * exp(0.5 - u * u / 2);
}

typedef enum What { REST, TWITCHES, WORK, SHORT_WORK, RAIL, RATTLE, OFF, FLAT, JUMPS, SPIKES, _WHAT_MAX } What;

typedef struct Scene {                  /* of one channel */
        What what;
        double until_s, since_s;
        int32_t code;
} Scene;

static int32_t next_code(Scene *s, double t_s, uint8_t *ret_flags) {
        double uv = 2 * gaussian(), second = fmod(t_s, 1.0);

        if (t_s >= s->until_s) {
                s->what = uniform() < 0.3 ? REST : (What) (uniform() * _WHAT_MAX);
                s->since_s = t_s;
                s->until_s = t_s + (s->what == SHORT_WORK ? 0.2 : 0.05) + 25 * pow(uniform(), 3);
        }
        *ret_flags = s->what == OFF ? DETECT_SAMPLE_LEAD_OFF : 0;
        switch (s->what) {
        case TWITCHES:
                uv += 80 * twitch_uv(second - 0.5);
                break;
        case WORK:
        case SHORT_WORK:
                uv *= 30;
                break;
        case RAIL:
                return s->code = CODE_MAX;
        case RATTLE:
                return s->code = uniform() < 0.3 ? CODE_MIN : s->code + 50;
        case FLAT:
                return s->code;
        case JUMPS:
                uv += second < 0.3 ? 3000 * exp(-second / 0.1) : 0;
                break;
        case SPIKES:
                uv += uniform() < 0.01 ? 500 : 0;
                break;
        default:
                break;
        }
        return s->code = (int32_t) lround(uv / LSB_UV);
}

/* --- random input --- */

static void run_random(double rate_hz, unsigned n_channels, double seconds, uint64_t number, size_t block, Reports *minutes) {
        Scene scenes[CHANNELS_MAX] = { { .what = REST } };
        int32_t *samples = calloc(block * n_channels, sizeof *samples);
        uint8_t *flags = calloc(block * n_channels, 1);
        Detector *d = new_detector(rate_hz, n_channels, minutes);
        size_t fill = 0;
        uint64_t frames = (uint64_t) (seconds * rate_hz), gap_at = frames / 3, gap = (uint64_t) (number % 5 * 41.7 * rate_hz);

        seed(number);
        for (uint64_t f = 0; f < frames; f++) {
                for (unsigned i = 0; i < n_channels; i++)
                        samples[fill * n_channels + i] = next_code(scenes + i, (double) f / rate_hz, flags + fill * n_channels + i);
                fill++;
                if (fill == block || f + 1 == gap_at || f + 1 == frames) {
                        detector_push(d, samples, flags, fill);
                        fill = 0;
                }
                if (f + 1 == gap_at)
                        detector_gap(d, gap);
        }
        detector_finish(d);

        double end = (double) detector_position(d), gap_s = 0, at[CHANNELS_MAX] = { 0 };
        for (unsigned i = 0; i < n_channels; i++) {
                double sum_s = 0, rest_s = 0;
                uint64_t n_events = 0, n_rest = 0;
                unsigned n_minutes = 0, n_voluntary = 0;
                DetectChannelStats s;

                ck_assert_int_eq(detector_get_channel_stats(d, i, &s), 0);
                for (size_t k = 0; k < minutes->n_minutes; k++) {
                        const DetectMinute *m = minutes->minutes + k;

                        if (m->channel != i)
                                continue;
                        /* in order of time; only a gap is left out */
                        if (m->from != at[i]) {
                                ck_assert(m->from > at[i] && at[i] >= (double) gap_at && m->from <= (double) (gap_at + gap));
                                gap_s += (m->from - at[i]) / rate_hz;
                        }
                        at[i] = m->to;
                        gap_s += m->excluded_s[EXCLUSION_GAP];
                        sum_s += m->exposure_s;
                        n_events += m->events;
                        n_minutes++;
                        n_voluntary += m->voluntary;
                        rest_s += m->voluntary ? 0 : m->exposure_s;
                        n_rest += m->voluntary ? 0 : m->twitches;
                }
                ck_assert_double_eq(at[i], end);
                ck_assert_double_eq_tol(sum_s, s.exposure_s, 1e-6);
                ck_assert_double_eq_tol(rest_s, s.rest_s, 1e-6);
                ck_assert_uint_eq(n_events, s.events);
                ck_assert_uint_eq(n_rest, s.rest_twitches);
                ck_assert_uint_eq(n_minutes, s.minutes);
                ck_assert_uint_eq(n_voluntary, s.voluntary_minutes);
        }
        ck_assert_double_eq_tol(gap_s, (double) (gap * n_channels) / rate_hz, 1e-6);
        detector_free(d);
        free(samples);
        free(flags);
}

static bool same(const DetectMinute *a, const DetectMinute *b) {
        bool noise = a->noise_uv == b->noise_uv || (isnan(a->noise_uv) && isnan(b->noise_uv));
        bool floor = a->floor_uv == b->floor_uv || (isnan(a->floor_uv) && isnan(b->floor_uv));

        return a->channel == b->channel && a->from == b->from && a->to == b->to && a->exposure_s == b->exposure_s &&
                memcmp(a->excluded_s, b->excluded_s, sizeof a->excluded_s) == 0 && noise && floor &&
                a->events == b->events && a->twitches == b->twitches && a->voluntary == b->voluntary;
}

START_TEST(all_time_is_accounted_for) {
        static const struct { double rate_hz; unsigned n_channels; double seconds; } cases[] = {
                { 250, 1, 900 }, { 250, 4, 400 }, { 512.3, 2, 400 }, { 1000, 3, 190 }, { 4000, 1, 125 }, { 250, 2, 59.9 },
                { 250, 1, 60 }, { 250, 3, 0.02 },
        };
        static Reports a, b;
        double seen_s[_EXCLUSION_MAX] = { 0 }, exposure = 0;

        for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++)
                for (uint64_t seed = 1; seed <= 4; seed++) {
                        run_random(cases[k].rate_hz, cases[k].n_channels, cases[k].seconds, 100 * k + seed, 1000, &a);
                        run_random(cases[k].rate_hz, cases[k].n_channels, cases[k].seconds, 100 * k + seed, 37, &b);
                        ck_assert_uint_eq(a.n_minutes, b.n_minutes);
                        for (size_t i = 0; i < a.n_minutes; i++) {
                                ck_assert(same(a.minutes + i, b.minutes + i));
                                exposure += a.minutes[i].exposure_s;
                                for (unsigned e = 0; e < _EXCLUSION_MAX; e++)
                                        seen_s[e] += a.minutes[i].excluded_s[e];
                        }
                }
        printf("random input: %.0f s exposure", exposure);
        for (unsigned e = 0; e < _EXCLUSION_MAX; e++)
                printf(", %.1f s %s", seen_s[e], exclusion_to_string((Exclusion) e));
        puts("");
        /* or the test says little */
        ck_assert(exposure > 100 && seen_s[EXCLUSION_CONTRACTION] > 10 && seen_s[EXCLUSION_MOTION] > 1 &&
                  seen_s[EXCLUSION_LEAD_OFF] > 10 && seen_s[EXCLUSION_SATURATION] > 10 && seen_s[EXCLUSION_FLAT] > 10 &&
                  seen_s[EXCLUSION_SETTLING] > 10 && seen_s[EXCLUSION_GAP] > 10 && seen_s[EXCLUSION_SPIKE] > 0.1);
}
END_TEST

/* --- what is known --- */

typedef struct Stretch { double from_s, to_s, sigma_uv, doubles_s, tone_hz; } Stretch;

/* Noise of 2 uV with a twitch in the middle of every tenth second, and one stretch that is louder. */
static Detector* run_known(double seconds, Stretch loud, Reports *minutes) {
        enum { RATE = 1000 };
        Detector *d = new_detector(RATE, 1, minutes);
        size_t longest_wait = 0;

        random_state = 12345;
        for (unsigned f = 0; f < seconds * RATE; f++) {
                double t_s = (double) f / RATE, sigma_uv = 2;

                if (t_s >= loud.from_s && t_s < loud.to_s)
                        sigma_uv = loud.sigma_uv * (loud.doubles_s > 0 ? exp2((t_s - loud.from_s) / loud.doubles_s) : 1);
                double wavers = 100 * sin(2 * t_s), tone = sin(2 * M_PI * loud.tone_hz * t_s + wavers);
                double uv = sigma_uv > 2 && loud.tone_hz > 0 ? sigma_uv * tone : sigma_uv * gaussian();
                int32_t code = (int32_t) lround((uv + 60 * twitch_uv(fmod(t_s, 10) - 5)) / LSB_UV);

                detector_push(d, &code, NULL, 1);
                size_t wait = f / (60 * RATE) - minutes->n_minutes;
                longest_wait = wait > longest_wait ? wait : longest_wait;
        }
        ck_assert_uint_le(longest_wait, DETECT_MINUTES_PENDING);
        detector_finish(d);
        return d;
}

START_TEST(quiet_minutes) {
        static Reports m;
        Detector *d = run_known(150, (Stretch) { .sigma_uv = 0 }, &m);

        ck_assert_uint_eq(m.n_minutes, 3);
        for (size_t i = 0; i < m.n_minutes; i++) {
                ck_assert(!m.minutes[i].voluntary);
                ck_assert_uint_eq(m.minutes[i].twitches, i < 2 ? 6 : 3);
                ck_assert_double_eq_tol(m.minutes[i].noise_uv, 1.9, 0.15);      /* the part of 2 uV in the band */
                ck_assert(m.minutes[i].floor_uv > 5 && m.minutes[i].floor_uv < 20);
        }
        ck_assert_double_eq_tol(m.minutes[0].exposure_s, 58, 0.1);
        ck_assert_double_eq_tol(m.minutes[0].excluded_s[EXCLUSION_SETTLING], 2, 0.1);
        ck_assert_double_eq_tol(m.minutes[1].exposure_s, 60, 1e-6);
        ck_assert_double_eq_tol(m.minutes[2].exposure_s, 30, 0.1);
        detector_free(d);
}
END_TEST

static size_t count_contractions(const Reports *r) {
        size_t n = 0;

        for (size_t i = 0; i < r->n_events; i++)
                n += r->events[i].kind == EVENT_CONTRACTION;
        return n;
}

/* The minute of a contraction is out of the rate as a whole; those beside it are not. */
START_TEST(voluntary_minute) {
        static Reports m;
        Detector *d = run_known(180, (Stretch) { 76, 84, 60, 0, 0 }, &m);
        DetectChannelStats s;

        ck_assert_uint_eq(m.n_minutes, 3);
        ck_assert_uint_ge(count_contractions(&m), 1);
        ck_assert(!m.minutes[0].voluntary && m.minutes[1].voluntary && !m.minutes[2].voluntary);
        ck_assert(m.minutes[1].excluded_s[EXCLUSION_CONTRACTION] >= 8.5);
        ck_assert(m.minutes[1].excluded_s[EXCLUSION_CONTRACTION] <= 11);
        ck_assert(m.minutes[1].exposure_s >= 49);
        ck_assert_uint_eq(m.minutes[1].twitches, 5);
        detector_get_channel_stats(d, 0, &s);
        ck_assert_uint_eq(s.voluntary_minutes, 1);
        ck_assert_uint_eq(s.rest_twitches, 12);
        ck_assert_double_eq_tol(s.rest_s, 118, 0.2);
        ck_assert_double_eq_tol(s.exposure_s, 118 + m.minutes[1].exposure_s, 0.2);
        detector_free(d);
}
END_TEST

/* A burst of 150 ms is no contraction, but for half a second after it the muscle is not at rest. */
START_TEST(after_burst) {
        static Reports m;
        Detector *d = run_known(60, (Stretch) { 32, 32.15, 60, 0, 0 }, &m);

        ck_assert_uint_eq(m.n_minutes, 1);
        ck_assert(!m.minutes[0].voluntary);
        ck_assert_double_eq_tol(m.minutes[0].excluded_s[EXCLUSION_CONTRACTION], 0.5, 0.05);
        detector_free(d);
}
END_TEST

/* Longer than minutes wait: they are given all the same, as what it looks like by then. (Were it even, it would be noise.) */
START_TEST(endless_contraction) {
        static Reports m;
        Detector *d = run_known(480, (Stretch) { 90, 440, 8, 50, 0 }, &m);
        DetectChannelStats s;

        ck_assert_uint_eq(m.n_minutes, 8);
        for (size_t i = 0; i < m.n_minutes; i++)
                ck_assert_int_eq(m.minutes[i].voluntary, i >= 1);
        for (size_t i = 2; i < 7; i++)
                ck_assert(m.minutes[i].excluded_s[EXCLUSION_CONTRACTION] == 60);
        detector_get_channel_stats(d, 0, &s);
        ck_assert_uint_eq(s.minutes, 8);
        ck_assert_uint_eq(s.voluntary_minutes, 7);
        ck_assert_uint_eq(s.rest_twitches, 6);
        detector_free(d);
}
END_TEST

/*
 * One thing that goes on for longer than minutes wait (run_known() looks at that); its event counts in the first that does.
 * The tone wavers by 32 Hz: were it fixed, it would be subtracted (test-tones.c).
 */
START_TEST(endless_tone) {
        static Reports m;
        Detector *d = run_known(480, (Stretch) { 90, 440, 60, 50, 230 }, &m);
        DetectChannelStats s;
        unsigned n_events = 0;

        ck_assert_uint_eq(m.n_minutes, 8);
        for (size_t i = 0; i < m.n_minutes; i++) {
                ck_assert(i < 2 || i > 6 || m.minutes[i].exposure_s == 0);
                n_events += m.minutes[i].events;
        }
        detector_get_channel_stats(d, 0, &s);
        ck_assert_uint_eq(n_events, s.events);
        detector_free(d);
}
END_TEST

/* A gap of a hundred thousand years takes no longer than another one. */
START_TEST(endless_gap) {
        static Reports m;
        Detector *d = new_detector(1000, 1, &m);
        int32_t code = 0;
        const uint64_t gap = UINT64_C(3155695200000) * 1000;

        detector_push(d, &code, NULL, 1);
        detector_gap(d, gap);
        detector_push(d, &code, NULL, 1);
        detector_finish(d);
        ck_assert_uint_eq(m.n_minutes, 2);
        ck_assert_double_eq(m.minutes[0].from, 0);
        ck_assert_double_eq_tol(m.minutes[0].excluded_s[EXCLUSION_GAP], 59.999, 1e-6);
        ck_assert_double_eq(m.minutes[1].to, (double) (gap + 2));
        detector_free(d);
}
END_TEST

START_TEST(words) {
        ck_assert_str_eq(exclusion_to_string(EXCLUSION_CONTRACTION), "contraction");
        for (unsigned c = 0; c < _ARTEFACT_CAUSE_MAX; c++)
                ck_assert_str_eq(exclusion_to_string((Exclusion) c), artefact_cause_to_string((ArtefactCause) c));
        ck_assert_ptr_null(exclusion_to_string(_EXCLUSION_MAX));
        ck_assert_ptr_null(exclusion_to_string((Exclusion) -1));
}
END_TEST

int main(void) {
        Suite *s = suite_create("exposure");
        TCase *t = tcase_create("exposure");

        tcase_set_timeout(t, 300);
        tcase_add_test(t, words);
        tcase_add_test(t, all_time_is_accounted_for);
        tcase_add_test(t, quiet_minutes);
        tcase_add_test(t, voluntary_minute);
        tcase_add_test(t, after_burst);
        tcase_add_test(t, endless_contraction);
        tcase_add_test(t, endless_tone);
        tcase_add_test(t, endless_gap);
        suite_add_tcase(s, t);
        return suite_done(s);
}
