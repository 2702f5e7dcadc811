/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kills the writer of the history at random moments, again and again: bench-kills DIR KILLS SEED [power|slow]. Runs of
 * different seeds can be added up. After each kill all that was handed to it more than a second before must be there,
 * all that it had answered must be there, and the file must be intact. Not 0 if that was not so. "power": the disk loses
 * what was not flushed, too; "slow": it takes its time for each flush, as a memory card does that moves blocks about.
 */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cut-vfs.h"
#include "store/copy.h"
#include "store/entries.h"
#include "store/history.h"
#include "store/store.h"
#include "../unit/random.h"

#define EVENTS_MAX 100000u
#define EVENT_USEC 2000                         /* one each: 500 a second, ten times a storm */
#define LONGEST_USEC (2500 * USEC_PER_MSEC)
#define SLOW_FLUSH_USEC (200 * USEC_PER_MSEC)
#define BOOT_ID "0123456789abcdef0123456789abcdef"

/* What the child tells before it is killed: shared memory outlives it. */
typedef struct Told {
        uint64_t n;                             /* events submitted; their boottime is their number */
        usec_t submitted_usec[EVENTS_MAX];
        int64_t answered;                       /* highest diary entry that was answered */
} Told;

typedef struct EventJob {
        StoreJob job;
        uint64_t number;
} EventJob;

static Told *told;
static usec_t flush_usec;

/* In place of the C library's, for SQLite too */
int fdatasync(int fd) {
        usleep((useconds_t) flush_usec);
        return (int) syscall(SYS_fdatasync, fd);
}

