/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A movement is no contraction, and a contraction is one whatever moves beside it; what begins it belongs to it, what is beside it does not. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "recorder.h"
#include "suite.h"

#define RATE_HZ 1000
#define NOISE_UV 2.0

static int32_t* new_noise(unsigned n_frames, unsigned n_channels) {
        int32_t *x = calloc((size_t) n_frames * n_channels, sizeof *x);

        ck_assert_ptr_nonnull(x);
        for (size_t i = 0; i < (size_t) n_frames * n_channels; i++)
                x[i] = (int32_t) lround(NOISE_UV * gaussian() / LSB_UV);
        return x;
}

/* First derivative of a Gaussian, with peaks 5 ms apart: a unit of some 60 Hz. */
static void add_potential(int32_t *x, unsigned n_channels, unsigned channel, double time_s, double uv) {
        int middle = (int) lround(time_s * RATE_HZ);

        for (int f = middle - 15; f <= middle + 15; f++) {
                double u = ((double) f / RATE_HZ - time_s) / 0.0025;
                x[(size_t) f * n_channels + channel] += (int32_t) lround(-uv * u * exp(0.5 - u * u / 2) / LSB_UV);
        }
}

/* A muscle at work: units that come on one by one, each 10 times a second with a jitter. */
static void add_work(int32_t *x, unsigned n_channels, unsigned channel, double from_s, double to_s) {
        for (unsigned u = 0; u < 20; u++)
                for (double t = from_s + 0.01 * u + 0.1 * uniform(); t < to_s; t += 0.1 + 0.02 * gaussian())
                        add_potential(x, n_channels, channel, t, 8 + 2 * u);
}

/* A cable that sways, more and less again. */
static void add_sway(int32_t *x, unsigned n_channels, unsigned channel, double from_s, double to_s, double hz, double uv) {
        for (unsigned f = (unsigned) (from_s * RATE_HZ); f < (unsigned) (to_s * RATE_HZ); f++) {
                double t = (double) f / RATE_HZ - from_s, swell = sin(M_PI * t / (to_s - from_s));
                x[(size_t) f * n_channels + channel] += (int32_t) lround(uv * swell * swell * sin(2 * M_PI * hz * t) / LSB_UV);
        }
}

static unsigned count(const Reports *r, EventKind kind) {
        unsigned n = 0;

        for (size_t i = 0; i < r->n_events; i++)
                n += r->events[i].kind == kind;
        return n;
}

/*
 * What the high-pass leaves of it stands out of the noise for seconds, but is as slow as the sway. Nothing there is
 * a contraction, however long it sways, and the time is not rest either.
 */
START_TEST(sway) {
        enum { N = 180000, SWAYS = 16 };

        seed(101);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < SWAYS; i++)
                add_sway(x, 1, 0, 10 + 10 * i, 15 + 10 * i, 4 + 0.4 * i, 300 + 40 * i);
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        double moving_s = 0;
        for (size_t i = 0; i < r->n_minutes; i++) {
                moving_s += r->minutes[i].excluded_s[EXCLUSION_MOTION];
                ck_assert(!r->minutes[i].voluntary);
        }
        printf("%d sways: %u contractions, %.1f s of motion\n", SWAYS, count(r, EVENT_CONTRACTION), moving_s);
        ck_assert_uint_eq(count(r, EVENT_CONTRACTION), 0);
        ck_assert(moving_s > 1.5 * SWAYS && moving_s < 5.5 * SWAYS);
        free(r);
        free(x);
}
END_TEST

/* Who works moves the cable, too, and far more than the muscle gives. */
START_TEST(work_while_it_sways) {
        enum { N = 120000, WORKS = 10 };

        seed(102);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < WORKS; i++) {
                add_work(x, 1, 0, 15 + 10 * i, 18 + 10 * i);
                add_sway(x, 1, 0, 14 + 10 * i, 19 + 10 * i, 2 + 0.2 * i, 1000);
        }
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        unsigned found = 0;
        for (size_t i = 0; i < r->n_events; i++) {
                double length_s = (r->events[i].end - r->events[i].onset) / RATE_HZ;

                found += r->events[i].kind == EVENT_CONTRACTION && length_s > 2.5 && length_s < 4.5;
        }
        printf("%u of %d contractions while the cable sways\n", found, WORKS);
        ck_assert_uint_eq(found, WORKS);
        free(r);
        free(x);
}
END_TEST

