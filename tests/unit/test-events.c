/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of events, by candidate events made by hand: what becomes of discharges that come in this order, at these
 * intervals, of these units and channels. No signal: milliseconds, and a rule that changes is seen here.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/detector.h"
#include "daemon/detect/events/candidates.h"
#include "daemon/detect/events/decide.h"
#include "suite.h"

#define RATE_HZ 1000.0                  /* a step is a millisecond */
#define CHANNELS 6u
#define EVENTS_MAX 64u
#define KNOWN_LATE_S 0.15               /* an activity closes so long after its last discharge */

typedef struct Script {
        Detector *d;
        double now_s;
        unsigned n;
        DetectEvent events[EVENTS_MAX];
        double decided_s[EVENTS_MAX];
        unsigned n_artefacts;
} Script;

static void on_event(const DetectEvent *event, void *userdata) {
        Script *s = userdata;

        ck_assert_uint_lt(s->n, EVENTS_MAX);
        s->decided_s[s->n] = s->now_s;
        s->events[s->n++] = *event;
}

static void on_artefact(const DetectArtefact *artefact, void *userdata) {
        Script *s = userdata;

        ck_assert_int_eq(artefact->cause, ARTEFACT_ECG);
        s->n_artefacts++;
}

static void begin(Script *s) {
        double lsb_uv[CHANNELS];
        int32_t code_min[CHANNELS], code_max[CHANNELS];

        for (unsigned i = 0; i < CHANNELS; i++) {
                lsb_uv[i] = 0.02;
                code_min[i] = -8388608;
                code_max[i] = 8388607;
        }
        *s = (Script) { .n = 0 };
        ck_assert_int_eq(detector_new(&(DetectConfig) {
                .rate_hz = RATE_HZ,
                .n_channels = CHANNELS,
                .lsb_uv = lsb_uv,
                .code_min = code_min,
                .code_max = code_max,
                .false_alarms_per_hour = 1,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .userdata = s,
        }, &s->d), 0);
        for (unsigned i = 0; i < CHANNELS; i++) {
                s->d->channels[i].running = true;
                s->d->channels[i].noise.n_blocks = NOISE_BLOCKS_MIN;
        }
}

/* Time goes on in steps of 10 ms. */
static void until(Script *s, double time_s) {
        for (; s->now_s < time_s; s->now_s += 0.01) {
                for (unsigned i = 0; i < CHANNELS; i++)
                        s->d->channels[i].history.end = (int64_t) (s->now_s * RATE_HZ);
                candidates_step(s->d, s->now_s * RATE_HZ);
        }
}

/* Of a unit in a channel n discharges, so far apart; known when they are over. */
static CandidateEvent made(double at_s, unsigned channel, unsigned unit, unsigned n, double interval_s) {
        CandidateEvent h = {
                .class = CLASS_FASCICULATION,
                .n_channels = 1,
                .channels = { channel },
                .units = { unit },
                .peak = at_s * RATE_HZ,
                .onset = (at_s - 0.005) * RATE_HZ,
                .last_peak = (at_s + (n - 1) * interval_s) * RATE_HZ,
                .end = (at_s + (n - 1) * interval_s + 0.01) * RATE_HZ,
                .contraction_from = { INFINITY },
                .contraction_to = { -INFINITY },
                .amplitude_uv = 50,
                .snr = 20,
                .n_discharges = n,
                .before = -1,
        };

        for (unsigned i = 1; i < n; i++)
                intervals_add(&h.intervals, interval_s * RATE_HZ);
        return h;
}

static void add(Script *s, CandidateEvent h) {
        until(s, h.end / RATE_HZ + KNOWN_LATE_S);
        candidates_add(s->d, &h);
}

static CandidateEvent contraction(double from_s, double to_s, unsigned channel) {
        CandidateEvent h = made(from_s, channel, 0, 1, 0);

        h.class = CLASS_CONTRACTION;
        h.onset = h.contraction_from[0] = from_s * RATE_HZ;
        h.end = h.last_peak = h.contraction_to[0] = to_s * RATE_HZ;
        h.amplitude_uv = 200;
        return h;
}

static CandidateEvent burst(double at_s, unsigned channel, double length_s) {
        CandidateEvent h = made(at_s, channel, 0, 3, length_s / 3);

        h.class = CLASS_MULTIUNIT_BURST;
        h.onset = at_s * RATE_HZ;
        h.end = (at_s + length_s) * RATE_HZ;
        return h;
}

