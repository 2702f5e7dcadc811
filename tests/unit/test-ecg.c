/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generator's heart in its noise, many channels: what the detector makes of it. */
#include <stdio.h>

#include "daemon/detect/detector.h"
#include "daemon/detect/base/history.h"
#include "random.h"
#include "recorder.h"
#include "tests/synth/ecg.h"
#include "tests/synth/noise.h"
#include "suite.h"

#define RATE_HZ 2000u
#define CHANNELS 16u
#define HEART_UV 300.0
#define CORNER_HZ 100.0
#define KNOWN_S 20.0                    /* by then the heart is learned */
#define SECONDS 200.0
#define BESIDE_S 0.04
#define BEATS_MAX 512u

/* Channel c has a noise of so many microvolts. */
static double noise_uv(unsigned c) {
        return pow(20, (double) c / (CHANNELS - 1));
}

/* Twitches: in the quietest channel, so long before every third R wave, or in all of them. */
typedef struct Twitches {
        double before_s;                /* 0: one a beat, in one channel after the other, every third beside it */
        double sigma;                   /* from peak to peak, of the channel's noise */
        double latest_s;
        unsigned n_beats, n;
        double at_s[BEATS_MAX];
        bool beside[BEATS_MAX];         /* the beat */
        unsigned channels[BEATS_MAX];
} Twitches;

static void twitch_add(Twitches *t, double at_s, bool beside, unsigned channel) {
        ck_assert_uint_lt(t->n, BEATS_MAX);
        t->at_s[t->n] = at_s;
        t->beside[t->n] = beside;
        t->channels[t->n++] = channel;
}

/* A beat that is to come is known for the first time. */
static void twitches_plan(Twitches *t, const SynthEcg *ecg) {
        double beat_s = ecg->beats[ECG_BEATS - 1].at_s;

        if (beat_s <= t->latest_s)
                return;
        t->latest_s = beat_s;
        bool third = t->n_beats++ % 3 == 0;
        if (beat_s <= KNOWN_S || beat_s >= SECONDS - 1)
                return;
        if (t->before_s > 0) {
                if (third)
                        twitch_add(t, beat_s - t->before_s, false, 0);
                return;
        }
        double reach_s = third ? BESIDE_S : ecg->period_s / 2, since_s = reach_s * (2 * uniform() - 1);
        twitch_add(t, beat_s + since_s, fabs(since_s) <= BESIDE_S, t->n % CHANNELS);
}

static double twitches_uv(const Twitches *t, double now_s, unsigned channel) {
        double uv = 0, width_s = 0.002;

        for (unsigned i = t->n > 3 ? t->n - 3 : 0; i < t->n; i++) {
                double u = (now_s - t->at_s[i]) / width_s;

                if (t->channels[i] == channel)
                        uv += t->sigma * noise_uv(channel) / 2 * u * exp((1 - u * u) / 2);
        }
        return uv;
}

typedef struct Heard {
        Reports reports;
        double noise_uv[CHANNELS], floor_uv[CHANNELS];
} Heard;

static Heard* listen(uint64_t seed, double seconds, double ecg_uv, const EcgRhythm *rhythm, Twitches *twitches) {
        static SynthNoise noise[CHANNELS];
        SynthEcg ecg;
        SynthEcgChannel ecg_channels[CHANNELS];
        Heard *h = calloc(1, sizeof *h);
        ck_assert_ptr_nonnull(h);
        Detector *d = new_detector(RATE_HZ, CHANNELS, &h->reports);

        synth_ecg_init(&ecg, seed, RATE_HZ);
        synth_ecg_set_rhythm(&ecg, seed, rhythm ?: &(EcgRhythm) { .premature = 0 });
        for (unsigned c = 0; c < CHANNELS; c++) {
                synth_noise_init(noise + c, seed, c, RATE_HZ, noise_uv(c), CORNER_HZ);
                synth_ecg_init_channel(ecg_channels + c, seed, c, ecg_uv);
        }
        for (size_t f = 0; f < (size_t) (seconds * RATE_HZ); f++) {
                int32_t codes[CHANNELS];

                synth_ecg_next(&ecg);
                if (twitches)
                        twitches_plan(twitches, &ecg);
                for (unsigned c = 0; c < CHANNELS; c++) {
                        double uv = synth_noise_next(noise + c) + synth_ecg_value(&ecg, ecg_channels + c);

                        codes[c] = (int32_t) lround((twitches ? uv + twitches_uv(twitches, ecg.now_s, c) : uv) / LSB_UV);
                }
                detector_push(d, codes, NULL, 1);
        }
        for (unsigned c = 0; c < CHANNELS; c++) {
                DetectChannelStats s;

                ck_assert_int_eq(detector_get_channel_stats(d, c, &s), 0);
                h->noise_uv[c] = s.noise_uv;
                h->floor_uv[c] = s.floor_uv;
        }
        detector_finish(d);
        detector_free(d);
        ck_assert_uint_eq(h->reports.n_answered, h->reports.n_notices);
        return h;
}

/*
 * A beat takes some 30 ms to be known as one. No earlier word is given of what turns out to be part of it: each would have
 * to be withdrawn, and would take its time from the exposure.
 */
