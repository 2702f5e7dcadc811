/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clairvoyant.h"
#include "scene.h"
#include "tests/synth/drift.h"
#include "tests/synth/ecg.h"
#include "tests/synth/level.h"
#include "tests/synth/mains.h"
#include "tests/synth/prng.h"

#define UNITS_PER_CHANNEL 3u
#define UNITS_FRESH 240u                /* enough for none to come often in one channel */
#define LEAD_IN_S 30                    /* for a detector to learn the noise */
#define APART_S 0.3                     /* between twitches of any channels: each is its own event */
#define END_SHARE 0.1
#define SNR_LO 6                        /* of what units do in a script */
#define SNR_HI 60
#define MARGIN_S (POTENTIAL_LEAD_S + CLAIRVOYANT_TAIL_S)
#define INJECTIONS_MAX (SCENE_SEGMENT_S * 10 / 3 + 1) /* SCENE_SEGMENT_S / APART_S */

typedef struct Detectability {
        double d, crossings_hz;
} Detectability;

struct Scene {
        SceneConfig config;
        size_t n_frames;                /* of a segment */
        unsigned segment, n_segments;
        Prng prng;
        SynthNoise *noise;              /* [n_channels] */
        double *noise_uv;               /* [n_channels] */
        Whitener *whiteners;            /* [n_channels] */
        SynthLevel *levels;             /* [n_channels] */
        Prng textures;
        double *log_levels;             /* [n_channels] in standard deviations */
        SynthMains mains;
        SynthMainsChannel *mains_channels;      /* [n_channels] */
        SynthEcg ecg;
        SynthEcgChannel *ecg_channels;  /* [n_channels] */
        SynthDrift *drifts;             /* [n_channels] */
        Unit *units;
        unsigned n_units;
        Detectability *detectabilities; /* [n_channels][n_units]; d is 0 until needed */
        double next_s;                  /* excitation of the next twitch */
        Injection injections[INJECTIONS_MAX];
        size_t n_injections;
        double *uv, *white;             /* [n_channels][n_frames] the signal; its noise and twitches whitened */
        int32_t *codes;                 /* [n_frames][n_channels] */
        uint8_t *flags;                 /* likewise */
        Script *script;
        size_t *first_impulse;          /* [n_channels]: those before are over */
};

const SceneConfig scene_config_default = {
        .rate_hz = 1000,
        .n_channels = 16,
        .seconds = 600,
        .seed = 1,
        .noise_uv_lo = 1,
        .noise_uv_hi = 20,
        .corner_hz_lo = 50,
        .corner_hz_hi = 200,
        .fluctuation_s = 0.2,
        .level_max = 1,
        .mains_hz = 50,
        .twitches = true,
        .interval_s = 0.45,
        .depth_mm_lo = 7,
        .depth_mm_hi = 18,
        .rung_db_lo = 12,
        .rung_db_hi = 21,
        .rung_db_step = 1,
};

/* --- units ----------------------------------------------------------------------- */

/* detection.md 10.1, and off the electrodes' line as in life. */
static MotorUnit draw_unit(Prng *p, const SceneConfig *c) {
        return (MotorUnit) {
                .n_fibres = (unsigned) prng_log_range(p, 150, 700),
                .depth_mm = prng_range(p, c->depth_mm_lo, c->depth_mm_hi),
                .radius_mm = prng_range(p, 3, 5),
                .endplate_mm = (prng_below(p, 2) ? 1 : -1) * prng_range(p, 5, 45),
                .lateral_mm = prng_range(p, 0, 6),
                .velocity_mps = prng_range(p, 3.5, 4.7),
                .seed = prng_u64(p),
        };
}

static double end_of(const Potential *p) {
        double largest = 0;
        unsigned i;

        for (i = 0; i < POTENTIAL_SAMPLES; i++)
                largest = fmax(largest, fabs(p->uv[i]));
        for (i = POTENTIAL_SAMPLES; i > 0 && fabs(p->uv[i - 1]) < END_SHARE * largest;)
                i--;
        return i / MUAP_RATE_HZ - POTENTIAL_LEAD_S;
}