/* From then on the channel is at work; so long that nobody knows yet what will become of it. */
static void at_work(Script *s, unsigned channel, double from_s) {
        s->d->channels[channel].activity = (Activity) {
                .open = true, .sustained = true, .first_peak = from_s * RATE_HZ, .onset = from_s * RATE_HZ,
        };
        s->d->assembly.open[0].sustained = true;
        s->d->assembly.n_open = 1;
}

static void at_rest(Script *s, unsigned channel) {
        s->d->channels[channel].activity.open = false;
        s->d->assembly.n_open = 0;
}

static void end(Script *s) {
        candidates_flush(s->d);
        s->d = detector_free(s->d);
}

static unsigned count(const Script *s, EventKind kind) {
        unsigned n = 0;

        for (unsigned i = 0; i < s->n; i++)
                n += s->events[i].kind == kind;
        return n;
}

/* All events are of one kind, and so many. */
#define assert_only(s, kind, wanted) do {                               \
                ck_assert_uint_eq(count(s, kind), wanted);              \
                ck_assert_uint_eq((s)->n, wanted);                      \
        } while (0)

/* --- one unit --- */

START_TEST(a_discharge_is_a_fasciculation) {
        Script s;

        begin(&s);
        add(&s, made(1, 2, 1, 1, 0));
        until(&s, 1.55);
        ck_assert_uint_eq(s.n, 0);      /* the next of a train might still come */
        until(&s, 3);
        end(&s);
        assert_only(&s, EVENT_FASCICULATION, 1);
        ck_assert(s.decided_s[0] > 1.6 && s.decided_s[0] < 1.75);
        ck_assert_uint_eq(s.events[0].channels[0], 2);
        ck_assert_uint_eq(s.events[0].unit, 1);
        ck_assert(fabs(s.events[0].end - s.events[0].onset - 15) < 0.01);
}
END_TEST

START_TEST(two_are_a_doublet_three_a_multiplet) {
        Script s;

        begin(&s);
        add(&s, made(1, 0, 1, 2, 0.005));
        add(&s, made(5, 0, 1, 3, 0.05));
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(s.n, 2);
        ck_assert_int_eq(s.events[0].kind, EVENT_DOUBLET);
        ck_assert_int_eq(s.events[1].kind, EVENT_MULTIPLET);
        ck_assert_uint_eq(s.events[1].discharges, 3);
}
END_TEST

static const struct {
        unsigned n;
        double interval_s;
        bool train;
} rows[] = {
        { 10, 0.12, true }, { 9, 0.12, false }, { 10, 0.27, true }, { 10, 0.29, false }, { 12, 0.048, true },
        { 12, 0.042, false },
};

START_TEST(ten_at_an_even_pace_are_a_train) {
        Script s;

        begin(&s);
        for (unsigned i = 0; i < rows[_i].n; i++)
                add(&s, made(1 + i * rows[_i].interval_s, 0, 1, 1, 0));
        until(&s, 10);
        double first = detector_frame_of_step(s.d, 1000);
        end(&s);
        if (rows[_i].train) {
                assert_only(&s, EVENT_UNIT_TRAIN, 1);
                ck_assert_uint_eq(s.events[0].discharges, rows[_i].n);
                ck_assert(fabs(s.events[0].peak - first) < 0.1);
        } else
                assert_only(&s, EVENT_FASCICULATION, rows[_i].n);
}
END_TEST

START_TEST(of_no_known_unit_or_of_two_there_is_no_train) {
        Script s;

        begin(&s);
        for (unsigned i = 0; i < 12; i++)
                add(&s, made(1 + i * 0.12, 0, i % 2 ? 0 : 3 + i, 1, 0));
        until(&s, 10);
        end(&s);
        assert_only(&s, EVENT_FASCICULATION, 12);
}
END_TEST

/* Gaps between twitches that come as they like, in ms; and those of a train of which every third is not seen. */
static const double as_they_like_s[] = { 0.05, 0.12, 0.22, 0.07, 0.26, 0.05, 0.17, 0.08, 0.24, 0.05, 0.13 };
static const double with_holes_s[] = { 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1 };

START_TEST(a_train_is_even_but_for_holes) {
        const double *gaps_s = _i == 0 ? as_they_like_s : with_holes_s;
        double at_s = 1;
        Script s;

        begin(&s);
        for (unsigned i = 0; i < 12; i++) {
                add(&s, made(at_s, 0, 1, 1, 0));
                at_s += gaps_s[i < 11 ? i : 0];
        }
        until(&s, 10);
        end(&s);
        if (_i == 0)
                assert_only(&s, EVENT_FASCICULATION, 12);
        else
                assert_only(&s, EVENT_UNIT_TRAIN, 1);
}
END_TEST

