/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noise that fluctuates, and noise of heavy tails: what the threshold makes of each. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/tail.h"
#include "random.h"
#include "suite.h"

#define RATE_HZ 1000.0
#define SECONDS 400u
#define SIGMA_UV 3.0f
#define THRESHOLD 5.4f
#define MAXIMUM 4.0                     /* of the statistic; in Gaussian noise so high once in 5 s */
#define EVERY_S 5.0

/* --- theory --- */

/* By numbers: Gaussian noise, its level's logarithm normally distributed and sigma taken for so much more. */
static double exceeded(double level, double variance, double sigma_rise) {
        double sum = 0, weight = 0, z = level * exp(sigma_rise * variance);

        for (double n = -6; n < 6; n += 0.01) {
                double p = exp(-n * n / 2), l = z * exp(-n * sqrt(variance));

                sum += p * exp(-l * l / 2);
                weight += p;
        }
        return sum / weight;
}

START_TEST(excess_is_that_of_a_level_that_fluctuates) {
        for (double v = 0.002; v < 0.05; v *= 1.5) {
                double theory = exceeded(MAXIMUM, v, 0.415) / exp(-MAXIMUM * MAXIMUM / 2);

                ck_assert(fabs(tail_excess(v, MAXIMUM) / theory - 1) < 0.15);
                ck_assert(fabs(tail_variance(tail_excess(v, MAXIMUM), MAXIMUM) / v - 1) < 0.01);
        }
        ck_assert(fabs(tail_excess(0, MAXIMUM) - 1) < 1e-6);
}
END_TEST

START_TEST(a_higher_level_is_exceeded_as_seldom_as_a_gaussian_does) {
        for (double v = 0.001; v < 0.1; v *= 1.5) {
                double rate = exceeded((double) THRESHOLD * tail_raise(v, (double) THRESHOLD), v, 0.415);

                ck_assert(fabs(log(rate) + (double) (THRESHOLD * THRESHOLD) / 2) < 0.3);
        }
        ck_assert(tail_raise(0, (double) THRESHOLD) == 1);
}
END_TEST

/* --- noise --- */

typedef struct Source {
        double log_level, fluctuation, memory;  /* an Ornstein-Uhlenbeck process */
        bool laplace;
        double maxima;                  /* to those in Gaussian noise */
} Source;

static float source_next(Source *s) {
        double u = uniform() - 0.5;

        s->log_level = s->memory * s->log_level +
                s->fluctuation * sqrt(1 - s->memory * s->memory) * gaussian();
        double x = s->laplace ? copysign(log(1 - 2 * fabs(u)), u) * M_SQRT1_2 : gaussian();
        return (float) ((double) SIGMA_UV * exp(s->log_level) * x);
}

/* The history holds the latest second. */
static void learn(Level *l, History *h, Source *s) {
        level_init(l, RATE_HZ, 1, MAXIMUM, EVERY_S);
        ck_assert_int_eq(history_init(h, (unsigned) RATE_HZ), 0);
        history_restart(h, 0);
        for (unsigned i = 1; i <= SECONDS * (unsigned) RATE_HZ; i++) {
                history_push(h, source_next(s));
                if (i % l->piece_steps == 0 && i >= level_window_steps(l))
                        level_add(l, history_window(h, level_window_steps(l)), SIGMA_UV,
                                  uniform() < s->maxima * 0.05 / EVERY_S);
        }
}

START_TEST(steady_noise_raises_nothing) {
        Source s = { .maxima = 1 };
        History h;
        Level l;

        for (unsigned k = 0; k < 5; k++) {
                seed(k);
                learn(&l, &h, &s);
                ck_assert(level_raise_typical(&l, THRESHOLD) < 1.02f);
                ck_assert(level_raise(&l, &h, (double) h.end - 400, (double) h.end - 390, THRESHOLD) < 1.02f);
                history_done(&h);
        }
}
END_TEST

/* What is as loud as its surroundings is foreseen; the rest of 20 % asks for less than all of it would. */
START_TEST(a_level_that_fluctuates_is_followed) {
        Source s = { .fluctuation = 0.2, .memory = exp(-1 / (0.2 * RATE_HZ)), .maxima = 6 };
        double level, sum = 0, squares = 0, products = 0;
        History h;
        Level l;

        seed(1);
        learn(&l, &h, &s);
        ck_assert(level_raise_typical(&l, THRESHOLD) > 1.08f);
        ck_assert((double) level_raise_typical(&l, THRESHOLD) < tail_raise(0.04, (double) THRESHOLD));
        unsigned n = 500;
        for (unsigned i = 0; i < n; i++) {
                for (unsigned k = 0; k < 300; k++) {
                        history_push(&h, source_next(&s));
                        if (k == 150)
                                level = s.log_level;
                }
                double raise = log((double) level_raise(&l, &h, (double) h.end - 152, (double) h.end - 146,
                                                        THRESHOLD));
                sum += raise;
                squares += (raise - 0.1) * (raise - 0.1);
                products += raise * level;
        }
        squares -= n * pow(sum / n - 0.1, 2);
        ck_assert(products / sqrt(squares * n) / 0.2 > 0.7);    /* correlation; 0.74 to 0.8 are seen */
        history_done(&h);
}
END_TEST

/* The same maxima, of noise and of potentials. */
START_TEST(tails_of_noise_raise_and_potentials_do_not) {
        Source s = { .laplace = true, .maxima = 8 };
        History h;
        Level l;

        seed(2);
        learn(&l, &h, &s);
        ck_assert(level_raise_typical(&l, THRESHOLD) > 1.2f);
        history_done(&h);

        Tail t;
        tail_restart(&t);
        for (unsigned i = 0; i < 4000; i++) {
                float white[50];
                unsigned at = 5 + (unsigned) (uniform() * 35);

                for (unsigned k = 0; k < 50; k++)
                        white[k] = (float) gaussian();
                for (unsigned k = 0; k < 6 && i % 10 == 0; k++)         /* two waves */
                        white[at + k] += 4 * sinf((float) M_PI * ((float) k + 0.5f) / 3);
                tail_add(&t, white, 50, 1, i % 10 == 0);
        }
        ck_assert(tail_measured(&t, 0.01, MAXIMUM, 0) > 0.02);
        ck_assert(tail_of_noise(&t, 0.01, MAXIMUM) < 0.001);
}
END_TEST

/* A hole in what is known, and a file that is too short: nothing is raised, nothing read that is not there. */
START_TEST(nothing_known_raises_nothing) {
        History h;
        Level l;

        level_init(&l, RATE_HZ, 1, MAXIMUM, EVERY_S);
        ck_assert_int_eq(history_init(&h, 100), 0);
        history_restart(&h, 0);
        for (unsigned i = 0; i < 20; i++)
                history_push(&h, 1);
        ck_assert(level_raise(&l, &h, 10, 15, THRESHOLD) == 1);
        for (unsigned i = 0; i < 1000; i++)
                level_skip(&l);
        ck_assert(level_raise(&l, &h, 10, 15, THRESHOLD) == 1);
        ck_assert(level_raise_typical(&l, THRESHOLD) == 1);
        history_done(&h);
}
END_TEST

SUITE("level", excess_is_that_of_a_level_that_fluctuates, a_higher_level_is_exceeded_as_seldom_as_a_gaussian_does,
      steady_noise_raises_nothing, a_level_that_fluctuates_is_followed, tails_of_noise_raise_and_potentials_do_not,
      nothing_known_raises_nothing)
