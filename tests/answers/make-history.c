/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A history as the service writes it, of a life that was made up:
 *
 *      make-history LIFE FILE
 *      make-history session FILE UTC_USEC PER_MIN      one more session, at that time
 *
 *   empty       no session
 *   one         one session of 20 minutes
 *   six-weeks   a session each evening; caffeine doubles the twitching; alcohol, exertion and fluids do
 *               nothing; magnesium is taken when the last session was bad and does nothing; from day 28 on
 *               there is 2.5 times as much; of felt twitches two in three follow a measured one. One session
 *               is noisy, one is taken out.
 *   interrupted six-weeks, but each session breaks off after 8 minutes and is taken up again
 *   year        the same for 365 days
 *   nights      six nights from 23:30 to 7:30, three times as much from 3:30 to 5:30
 *
 * The calls are those of the writer's thread (store/keeper.h, store/entries.h), with days in place of boots.
 */
#include <math.h>

#include "store/entries.h"
#include "store/history.h"
#include "store/keeper.h"
#include "tests/synth/prng.h"

#define START_USEC INT64_C(1790550000000000)    /* 2026-09-27 23:00 UTC */
#define ZONE_S 3600
#define DAY_USEC INT64_C(86400000000)
#define MINUTE_USEC INT64_C(60000000)
#define SESSION_MINUTES 20u
#define INTERRUPTED_MINUTES 8u
#define NIGHT_MINUTES 480u
#define BASE_PER_MIN 3.0
#define FLOOR_UV 12.0
#define NOISY_DAY 9
#define EXCLUDED_DAY 12
#define WAXING_DAY 28
#define SOURCE 1

typedef struct Maker {
        Keeper keeper;
        Prng random;
        char boot_id[40];
        unsigned boots;
        double slow, log_last, log_usual;
        bool running;                   /* exertion comes in runs */
        bool night, interrupted;
} Maker;