static void add_train(Script *s, double from_s, unsigned channel) {
        for (unsigned i = 0; i < 12; i++)
                add(s, made(from_s + i * 0.12, channel, 1, 1, 0));
}

/* A train goes on after a silence of less than a second. */
static const struct { double after_s; unsigned n_twitches; } resumed[] = { { 0.9, 0 }, { 1.3, 1 } };

START_TEST(a_train_ends) {
        Script s;

        begin(&s);
        add_train(&s, 1, 0);
        add(&s, made(1 + 11 * 0.12 + resumed[_i].after_s, 0, 1, 1, 0));
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_UNIT_TRAIN), 1);
        ck_assert_uint_eq(count(&s, EVENT_FASCICULATION), resumed[_i].n_twitches);
}
END_TEST

/* What noise made look like another unit's is part of it; what is larger, or elsewhere, is not. */
static const struct { unsigned channel; float uv; double late_s; unsigned n_twitches; } amid[] = {
        { 0, 55, 0.05, 0 }, { 0, 70, 0.05, 1 }, { 1, 40, 0.05, 1 }, { 0, 40, 0.4, 0 }, { 0, 40, 0.6, 1 },
};

START_TEST(a_twitch_amid_a_train) {
        Script s;

        begin(&s);
        add_train(&s, 1, 0);
        CandidateEvent other = made(1 + 11 * 0.12 + amid[_i].late_s, amid[_i].channel, 9, 1, 0);
        other.amplitude_uv = amid[_i].uv;
        add(&s, other);
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_UNIT_TRAIN), 1);
        ck_assert_uint_eq(count(&s, EVENT_FASCICULATION), amid[_i].n_twitches);
}
END_TEST

/* --- groups --- */

static const struct { unsigned n_groups, in_each; double apart_s[4]; bool myokymic; } groups[] = {
        { 3, 4, { 1, 1 }, true }, { 2, 4, { 1 }, false }, { 3, 2, { 1, 1 }, false }, { 3, 3, { 1, 1 }, true },
        { 4, 4, { 0.6, 2.4, 0.6 }, false }, { 4, 4, { 1, 1.15, 0.9 }, true }, { 4, 4, { 1, 2, 1 }, true },
        { 3, 4, { 2.9, 2.9 }, false },
};

START_TEST(three_groups_at_an_even_pace_are_myokymic) {
        double at_s = 1;
        Script s;

        begin(&s);
        for (unsigned i = 0; i < groups[_i].n_groups; i++) {
                add(&s, made(at_s, 0, 1, groups[_i].in_each, 0.03));
                at_s += groups[_i].apart_s[i];
        }
        until(&s, 20);
        end(&s);
        if (groups[_i].myokymic) {
                assert_only(&s, EVENT_MYOKYMIC, 1);
                ck_assert_uint_eq(s.events[0].discharges, groups[_i].n_groups * groups[_i].in_each);
        } else
                ck_assert_uint_eq(s.n, groups[_i].n_groups);
}
END_TEST

/* After the last group a twitch or a doublet of that unit is one of its own, once the next group is overdue. */
START_TEST(groups_end) {
        Script s;

        begin(&s);
        for (unsigned i = 0; i < 3; i++)
                add(&s, made(1 + i, 0, 1, 4, 0.03));
        add(&s, made(3 + 1.9, 0, 1, _i == 0 ? 1 : 2, 0.03));
        until(&s, 20);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_MYOKYMIC), 1);
        ck_assert_uint_eq(count(&s, _i == 0 ? EVENT_FASCICULATION : EVENT_DOUBLET), 1);
}
END_TEST

/* --- what takes in others --- */

/* A twitch of channel 0 before work there, or after it: part of it within half a second. */
static const struct { double twitch_s; unsigned n_twitches; } beside[] = {
        { 2.55, 0 }, { 2.45, 1 }, { 4.3, 0 }, { 4.6, 1 },
};