static int make_units(Scene *s) {
        const SceneConfig *c = &s->config;
        Prng prng;

        if (c->contents != SCENE_LADDER)
                s->n_units = script_n_units(c->n_channels);
        else
                s->n_units = c->fresh ? UNITS_FRESH : c->n_channels * UNITS_PER_CHANNEL;
        s->units = calloc(s->n_units + 1, sizeof(*s->units));
        s->detectabilities = calloc((size_t) s->n_units * c->n_channels + 1, sizeof(*s->detectabilities));
        if (!s->units || !s->detectabilities)
                return -ENOMEM;

        prng_init(&prng, c->seed, PRNG_UNITS, 0);
        for (unsigned i = 0; i < s->n_units; i++) {
                MotorUnit m = draw_unit(&prng, c);
                potential_compute(&m, c->rate_hz, &s->units[i].potential);
                s->units[i].end_s = end_of(&s->units[i].potential);
        }
        return 0;
}

static const Detectability* detectability(Scene *s, unsigned channel, unsigned unit) {
        Detectability *d = s->detectabilities + (size_t) channel * s->n_units + unit;

        if (d->d == 0)
                clairvoyant_measure(s->noise + channel, &s->units[unit].potential, s->config.rate_hz, &d->d,
                                    &d->crossings_hz);
        return d;
}

/* --- twitches --------------------------------------------------------------------- */

static Injection draw_injection(Scene *s) {
        const SceneConfig *c = &s->config;
        unsigned channel = prng_below(&s->prng, c->n_channels);
        unsigned unit = c->fresh ? prng_below(&s->prng, s->n_units)
                                 : channel * UNITS_PER_CHANNEL + prng_below(&s->prng, UNITS_PER_CHANNEL);
        unsigned n_rungs = (unsigned) lround((c->rung_db_hi - c->rung_db_lo) / c->rung_db_step) + 1;
        double rung_db = c->rung_db_lo + prng_below(&s->prng, n_rungs) * c->rung_db_step;
        const Detectability *d = detectability(s, channel, unit);
        const Potential *p = &s->units[unit].potential;
        double scale = pow(10, rung_db / 20) / d->d;

        return (Injection) {
                .at_s = s->next_s,
                .time_s = s->next_s + p->peak_s,
                .end_s = s->next_s + s->units[unit].end_s,
                .channel = channel,
                .unit = unit,
                .scale = scale,
                .rung_db = rung_db,
                .amplitude_uv = scale * p->amplitude_uv,
                .snr = scale * p->amplitude_uv / s->noise_uv[channel],
                .crossings_hz = d->crossings_hz,
        };
}

static void draw_injections(Scene *s) {
        double begin_s = (double) s->segment * SCENE_SEGMENT_S, end_s = begin_s + SCENE_SEGMENT_S;

        s->n_injections = 0;
        if (!s->config.twitches || s->config.contents != SCENE_LADDER)
                return;
        while (s->next_s + MARGIN_S < end_s) {
                s->injections[s->n_injections++] = draw_injection(s);
                s->next_s += APART_S + prng_exponential(&s->prng, fmax(s->config.interval_s - APART_S, 0));
        }
        /* Wholly within a segment; the next one's first frames are as good as these. */
        s->next_s = fmax(s->next_s, end_s + MARGIN_S);
}

static void add_injection(Scene *s, const Injection *j) {
        double rate = s->config.rate_hz, at_s = j->at_s - (double) s->segment * SCENE_SEGMENT_S;
        double *x = s->uv + j->channel * s->n_frames;
        const Potential *p = &s->units[j->unit].potential;
        size_t first = (size_t) ((at_s - POTENTIAL_LEAD_S) * rate);
        size_t n = (size_t) (POTENTIAL_SAMPLES / MUAP_RATE_HZ * rate) + 2;

        for (size_t i = first; i < MIN(first + n, s->n_frames); i++)
                x[i] += j->scale * potential_at(p, i / rate - at_s);
}

