/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Count the instructions that the whole machine spends on other things than this program:
 *
 *   spin SECONDS [COUNTERS NAME]
 *
 * Under QEMU's -icount each instruction takes the same virtual time, whatever it is and however
 * busy the host. This program never sleeps, and as SCHED_IDLE it runs only when nobody else wants to: of
 * the time that has passed, what its own loop of a known number of instructions did not take,
 * others took, in kernel or user mode.
 *
 * Prints "instructions N ns_per_instruction X NAME N": spent by others, and by how much the
 * counter NAME of the file COUNTERS has risen meanwhile. Status 1 where time does not follow instructions.
 */

#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000
#define INSTRUCTIONS_PER_LOOP 2
/* The clock is looked at after so many instructions */
#define BLOCK 1000000
/* Short enough to find times when nobody else wanted the CPU */
#define SHORT_BLOCK 2000
#define SHORT_BLOCKS 2000

static int64_t now_ns(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void block(long instructions) {
        long n = instructions / INSTRUCTIONS_PER_LOOP;

        __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
}

/* The steps of -icount are powers of two. 0: time does not follow instructions */
static double ns_per_instruction(void) {
        int64_t best_ns = INT64_MAX;
        double step_ns;

        for (int i = 0; i < SHORT_BLOCKS; i++) {
                int64_t ns = now_ns();

                block(SHORT_BLOCK);
                ns = now_ns() - ns;
                if (ns < best_ns)
                        best_ns = ns;
        }
        for (step_ns = 1; step_ns * 2 * SHORT_BLOCK <= best_ns; )
                step_ns *= 2;
        if (best_ns <= step_ns * SHORT_BLOCK * 1.2)
                return step_ns;
        fprintf(stderr, "spin: %d instructions take %" PRId64 " ns: not under -icount?\n", SHORT_BLOCK, best_ns);
        return 0;
}

static int64_t counter(const char *path, const char *name) {
        char text[64];
        int64_t value, found = -1;
        FILE *f;

        if (!path)
                return 0;
        f = fopen(path, "re");
        if (!f) {
                perror(path);
                exit(1);
        }
        while (fscanf(f, "%63s %" SCNd64, text, &value) == 2)
                if (!strcmp(text, name))
                        found = value;
        fclose(f);
        if (found < 0) {
                fprintf(stderr, "%s: no %s\n", path, name);
                exit(1);
        }
        return found;
}

int main(int argc, char *argv[]) {
        const struct sched_param none = {0};
        const char *path = argc > 3 ? argv[2] : NULL, *name = argc > 3 ? argv[3] : "nothing";
        int64_t begin_ns, ns, blocks = 0, count;
        double step_ns;

        if (argc != 2 && argc != 4) {
                fprintf(stderr, "usage: spin SECONDS [COUNTERS NAME]\n");
                return 1;
        }
        if (sched_setscheduler(0, SCHED_IDLE, &none) < 0) {
                perror("SCHED_IDLE");
                return 1;
        }

        step_ns = ns_per_instruction();
        if (step_ns == 0)
                return 1;

        count = -counter(path, name);
        begin_ns = now_ns();
        do {
                block(BLOCK);
                ns = now_ns();
                blocks++;
        } while (ns - begin_ns < strtod(argv[1], NULL) * NS_PER_S);
        count += counter(path, name);

        printf("instructions %.0f ns_per_instruction %g %s %" PRId64 "\n",
               (ns - begin_ns) / step_ns - (double)blocks * BLOCK, step_ns, name, count);
        return 0;
}