START_TEST(a_contraction_takes_what_is_beside_it) {
        bool before = beside[_i].twitch_s < 3;
        Script s;

        begin(&s);
        if (before)
                add(&s, made(beside[_i].twitch_s, 0, 1, 1, 0));
        until(&s, 3);
        at_work(&s, 0, 3);
        until(&s, 4.1);
        at_rest(&s, 0);
        add(&s, contraction(3, 4, 0));
        if (!before)
                add(&s, made(beside[_i].twitch_s, 0, 1, 1, 0));
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_CONTRACTION), 1);
        ck_assert_uint_eq(count(&s, EVENT_FASCICULATION), beside[_i].n_twitches);
}
END_TEST

/* Another channel's twitch is its own, unless the signals say that it sees the muscle, and small. */
static const struct { bool sees; float uv; unsigned n_twitches; } elsewhere[] = {
        { false, 50, 1 }, { true, 50, 0 }, { true, 118, 0 }, { true, 122, 1 },
};

START_TEST(a_twitch_elsewhere_stays) {
        Script s;

        begin(&s);
        add(&s, contraction(3, 4, 0));
        CandidateEvent h = made(4.1, 1, 1, 1, 0);
        h.amplitude_uv = elsewhere[_i].uv;
        h.n_beside = elsewhere[_i].sees;
        h.beside[0] = 0;
        add(&s, h);
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_CONTRACTION), 1);
        ck_assert_uint_eq(count(&s, EVENT_FASCICULATION), elsewhere[_i].n_twitches);
}
END_TEST

static const struct { double length_s, other_from_s, other_to_s; EventKind kind; } cramps[] = {
        { 5.2, 0, 0, EVENT_CRAMP_LIKE }, { 4.8, 0, 0, EVENT_CONTRACTION }, { 6, 3, 8.9, EVENT_CONTRACTION }, { 6, 6.2, 8.9, EVENT_CRAMP_LIKE },
        { 6, 7.4, 9, EVENT_CRAMP_LIKE },
};

START_TEST(a_cramp_is_long_and_alone) {
        Script s;

        begin(&s);
        CandidateEvent h = contraction(3, 3 + cramps[_i].length_s, 0);
        if (cramps[_i].other_to_s > 0 && cramps[_i].other_to_s < 9)
                add(&s, contraction(cramps[_i].other_from_s, cramps[_i].other_to_s, 4));
        add(&s, h);
        if (cramps[_i].other_to_s >= 9)
                add(&s, contraction(cramps[_i].other_from_s, 9.01, 4));
        until(&s, 20);
        end(&s);
        for (unsigned i = 0; i < s.n; i++)
                if (s.events[i].channels[0] == 0)
                        ck_assert_int_eq(s.events[i].kind, cramps[_i].kind);
}
END_TEST

static const struct { double silence_s; unsigned n; } again[] = { { 0.45, 1 }, { 0.6, 2 } };

START_TEST(a_contraction_goes_on_after_a_short_silence) {
        Script s;

        begin(&s);
        add(&s, contraction(3, 4, 0));
        at_work(&s, 0, 4 + again[_i].silence_s);
        until(&s, 5.2 + again[_i].silence_s);
        at_rest(&s, 0);
        add(&s, contraction(4 + again[_i].silence_s, 5 + again[_i].silence_s, 0));
        until(&s, 10);
        end(&s);
        assert_only(&s, EVENT_CONTRACTION, again[_i].n);
}
END_TEST

static const struct { unsigned other; double late_s; unsigned n_jerks, n; } jerks[] = {
        { 2, 0.1, 1, 1 }, { 1, 0.1, 0, 1 }, { 2, 0.2, 0, 2 }, { 5, 0.14, 1, 1 },
};

START_TEST(bursts_of_two_sites_are_a_jerk) {
        Script s;

        begin(&s);
        add(&s, burst(1, 0, 0.12));
        add(&s, burst(1 + jerks[_i].late_s, jerks[_i].other, 0.12));
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(count(&s, EVENT_JERK), jerks[_i].n_jerks);
        ck_assert_uint_eq(s.n, jerks[_i].n);
        if (jerks[_i].n_jerks > 0) {
                ck_assert_uint_eq(s.events[0].n_channels, 2);
                ck_assert_uint_eq(s.events[0].unit, 0);
                ck_assert(isnan(s.events[0].lags[1]));
        }
}
END_TEST

/* What comes just before a long burst is its beginning; so is all that comes with a jerk part of it. */
static const struct { double before_s, length_s; EventKind kind; } before_burst[] = {
        { 0.25, 0.15, EVENT_UNCLASSIFIED }, { 0.35, 0.15, EVENT_FASCICULATION }, { 0.25, 0.08, EVENT_FASCICULATION },
};

