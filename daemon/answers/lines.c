/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#include "lines.h"
#include "sayings.h"
#include "stats/power.h"

#define CONFIDENCE 0.95

void lines_add(Lines *l, const char *format, ...) {
        va_list ap;

        if (l->n == LINES_MAX)
                return;
        va_start(ap, format);
        if (vasprintf(l->items + l->n, format, ap) >= 0)
                l->n++;
        va_end(ap);
}

void lines_done(Lines *l) {
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i]);
        *l = (Lines) {};
}

void lines_of_goes(const PastKind *k, const Goes *g, Lines *ret) {
        const BetsInterval *in = &g->interval;

        switch (g->answer) {
        case BETS_MORE:
                lines_add(ret, SAY_GOES_WITH_MORE, in->ratio, in->low, in->high);
                break;
        case BETS_LESS:
                lines_add(ret, SAY_GOES_WITH_LESS, in->ratio, in->low, in->high);
                break;
        case BETS_NO_DOUBLING:
                lines_add(ret, SAY_NO_DOUBLING, in->high);
                break;
        default:
                if (g->more_pairs > POWER_PAIRS_MAX)
                        lines_add(ret, SAY_NOT_KNOWN_LONG, POWER_PAIRS_MAX);
                else
                        lines_add(ret, SAY_NOT_KNOWN, g->more_pairs);
        }
        if (k->relief)
                lines_add(ret, SAY_RELIEF, k->name);
}

void lines_of_progress(const Sealed *s, Lines *ret) {
        lines_add(ret, SAY_STATUS, s->trial->id, s->trial->kind, s->n_over, s->trial->blocks, s->n_void,
                  s->n_void_with_first, s->n_void - s->n_void_with_first);
        lines_add(ret, SAY_SEAL, s->trial->seal);
}

static void no_result_yet(const Sealed *s, const TrialState *state, Lines *ret) {
        unsigned blocks = trial_look_blocks(s->trial->blocks, state->look < 0 ? 0 : (unsigned) state->look);

        if (state->look < 0)
                lines_add(ret, SAY_RESULT_NO_LOOK, blocks);
        else if (isinf(state->interval.high))
                lines_add(ret, SAY_RESULT_RUNNING_OPEN, blocks);
        else
                lines_add(ret, SAY_RESULT_RUNNING, blocks, state->interval.low, state->interval.high);
}

void lines_of_result(const Sealed *s, const TrialState *state, Lines *ret) {
        const TrialInterval *in = &state->interval;
        const char *kind = s->trial->kind;

        switch (state->answer) {
        case TRIAL_MORE:
                lines_add(ret, SAY_RESULT_MORE, kind, in->ratio, in->low, in->high, state->p);
                break;
        case TRIAL_LESS:
                lines_add(ret, SAY_RESULT_LESS, kind, in->ratio, in->low, in->high, state->p);
                break;
        case TRIAL_VOID:
                lines_add(ret, SAY_RESULT_VOID);
                break;
        case TRIAL_NOTHING_FOUND:
                lines_add(ret, SAY_RESULT_NOTHING, in->low, in->high);
                break;
        default:
                no_result_yet(s, state, ret);
        }
        if (sealed_is_over(s))
                lines_add(ret, SAY_ORDER, s->trial->coins);
}

void lines_of_felt(const Agree *a, Lines *ret) {
        const Felt *f = &a->felt;
        StatsShare marks = felt_share_of_marks(f, CONFIDENCE),
                   twitches = felt_share_of_twitches(f, CONFIDENCE);

        if (a->n_felt == 0) {
                lines_add(ret, SAY_FELT_NONE);
                return;
        }
        lines_add(ret, SAY_FELT_MARKS, a->n_felt, f->marks);
        if (f->marks > 0)
                lines_add(ret, SAY_FELT_MET, f->marks_met, FELT_WITHIN_S, f->marks_by_chance,
                          100 * marks.share, 100 * marks.low, 100 * marks.high);
        if (f->marks_met < (double) a->n_felt)
                lines_add(ret, SAY_FELT_NOTHING);
        if (f->twitches > 0)
                lines_add(ret, SAY_FELT_TWITCHES, f->twitches, f->twitches_felt, 100 * twitches.share,
                          100 * twitches.low, 100 * twitches.high);
}
