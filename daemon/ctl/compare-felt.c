/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl compare-felt: is what is felt what is measured? */
#include <math.h>

#include "answers/lines.h"
#include "answers/sayings.h"
#include "ctl.h"
#include "json.h"
#include "past-open.h"
#include "say.h"
#include "verbs.h"

#define CONFIDENCE 0.95

static void share_json(Json *j, const char *key, double n, double met, double by_chance, StatsShare s) {
        json_begin(j, key);
        json_put_double(j, "n", n, 0);
        json_put_double(j, "met", met, 0);
        json_put_double(j, "by_chance", by_chance, 3);
        json_put_double(j, "share", s.share, 4);
        json_put_double(j, "low", s.low, 4);
        json_put_double(j, "high", s.high, 4);
        json_end(j);
}

static void print_json(const Agree *a) {
        const Felt *f = &a->felt;
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_put_unsigned(&j, "felt", a->n_felt);
        json_put_unsigned(&j, "elsewhere", a->n_elsewhere);
        json_put_unsigned(&j, "sessions", a->n_sessions);
        share_json(&j, "marks", f->marks, f->marks_met, f->marks_by_chance,
                   felt_share_of_marks(f, CONFIDENCE));
        share_json(&j, "twitches", f->twitches, f->twitches_felt, f->twitches_by_chance,
                   felt_share_of_twitches(f, CONFIDENCE));
        json_end(&j);
        json_line(&j);
}

static int run(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        Lines l = {};
        Agree a;

        int r = past_open(&p);
        if (r < 0)
                return r;
        r = agree_compute(p, 0, INT64_MAX, &a);
        if (r < 0) {
                (void) say_wrong(SAY_CANNOT_COMPUTE, strerror(-r));
                return r;
        }
        if (arg_json) {
                print_json(&a);
                return 0;
        }
        lines_of_felt(&a, &l);
        say_lines(0, &l);
        puts(NOT_A_MEDICAL_DEVICE);
        return 0;
}

static const Option options[] = { HISTORY_OPTION, {} };

const Verb verb_compare_felt = {
        .name = "compare-felt",
        .args = "",
        .summary = "How often felt and measured twitches came together",
        .text = "A felt twitch was marked with twitchctl felt. What chance alone would bring "
                "together is taken off.",
        .json = true,
        .bus = true,
        .options = options,
        .run = run,
};
