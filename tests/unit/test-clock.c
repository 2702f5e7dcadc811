/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frame clock against a device whose true times are known. */
#include <check.h>
#include <math.h>

#include "source/clock.h"
#include "suite.h"
#include "util.h"

/* A device: edges at exact times, timestamps late by a random amount and never early. */
typedef struct Device {
        double rate_hz;                 /* true */
        double jitter_ns;               /* mean of the exponential lateness */
        uint64_t random;
        uint64_t frame;                 /* next true frame */
        uint64_t pushed_missing;        /* what the clock declared missing so far */
        FrameClock clock;
} Device;

static const int64_t start_ns = INT64_C(86400) * 1000000000;

static double uniform(Device *d) {
        d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return ((double) (d->random >> 11) + 0.5) / 9007199254740992.0;
}

static int64_t true_ns(const Device *d, double frame) {
        return start_ns + llround(frame * 1e9 / d->rate_hz);
}

static Device device(double nominal_hz, double ppm, double jitter_ns) {
        Device d = { .rate_hz = nominal_hz * (1 + ppm * 1e-6), .jitter_ns = jitter_ns, .random = 1 };

        frame_clock_init(&d.clock, nominal_hz);
        return d;
}

static void push(Device *d, double late_ns, bool lost) {
        int64_t time_ns = true_ns(d, (double) d->frame) + llround(late_ns);

        d->pushed_missing += frame_clock_push(&d->clock, time_ns, lost);
        d->frame++;
}

static void run(Device *d, double seconds) {
        for (uint64_t n = (uint64_t) (seconds * d->rate_hz); n > 0; n--)
                push(d, -log(uniform(d)) * d->jitter_ns, false);
}

/* Error of the time of the latest frame. Positions equal true frames where all is counted right. */
static double error_us(const Device *d) {
        double position = (double) d->clock.position - 1;

        int64_t off_ns = frame_clock_time_ns(&d->clock, position) - true_ns(d, (double) d->frame - 1);

        return fabs((double) off_ns) / 1e3;
}

static const struct {
        double nominal_hz, ppm, jitter_ns;
} devices[] = {
        { 250, 0, 20e3 },
        { 1000, 25000, 20e3 },
        { 1000, -25000, 200e3 },
        { 2000, 137, 5e3 },
        { 16000, 18000, 5e3 },
};

START_TEST(rate_and_phase) {
        Device d = device(devices[_i].nominal_hz, devices[_i].ppm, devices[_i].jitter_ns);

        ck_assert_double_eq(frame_clock_rate_hz(&d.clock), 0);
        for (unsigned s = 0; s < 60; s++) {
                run(&d, 1);
                ck_assert_double_lt(error_us(&d), 0.1 * 1e6 / d.rate_hz + devices[_i].jitter_ns / 1e3);
        }
        ck_assert_double_lt(fabs(frame_clock_rate_hz(&d.clock) / d.rate_hz - 1), 20e-6);
        ck_assert_uint_eq(d.pushed_missing, 0);
        ck_assert_uint_eq(d.clock.position, d.frame);
}
END_TEST

START_TEST(rate_from_the_first_second) {
        Device d = device(1000, 25000, 20e3);

        for (unsigned i = 0; i < 100; i++) {
                run(&d, 0.05);
                ck_assert_double_lt(error_us(&d), 500);
        }
}
END_TEST

START_TEST(late_interrupts_are_no_gap) {
        Device d = device(1000, 12000, 30e3);

        run(&d, 5);
        for (unsigned i = 0; i < 50; i++) {
                /* interrupts off for 9 ms: the edges are served late, one after the other */
                for (unsigned k = 0; k < 9; k++)
                        push(&d, (9 - k) * 0.98e6, false);
                push(&d, 20e6 * uniform(&d), false);
                run(&d, 0.3);
        }
        ck_assert_uint_eq(d.pushed_missing, 0);
        ck_assert_double_lt(error_us(&d), 100);
}
END_TEST

/* Every tenth timestamp is two to three periods late: no rest, and no gap either. */
START_TEST(constant_jitter_is_no_gap) {
        Device d = device(1000, -8000, 30e3);

        for (unsigned i = 0; i < 20000; i++)
                push(&d, i % 10 == 3 ? 2e6 + 1e6 * uniform(&d) : 30e3 * uniform(&d), false);
        ck_assert_uint_eq(d.pushed_missing, 0);
        ck_assert_double_lt(fabs(frame_clock_rate_hz(&d.clock) / d.rate_hz - 1), 50e-6);
}
END_TEST