static bool is_twitch(const DetectEvent *e) {
        return e->kind == EVENT_FASCICULATION || e->kind == EVENT_DOUBLET || e->kind == EVENT_MULTIPLET;
}

/* A contraction is over when it is, and a twitch a little more than a second later is one at rest. */
START_TEST(work_ends) {
        enum { N = 120000, WORKS = 10 };

        seed(103);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < WORKS; i++) {
                add_work(x, 1, 0, 10 + 10.07 * i, 13 + 10.07 * i);
                add_potential(x, 1, 0, 14.35 + 10.07 * i, 30);
        }
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        unsigned found = 0, ended = 0;
        for (size_t i = 0; i < r->n_events; i++) {
                const DetectEvent *e = r->events + i;
                double peak_s = fmod(e->peak / RATE_HZ - 10, 10.07), end_s = fmod(e->end / RATE_HZ - 10, 10.07);

                found += is_twitch(e) && fabs(peak_s - 4.35) < 0.01;
                ended += e->kind == EVENT_CONTRACTION && fabs(end_s - 3) < 0.3;
        }
        printf("%u of %d contractions end on time, %u twitches after them\n", ended, WORKS, found);
        ck_assert_uint_eq(ended, WORKS);
        ck_assert_uint_eq(found, WORKS);
        free(r);
        free(x);
}
END_TEST

/* Each channel at work is so in one contraction, the others in none, and so are their minutes; and there is no jerk. */
static bool is_work_alone(const Reports *r, unsigned n_channels, unsigned n_at_work) {
        for (unsigned c = 0; c < n_channels; c++) {
                unsigned works = 0;

                for (size_t i = 0; i < r->n_events; i++)
                        for (size_t k = 0; k < r->events[i].n_channels; k++)
                                works += r->events[i].channels[k] == c && r->events[i].kind == EVENT_CONTRACTION &&
                                        r->events[i].end - r->events[i].onset > 5500;
                if (works != (c < n_at_work))
                        return false;
        }
        for (size_t i = 0; i < r->n_events; i++)
                if (r->events[i].kind == EVENT_JERK && r->events[i].end - r->events[i].onset > 1000)
                        return false;
        for (size_t i = 0; i < r->n_minutes; i++)
                if (r->minutes[i].voluntary != (r->minutes[i].channel < n_at_work))
                        return false;
        return r->n_minutes == n_channels;
}

/*
 * A jerk of the whole body while two channels are at work: that stays work, and the minutes of the other muscles are at
 * rest. The few large potentials of a jerk agree by chance more than those of work do.
 */
START_TEST(jerk_in_work) {
        enum { N = 60000, CHANNELS = 8, AT_WORK = 2, SCENES = 40 };
        unsigned right = 0;

        for (unsigned scene = 0; scene < SCENES; scene++) {
                seed(104 + scene);
                int32_t *x = new_noise(N, CHANNELS);
                for (unsigned c = 0; c < AT_WORK; c++)
                        add_work(x, CHANNELS, c, 20, 26);
                for (unsigned c = 0; c < CHANNELS; c++)
                        for (unsigned k = 0; k < 15; k++) {
                                double at_s = 23 + 0.15 * uniform();

                                add_potential(x, CHANNELS, c, at_s, 120 + 60 * uniform());
                        }
                Reports *r = detect(RATE_HZ, CHANNELS, x, N, 100);
                right += is_work_alone(r, CHANNELS, AT_WORK);
                free(r);
                free(x);
        }
        printf("%u of %d times a jerk in work is work\n", right, SCENES);
        ck_assert_uint_ge(right, 33);
}
END_TEST

/* Half a second of a contraction is enough for a minute, though its first units are too small to be seen. */
START_TEST(work_in_two_minutes) {
        enum { N = 120000 };

        seed(108);
        int32_t *x = new_noise(N, 1);
        for (double t = 59.45; t < 60; t += 0.09)
                add_potential(x, 1, 0, t, 3);
        add_work(x, 1, 0, 59.53, 63);
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        ck_assert_uint_eq(r->n_minutes, 2);
        ck_assert(r->minutes[0].voluntary && r->minutes[1].voluntary);
        free(r);
        free(x);
}
END_TEST

