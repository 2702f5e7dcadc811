/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sha2.h>

#include "goes.h"
#include "sealed.h"

int sealed_write(const char *kind, unsigned blocks, const uint8_t *random,
                 char ret[static SEALED_TEXT_MAX]) {
        const uint8_t *salt = random + blocks / 8 + 1;
        int n = snprintf(ret, SEALED_TEXT_MAX, "twitch-experiment kind=%s blocks=%u order=", kind, blocks);

        if (n < 0 || (size_t) n + 3 * blocks + 40 >= SEALED_TEXT_MAX)
                return -EINVAL;
        for (unsigned k = 0; k < blocks; k++)
                n += sprintf(ret + n, "%s%s", k > 0 ? "," : "", random[k / 8] & 1u << k % 8 ? "AB" : "BA");
        n += sprintf(ret + n, " salt=");
        for (unsigned k = 0; k < 16; k++)
                n += sprintf(ret + n, "%02x", salt[k]);
        return 0;
}

void sealed_digest(const char *text, char ret[static SEALED_DIGITS]) {
        SHA256Data((const uint8_t*) text, strlen(text), ret);
}

char sealed_arm(const char *text, unsigned block, unsigned session) {
        const char *order = strstr(text, "order=");
        size_t at = 3 * (size_t) (block - 1) + session;

        if (!order || block == 0 || strcspn(order + 6, " ") <= at)
                return 0;
        return order[6 + at];
}

static void take_act(const Past *p, const PastTrial *t, const PastAct *a, Sealed *s) {
        SealedBlock *b;
        unsigned which;

        s->stopped = s->stopped || streq(a->act, "stopped");
        if (a->block < 1 || a->block > t->blocks || a->block > TRIAL_BLOCKS_MAX)
                return;
        b = s->blocks + (a->block - 1);
        which = a->arm[0] == sealed_arm(t->coins, a->block, 0) ? 0 : 1;
        b->voided = b->voided || streq(a->act, "void");
        if (streq(a->act, "revealed")) {
                b->revealed[which] = true;
                b->revealed_usec[which] = a->made_usec;
        } else if (streq(a->act, "measured"))
                b->session[which] = past_find_session(p, a->session);
}

void sealed_read(const Past *p, const PastTrial *t, Sealed *ret) {
        *ret = (Sealed) { .trial = t };
        for (unsigned k = 0; k < TRIAL_BLOCKS_MAX; k++)
                ret->blocks[k].session[0] = ret->blocks[k].session[1] = -1;
        for (size_t i = 0; i < t->n_acts; i++)
                take_act(p, t, t->acts + i, ret);
        while (ret->n_over < t->blocks && ret->n_over < TRIAL_BLOCKS_MAX) {
                const SealedBlock *b = ret->blocks + ret->n_over;

                if (!b->voided && (b->session[0] < 0 || b->session[1] < 0))
                        break;
                ret->n_over++;
                ret->n_void += b->voided;
                ret->n_void_with_first += b->voided && sealed_arm(t->coins, ret->n_over, 0) == 'A';
        }
}

bool sealed_is_over(const Sealed *s) {
        return s->stopped || s->n_over >= s->trial->blocks;
}

const PastTrial* sealed_find_open(const Past *p) {
        for (size_t i = p->n_trials; i-- > 0;) {
                Sealed s;

                sealed_read(p, p->trials + i, &s);
                if (!sealed_is_over(&s))
                        return p->trials + i;
        }
        return NULL;
}

static bool is_used(const Sealed *s, int session) {
        for (unsigned k = 0; k < TRIAL_BLOCKS_MAX; k++)
                if (s->blocks[k].session[0] == session || s->blocks[k].session[1] == session)
                        return true;
        return false;
}

int sealed_find_session(const Past *p, const Sealed *s, unsigned block, unsigned which) {
        const SealedBlock *b = s->blocks + (block - 1);
        int64_t from = b->revealed_usec[which];

        if (which == 1 && b->session[0] >= 0) {
                int64_t apart = MAX(SEALED_APART_MIN_USEC, s->trial->washout_usec);
                int64_t earliest = p->sessions[b->session[0]].start_usec + apart;

                /* the same part of the day, some hours earlier or later */
                from = MAX(from, earliest - 4 * 3600 * INT64_C(1000000));
        }
        for (size_t i = 0; i < p->n_sessions; i++) {
                const PastSession *session = p->sessions + i;

                if (session->start_usec >= from && past_session_counts(session) && !is_used(s, (int) i) &&
                    past_session_rest_min(session) >= GOES_REST_MIN)
                        return (int) i;
        }
        return -1;
}

TrialState sealed_state(const Past *p, const Sealed *s) {
        TrialBlock blocks[TRIAL_BLOCKS_MAX] = {};
        double floor_uv;

        for (unsigned k = 0; k < s->n_over; k++) {
                const SealedBlock *b = s->blocks + k;
                bool with_first = sealed_arm(s->trial->coins, k + 1, 0) == 'A';

                blocks[k].voided = b->voided || goes_difference(p->sessions + b->session[!with_first],
                                                                p->sessions + b->session[with_first],
                                                                &blocks[k].d, &floor_uv) < 0;
        }
        return trial_state(s->trial->blocks, blocks, s->n_over);
}
