/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl experiment: the one place for "makes". */
#include <inttypes.h>
#include <math.h>
#include <sys/random.h>

#include "answers/lines.h"
#include "answers/sayings.h"
#include "ctl.h"
#include "json.h"
#include "past-open.h"
#include "say.h"
#include "stats/power.h"
#include "verbs.h"
#include "when.h"

static unsigned arg_blocks = TRIAL_BLOCKS_DEFAULT;
static const char *arg_leave = NULL;

static int parse_blocks(const char *value) {
        return say_parse_number("blocks", value, TRIAL_BLOCKS_MIN, TRIAL_BLOCKS_MAX, &arg_blocks);
}

/* --- plan --------------------------------------------------------------------------------- */

static void print_power(unsigned blocks) {
        double together = power_trial_ratio(blocks, POWER_SD_WAXING, 0.8);
        double by_itself = power_trial_ratio(blocks, POWER_SD_INDEPENDENT, 0.8);

        if (isinf(by_itself) || isinf(together))
                say(0, SAY_PLAN_POWER_NONE);
        else
                say(0, SAY_PLAN_POWER, together, by_itself);
}

static void print_plan(uint64_t id, const char *kind, unsigned blocks, const char *seal) {
        say(0, SAY_PLAN, (int64_t) id, kind, blocks);
        print_power(blocks);
        say(0, SAY_SEAL, seal);
        say(0, SAY_PLAN_RULES, trial_look_blocks(blocks, 0), trial_look_blocks(blocks, 1),
            trial_look_blocks(blocks, 2), trial_look_blocks(blocks, 3));
}

static int plan(const Past *p, int kind) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint8_t random[TRIAL_BLOCKS_MAX / 8 + 1 + 16];
        char text[SEALED_TEXT_MAX], seal[SEALED_DIGITS];
        uint64_t id;

        int r = getrandom(random, sizeof(random), 0) == (ssize_t) sizeof(random) ? 0 : -EIO;
        if (r >= 0)
                r = sealed_write(p->kinds[kind].name, arg_blocks, random, text);
        if (r < 0) {
                (void) say_wrong(SAY_CANNOT_COMPUTE, strerror(-r));
                return r;
        }
        sealed_digest(text, seal);
        r = history_call("AddTrial", &reply, "ssuuss", p->kinds[kind].name, "", (uint32_t) arg_blocks,
                         (uint32_t) (p->kinds[kind].window_usec / 1000000), text, seal);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "t", &id);
        if (r < 0)
                return r;
        print_plan(id, p->kinds[kind].name, arg_blocks, seal);
        puts(NOT_A_MEDICAL_DEVICE);
        return 0;
}

static int run_plan(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        const PastTrial *open;
        int kind;

        int r = past_may_write();
        if (r >= 0)
                r = past_open(&p);
        if (r < 0)
                return r;
        kind = past_find_kind(p, argv[1]);
        if (kind < 0 || p->kinds[kind].window_usec == 0) {
                (void) say_wrong(SAY_NO_KIND, argv[1]);
                return EXIT_USAGE;
        }
        open = sealed_find_open(p);
        if (open) {
                (void) say_wrong(SAY_ONE_AT_A_TIME, open->id, open->kind);
                return EXIT_USAGE;
        }
        return plan(p, kind);
}

/* --- next --------------------------------------------------------------------------------- */

static int act(const Sealed *s, unsigned block, const char *what, char arm, const char *session,
               const char *why) {
        const char word[] = { arm, 0 };

        return history_call("AddTrialAct", NULL, "tussss", (uint64_t)s->trial->id, (uint32_t)block, what,
                         word, session, why);
}

static int make_void(const Sealed *s, unsigned block, const char *why) {
        int r = act(s, block, "void", 0, "", why);

        if (r >= 0)
                say(0, SAY_BLOCK_VOID, block, why);
        return r < 0 ? r : 1;
}