/* A contraction that drives the converter to its rails ends while nothing is believed yet: what follows at once is none at rest. */
START_TEST(work_at_the_rails) {
        enum { N = 90000, WORKS = 10 };

        seed(109);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < WORKS; i++) {
                add_work(x, 1, 0, 10 + 7.5 * i, 13.2 + 7.5 * i);
                for (unsigned k = 0; k < 5; k++)
                        x[12500 + 7500 * i + 3 * k] = CODE_MAX;
                add_potential(x, 1, 0, 13.8 + 7.5 * i, 30);
        }
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        unsigned twitches = 0;
        for (size_t i = 0; i < r->n_events; i++)
                twitches += is_twitch(r->events + i);
        printf("%u twitches just after %d contractions at the rails\n", twitches, WORKS);
        ck_assert_uint_eq(twitches, 0);
        free(r);
        free(x);
}
END_TEST

/* A cramp begins with one unit, and more and more join: its first discharges are no twitches, however long it lasts. */
START_TEST(cramp_begins) {
        enum { N = 60000, CHANNELS = 4 };

        seed(105);
        int32_t *x = new_noise(N, CHANNELS);
        unsigned n = 0;
        for (double t = 15; t < 16.6; t += 0.3 + 0.05 * gaussian())
                add_potential(x, CHANNELS, 1, t, n++ % 2 ? 30 : -60);
        add_work(x, CHANNELS, 1, 16.6, 40);
        Reports *r = detect(RATE_HZ, CHANNELS, x, N, 100);
        for (size_t i = 0; i < r->n_events; i++)
                ck_assert(!is_twitch(r->events + i));
        ck_assert_uint_eq(count(r, EVENT_CRAMP_LIKE), 1);
        free(r);
        free(x);
}
END_TEST

/* With a second part that comes later, as from fibres that lie further away. */
static void add_long_potential(int32_t *x, double time_s) {
        add_potential(x, 1, 0, time_s, 40);
        add_potential(x, 1, 0, time_s + 0.011, 28);
}

/* Four discharges of a unit, close enough to look at each with the next in view, are four. */
START_TEST(counted_once) {
        enum { N = 155000, SINGLES = 20, FOURS = 20 };

        seed(106);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < SINGLES; i++)
                add_long_potential(x, 5 + 1.3 * i + 0.5 * uniform());
        for (unsigned i = 0; i < FOURS; i++) {
                double from_s = 32 + 6 * i + 3 * uniform();

                for (unsigned k = 0; k < 4; k++)
                        add_long_potential(x, from_s + (0.019 + 0.0005 * i) * k);
        }
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        unsigned found = 0;
        for (size_t i = 0; i < r->n_events; i++)
                if (r->events[i].peak > 31000) {
                        ck_assert_uint_ge(r->events[i].discharges, 4);
                        ck_assert_uint_le(r->events[i].discharges, 5);  /* the last one's later part may look like one */
                        found++;
                }
        ck_assert_uint_eq(found, FOURS);
        free(r);
        free(x);
}
END_TEST

/* Units under will that come for half a second, with potentials that never look alike: the first ones are no twitches either. */
START_TEST(short_trains) {
        enum { N = 120000, TRAINS = 25 };

        seed(107);
        int32_t *x = new_noise(N, 1);
        for (unsigned i = 0; i < TRAINS; i++)
                for (unsigned k = 0; k < 5; k++) {
                        double t = 5 + 4.4 * i + 0.13 * k + 0.01 * gaussian(), first_uv = 12 + 6 * uniform();

                        add_potential(x, 1, 0, t, uniform() < 0.5 ? first_uv : -first_uv);
                        add_potential(x, 1, 0, t + 0.004 + 0.008 * uniform(), 12 * uniform());
                }
        Reports *r = detect(RATE_HZ, 1, x, N, 100);
        unsigned twitches = 0;
        for (size_t i = 0; i < r->n_events; i++)
                twitches += is_twitch(r->events + i);
        printf("%u twitches in %d short trains\n", twitches, TRAINS);
        ck_assert_uint_le(twitches, 2 * TRAINS);        /* of 125 discharges; 76 if only those before count */
        free(r);
        free(x);
}
END_TEST

int main(void) {
        Suite *s = suite_create("movement");
        TCase *t = tcase_create("movement");

        suite_add_tcase(s, t);
        tcase_add_test(t, sway);
        tcase_add_test(t, work_while_it_sways);
        tcase_add_test(t, work_ends);
        tcase_add_test(t, jerk_in_work);
        tcase_add_test(t, work_in_two_minutes);
        tcase_add_test(t, work_at_the_rails);
        tcase_add_test(t, cramp_begins);
        tcase_add_test(t, counted_once);
        tcase_add_test(t, short_trains);
        return suite_done(s);
}