START_TEST(beats_are_not_noticed) {
        Heard *h = listen(100102, SECONDS, HEART_UV, NULL, NULL);
        const Reports *r = &h->reports;
        size_t n_beats = 0, n_events = 0;

        for (size_t i = 0; i < r->n_artefacts; i++)
                n_beats += r->artefacts[i].cause == ARTEFACT_ECG && r->artefacts[i].from > KNOWN_S * RATE_HZ;
        for (size_t i = 0; i < r->n_events; i++)
                n_events += r->events[i].peak > KNOWN_S * RATE_HZ;
        printf("a heart in %u channels: %zu notices of it withdrawn, %zu events\n", CHANNELS, n_beats, n_events);
        ck_assert_uint_le(n_beats, 2);
        ck_assert_uint_le(n_events, 2);         /* 1 false alarm in an hour and channel */
        free(h);
}
END_TEST

/* Nor does the noise seem larger for it, and with it the smallest twitch that is found: not by the P wave either. */
START_TEST(noise_is_as_without_heart) {
        Heard *without = listen(100203, 60, 0, NULL, NULL), *with = listen(100203, 60, HEART_UV, NULL, NULL);
        double noise = 0, floor = 0;

        for (unsigned c = 0; c < CHANNELS; c++) {
                noise = fmax(noise, fabs(with->noise_uv[c] / without->noise_uv[c] - 1));
                floor = fmax(floor, fabs(with->floor_uv[c] / without->floor_uv[c] - 1));
        }
        printf("a heart changes the noise by %.1f %% at most, the floor by %.1f %%\n", 100 * noise, 100 * floor);
        ck_assert(noise < 0.035);
        ck_assert(floor < 0.035);
        free(without);
        free(with);
}
END_TEST

/* A P wave in the wake of a twitch, which is decided before the beat is known, is no twitch for that. */
START_TEST(twitch_and_p_wave) {
        Twitches t = { .before_s = 0.31, .sigma = 30 };
        Heard *h = listen(100203, SECONDS, HEART_UV, NULL, &t);
        const Reports *r = &h->reports;
        size_t found = 0, wrong = 0;

        for (size_t i = 0; i < r->n_events; i++) {
                bool right = false;

                for (unsigned k = 0; k < t.n; k++)
                        right = right || fabs(r->events[i].peak / RATE_HZ - t.at_s[k]) < 0.01;
                found += right;
                wrong += !right && r->events[i].peak > KNOWN_S * RATE_HZ && r->events[i].peak < (SECONDS - 1) * RATE_HZ;
        }
        printf("twitches 0.15 s before a P wave: %zu of %u found, %zu events more\n", found, t.n, wrong);
        ck_assert_uint_ge(found, t.n - 3);
        ck_assert_uint_le(wrong, 2);
        free(h);
}
END_TEST

/* Where a beat is subtracted a twitch that is hardly above the threshold is found as it is elsewhere. */
START_TEST(faint_twitches_beside_beats) {
        Twitches t = { .sigma = 9 };
        unsigned n[2] = { 0, 0 }, found[2] = { 0, 0 };

        seed(51);
        Heard *h = listen(100102, SECONDS, HEART_UV, NULL, &t);
        for (unsigned k = 0; k < t.n; k++) {
                bool is_found = false;

                for (size_t i = 0; i < h->reports.n_events; i++) {
                        const DetectEvent *e = h->reports.events + i;

                        is_found = is_found || (e->channels[0] == t.channels[k] &&
                                                fabs(e->peak / RATE_HZ - t.at_s[k]) < 0.01);
                }
                n[t.beside[k]]++;
                found[t.beside[k]] += is_found;
        }
        printf("faint twitches beside beats: %u of %u found, %u of %u elsewhere\n", found[1], n[1], found[0], n[0]);
        ck_assert(found[0] > 0.9 * n[0]);
        ck_assert(found[1] > 0.9 * n[1]);
        free(h);
}
END_TEST

/* What the detector takes a twitch out of, at a time of the signal. */
static double cleaned_uv(const Detector *d, double time_s) {
        double step = (time_s * RATE_HZ + d->delay_frames) / d->decimator.decimation;

        return (double) history_at(&d->channels[0].history, step);
}

/*
 * Beats leave a fraction of the noise, though the quietest channel's are hundreds of times as large, and larger and smaller with the
 * breath; and though two other channels hear a muscle at work. A detector that never hears the heart tells what should be left.
 */
static const struct { double breathes, work_uv; } disturbances[] = { { 0, 0 }, { 0.1, 0 }, { 0, 300 } };

