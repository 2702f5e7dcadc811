/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "scene.h"
#include "script.h"
#include "tests/synth/train.h"

#define PAUSE_S 0.35                    /* after a twitch; after anything longer, see below */
#define PAUSE_MEAN_S 0.5
#define PAUSE_LONG_S 1.5
#define NEIGHBOUR_LAG_S 0.005           /* 20 mm at 4 m/s */
#define NEIGHBOUR_SHARE_MIN 0.15
#define NEIGHBOUR_SHARE_MAX 0.5
#define POOL_SMALLEST_SIGMA 1.5         /* of the pool's smallest unit, peak to peak */
#define SIZE_SD 0.05                    /* of one unit's discharges */
#define RIPPLE_SIGMA_MIN 4.0            /* peak to peak, of a run's overlapping potentials */
#define RIPPLE_TRIES 100u

typedef struct Draft {                  /* under way */
        const ScriptConfig *c;
        Script *s;
        Prng prng;
        double *unit_snr;               /* [n_channels * SCRIPT_UNITS_PER_CHANNEL]: a unit has its size */
        double now_s;
        size_t happenings_allocated, artefacts_allocated;
} Draft;

/* --- lists -------------------------------------------------------------------------- */

static int add_happening(Draft *d, const Happening *h) {
        Script *s = d->s;

        if (s->n_happenings == d->happenings_allocated) {
                size_t n = 2 * d->happenings_allocated + 64;
                Happening *grown = reallocarray(s->happenings, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                s->happenings = grown;
                d->happenings_allocated = n;
        }
        s->happenings[s->n_happenings++] = *h;
        return 0;
}

static int add_artefact(Draft *d, const ScriptArtefact *a) {
        Script *s = d->s;

        if (s->n_artefacts == d->artefacts_allocated) {
                size_t n = 2 * d->artefacts_allocated + 64;
                ScriptArtefact *grown = reallocarray(s->artefacts, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                s->artefacts = grown;
                d->artefacts_allocated = n;
        }
        s->artefacts[s->n_artefacts++] = *a;
        return 0;
}

static unsigned muscle_first(unsigned channel) {
        return channel / SCRIPT_MUSCLE_CHANNELS * SCRIPT_MUSCLE_CHANNELS;
}

static unsigned muscle_end(const Draft *d, unsigned channel) {
        return MIN(muscle_first(channel) + SCRIPT_MUSCLE_CHANNELS, d->c->n_channels);
}

unsigned script_n_units(unsigned n_channels) {
        unsigned n_muscles = (n_channels + SCRIPT_MUSCLE_CHANNELS - 1) / SCRIPT_MUSCLE_CHANNELS;
        return n_channels * SCRIPT_UNITS_PER_CHANNEL + n_muscles * SCRIPT_POTENTIALS_PER_MUSCLE;
}

/* --- what one unit does -------------------------------------------------------------- */

typedef struct Pattern {
        const char *kind;
        int (*make)(Prng *p, double at_s, ImpulseList *l);
} Pattern;

static int single(Prng *p, double at_s, ImpulseList *l) {
        return impulse_add(l, at_s, 0, 1 + SIZE_SD * fmax(-2.5, fmin(2.5, prng_normal(p))));
}

static const Pattern patterns[] = {
        { "fasciculation", single },
        { "doublet", synth_train_doublet },
        { "multiplet", synth_train_multiplet },
        { "unit-train", synth_train_unit },
        { "myokymic", synth_train_myokymic },
        { "high-frequency-run", synth_train_high_frequency },
};

/* Peak to peak of what overlapping potentials leave once the first is over, relative to one of them. */
static double ripple(const ImpulseList *l, const Unit *u) {
        double from_s = l->items[0].at_s + u->end_s, low = INFINITY, high = -INFINITY;
        const double length_s = 0.03, step_s = 0.0005;

        for (double t_s = from_s; t_s < from_s + length_s; t_s += step_s) {
                double sum = 0;

                for (size_t i = 0; i < l->n; i++)
                        sum += l->items[i].scale * potential_at(&u->potential, t_s - l->items[i].at_s);
                low = fmin(low, sum);
                high = fmax(high, sum);
        }
        return (high - low) / u->potential.amplitude_uv;
}

/*
 * One of the units that show what they do. At 150 a second and more the potentials of a deep one add up to nothing
 * that electrodes on the skin see: only its first and last discharge would be left, which
 * are two twitches and no run by any rule.
 */
static int draw_pattern(Draft *d, const Pattern *pattern, unsigned *ret_unit, ImpulseList *l) {
        for (unsigned i = 0;; i++) {
                *ret_unit = prng_below(&d->prng, d->c->n_channels * SCRIPT_UNITS_PER_CHANNEL);
                l->n = 0;
                int r = pattern->make(&d->prng, d->now_s, l);
                if (r < 0 || pattern->make != synth_train_high_frequency)
                        return r;
                if (d->unit_snr[*ret_unit] * ripple(l, d->c->units + *ret_unit) >= RIPPLE_SIGMA_MIN)
                        return 0;
                if (i >= RIPPLE_TRIES)          /* there is none: a twitch instead */
                        return -ENOENT;
        }
}

/* Also where the next channel of the muscle sees it, if there is one. */
static int add_pattern(Draft *d, const Pattern *pattern) {
        _cleanup_(impulse_done) ImpulseList l = {};
        unsigned unit;

        int r = draw_pattern(d, pattern, &unit, &l);
        if (r == -ENOENT)
                return add_pattern(d, patterns);
        if (r < 0)
                return r;
        unsigned channel = unit / SCRIPT_UNITS_PER_CHANNEL;
        const Unit *u = d->c->units + unit;
        double snr = d->unit_snr[unit];
        double scale = snr * d->c->noise_uv[channel] / u->potential.amplitude_uv;
        double share = prng_range(&d->prng, NEIGHBOUR_SHARE_MIN, NEIGHBOUR_SHARE_MAX);

        for (size_t i = 0; r >= 0 && i < l.n; i++) {
                r = impulse_add(d->s->impulses + channel, l.items[i].at_s, unit, scale * l.items[i].scale);
                if (r >= 0 && channel + 1 < muscle_end(d, channel))
                        r = impulse_add(d->s->impulses + channel + 1, l.items[i].at_s + NEIGHBOUR_LAG_S, unit,
                                        share * scale * l.items[i].scale);
        }
        if (r < 0)
                return r;

        Happening h = {
                .kind = pattern->kind,
                .time_s = d->now_s + u->potential.peak_s,
                .from_s = d->now_s,
                .to_s = l.items[l.n - 1].at_s + u->end_s,
                .channel = channel,
                .first_channel = channel,
                .n_channels = channel + 1 < muscle_end(d, channel) ? 2 : 1,
                .unit = unit,
                .amplitude_uv = scale * l.items[0].scale * u->potential.amplitude_uv,
                .snr = snr * l.items[0].scale,
        };
        d->now_s = h.to_s;
        return add_happening(d, &h);
}

/* --- what many units do --------------------------------------------------------------- */

/* Each unit lies under one channel; the others of the muscle see less of it. */
static int spread(Draft *d, const ImpulseList *l, unsigned first, unsigned end) {
        unsigned pool = d->c->n_channels * SCRIPT_UNITS_PER_CHANNEL +
                        first / SCRIPT_MUSCLE_CHANNELS * SCRIPT_POTENTIALS_PER_MUSCLE;

        for (size_t i = 0; i < l->n; i++) {
                unsigned unit = pool + l->items[i].unit % SCRIPT_POTENTIALS_PER_MUSCLE;
                unsigned home = first + l->items[i].unit % (end - first);

                for (unsigned c = first; c < end; c++) {
                        double away = fabs((double) c - home);
                        double sigma = POOL_SMALLEST_SIGMA * synth_pool_size(l->items[i].unit) * pow(0.3, away);
                        double scale = sigma * d->c->noise_uv[c] / d->c->units[unit].potential.amplitude_uv;
                        int r = impulse_add(d->s->impulses + c, l->items[i].at_s + away * NEIGHBOUR_LAG_S, unit, scale);

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int add_contraction(Draft *d) {
        _cleanup_(impulse_done) ImpulseList l = {};
        unsigned first = muscle_first(prng_below(&d->prng, d->c->n_channels)), end = muscle_end(d, first);
        double ramp_s = prng_range(&d->prng, 0.2, 1.5);
        Happening h = {
                .kind = "contraction",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .to_s = d->now_s + 2 * ramp_s + prng_range(&d->prng, 1, 8),
                .channel = first,
                .first_channel = first,
                .n_channels = end - first,
        };

        int r = synth_pool_contract(&d->prng, h.from_s, h.to_s, ramp_s, prng_range(&d->prng, 0.15, 0.6), &l);
        if (r >= 0)
                r = spread(d, &l, first, end);
        d->now_s = h.to_s;
        return r < 0 ? r : add_happening(d, &h);
}

/* In one channel: cramps are of a part of a muscle. */
static int add_cramp(Draft *d) {
        _cleanup_(impulse_done) ImpulseList l = {};
        unsigned channel = prng_below(&d->prng, d->c->n_channels);
        Happening h = {
                .kind = "cramp-like",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .to_s = d->now_s + prng_range(&d->prng, 8, 40),
                .channel = channel,
                .first_channel = channel,
                .n_channels = 1,
        };

        int r = synth_pool_cramp(&d->prng, h.from_s, h.to_s, &l);
        if (r >= 0)
                r = spread(d, &l, channel, channel + 1);
        d->now_s = h.to_s;
        return r < 0 ? r : add_happening(d, &h);
}

/* In all muscles, a little apart. */
static int add_jerk(Draft *d) {
        Happening h = {
                .kind = "jerk",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .to_s = d->now_s,
                .n_channels = d->c->n_channels,
        };

        for (unsigned first = 0; first < d->c->n_channels; first = muscle_end(d, first)) {
                _cleanup_(impulse_done) ImpulseList l = {};
                double from_s = h.from_s + prng_range(&d->prng, 0, 0.08);
                double to_s = from_s + prng_range(&d->prng, 0.08, 0.25);
                int r = synth_pool_jerk(&d->prng, from_s, to_s, &l);

                if (r >= 0)
                        r = spread(d, &l, first, muscle_end(d, first));
                if (r < 0)
                        return r;
                h.to_s = fmax(h.to_s, to_s);
        }
        d->now_s = h.to_s;
        return add_happening(d, &h);
}

/* --- artefacts -------------------------------------------------------------------------- */

static int add_motion(Draft *d) {
        unsigned channel = prng_below(&d->prng, d->c->n_channels), n = 1 + prng_below(&d->prng, 2);
        ScriptArtefact a = { .type = SCRIPT_MOTION, .from_s = d->now_s };
        Happening h = {
                .kind = "motion",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .channel = channel,
                .first_channel = channel,
        };

        synth_motion_draw(&a.motion, &d->prng, d->now_s);
        for (unsigned i = 0; i < n && channel + i < d->c->n_channels; i++) {
                a.channel = channel + i;
                a.until_s = a.from_s + 10 * fmax(a.motion.decay_s, (a.motion.to_s - a.motion.from_s) / 3);
                int r = add_artefact(d, &a);
                if (r < 0)
                        return r;
                a.motion.size_uv *= prng_range(&d->prng, 0.3, 1);
                h.n_channels++;
        }
        d->now_s = h.to_s = a.motion.to_s;
        return add_happening(d, &h);
}

/* On one channel or, a switch or a spark, on all. */
static int add_pop(Draft *d) {
        bool common = prng_below(&d->prng, 3) == 0;
        unsigned channel = common ? 0 : prng_below(&d->prng, d->c->n_channels);
        ScriptArtefact a = { .type = SCRIPT_POP, .from_s = d->now_s, .until_s = d->now_s + 0.1 };
        Happening h = {
                .kind = common ? "common" : "spike",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .to_s = d->now_s + 0.005,
                .channel = channel,
                .first_channel = channel,
                .n_channels = common ? d->c->n_channels : 1,
        };

        synth_pop_draw(&a.pop, &d->prng, d->now_s);
        for (unsigned i = 0; i < h.n_channels; i++) {
                a.channel = channel + i;
                int r = add_artefact(d, &a);
                if (r < 0)
                        return r;
        }
        d->now_s = h.to_s;
        return add_happening(d, &h);
}

static int add_fault(Draft *d) {
        bool lead_off = prng_below(&d->prng, 2);
        ScriptArtefact a = {
                .type = SCRIPT_FAULT,
                .channel = prng_below(&d->prng, d->c->n_channels),
                .from_s = d->now_s,
        };

        synth_fault_draw(&a.fault, &d->prng, d->now_s, lead_off, d->c->rail_uv);
        a.until_s = a.fault.to_s + 20 * a.fault.decay_s;
        Happening h = {
                .kind = lead_off ? "lead-off" : "saturation",
                .time_s = d->now_s,
                .from_s = d->now_s,
                .to_s = a.fault.to_s,
                .channel = a.channel,
                .first_channel = a.channel,
                .n_channels = 1,
        };
        int r = add_artefact(d, &a);
        d->now_s = a.fault.to_s + 5 * a.fault.decay_s;
        return r < 0 ? r : add_happening(d, &h);
}

/* --- the order of things ------------------------------------------------------------------ */

/* Shares of a thousand; what is left are single twitches. */
static int add_next(Draft *d) {
        unsigned u = prng_below(&d->prng, 1000);

        if (d->c->muscles_at_work) {
                if (u < 40)
                        return add_contraction(d);
                if (u < 50)
                        return add_cramp(d);
                if (u < 80)
                        return add_jerk(d);
                if (u < 180)
                        return add_pattern(d, patterns + 3 + u % 3);
        }
        if (u < 260)
                return add_motion(d);
        if (u < 350)
                return add_pop(d);
        if (u < 390)
                return add_fault(d);
        if (u < 470)
                return add_pattern(d, patterns + 1 + u % 2);
        return add_pattern(d, patterns);
}

static int compare_impulses(const void *a, const void *b) {
        const Impulse *x = a, *y = b;
        return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

Script* script_free(Script *s) {
        if (!s)
                return NULL;
        for (unsigned i = 0; s->impulses && i < s->n_channels; i++)
                impulse_done(s->impulses + i);
        free(s->impulses);
        free(s->happenings);
        free(s->artefacts);
        free(s);
        return NULL;
}

int script_new(const ScriptConfig *config, Script **ret) {
        _cleanup_(script_freep) Script *s = calloc(1, sizeof(*s));
        Draft d = { .c = config, .s = s, .now_s = config->lead_in_s };
        const double end_margin_s = 45;         /* the longest happening */

        if (!s)
                return -ENOMEM;
        s->n_channels = config->n_channels;
        s->impulses = calloc(config->n_channels, sizeof(*s->impulses));
        if (!s->impulses)
                return -ENOMEM;

        _cleanup_free_ double *unit_snr = d.unit_snr = calloc(config->n_channels * SCRIPT_UNITS_PER_CHANNEL, sizeof(double));
        if (!unit_snr)
                return -ENOMEM;

        prng_init(&d.prng, config->seed, PRNG_SCENE, 0);
        for (unsigned i = 0; i < config->n_channels * SCRIPT_UNITS_PER_CHANNEL; i++)
                unit_snr[i] = prng_log_range(&d.prng, config->snr_lo, config->snr_hi);
        while (d.now_s < config->seconds - end_margin_s) {
                double from_s = d.now_s;
                int r = add_next(&d);
                if (r < 0)
                        return r;
                d.now_s += d.now_s - from_s > 0.2 ? PAUSE_LONG_S : PAUSE_S;
                d.now_s += prng_exponential(&d.prng, PAUSE_MEAN_S);
        }
        for (unsigned i = 0; i < s->n_channels; i++)
                qsort(s->impulses[i].items, s->impulses[i].n, sizeof(Impulse), compare_impulses);
        *ret = TAKE_PTR(s);
        return 0;
}
