/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures the history: bench-history DIR EVENTS. Writes a life of so many events, and 1.5 channel-minutes for each, by
 * the functions the service uses, then asks what trends and reports ask. One line a figure, on standard output.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/copy.h"
#include "store/history.h"
#include "store/rollup.h"
#include "store/store.h"
#include "../unit/random.h"

#define CHANNELS 8u
#define SESSION_MINUTES 120
#define WRITER_EVENTS 40                        /* one a second */
#define MINUTE_USEC (60 * USEC_PER_SEC)
#define BOOT_ID "0123456789abcdef0123456789abcdef"

static double seconds(void) {
        return (double) now_usec() / 1e6;
}

static void must(int r, const char *what) {
        if (r >= 0)
                return;
        fprintf(stderr, "bench-history: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static off_t size_of(const char *path, const char *suffix) {
        char name[4096];
        struct stat st;

        snprintf(name, sizeof(name), "%s%s", path, suffix);
        return stat(name, &st) < 0 ? 0 : st.st_size;
}

/* --- a life ---------------------------------------------------------------------------- */

static void add_event(Keeper *k, usec_t from) {
        union {
                KeptEvent event;
                char room[sizeof(KeptEvent) + 2 * 16];
        } e = {};
        int32_t samples[45] = {};

        for (size_t i = 0; i < ELEMENTSOF(samples); i++)
                samples[i] = (int32_t) (1e4 * gaussian());
        e.event = (KeptEvent) {
                .source = 1,
                .boottime_usec = from + (usec_t) (uniform() * (double) MINUTE_USEC),
                .onset_usec = 4000,
                .duration_usec = (usec_t) (8000 + 8000 * uniform()),
                .kind = uniform() < 0.9 ? "fasciculation" : "doublet",
                .amplitude_uv = 30 * exp(0.8 * gaussian()),
                .snr = 8 + 10 * uniform(),
                .discharges = 1,
                .unit = (unsigned) (6 * uniform()),
                .n_samples = ELEMENTSOF(samples),
                .n_before = 20,
                .rate_hz = 1000,
                .lsb_uv = 0.0223,
                .samples = samples,
                .n_channels = uniform() < 0.1 ? 2 : 1,
        };
        e.event.channels[0].channel = 1 + (unsigned) (CHANNELS * uniform());
        e.event.channels[1].channel = 1 + (unsigned) (CHANNELS * uniform());
        e.event.channels[1].lag_usec = 1000;
        must(keep_event(k, &e.event), "an event");
}

static void add_minutes(Keeper *k, usec_t from) {
        for (unsigned c = 1; c <= CHANNELS; c++) {
                KeptMinute m = {
                        .source = 1,
                        .channel = c,
                        .boottime_usec = from,
                        .length_usec = MINUTE_USEC,
                        .exposure_s = 60,
                        .noise_uv = 2 + uniform(),
                        .floor_uv = 12 + 4 * uniform(),
                        .events = 1,
                        .twitches = 1,
                        .voluntary = uniform() < 0.05,
                };

                if (uniform() < 0.2) {
                        m.n_excluded = 1;
                        m.excluded[0].cause = "motion";
                        m.excluded[0].excluded_s = 5 * uniform();
                        m.exposure_s -= m.excluded[0].excluded_s;
                }
                must(keep_minute(k, &m), "a minute");
        }
}

static void live(Keeper *k, uint64_t n_events) {
        KeptDevice device = {
                .source = 1, .identity = "/bench", .name = "bench", .n_channels = CHANNELS, .rate_hz = 1000,
                .false_alarms_per_hour = 1,
        };
        uint64_t n_minutes = n_events * 3 / 2 / CHANNELS;
        double per_minute = (double) n_events / (double) n_minutes, owed = 0;

        for (unsigned c = 0; c < CHANNELS; c++)
                device.channels[c].gain = 24;
        for (uint64_t i = 0; i < n_minutes; i++) {
                uint64_t session = i / SESSION_MINUTES;
                /* a sitting a day, two hours of it */
                usec_t from = (session * 1440 + i % SESSION_MINUTES) * MINUTE_USEC;

                if (i % SESSION_MINUTES == 0) {
                        if (i > 0)
                                must(sql_exec(k->sql, "COMMIT"), "commit");
                        must(sql_exec(k->sql, "BEGIN"), "begin");
                        if (i > 0)
                                must(keep_device_end(k, 1, from, "unplugged"), "the end of a device");
                        device.boottime_usec = from;
                        must(keep_device(k, &device), "a device");
                        /* a person's: it does not end after six hours of the bench's own clock */
                        k->state.devices[0].sessions[0].confirmed = true;
                }
                for (owed += per_minute; owed >= 1; owed--)
                        add_event(k, from);
                add_minutes(k, from);
        }
        must(sql_exec(k->sql, "COMMIT"), "commit");
}

/* --- questions ----------------------------------------------------------------------------- */

static double ask(Sql *s, const char *what, const char *text, const char *goal) {
        double best = INFINITY;
        int64_t n_rows = 0;

        for (int i = 0; i < 3; i++) {
                _cleanup_sql_ sqlite3_stmt *q = NULL;
                double began = seconds();

                n_rows = 0;
                must(sql_query(s, &q, text, ""), what);
                int r;
                while ((r = sql_next(q)) > 0)
                        n_rows++;
                must(r, what);
                best = fmin(best, seconds() - began);
        }
        printf("query: %-44s %8.1f ms, %" PRId64 " rows (goal %s)\n", what, 1e3 * best, n_rows, goal);
        return best;
}

#define LOCAL_DAY "(h.start_usec / 1000000 + h.utc_offset_s) / 86400"

static void ask_all(Sql *s) {
        ask(s, "rate by day and channel",
            "SELECT " LOCAL_DAY ", channel, sum(rest_twitches), sum(rest_usec), max(floor_nv_max) FROM hour h GROUP BY 1, 2",
            "100 ms");
        ask(s, "rate by session and channel",
            "SELECT session, channel, sum(rest_twitches), sum(rest_usec), max(floor_nv_max) FROM hour GROUP BY 1, 2",
            "100 ms");
        ask(s, "rate by week", "SELECT " LOCAL_DAY " / 7, sum(rest_twitches), sum(rest_usec) FROM hour h GROUP BY 1", "100 ms");
        ask(s, "hour of day", "SELECT (h.start_usec / 1000000 + h.utc_offset_s) / 3600 % 24, sum(rest_twitches),"
                              " sum(rest_usec) FROM hour h GROUP BY 1", "100 ms");
        ask(s, "above a common floor, by session",
            "SELECT session, channel, sum(n) FROM size_histogram WHERE size_db >= 24 GROUP BY 1, 2", "100 ms");
        ask(s, "sizes, and doublets apart",
            "SELECT channel, kind, size_db, t.n - coalesce(x.n, 0) FROM size_total t LEFT JOIN"
            " (SELECT channel, kind, size_db, sum(n) AS n FROM session s CROSS JOIN size_histogram h ON h.session = s.id"
            " WHERE s.excluded GROUP BY 1, 2, 3) x USING (channel, kind, size_db)",
            "100 ms");
        ask(s, "excluded time by cause", "SELECT channel, cause, sum(excluded_usec) FROM hour_excluded GROUP BY 1, 2", "100 ms");
        ask(s, "events of one session", "SELECT * FROM event_utc WHERE session = (SELECT max(session) FROM event)", "1 s");
        ask(s, "14 days of events",
            "SELECT e.time_usec, e.channel, e.amplitude_nv FROM session s JOIN event_utc e ON e.session = s.id"
            " WHERE s.start_usec >= (SELECT max(start_usec) FROM session) - 14 * 86400000000", "1 s");
        ask(s, "waveforms of one unit",
            "SELECT w.* FROM event e JOIN waveform w ON w.event = e.id WHERE e.session = (SELECT max(session) FROM event)"
            " AND e.unit = 1", "1 s");
}

/* --- the writer ------------------------------------------------------------------------------- */

typedef struct EventJob {
        StoreJob job;
        usec_t boottime_usec;
} EventJob;

static int run_event(Keeper *k, StoreJob *j) {
        union {
                KeptEvent event;
                char room[sizeof(KeptEvent) + 16];
        } e = { .event = { .source = 1, .boottime_usec = ((EventJob*) j)->boottime_usec, .kind = "fasciculation", .amplitude_uv = 30,
                           .duration_usec = 10000, .discharges = 1, .n_channels = 1 } };

        e.event.channels[0].channel = 1;
        return keep_event(k, &e.event);
}

typedef struct DeviceJob {
        StoreJob job;
        KeptDevice device;
} DeviceJob;

static int run_device(Keeper *k, StoreJob *j) {
        return keep_device(k, &((DeviceJob*) j)->device);
}

static usec_t boottime(void) {
        struct timespec ts;

        clock_gettime(CLOCK_BOOTTIME, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static void submit_event(Store *s) {
        EventJob *j = calloc(1, sizeof(*j));

        j->job.run = run_event;
        j->boottime_usec = boottime();
        store_submit(s, &j->job, sizeof(*j));
}

static void submit_device(Store *s) {
        DeviceJob *j = calloc(1, sizeof(*j));

        j->job = (StoreJob) { .run = run_device, .essential = true };
        j->device = (KeptDevice) { .source = 1, .identity = "/bench", .name = "bench", .n_channels = CHANNELS, .rate_hz = 1000 };
        j->device.boottime_usec = boottime();
        store_submit(s, &j->job, sizeof(*j));
}

/* What this process has handed to the disk */
static uint64_t written_bytes(void) {
        _cleanup_fclose_ FILE *f = fopen("/proc/self/io", "r");
        char line[128];
        uint64_t n = 0;

        while (f && fgets(line, sizeof(line), f))
                if (sscanf(line, "wchar: %" SCNu64, &n) == 1)
                        break;
        return n;
}

static uint64_t commits(Store *s) {
        StoreStatus status;

        store_get_status(s, &status);
        return status.n_commits;
}

static void measure_writer(const char *dir) {
        KeptClock clock = { .boottime_usec = boottime(), .utc_minus_boottime_usec = INT64_C(1700000000000000) };
        _cleanup_(store_freep) Store *s = NULL;
        StoreStatus status;

        must(store_new(dir, BOOT_ID, &clock, &s), "the writer");
        submit_device(s);
        /* after a life that did not end all pages are looked at first */
        while (commits(s) == 0)
                usleep(10000);

        uint64_t bytes = written_bytes(), n = commits(s);
        /* enough for a page that becomes full to count as often as it happens */
        for (int i = 0; i < WRITER_EVENTS; i++) {
                submit_event(s);
                usleep(1000000);
        }
        n = commits(s) - n;
        bytes = written_bytes() - bytes;
        printf("writer: %.1f kB a commit with an event a second, %" PRIu64 " commits in %d s (goal 10 kB)\n",
               (double) bytes / 1e3 / (double) MAX(n, UINT64_C(1)), n, WRITER_EVENTS);

        sleep(2);
        n = commits(s);
        sleep(5);
        printf("writer: %" PRIu64 " commits in 5 s in which nothing happens (goal 0)\n", commits(s) - n);

        /* a copy while 1000 records a second come in */
        Keeper beside = { .path = store_path(s), .stopping = &(bool) { false } };
        for (int i = 0; i < 500; i++, usleep(1000))
                submit_event(s);
        double began = seconds();
        int fd = -1;
        must(history_copy(&beside, &fd), "a copy");
        double took = seconds() - began;
        struct stat st;
        must(fstat(fd, &st), "a copy");
        close(fd);
        for (int i = 0; i < 500; i++, usleep(1000))
                submit_event(s);
        must(store_stop(s, 10 * USEC_PER_SEC), "the end of the writer");
        store_get_status(s, &status);
        printf("snapshot: %.2f s for %.1f MB, %" PRIu64 " records lost (goal 2 s, 0)\n", took, (double) st.st_size / 1e6,
               status.n_lost);
}

int main(int argc, char **argv) {
        bool stopping = false;
        Keeper k = { .boot_id = BOOT_ID, .stopping = &stopping };
        char path[4096];

        if (argc != 3) {
                fprintf(stderr, "bench-history DIR EVENTS\n");
                return EXIT_FAILURE;
        }
        uint64_t n_events = strtoull(argv[2], NULL, 10);
        snprintf(path, sizeof(path), "%s/" HISTORY_FILE, argv[1]);
        must(history_open(path, &k.sql), path);
        /* of the generation only: nothing else is measured of it */
        must(sql_exec(k.sql, "PRAGMA synchronous = OFF"), "pragma");
        k.path = path;
        k.state.clock = (KeptClock) { .utc_minus_boottime_usec = INT64_C(1700000000000000), .utc_offset_s = 3600 };
        must(sql_exec(k.sql, "BEGIN"), "begin");
        must(keeper_begin(&k), "a new file");
        must(sql_exec(k.sql, "COMMIT"), "commit");

        seed(1);
        double began = seconds();
        live(&k, n_events);
        double took = seconds() - began;
        /* now and then a person takes one out */
        must(sql_exec(k.sql, "UPDATE session SET excluded = 1 WHERE id % 50 = 7"), "exclusion");
        must(sql_exec(k.sql, "PRAGMA wal_checkpoint(TRUNCATE)"), "checkpoint");
        int64_t n = 0, m = 0, bytes = 0;
        must(sql_int(k.sql, &n, "SELECT count(*) FROM event", ""), "count");
        must(sql_int(k.sql, &m, "SELECT count(*) FROM minute", ""), "count");
        printf("history: %" PRId64 " events and %" PRId64 " channel-minutes in %.1f MB, written in %.0f s\n", n, m,
               (double) size_of(path, "") / 1e6, took);
        must(sql_int(k.sql, &bytes, "SELECT sum(pgsize) FROM dbstat WHERE name IN ('event', 'event_session', 'event_channel')", ""),
             "sizes");
        printf("history: %.0f bytes an event", (double) bytes / (double) n);
        must(sql_int(k.sql, &bytes, "SELECT sum(pgsize) FROM dbstat WHERE name = 'waveform'", ""), "sizes");
        printf(" and %.1f of its share of waveforms (goal 100)\n", (double) bytes / (double) n);
        must(sql_int(k.sql, &bytes, "SELECT sum(pgsize) FROM dbstat WHERE name IN ('minute', 'minute_excluded')", ""), "sizes");
        printf("history: %.0f bytes a channel-minute\n", (double) bytes / (double) m);

        ask_all(k.sql);
        uint64_t n_wrong = 1;
        must(rollup_check(k.sql, &n_wrong), "the roll-ups");
        printf("roll-ups: %" PRIu64 " sessions differ from recomputation (goal 0)\n", n_wrong);
        sql_free(k.sql);

        measure_writer(argv[1]);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("memory: %.1f MB at most\n", (double) usage.ru_maxrss / 1e3);
        return n_wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