static void must(int r, const char *what) {
        if (r >= 0)
                return;
        fprintf(stderr, "bench-kills: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static int run_device(Keeper *k, StoreJob *j) {
        KeptDevice d = { .source = 1, .identity = "/bench", .name = "bench", .n_channels = 8, .rate_hz = 1000 };

        return keep_device(k, &d);
}

static int run_event(Keeper *k, StoreJob *j) {
        union {
                KeptEvent event;
                char room[sizeof(KeptEvent) + 16];
        } e = { .event = { .source = 1, .boottime_usec = ((EventJob*) j)->number, .kind = "fasciculation",
                           .amplitude_uv = 30, .discharges = 1, .n_channels = 1 } };

        e.event.channels[0].channel = 1;
        return keep_event(k, &e.event);
}

static int run_minute(Keeper *k, StoreJob *j) {
        KeptMinute m = { .source = 1, .channel = 1, .boottime_usec = ((EventJob*) j)->number, .length_usec = 100,
                         .exposure_s = 1, .noise_uv = 1, .floor_uv = 10, .twitches = 100 };

        return keep_minute(k, &m);
}

static int run_entry(Keeper *k, StoreJob *j) {
        DiaryEntry e = { .kind = "note", .time_usec = 1, .text = "answered" };
        int64_t id;

        int r = entry_add_diary(k, &e, 0, &id);
        j->userdata = (void*) (intptr_t) id;
        return r;
}

static void on_entry(StoreJob *j) {
        if (j->result >= 0)
                told->answered = (intptr_t) j->userdata;
}

static void submit(Store *s, int (*run)(Keeper*, StoreJob*), void (*done)(StoreJob*), uint64_t number, bool essential) {
        EventJob *j = calloc(1, sizeof(*j));

        j->job = (StoreJob) { .run = run, .done = done, .essential = essential };
        j->number = number;
        store_submit(s, &j->job, sizeof(*j));
}

_Noreturn static void write_until_killed(const char *dir, uint64_t first, bool answers, CutLog *disk) {
        KeptClock clock = { .utc_minus_boottime_usec = INT64_C(1700000000000000) };
        Store *s;

        if (disk)
                must(cut_vfs_register(disk), "the disk");
        must(store_new(dir, BOOT_ID, &clock, &s), "the writer");
        submit(s, run_device, NULL, 0, true);
        for (uint64_t i = 0; i < EVENTS_MAX; i++) {
                told->submitted_usec[i] = now_usec();
                submit(s, run_event, NULL, first + i, false);
                __atomic_store_n(&told->n, i + 1, __ATOMIC_RELEASE);
                if (i % 100 == 99)
                        submit(s, run_minute, NULL, first + i - 99, false);
                /* an answer is written at once, and all that waits with it: so not in every life */
                if (answers && i % 50 == 0)
                        submit(s, run_entry, on_entry, 0, false);
                store_dispatch(s);
                usleep(EVENT_USEC);
        }
        exit(EXIT_FAILURE);     /* nobody killed it */
}

/* Of those submitted, how many more than a second before; and how many events there are from first on. */
static uint64_t count_owed(usec_t killed_usec) {
        uint64_t n = 0;

        while (n < told->n && told->submitted_usec[n] + USEC_PER_SEC < killed_usec)
                n++;
        return n;
}

typedef struct Sums {
        uint64_t kills, owed, lost, answers_lost, damaged, wrong, taken_back;
        usec_t oldest_usec, begun_usec;         /* of those lost, at the kill; and how long that life had lasted */
} Sums;

static void look(const char *path, uint64_t first, usec_t killed_usec, Sums *sums) {
        bool stopping = false;
        Keeper k = { .path = path, .stopping = &stopping };
        uint64_t owed = count_owed(killed_usec);
        int64_t there = 0, answered = 0;
        HistoryCheck check;
        Sql *s;

        /* As the service does; from then on it can be read. */
        int r = history_open(path, &s);
        if (r < 0) {
                fprintf(stderr, "bench-kills: cannot be opened again: %s\n", strerror(-r));
                sums->damaged++;
                return;
        }
        must(sql_int(s, &there, "SELECT count(*) FROM event WHERE boottime_usec >= ?1 AND boottime_usec < ?2", "ii",
                     (int64_t) first, (int64_t) (first + owed)), "count");
        /* in the order in which they came: the last ones */
        if ((uint64_t) there < owed && killed_usec - told->submitted_usec[there] > sums->oldest_usec) {
                sums->oldest_usec = killed_usec - told->submitted_usec[there];
                sums->begun_usec = killed_usec - told->submitted_usec[0];
        }
        r = sql_int(s, &answered, "SELECT max(id) FROM diary", "");
        sql_free(s);
        must(history_check(&k, &check), "check");
        sums->owed += owed;
        sums->lost += owed - (uint64_t) there;
        sums->answers_lost += told->answered > (r == -ENOENT ? 0 : answered);
        sums->damaged += !check.intact;
        sums->wrong += check.n_wrong;
}

int main(int argc, char **argv) {
        Sums sums = {};
        CutLog *disk = NULL;
        char path[4096];

        const char *how = argc == 5 ? argv[4] : "";
        if (argc < 4 || argc > 5 || (argc == 5 && !streq(how, "power") && !streq(how, "slow"))) {
                fprintf(stderr, "bench-kills DIR KILLS SEED [power|slow]\n");
                return EXIT_FAILURE;
        }
        flush_usec = streq(how, "slow") ? SLOW_FLUSH_USEC : 0;
        if (streq(how, "power"))
                must(cut_log_new(&disk), "memory");
        snprintf(path, sizeof(path), "%s/" HISTORY_FILE, argv[1]);
        told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (told == MAP_FAILED)
                must(-errno, "memory");
        seed(strtoull(argv[3], NULL, 10));
        for (unsigned i = 0; i < strtoul(argv[2], NULL, 10); i++) {
                uint64_t first = (uint64_t) i * EVENTS_MAX;
                usec_t life = (usec_t) (uniform() * (double) LONGEST_USEC);

                told->n = 0;
                pid_t child = fork();
                if (child == 0)
                        write_until_killed(argv[1], first, i % 2, disk);
                usleep((useconds_t) life);
                kill(child, SIGKILL);
                (void) waitpid(child, NULL, 0);
                /* it may have gone before, of its own */
                usec_t killed_usec = told->n > 0 ? told->submitted_usec[told->n - 1] : 0;
                if (disk)
                        sums.taken_back += cut_power(disk, path);
                look(path, first, killed_usec, &sums);
                sums.kills++;
        }
        if (disk)
                printf("power: %" PRIu64 " writes that were not flushed were lost with it\n", sums.taken_back);
        printf("kills: %" PRIu64 " %s: %" PRIu64 " of %" PRIu64 " events older than a second lost, %" PRIu64
               " answers lost, %" PRIu64 " files damaged, %" PRIu64 " sessions with wrong sums (goal 0 of each)\n",
               sums.kills, disk ? "power cuts" : flush_usec > 0 ? "SIGKILLs on a slow disk" : "SIGKILLs", sums.lost,
               sums.owed, sums.answers_lost, sums.damaged, sums.wrong);
        if (sums.lost > 0)
                printf("kills: the oldest that was lost had come %.3f s before, in a life of %.3f s\n",
                       (double) sums.oldest_usec / USEC_PER_SEC, (double) sums.begun_usec / USEC_PER_SEC);
        return sums.lost + sums.answers_lost + sums.damaged + sums.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