static void look(Scene *s, Injection *j) {
        j->clairvoyant = clairvoyant_look(s->noise + j->channel, &s->units[j->unit].potential, s->config.rate_hz,
                                          s->white + j->channel * s->n_frames, s->n_frames,
                                          j->at_s - (double) s->segment * SCENE_SEGMENT_S);
}

/* --- signal ------------------------------------------------------------------------ */

static int make_background(Scene *s) {
        const SceneConfig *c = &s->config;
        Prng prng;

        s->noise = calloc(c->n_channels, sizeof(*s->noise));
        s->noise_uv = calloc(c->n_channels, sizeof(*s->noise_uv));
        s->whiteners = calloc(c->n_channels, sizeof(*s->whiteners));
        s->levels = calloc(c->n_channels, sizeof(*s->levels));
        s->log_levels = calloc(c->n_channels, sizeof(*s->log_levels));
        s->mains_channels = calloc(c->n_channels, sizeof(*s->mains_channels));
        s->ecg_channels = calloc(c->n_channels, sizeof(*s->ecg_channels));
        s->drifts = calloc(c->n_channels, sizeof(*s->drifts));
        if (!s->noise || !s->noise_uv || !s->whiteners || !s->levels || !s->log_levels || !s->mains_channels || !s->ecg_channels ||
            !s->drifts)
                return -ENOMEM;

        prng_init(&prng, c->seed, PRNG_NOISE, UINT64_MAX);
        for (unsigned i = 0; i < c->n_channels; i++) {
                s->noise_uv[i] = prng_log_range(&prng, c->noise_uv_lo, c->noise_uv_hi);
                synth_noise_init(s->noise + i, c->seed, i, c->rate_hz, s->noise_uv[i],
                                 prng_log_range(&prng, c->corner_hz_lo, c->corner_hz_hi));
                whitener_init(s->whiteners + i, s->noise + i);
                synth_level_init(s->levels + i, c->seed, i, c->rate_hz, c->level_max);
                synth_mains_init_channel(s->mains_channels + i, c->seed, i, c->mains_uv);
                synth_ecg_init_channel(s->ecg_channels + i, c->seed, i, c->ecg_uv);
                synth_drift_init(s->drifts + i, c->seed, i, c->rate_hz, c->drift_uv);
        }
        prng_init(&s->textures, c->seed, PRNG_TEXTURE, 0);
        synth_mains_init(&s->mains, c->seed, c->rate_hz, c->mains_hz);
        synth_ecg_init(&s->ecg, c->seed, c->rate_hz);
        return 0;
}

/* A level whose logarithm is a first-order autoregressive process. */
static void fluctuate(Scene *s, unsigned channel) {
        double keep = exp(-1 / (s->config.fluctuation_s * s->config.rate_hz)), fresh = sqrt(1 - keep * keep);
        double *x = s->uv + channel * s->n_frames;

        for (size_t i = 0; i < s->n_frames; i++) {
                s->log_levels[channel] = keep * s->log_levels[channel] + fresh * prng_normal(&s->textures);
                x[i] *= exp(s->config.fluctuation * s->log_levels[channel]);
        }
}

/* Of the same RMS as white noise of that size, whose half in the band is. */
static double laplace(Prng *p, double rms) {
        double u = prng_uniform(p) - 0.5;

        return (u < 0 ? 1 : -1) * rms / M_SQRT2 * log(1 - 2 * fabs(u));
}

static void make_noise(Scene *s) {
        for (unsigned c = 0; c < s->config.n_channels; c++) {
                double *x = s->uv + c * s->n_frames;

                for (size_t i = 0; i < s->n_frames; i++)
                        x[i] = s->config.laplace ? laplace(&s->textures, s->noise_uv[c]) :
                                                   synth_noise_next(s->noise + c);
                if (s->config.fluctuation > 0)
                        fluctuate(s, c);
                for (size_t i = 0; s->config.level_max > 1 && i < s->n_frames; i++)
                        x[i] *= synth_level_next(s->levels + c);
        }
}