START_TEST(residue) {
        enum { LISTENED = 3 };
        const double reach_s = 0.05, late_s = 0.2, work_s = 60;
        static Reports reports[2];
        Detector *d[2] = { new_detector(RATE_HZ, LISTENED, reports), new_detector(RATE_HZ, LISTENED, reports + 1) };
        double square = 0, beat_s = 0, n = 0;
        SynthEcgChannel channels[LISTENED];
        SynthNoise noise[LISTENED];
        SynthEcg ecg;

        synth_ecg_init(&ecg, 100402, RATE_HZ);
        synth_ecg_set_rhythm(&ecg, 100402, &(EcgRhythm) { .breathes = disturbances[_i].breathes });
        for (unsigned c = 0; c < LISTENED; c++) {
                synth_noise_init(noise + c, 100402, c, RATE_HZ, 1, CORNER_HZ);
                synth_ecg_init_channel(channels + c, 100402, c, HEART_UV);
        }
        for (size_t f = 0; f < (size_t) (100 * RATE_HZ); f++) {
                int32_t with[LISTENED], without[LISTENED];

                synth_ecg_next(&ecg);
                for (unsigned c = 0; c < LISTENED; c++) {
                        double uv = synth_noise_next(noise + c);

                        uv *= c > 0 && ecg.now_s > work_s ? 1 + disturbances[_i].work_uv : 1;
                        with[c] = (int32_t) lround((uv + synth_ecg_value(&ecg, channels + c)) / LSB_UV);
                        without[c] = (int32_t) lround(uv / LSB_UV);
                }
                detector_push(d[0], with, NULL, 1);
                detector_push(d[1], without, NULL, 1);
                for (unsigned i = 0; i < ECG_BEATS; i++)
                        if (ecg.beats[i].at_s > beat_s && ecg.beats[i].at_s + late_s < ecg.now_s) {
                                beat_s = ecg.beats[i].at_s;
                                for (double t = -reach_s; t < reach_s && beat_s > KNOWN_S; t += 1.0 / RATE_HZ, n++)
                                        square += pow(cleaned_uv(d[0], beat_s + t) - cleaned_uv(d[1], beat_s + t), 2);
                        }
        }
        double sigma_uv = (double) d[1]->channels[0].noise.sigma_uv, left = sqrt(square / n) / sigma_uv;
        printf("%.0f %% more or less with the breath, work of %.0f uV beside: beats of %.0f sigma leave %.2f\n",
               100 * disturbances[_i].breathes, disturbances[_i].work_uv, fabs(channels[0].uv[2]) / sigma_uv, left);
        ck_assert(left < 0.4);
        detector_free(d[0]);
        detector_free(d[1]);
}
END_TEST

/* The first beats are no jerks of all limbs: what may be of a heart waits until that is known. Fibrillating atria, too. */
static const double uneven[] = { 0, 0.2 };

START_TEST(first_beats) {
        for (uint64_t number = 100401; number <= 100403; number++) {
                Heard *h = listen(number, KNOWN_S, HEART_UV, &(EcgRhythm) { .uneven = uneven[_i] }, NULL);
                size_t n_beats = 0;

                for (size_t i = 0; i < h->reports.n_artefacts; i++)
                        n_beats += h->reports.artefacts[i].cause == ARTEFACT_ECG;
                printf("a heart's first beats: %zu known as such, %zu events\n", n_beats, h->reports.n_events);
                ck_assert_uint_ge(n_beats, 8);
                ck_assert_uint_le(h->reports.n_events, uneven[_i] > 0 ? 3 : 1);
                free(h);
        }
}
END_TEST

/* Whatever the heart does once it is known, none of its beats is a twitch. */
static const struct { const char *name; EcgRhythm rhythm; } rhythms[] = {
        { "one in ten too early", { .premature = 0.1 } },
        { "one in twenty missing", { .dropped = 0.05 } },
        { "at no pace", { .uneven = 0.2 } },
        { "larger and smaller with the breath", { .breathes = 0.15 } },
        { "ever faster, to 140 a minute", { .period_s = 0.43, .change_s = 0.6 * SECONDS } },
};

START_TEST(rhythm) {
        Heard *h = listen(100401, SECONDS, HEART_UV, &rhythms[_i].rhythm, NULL);
        size_t n_twitches = 0, n_others = 0;

        for (size_t i = 0; i < h->reports.n_events; i++) {
                const DetectEvent *e = h->reports.events + i;
                bool twitch = event_kind_is_twitch(e->kind);

                n_twitches += twitch && e->peak > KNOWN_S * RATE_HZ;
                n_others += !twitch && e->peak > KNOWN_S * RATE_HZ;
        }
        printf("beats %s: %zu twitches, %zu other events\n", rhythms[_i].name, n_twitches, n_others);
        ck_assert_uint_le(n_twitches, 2);
        free(h);
}
END_TEST

int main(void) {
        Suite *s = suite_create("heart");
        TCase *t = tcase_create("heart");

        tcase_set_timeout(t, 120);
        tcase_add_test(t, beats_are_not_noticed);
        tcase_add_test(t, noise_is_as_without_heart);
        tcase_add_test(t, twitch_and_p_wave);
        tcase_add_test(t, faint_twitches_beside_beats);
        tcase_add_loop_test(t, residue, 0, (int) (sizeof disturbances / sizeof disturbances[0]));
        tcase_add_loop_test(t, first_beats, 0, 2);
        tcase_add_loop_test(t, rhythm, 0, (int) (sizeof rhythms / sizeof rhythms[0]));
        suite_add_tcase(s, t);
        return suite_done(s);
}
