/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl triggers, ask, drop: what goes with the twitching. */
#include <math.h>

#include "answers/lines.h"
#include "answers/sayings.h"
#include "ctl.h"
#include "json.h"
#include "past-open.h"
#include "say.h"
#include "verbs.h"

static const char *const answer_words[] = {
        [BETS_NOT_KNOWN] = "not-known",
        [BETS_NO_DOUBLING] = "no-doubling",
        [BETS_MORE] = "more",
        [BETS_LESS] = "less",
};

static void question_json(Json *j, const Past *p, const Goes *g) {
        const PastKind *k = p->kinds + g->kind;

        json_begin(j, NULL);
        json_put_string(j, "kind", k->name);
        json_put_bool(j, "relief", k->relief);
        json_put_unsigned(j, "asked_usec", (uint64_t) g->asked_usec);
        json_put_unsigned(j, "pairs", g->n_pairs);
        json_put_unsigned(j, "sessions_with", g->n_exposed);
        json_put_unsigned(j, "sessions_without", g->n_other);
        json_put_string(j, "answer", answer_words[g->answer]);
        json_put_double(j, "ratio", g->interval.ratio, 4);
        json_put_double(j, "low", g->interval.low, 4);
        json_put_double(j, "high", g->interval.high, 4);
        json_put_double(j, "wealth", exp(g->log_wealth), 4);
        json_put_double(j, "bound", exp(g->log_bound), 4);
        json_put_unsigned(j, "more_pairs", g->more_pairs);
        json_end(j);
}

static void print_json(const Past *p, const Goes *all, size_t n) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_begin_array(&j, "questions");
        for (size_t i = 0; i < n; i++)
                question_json(&j, p, all + i);
        json_end(&j);
        json_end(&j);
        json_line(&j);
}

static void print_question(const Past *p, const Goes *g) {
        const PastKind *k = p->kinds + g->kind;
        char date[DATE_SIZE];
        Lines l = {};

        say_date(g->asked_usec, say_utc_offset_s(g->asked_usec), date);
        if (!goes_by_amount(k))
                say(0, SAY_QUESTION, k->name, date, g->n_pairs, g->n_exposed, g->n_other);
        else if (goes_less_counts(k))
                say(0, SAY_QUESTION_LESS, k->name, date, g->n_pairs, g->n_exposed, g->n_other);
        else
                say(0, SAY_QUESTION_MORE, k->name, date, g->n_pairs, g->n_exposed, g->n_other);
        lines_of_goes(k, g, &l);
        say_lines(2, &l);
        say(2, SAY_STANDS_AT, exp(g->log_wealth), exp(g->log_bound));
        putchar('\n');
}

static void print_text(const Past *p, const Goes *all, size_t n) {
        if (n == 0) {
                say(0, SAY_NO_QUESTIONS);
                return;
        }
        for (size_t i = 0; i < n; i++)
                print_question(p, all + i);
        say(0, SAY_GUESSER);
        say(0, SAY_GOES_NOT_MAKES);
}

/* A bet is one for ever: it goes into the history at once. */
static int keep_bets(const Past *p, const Goes *g, size_t *n) {
        int r = 0;

        for (size_t i = g->n_stored; i < g->n_pairs && r >= 0; i++, (*n)++) {
                const GoesPair *pair = g->pairs + i;

                if (!arg_history)
                        r = history_call("AddBet", NULL, "sssstdd", p->kinds[g->kind].name, "all",
                                      p->sessions[pair->exposed].uuid, p->sessions[pair->other].uuid,
                                      (uint64_t)llround(pair->floor_uv * 1e3), pair->log_ratio,
                                      pair->log_wealth);
        }
        return r;
}

static int run_triggers(int argc, char **argv) {
        _cleanup_(past_freep) Past *p = NULL;
        size_t n = 0, n_new = 0;
        Goes *all = NULL;

        int r = past_open(&p);
        if (r < 0)
                return r;
        r = goes_all(p, &all, &n);
        if (r < 0) {
                (void) say_wrong(SAY_CANNOT_COMPUTE, strerror(-r));
                return r;
        }
        for (size_t i = 0; i < n && r >= 0; i++)
                r = keep_bets(p, all + i, &n_new);
        if (r >= 0 && arg_json)
                print_json(p, all, n);
        else if (r >= 0) {
                print_text(p, all, n);
                if (n_new > 0 && !arg_history)
                        say(0, SAY_BETS_KEPT, n_new);
                else if (n_new > 0)
                        say(0, SAY_BETS_NOT_KEPT, n_new);
                puts(NOT_A_MEDICAL_DEVICE);
        }
        goes_free_all(all, n);
        return r;
}

static int list_kinds(const Past *p, const char *name) {
        (void) say_wrong(SAY_NO_KIND, name);
        for (size_t i = 0; i < p->n_kinds; i++)
                if (p->kinds[i].window_usec > 0)
                        fprintf(stderr, " %s", p->kinds[i].name);
        fprintf(stderr, "\n");
        return EXIT_USAGE;
}

static bool is_asked(const Past *p, int kind) {
        bool asked = false;

        for (size_t i = 0; i < p->n_questions; i++)
                if ((int) p->questions[i].kind == kind)
                        asked = p->questions[i].asked;
        return asked;
}

static int ask(const char *name, bool asked) {
        _cleanup_(past_freep) Past *p = NULL;
        int kind;

        int r = past_may_write();
        if (r >= 0)
                r = past_open(&p);
        if (r < 0)
                return r;
        kind = past_find_kind(p, name);
        if (kind < 0 || p->kinds[kind].window_usec == 0)
                return list_kinds(p, name);
        if (!asked && !is_asked(p, kind)) {
                (void) say_wrong(SAY_NOT_ASKED, name, name);
                return EXIT_USAGE;
        }
        r = is_asked(p, kind) == asked ? 0 : history_call("Ask", NULL, "sb", name, (int) asked);
        if (r < 0)
                return r;
        if (asked)
                say(0, SAY_ASKED, name);
        else
                say(0, SAY_DROPPED, name);
        if (asked && p->kinds[kind].relief)
                say(0, SAY_RELIEF, name);
        return 0;
}

static int run_ask(int argc, char **argv) {
        return ask(argv[1], true);
}

static int run_drop(int argc, char **argv) {
        return ask(argv[1], false);
}

static const Option options[] = { HISTORY_OPTION, {} };

const Verb verb_triggers = {
        .name = "triggers",
        .args = "",
        .summary = "What goes with more or less twitching, of the kinds that were asked about",
        .text = "Each kind of diary entry that was asked about (twitchctl ask KIND) has one of "
                "three answers: it goes "
                "with more or less twitching; no doubling; not known yet, and about how many more "
                "pairs it takes.\n"
                "\n" SAY_GUESSER,
        .json = true,
        .bus = true,
        .options = options,
        .run = run_triggers,
};

const Verb verb_ask = {
        .name = "ask",
        .args = "KIND",
        .summary = "Ask whether a kind of diary entry goes with the twitching",
        .text = "From now on sessions are compared in pairs, with and without such an entry in the "
                "hours before. Entries "
                "count as they were when the session began.",
        .bus = true,
        .run = run_ask,
};

const Verb verb_drop = {
        .name = "drop",
        .args = "KIND",
        .summary = "No longer ask about a kind",
        .bus = true,
        .run = run_drop,
};