static void whiten(Scene *s) {
        for (unsigned c = 0; c < s->config.n_channels; c++) {
                const double *x = s->uv + c * s->n_frames;
                double *y = s->white + c * s->n_frames;

                for (size_t i = 0; i < s->n_frames; i++)
                        y[i] = whitener_next(s->whiteners + c, x[i]);
        }
}

static void add_impulses(Scene *s, unsigned channel) {
        double rate = s->config.rate_hz;
        double begin_s = (double) s->segment * SCENE_SEGMENT_S, end_s = begin_s + SCENE_SEGMENT_S;
        const double length_s = POTENTIAL_SAMPLES / MUAP_RATE_HZ;
        const ImpulseList *l = s->script->impulses + channel;
        double *x = s->uv + channel * s->n_frames;

        while (s->first_impulse[channel] < l->n && l->items[s->first_impulse[channel]].at_s + length_s < begin_s)
                s->first_impulse[channel]++;
        for (size_t k = s->first_impulse[channel]; k < l->n && l->items[k].at_s - POTENTIAL_LEAD_S < end_s; k++) {
                const Potential *p = &s->units[l->items[k].unit].potential;
                double at_s = l->items[k].at_s - begin_s;
                double from = fmax(ceil((at_s - POTENTIAL_LEAD_S) * rate), 0);
                double to = fmin((at_s - POTENTIAL_LEAD_S + length_s) * rate, (double) s->n_frames);

                for (double i = from; i < to; i++)
                        x[(size_t) i] += l->items[k].scale * potential_at(p, i / rate - at_s);
        }
}

static void add_artefact(Scene *s, const ScriptArtefact *a) {
        double rate = s->config.rate_hz, begin_s = (double) s->segment * SCENE_SEGMENT_S;
        double from = fmax(ceil((a->from_s - begin_s) * rate), 0);
        double to = fmin((a->until_s - begin_s) * rate, (double) s->n_frames);
        double *x = s->uv + a->channel * s->n_frames;

        for (double i = from; i < to; i++) {
                double t_s = begin_s + i / rate, uv;

                switch (a->type) {
                case SCRIPT_MOTION:
                        x[(size_t) i] += synth_motion_value(&a->motion, t_s);
                        break;
                case SCRIPT_POP:
                        x[(size_t) i] += synth_pop_value(&a->pop, t_s, rate);
                        break;
                case SCRIPT_FAULT:
                        if (synth_fault_value(&a->fault, t_s, &uv)) {
                                x[(size_t) i] = uv;
                                s->flags[(size_t) i * s->config.n_channels + a->channel] = a->fault.lead_off;
                        } else
                                x[(size_t) i] += uv;
                }
        }
}

static void follow_script(Scene *s) {
        memset(s->flags, 0, s->n_frames * s->config.n_channels);
        if (!s->script)
                return;
        for (unsigned c = 0; c < s->config.n_channels; c++)
                add_impulses(s, c);
        for (size_t i = 0; i < s->script->n_artefacts; i++)
                add_artefact(s, s->script->artefacts + i);
}

/* After the clairvoyant has looked. */
static void disturb(Scene *s) {
        const SceneConfig *c = &s->config;

        for (size_t i = 0; i < s->n_frames; i++) {
                if (c->mains_uv > 0)
                        synth_mains_next(&s->mains);
                if (c->ecg_uv > 0)
                        synth_ecg_next(&s->ecg);
                for (unsigned k = 0; k < c->n_channels; k++) {
                        double *x = s->uv + k * s->n_frames + i;

                        if (c->mains_uv > 0)
                                *x += synth_mains_value(&s->mains, s->mains_channels + k);
                        if (c->ecg_uv > 0)
                                *x += synth_ecg_value(&s->ecg, s->ecg_channels + k);
                        if (c->drift_uv > 0)
                                *x += synth_drift_next(s->drifts + k);
                }
        }
}