static void check(int r, const char *what) {
        if (r >= 0)
                return;
        fprintf(stderr, "make-history: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static int64_t boottime_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* The machine was switched on a moment ago, and this is the time. */
static void wake_at(Maker *m, int64_t utc_usec) {
        int64_t now_usec = boottime_usec(); /* once: a pause between two readings would be one of the life */

        snprintf(m->boot_id, sizeof(m->boot_id), "00000000000000000000%012u", ++m->boots);
        m->keeper.boot_id = m->boot_id;
        m->keeper.state = (KeeperState) {};
        m->keeper.state.clock = (KeptClock) {
                .boottime_usec = (usec_t) now_usec,
                .utc_minus_boottime_usec = utc_usec - now_usec,
                .utc_offset_s = ZONE_S,
        };
        check(keeper_begin(&m->keeper), "boot");
}

static void log_at(Maker *m, const char *kind, double amount, int64_t utc_usec) {
        DiaryEntry e = { .time_usec = utc_usec - 10 * MINUTE_USEC, .has_amount = true, .amount = amount };
        int64_t id;

        snprintf(e.kind, sizeof(e.kind), "%s", kind);
        wake_at(m, utc_usec);
        check(entry_add_diary(&m->keeper, &e, 0, &id), kind);
}

static unsigned poisson(Prng *r, double mean) {
        double product = 1, least = exp(-mean);
        unsigned n = 0;

        while ((product *= prng_uniform(r)) > least)
                n++;
        return n;
}

#define RATE_HZ 1000.0
#define LSB_UV 0.0223517
#define SAMPLES 41

/* Two phases, from 10 ms before the peak to 30 ms after it */
static void shape(double amplitude_uv, int32_t *ret) {
        for (int i = 0; i < SAMPLES; i++) {
                double t = (i - 10) / 3.0;

                ret[i] = (int32_t)(amplitude_uv / LSB_UV * 0.7 *
                                   (exp(-t * t) - 0.6 * exp(-(t - 1.5) * (t - 1.5))));
        }
}

static void twitch(Maker *m, unsigned channel, usec_t at, double amplitude_uv) {
        KeptEvent *e = calloc(1, sizeof(*e) + sizeof(e->channels[0]));

        int32_t samples[SAMPLES];

        if (!e)
                check(-ENOMEM, "event");
        shape(amplitude_uv, samples);
        e->samples = samples;
        e->n_samples = SAMPLES;
        e->n_before = 10;
        e->rate_hz = RATE_HZ;
        e->lsb_uv = LSB_UV;
        e->unit = prng_uniform(&m->random) < 0.5;
        e->source = SOURCE;
        e->boottime_usec = at;
        e->onset_usec = 4000;
        e->duration_usec = 11000;
        e->kind = prng_uniform(&m->random) < 0.04 ? "doublet" : "fasciculation";
        e->amplitude_uv = amplitude_uv;
        e->snr = amplitude_uv / 3;
        e->discharges = streq(e->kind, "doublet") ? 2 : 1;
        e->n_channels = 1;
        e->channels[0].channel = channel;
        e->channels[0].lag_usec = NAN;
        check(keep_event(&m->keeper, e), "event");
        free(e);
}

/* The minute and what is in it; how many. Every 45 s or so somebody presses a key, mostly after a twitch. */
static unsigned minute(Maker *m, unsigned channel, usec_t start, double per_min, double floor_uv,
                       bool marks) {
        unsigned n = poisson(&m->random, per_min), seen = 0;
        KeptMinute kept = {
                .source = SOURCE, .channel = channel, .boottime_usec = start, .length_usec = MINUTE_USEC,
                .exposure_s = 57, .noise_uv = floor_uv / 5, .floor_uv = floor_uv,
                .n_excluded = 1, .excluded = { { "motion", 3 } },
        };
        int64_t id;

        for (unsigned i = 0; i < n; i++) {
                double amplitude_uv = 40 * exp(0.5 * prng_normal(&m->random));
                usec_t at = start + (usec_t) (57e6 * prng_uniform(&m->random));

                if (amplitude_uv < floor_uv)
                        continue;
                seen++;
                twitch(m, channel, at, amplitude_uv);
                if (marks && seen == 1 && prng_uniform(&m->random) < 0.5)
                        check(entry_add_felt(&m->keeper, at + 900000, "left-calf", "person", &id), "felt");
        }
        if (marks && prng_uniform(&m->random) < 0.25)
                check(entry_add_felt(&m->keeper, start + (usec_t)(6e7 * prng_uniform(&m->random)),
                                     "left-calf", "person", &id),
                      "felt");
        kept.events = kept.twitches = seen;
        check(keep_minute(&m->keeper, &kept), "minute");
        return seen;
}

static void plug_in(Maker *m, usec_t at) {
        KeptDevice d = {
                .source = SOURCE, .identity = "spi0.0", .name = "hat0", .n_channels = 2, .rate_hz = RATE_HZ,
                .false_alarms_per_hour = 1, .boottime_usec = at,
        };

        for (unsigned c = 0; c < 2; c++) {
                d.channels[c].gain = 24;
                d.channels[c].lsb_uv = LSB_UV;
        }
        check(keep_device(&m->keeper, &d), "device");
}

/* The cable was touched. */
static void interrupt(Maker *m, usec_t at) {
        check(keep_device_end(&m->keeper, SOURCE, at, "failed"), "device");
        plug_in(m, at);
}

static void session(Maker *m, int64_t utc_usec, const char *template, double per_min, bool noisy, bool marks,
                    bool excluded) {
        KeptStart start = {
                        .n_sites = 2,
                        .posture = "lying",
                        .sites = {{.channel = 1, .site = "left-calf"},
                                  {.channel = 2, .site = "right-upper-arm"}},
        };
        unsigned minutes = m->night ? NIGHT_MINUTES : SESSION_MINUTES, seen = 0;
        int64_t id;
        usec_t at;

        wake_at(m, utc_usec);
        at = start.boottime_usec = m->keeper.state.clock.boottime_usec;
        plug_in(m, at);
        snprintf(start.template, sizeof(start.template), "%s", template);
        check(keep_session_start(&m->keeper, &start, &id), "session");
        for (unsigned k = 0; k < minutes; k++) {
                if (m->interrupted && k == INTERRUPTED_MINUTES)
                        interrupt(m, at + k * MINUTE_USEC);
                for (unsigned c = 1; c <= 2; c++)
                        seen += minute(m, c, at + k * MINUTE_USEC,
                                       (c == 1 ? per_min : per_min / 2) * (m->night && k / 120 == 2 ? 3 : 1),
                                       noisy ? 90 : FLOOR_UV, marks && c == 1);
        }
        at += minutes * MINUTE_USEC;
        check(keep_session_stop(&m->keeper, at, &id), "session");
        check(keep_device_end(&m->keeper, SOURCE, at, "unplugged"), "device");
        for (int64_t part = id - m->interrupted; excluded && part <= id; part++)
                check(entry_exclude_session(&m->keeper, part, true, "electrode fell off"), "session");
        m->log_last = log(seen + 0.5);
        m->log_usual = m->log_usual == 0 ? m->log_last : 0.9 * m->log_usual + 0.1 * m->log_last;
}

static void day(Maker *m, unsigned day) {
        int64_t evening = START_USEC + day * DAY_USEC + 20 * 3600 * INT64_C(1000000) +
                        (int64_t) (15e6 * 60 * prng_normal(&m->random));
        bool caffeine = prng_below(&m->random, 2), exertion;
        double keep = exp(-0.1);

        m->slow = keep * m->slow + sqrt(1 - keep * keep) * prng_normal(&m->random);
        if (prng_uniform(&m->random) < 0.2)
                m->running = !m->running;
        exertion = m->running;
        if (caffeine)
                log_at(m, "caffeine", 120, evening - 120 * MINUTE_USEC);
        if (prng_below(&m->random, 2))
                log_at(m, "alcohol", 10, evening - 100 * MINUTE_USEC);
        if (exertion)
                log_at(m, "exertion", 6, evening - 90 * MINUTE_USEC);
        if (prng_below(&m->random, 2))
                log_at(m, "fluids", 500, evening - 80 * MINUTE_USEC);
        if (m->log_last > m->log_usual)
                log_at(m, "magnesium", 300, evening - 70 * MINUTE_USEC);
        session(m, evening, exertion ? "after-exertion" : "rest30",
                BASE_PER_MIN * (caffeine ? 2 : 1) * (day >= WAXING_DAY ? 2.5 : 1) *
                                exp(0.2 * m->slow + 0.15 * prng_normal(&m->random)),
                day == NOISY_DAY, day % 7 == 3, day == EXCLUDED_DAY);
}

static void questions(Maker *m) {
        static const char *const kinds[] = { "caffeine", "alcohol", "exertion", "fluids", "magnesium" };

        wake_at(m, START_USEC - DAY_USEC);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                check(entry_ask(&m->keeper, kinds[i], true), kinds[i]);
}

int main(int argc, char **argv) {
        _cleanup_(sql_freep) Sql *sql = NULL;
        bool session_only = argc == 5 && streq(argv[1], "session");
        unsigned days;
        Maker m = {};

        if (argc != 3 && !session_only) {
                fprintf(stderr, "make-history empty|one|six-weeks|interrupted|year|nights FILE\n"
                                "make-history session FILE UTC_USEC PER_MIN\n");
                return 2;
        }
        m.interrupted = streq(argv[1], "interrupted");
        days = streq(argv[1], "one")                              ? 1
               : streq(argv[1], "six-weeks") || m.interrupted ? 42
               : streq(argv[1], "year")                           ? 365
                                                                  : 0;
        check(history_open(argv[2], &sql), argv[2]);
        m.keeper.sql = sql;
        prng_init(&m.random, 4, PRNG_SCENE, 0);
        check(sql_exec(sql, "BEGIN"), "begin");
        if (days > 1)
                questions(&m);
        for (unsigned i = 0; i < days; i++)
                day(&m, i);
        m.night = argc == 3 && streq(argv[1], "nights");
        for (unsigned i = 0; m.night && i < 6; i++)
                session(&m, START_USEC + i * DAY_USEC - 30 * MINUTE_USEC, "night", BASE_PER_MIN, false,
                        false, false);
        if (session_only) {
                m.boots = (unsigned) getpid() * 1000;
                prng_init(&m.random, strtoull(argv[3], NULL, 10), PRNG_SCENE, 0);
                session(&m, strtoll(argv[3], NULL, 10), "rest30",
                        strtod(argv[4], NULL) * exp(0.2 * prng_normal(&m.random)), false, false, false);
        }
        check(sql_exec(sql, "COMMIT"), "commit");
        return EXIT_SUCCESS;
}