START_TEST(what_comes_before_a_burst) {
        Script s;

        begin(&s);
        add(&s, made(2 - before_burst[_i].before_s, 0, 1, 1, 0));
        add(&s, burst(2, 0, before_burst[_i].length_s));
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(s.n, 2);
        for (unsigned i = 0; i < 2; i++)
                ck_assert_int_eq(s.events[i].kind, s.events[i].unit == 1 ? before_burst[_i].kind : EVENT_UNCLASSIFIED);
}
END_TEST

static const struct { double before_s; unsigned n; } runs[] = { { 0.1, 1 }, { 0.14, 2 } };

START_TEST(a_run_takes_its_first_potentials) {
        Script s;

        begin(&s);
        CandidateEvent run = made(2, 0, 1, 1, 0);
        run.class = CLASS_HIGH_FREQUENCY;
        run.end = run.last_peak = 2100;
        run.n_discharges = 20;
        add(&s, made(1.995 - runs[_i].before_s, 0, 1, 1, 0));
        add(&s, run);
        until(&s, 10);
        end(&s);
        ck_assert_uint_eq(s.n, runs[_i].n);
        ck_assert_uint_eq(count(&s, EVENT_HIGH_FREQUENCY_RUN), 1);
}
END_TEST

/* --- the heart --- */

/* What is as slow as a heartbeat waits until six seconds have shown no heart; or becomes an artefact when they do. */
START_TEST(slow_ones_wait_for_the_heart) {
        Script s;

        begin(&s);
        for (unsigned i = 0; i < 3; i++) {
                CandidateEvent h = made(1 + 0.8 * i + 0.06 * (i % 2), 0, 0, 1, 0);
                h.slow = true;
                add(&s, h);
        }
        if (_i == 0) {
                until(&s, 6.9);
                ck_assert_uint_eq(s.n, 0);
                until(&s, 9);
                assert_only(&s, EVENT_FASCICULATION, 3);
        } else {
                candidates_were_beats(s.d, 3400, 800, true);
                until(&s, 9);
                ck_assert_uint_eq(s.n, 0);
                ck_assert_uint_eq(s.n_artefacts, 3);
        }
        end(&s);
}
END_TEST

/* What goes on and on is reported after a minute. */
START_TEST(nothing_waits_for_ever) {
        Script s;

        begin(&s);
        add(&s, contraction(3, 4, 0));
        at_work(&s, 0, 4.2);
        until(&s, 70);
        assert_only(&s, EVENT_CONTRACTION, 1);
        ck_assert(s.decided_s[0] > 63 && s.decided_s[0] < 63.3);
        end(&s);
}
END_TEST

#define N(a) ((int) (sizeof (a) / sizeof (a)[0]))

int main(void) {
        Suite *s = suite_create("events");
        TCase *t = tcase_create("events");

        suite_add_tcase(s, t);
        tcase_add_test(t, a_discharge_is_a_fasciculation);
        tcase_add_test(t, two_are_a_doublet_three_a_multiplet);
        tcase_add_loop_test(t, ten_at_an_even_pace_are_a_train, 0, N(rows));
        tcase_add_test(t, of_no_known_unit_or_of_two_there_is_no_train);
        tcase_add_loop_test(t, a_train_is_even_but_for_holes, 0, 2);
        tcase_add_loop_test(t, a_train_ends, 0, N(resumed));
        tcase_add_loop_test(t, a_twitch_amid_a_train, 0, N(amid));
        tcase_add_loop_test(t, three_groups_at_an_even_pace_are_myokymic, 0, N(groups));
        tcase_add_loop_test(t, groups_end, 0, 2);
        tcase_add_loop_test(t, a_contraction_takes_what_is_beside_it, 0, N(beside));
        tcase_add_loop_test(t, a_twitch_elsewhere_stays, 0, N(elsewhere));
        tcase_add_loop_test(t, a_cramp_is_long_and_alone, 0, N(cramps));
        tcase_add_loop_test(t, a_contraction_goes_on_after_a_short_silence, 0, N(again));
        tcase_add_loop_test(t, bursts_of_two_sites_are_a_jerk, 0, N(jerks));
        tcase_add_loop_test(t, what_comes_before_a_burst, 0, N(before_burst));
        tcase_add_loop_test(t, a_run_takes_its_first_potentials, 0, N(runs));
        tcase_add_loop_test(t, slow_ones_wait_for_the_heart, 0, 2);
        tcase_add_test(t, nothing_waits_for_ever);
        return suite_done(s);
}