static int32_t to_code(double uv) {
        double code = nearbyint(uv / SCENE_LSB_UV);
        return (int32_t) fmax(-SCENE_CODE_MAX - 1, fmin(SCENE_CODE_MAX, code));
}

static void digitise(Scene *s) {
        unsigned n = s->config.n_channels;

        for (unsigned c = 0; c < n; c++)
                for (size_t i = 0; i < s->n_frames; i++)
                        s->codes[i * n + c] = to_code(s->uv[c * s->n_frames + i]);
}

/* --- interface --------------------------------------------------------------------- */

Scene* scene_free(Scene *s) {
        if (!s)
                return NULL;
        free(s->noise);
        free(s->noise_uv);
        free(s->whiteners);
        free(s->levels);
        free(s->log_levels);
        free(s->mains_channels);
        free(s->ecg_channels);
        free(s->drifts);
        free(s->units);
        free(s->detectabilities);
        free(s->uv);
        free(s->white);
        free(s->codes);
        free(s->flags);
        free(s->first_impulse);
        script_free(s->script);
        free(s);
        return NULL;
}

int scene_new(const SceneConfig *config, Scene **ret) {
        _cleanup_(scene_freep) Scene *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->config = *config;
        s->n_frames = (size_t) SCENE_SEGMENT_S * config->rate_hz;
        s->n_segments = (unsigned) ceil(config->seconds / SCENE_SEGMENT_S);
        s->config.whiten |= config->twitches && config->contents == SCENE_LADDER;
        s->next_s = LEAD_IN_S + MARGIN_S;
        prng_init(&s->prng, config->seed, PRNG_PROCESS, 0);

        size_t n = s->n_frames * config->n_channels;
        s->uv = calloc(n, sizeof(*s->uv));
        s->white = calloc(n, sizeof(*s->white));
        s->codes = calloc(n, sizeof(*s->codes));
        s->flags = calloc(n, sizeof(*s->flags));
        s->first_impulse = calloc(config->n_channels, sizeof(*s->first_impulse));
        if (!s->uv || !s->white || !s->codes || !s->flags || !s->first_impulse)
                return -ENOMEM;

        int r = make_background(s);
        if (r >= 0)
                r = make_units(s);
        if (r >= 0 && config->contents != SCENE_LADDER)
                r = script_new(&(ScriptConfig) {
                        .seed = config->seed,
                        .seconds = config->seconds,
                        .lead_in_s = LEAD_IN_S,
                        .n_channels = config->n_channels,
                        .noise_uv = s->noise_uv,
                        .units = s->units,
                        .snr_lo = SNR_LO,
                        .snr_hi = SNR_HI,
                        .rail_uv = SCENE_CODE_MAX * SCENE_LSB_UV,
                        .muscles_at_work = config->contents == SCENE_ALL,
                }, &s->script);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

bool scene_next(Scene *s, const int32_t **ret_codes, size_t *ret_n_frames, const Injection **ret_injections,
                size_t *ret_n_injections) {
        if (s->segment >= s->n_segments)
                return false;

        make_noise(s);
        draw_injections(s);
        for (size_t i = 0; i < s->n_injections; i++)
                add_injection(s, s->injections + i);
        if (s->config.whiten)
                whiten(s);
        for (size_t i = 0; i < s->n_injections; i++)
                look(s, s->injections + i);
        disturb(s);
        follow_script(s);
        digitise(s);

        s->segment++;
        *ret_codes = s->codes;
        *ret_n_frames = s->n_frames;
        *ret_injections = s->injections;
        *ret_n_injections = s->n_injections;
        return true;
}

const double* scene_white(const Scene *s, unsigned channel) {
        return s->white + channel * s->n_frames;
}

const SynthNoise* scene_noise(const Scene *s, unsigned channel) {
        return s->noise + channel;
}

const Potential* scene_potential(const Scene *s, unsigned channel) {
        return &s->units[channel % s->n_units].potential;
}

const Script* scene_script(const Scene *s) {
        return s->script;
}

const uint8_t* scene_flags(const Scene *s) {
        return s->flags;
}
