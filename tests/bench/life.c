/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "life.h"

#define BASE_PER_MIN 3.0
#define STEP_MIN (LIFE_MINUTES / LIFE_STEPS)
#define CLUSTER_SD 0.5
#define CLUSTER_MIN 10.0
#define RUN_DAYS 5.0
#define WINDOW_HOURS 6.0

static unsigned poisson(Prng *r, double mean) {
        double left = 0;
        unsigned n = 0;

        if (mean > 60)          /* the normal distribution is as good */
                return (unsigned) fmax(0, round(mean + sqrt(mean) * prng_normal(r)));
        for (left = exp(-mean); (left /= fmax(prng_uniform(r), 1e-300)) <= 1;)
                n++;
        return n;
}

static void measure(LifeSession *s, Prng *r) {
        double slow = prng_normal(r), keep = exp(-STEP_MIN / CLUSTER_MIN);

        s->events = 0;
        for (unsigned i = 0; i < LIFE_STEPS; i++) {
                double log_cluster = CLUSTER_SD * slow - CLUSTER_SD * CLUSTER_SD / 2;

                s->steps[i] = poisson(r, s->per_min * STEP_MIN * exp(log_cluster));
                s->events += s->steps[i];
                slow = keep * slow + sqrt(1 - keep * keep) * prng_normal(r);
        }
}

typedef struct Person {
        bool doing[LIFE_KINDS];
        bool weekdays[LIFE_KINDS][7];
        double weekly[7];               /* of the log rate */
        double slow;                    /* in units of its SD */
        double log_usual, log_last;     /* what this person has measured so far */
} Person;

static void person_init(Person *p, const LifeWorld *w, Prng *r) {
        *p = (Person) { .slow = prng_normal(r) };
        for (unsigned k = 0; k < LIFE_KINDS; k++) {
                p->doing[k] = prng_below(r, 2);
                for (unsigned day = 0; day < 7; day++)
                        p->weekdays[k][day] = prng_below(r, 2);
        }
        for (unsigned day = 0; day < 7; day++)
                p->weekly[day] = w->weekly_sd * prng_normal(r);
        /* worst: the twitching follows exactly the days of the first kind */
        if (w->weekly_sd > 0)
                for (unsigned day = 0; day < 7; day++)
                        p->weekly[day] = w->weekly_sd * (p->weekdays[0][day] ? 1 : -1);
}

static bool does(Person *p, const LifeWorld *w, unsigned kind, unsigned day, Prng *r) {
        switch (w->habit) {
        case HABIT_RUNS:
                if (prng_uniform(r) < 1 / RUN_DAYS)
                        p->doing[kind] = !p->doing[kind];
                return p->doing[kind];
        case HABIT_WEEKDAYS:
                return (prng_uniform(r) < 0.9) == p->weekdays[kind][day % 7];
        case HABIT_RELIEF:
                if (kind < LIFE_KINDS / 2)
                        return prng_uniform(r) < (p->log_last > p->log_usual ? 0.9 : 0.1);
                return prng_below(r, 2);
        case HABIT_BLOCKS:
                if (kind != 0)
                        return prng_below(r, 2);
                if (day % LIFE_BLOCK_DAYS == 0)
                        p->doing[0] = prng_below(r, 2);
                return day % LIFE_BLOCK_DAYS < LIFE_BLOCK_DAYS / 2 ? p->doing[0] : !p->doing[0];
        case HABIT_COIN:
        default:
                return prng_below(r, 2);
        }
}

/* Whether the diary has it in the window before the session, by a time that is wrong or written too late. */
static bool written(bool done, double error_hours, Prng *r) {
        double before;

        if (!done || error_hours <= 0)
                return done;
        before = WINDOW_HOURS * prng_uniform(r) + error_hours * prng_normal(r);
        return before > 0 && before < WINDOW_HOURS && prng_uniform(r) < 0.8;
}

static void live_a_day(Life *life, Person *p, const LifeWorld *w, unsigned day, Prng *r) {
        LifeSession *s = life->sessions + life->n;
        double keep = w->slow_days > 0 ? exp(-1 / w->slow_days) : 0, off, seen;

        p->slow = keep * p->slow + sqrt(1 - keep * keep) * prng_normal(r);
        off = w->slow_sd * p->slow + w->fast_sd * prng_normal(r) + p->weekly[day % 7];
        *s = (LifeSession) { .start_days = day + (20 + prng_normal(r) / 2) / 24 };
        for (unsigned k = 0; k < LIFE_KINDS; k++) {
                bool done = does(p, w, k, day, r);

                if (done && k == w->cause)
                        off += w->log_ratio;
                s->exposed[k] = written(done, w->diary_error_hours, r);
        }
        s->per_min = BASE_PER_MIN * exp(off);
        if (w->skip > 0 && prng_uniform(r) < 1 / (1 + exp(-w->skip * off / hypot(w->slow_sd, w->fast_sd))))
                return;
        measure(s, r);
        seen = log(s->events + 0.5);
        life->n++;
        p->log_usual += (seen - p->log_usual) / life->n;
        p->log_last = seen;
}

void life_live(Life *life, const LifeWorld *world, Prng *random) {
        Person p;

        life->n = 0;
        person_init(&p, world, random);
        for (unsigned day = 0; day < LIFE_DAYS; day++)
                live_a_day(life, &p, world, day, random);
}