START_TEST(flagged_loss) {
        static const unsigned lost[] = { 1, 2, 7, 100, 5000 };
        Device d = device(devices[_i].nominal_hz, devices[_i].ppm, devices[_i].jitter_ns);
        uint64_t expected = 0;

        run(&d, 3);
        for (unsigned i = 0; i < ELEMENTSOF(lost); i++) {
                d.frame += lost[i];
                expected += lost[i];
                push(&d, d.jitter_ns, true);
                ck_assert_uint_eq(d.pushed_missing, expected);
                run(&d, 1.5);
                ck_assert_uint_eq(d.pushed_missing, expected);
                ck_assert_double_lt(error_us(&d), 0.1 * 1e6 / d.rate_hz + d.jitter_ns / 1e3);
        }
}
END_TEST

/* A machine that loses scans all the time: the clock still tells the rate and the time. */
START_TEST(losses_without_end) {
        Device d = device(devices[_i].nominal_hz, devices[_i].ppm, devices[_i].jitter_ns);
        uint64_t expected = 0;

        for (unsigned i = 0; i < 20 * d.rate_hz / 22; i++) {
                unsigned lost = 1 + (unsigned) (uniform(&d) * 4);

                for (unsigned k = 0; k < 20; k++)
                        push(&d, d.jitter_ns * uniform(&d), false);
                d.frame += lost;
                expected += lost;
                push(&d, d.jitter_ns * uniform(&d), true);
        }
        ck_assert_uint_eq(d.pushed_missing, expected);
        ck_assert_double_lt(fabs(frame_clock_rate_hz(&d.clock) / d.rate_hz - 1), 50e-6);
        ck_assert_double_lt(error_us(&d), 0.1 * 1e6 / d.rate_hz + d.jitter_ns / 1e3);
}
END_TEST

/* The driver sees edges that never became an interrupt some 40 scans later, and flags the scan then. */
START_TEST(loss_flagged_late) {
        Device d = device(devices[_i].nominal_hz, devices[_i].ppm, devices[_i].jitter_ns);
        uint64_t expected = 0;

        run(&d, 3);
        for (unsigned scans = 0; scans < 400; scans += 40) {
                d.frame += 3;
                expected += 3;
                for (unsigned i = 0; i < scans; i++)
                        push(&d, d.jitter_ns * uniform(&d), false);
                push(&d, d.jitter_ns, true);
                run(&d, 1.5);
                ck_assert_uint_eq(d.pushed_missing, expected);
                ck_assert_double_lt(error_us(&d), 0.1 * 1e6 / d.rate_hz + d.jitter_ns / 1e3);
        }
}
END_TEST

/* A loss of 2, and the first edge after it is 4 periods late: the count is too high, the time is not. */
START_TEST(flagged_loss_and_late_edge) {
        Device d = device(1000, 10000, 20e3);

        run(&d, 3);
        d.frame += 2;
        push(&d, 4e6, true);
        run(&d, 1);
        ck_assert_uint_ge(d.pushed_missing, 2);
        ck_assert_double_lt(error_us(&d), 100);
}
END_TEST

START_TEST(unflagged_loss) {
        Device d = device(1000, -15000, 20e3);
        uint64_t expected = 0;

        run(&d, 3);
        for (unsigned lost = 1; lost < 300; lost = lost * 3 + 1) {
                d.frame += lost;
                expected += lost;
                run(&d, 1);             /* the shift lasts */
                ck_assert_uint_eq(d.pushed_missing, expected);
                ck_assert_double_lt(error_us(&d), 100);
        }
}
END_TEST

/* The simulated chip after a stall: late conversions follow at 3/4 of a period until on schedule. */
START_TEST(catching_up_is_no_gap) {
        Device d = device(1000, 5000, 20e3);

        run(&d, 3);
        for (double late_ns = 300e6; late_ns > 0; late_ns -= 0.25e6)
                push(&d, late_ns, false);
        run(&d, 3);
        ck_assert_uint_eq(d.pushed_missing, 0);
        ck_assert_double_lt(error_us(&d), 100);
}
END_TEST