static void print_next(const Past *p, const Sealed *s, unsigned block, unsigned which) {
        const SealedBlock *b = s->blocks + (block - 1);
        char date[DATE_SIZE];

        if (sealed_arm(s->trial->coins, block, which) == 'A')
                say(0, SAY_NEXT_WITH, block, s->trial->blocks, which + 1, s->trial->kind);
        else
                say(0, SAY_NEXT_WITHOUT, block, s->trial->blocks, which + 1, s->trial->kind);
        if (which == 1) {
                const PastSession *first = p->sessions + b->session[0];
                int64_t from = first->start_usec + MAX(SEALED_APART_MIN_USEC, s->trial->washout_usec);

                say(0, SAY_NEXT_NOT_BEFORE, say_date(from, first->utc_offset_s, date));
        }
}

/* Brings the history up to what was measured meanwhile. 1: something became of it, read again. */
static int go_on(const Past *p, const Sealed *s) {
        unsigned block = s->n_over + 1;
        const SealedBlock *b = s->blocks + s->n_over;
        unsigned which = b->session[0] >= 0;
        char arm = sealed_arm(s->trial->coins, block, which);
        int session, r;

        if (!b->revealed[which]) {
                r = act(s, block, "revealed", arm, "", "");
                if (r >= 0)
                        print_next(p, s, block, which);
                return r;
        }
        session = sealed_find_session(p, s, block, which);
        if (which == 1 && (session >= 0 ? p->sessions[session].start_usec : when_now_usec()) >
                                          p->sessions[b->session[0]].start_usec + SEALED_APART_MAX_USEC)
                return make_void(s, block, SAY_VOID_LATE);
        if (session < 0) {
                print_next(p, s, block, which);
                return 0;
        }
        r = act(s, block, "measured", arm, p->sessions[session].uuid, "");
        return r < 0 ? r : 1;
}

static int run_next(int argc, char **argv) {
        bool leave = arg_leave != NULL;

        int r = past_may_write();
        for (bool again = r >= 0; again; again = r > 0) {
                _cleanup_(past_freep) Past *p = NULL;
                Sealed s;

                r = past_open(&p);
                if (r < 0)
                        return r;
                if (!sealed_find_open(p)) {
                        say(0, p->n_trials > 0 ? SAY_NEXT_OVER : SAY_NO_EXPERIMENT);
                        return 0;
                }
                sealed_read(p, sealed_find_open(p), &s);
                r = leave ? make_void(&s, s.n_over + 1, arg_leave) : go_on(p, &s);
                leave = false;
        }
        return r;
}

/* --- status, result ----------------------------------------------------------------------- */

static void print_status(const Sealed *s) {
        Lines l = {};

        lines_of_progress(s, &l);
        for (unsigned look = 0; look < TRIAL_LOOKS; look++)
                if (trial_look_blocks(s->trial->blocks, look) > s->n_over) {
                        lines_add(&l, SAY_LOOK_NEXT, trial_look_blocks(s->trial->blocks, look));
                        break;
                }
        say_lines(0, &l);
}

static const char *const answer_words[] = {
        [TRIAL_RUNNING] = "running", [TRIAL_VOID] = "void",
        [TRIAL_MORE] = "more",       [TRIAL_LESS] = "less",
        [TRIAL_NOTHING_FOUND] = "nothing-found",
};

static void print_result_json(const Sealed *s, const TrialState *state) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_put_unsigned(&j, "experiment", (uint64_t) s->trial->id);
        json_put_string(&j, "kind", s->trial->kind);
        json_put_string(&j, "seal", s->trial->seal);
        json_put_unsigned(&j, "blocks", s->trial->blocks);
        json_put_unsigned(&j, "over", s->n_over);
        json_put_unsigned(&j, "void", s->n_void);
        json_put_unsigned(&j, "void_with_first", s->n_void_with_first);
        json_put_string(&j, "answer", answer_words[state->answer]);
        json_put_double(&j, "p", state->look >= 0 ? state->p : NAN, 6);
        json_put_double(&j, "ratio", state->interval.ratio, 4);
        json_put_double(&j, "low", state->interval.low, 4);
        json_put_double(&j, "high", state->interval.high, 4);
        if (sealed_is_over(s))
                json_put_string(&j, "order", s->trial->coins);
        json_end(&j);
        json_line(&j);
}