/* Emulation on a busy host: stalls, the chip catching up behind them, and real losses in between. */
START_TEST(stalls_and_losses) {
        Device d = device(1000, -12000, 30e3);
        double late_ns = 0;

        run(&d, 2);
        for (unsigned i = 0; i < 60000; i++) {
                bool lost = uniform(&d) < (late_ns > 0 ? 0.02 : 0.001);

                if (uniform(&d) < 0.002)
                        late_ns += 40e6 * uniform(&d);
                if (lost) {
                        unsigned n = 1 + (unsigned) (3 * uniform(&d));
                        d.frame += n;
                        late_ns = fmax(late_ns - n * 0.25e6, 0);
                }
                push(&d, late_ns + 30e3 * uniform(&d), lost);
                late_ns = fmax(late_ns - 0.25e6, 0);
        }
        run(&d, 1);
        ck_assert_double_lt(error_us(&d), 500);
        ck_assert_double_lt(fabs(frame_clock_rate_hz(&d.clock) / d.rate_hz - 1), 200e-6);
}
END_TEST

START_TEST(starts_late) {
        Device d = device(1000, 0, 20e3);

        for (double late_ns = 10e6; late_ns > 0; late_ns -= 0.25e6)
                push(&d, late_ns, false);
        run(&d, 20);
        ck_assert_uint_eq(d.pushed_missing, 0);
        ck_assert_double_lt(error_us(&d), 100);
}
END_TEST

/* What the first frames teach is wrong by the most there can be, and there is no rest to learn it anew. */
START_TEST(starts_catching_up_and_loses) {
        Device d = device(1000, 0, 20e3);

        for (double late_ns = 250e6; late_ns > 0; late_ns -= 0.25e6)
                push(&d, late_ns, false);
        for (unsigned i = 0; i < 20000; i++) {
                if (i % 50 == 0)
                        d.frame++;
                push(&d, 30e3 * uniform(&d) + (i % 30 == 0 ? 2e6 : 0), i % 50 == 0);
        }
        ck_assert_double_lt(fabs(frame_clock_rate_hz(&d.clock) / d.rate_hz - 1), 200e-6);
        ck_assert_double_lt(error_us(&d), 200);
}
END_TEST

START_TEST(warming_oscillator) {
        double ns = (double) start_ns, period_ns = 1e9 / 16000;
        uint64_t missing = 0;
        FrameClock c;

        frame_clock_init(&c, 16000);
        for (unsigned i = 0; i < 16000 * 30; i++) {
                ns += period_ns;
                period_ns *= 1 - 2e-6 / 16000; /* 2 ppm a second */
                missing += frame_clock_push(&c, (int64_t) ns, false);
        }
        ck_assert_uint_eq(missing, 0);
        ck_assert_double_lt(fabs((double) frame_clock_time_ns(&c, (double) c.position - 1) - ns), 100e3);
}
END_TEST

START_TEST(backwards_and_nonsense) {
        static const int64_t bad[] = { 0, INT64_MIN, INT64_MAX, -1, 1 };
        FrameClock c;

        for (unsigned i = 0; i < ELEMENTSOF(bad); i++) {
                frame_clock_init(&c, 1000);
                for (unsigned k = 0; k < 3000; k++)
                        frame_clock_push(&c, k == 1000 ? bad[i] : start_ns + INT64_C(1000000) * k,
                                         k % 97 == 0);
                ck_assert_uint_ge(c.position, 3000);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("clock");
        TCase *t = tcase_create("clock");

        tcase_set_timeout(t, 120);
        tcase_add_loop_test(t, rate_and_phase, 0, ELEMENTSOF(devices));
        tcase_add_test(t, rate_from_the_first_second);
        tcase_add_test(t, late_interrupts_are_no_gap);
        tcase_add_test(t, constant_jitter_is_no_gap);
        tcase_add_loop_test(t, flagged_loss, 0, ELEMENTSOF(devices));
        tcase_add_loop_test(t, losses_without_end, 0, ELEMENTSOF(devices));
        tcase_add_loop_test(t, loss_flagged_late, 0, ELEMENTSOF(devices));
        tcase_add_test(t, flagged_loss_and_late_edge);
        tcase_add_test(t, unflagged_loss);
        tcase_add_test(t, catching_up_is_no_gap);
        tcase_add_test(t, stalls_and_losses);
        tcase_add_test(t, starts_late);
        tcase_add_test(t, starts_catching_up_and_loses);
        tcase_add_test(t, warming_oscillator);
        tcase_add_test(t, backwards_and_nonsense);
        suite_add_tcase(s, t);
        return suite_done(s);
}