static void print_result(const Sealed *s, const TrialState *state) {
        Lines l = {};

        print_status(s);
        lines_of_result(s, state, &l);
        say_lines(0, &l);
}

/* A look that was held is an act, too. */
static int keep_look(const Sealed *s, const TrialState *state) {
        unsigned blocks = state->look < 0 ? 0 : trial_look_blocks(s->trial->blocks, (unsigned) state->look);

        if (arg_history || blocks == 0 || s->trial->looked_blocks >= blocks)
                return 0;
        return history_call("AddLook", NULL, "tudd", (uint64_t) s->trial->id, (uint32_t) blocks, state->p,
                            log(state->interval.ratio));
}

static int each_trial(bool result) {
        _cleanup_(past_freep) Past *p = NULL;

        int r = past_open(&p);
        if (r < 0)
                return r;
        if (p->n_trials == 0 && !arg_json)
                say(0, SAY_NO_EXPERIMENT);
        for (size_t i = 0; i < p->n_trials && r >= 0; i++) {
                TrialState state;
                Sealed s;

                sealed_read(p, p->trials + i, &s);
                if (!result) {
                        print_status(&s);
                        continue;
                }
                state = sealed_state(p, &s);
                r = keep_look(&s, &state);
                if (arg_json)
                        print_result_json(&s, &state);
                else
                        print_result(&s, &state);
        }
        if (!arg_json)
                puts(NOT_A_MEDICAL_DEVICE);
        return r;
}

static int run_status(int argc, char **argv) {
        return each_trial(false);
}

static int run_result(int argc, char **argv) {
        return each_trial(true);
}

static int run_stop(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        Sealed s;

        int r = past_may_write();
        if (r >= 0)
                r = past_open(&p);
        if (r < 0)
                return r;
        if (!sealed_find_open(p)) {
                say(0, SAY_NO_EXPERIMENT);
                return 0;
        }
        sealed_read(p, sealed_find_open(p), &s);
        r = act(&s, 0, "stopped", 0, "", "");
        if (r >= 0)
                say(0, SAY_STOPPED, s.trial->id, s.trial->kind);
        return r;
}

static const Option plan_options[] = {
        { "blocks", 0, "N", "So many blocks of two sessions (8 to 40, default 10)", .parse = parse_blocks },
        {},
};

static const Option next_options[] = {
        { "leave", 0, "WHY", "Leave the block that is going on: both its sessions are left out",
          .text = &arg_leave },
        {},
};

static const Option result_options[] = { HISTORY_OPTION, {} };

static const Verb subs[] = {
        { .name = "plan",
         .args = "KIND",
         .summary = "Draw the order by coin, seal it, say what can be found",
         .bus = true,
         .options = plan_options,
         .run = run_plan },
        { .name = "next",
         .args = "",
         .summary = "What to do for the next session",
         .bus = true,
         .options = next_options,
         .run = run_next },
        { .name = "status",
         .args = "",
         .summary = "How far it is; no results",
         .bus = true,
         .options = result_options,
         .run = run_status },
        { .name = "result",
         .args = "",
         .summary = "What the planned looks say",
         .json = true,
         .bus = true,
         .options = result_options,
         .run = run_result },
        { .name = "stop",
         .args = "",
         .summary = "End it before its time",
         .bus = true,
         .run = run_stop },
        {},
};

const Verb verb_experiment = {
        .name = "experiment",
        .args = "",
        .summary = "Find out by coin whether something makes more or less twitching",
        .text = "Blocks of two sessions, one with and one without, in an order that a coin decides. "
                "The order is sealed "
                "at the start and shown one session at a time. Results show at four planned looks.",
        .subs = subs,
};
