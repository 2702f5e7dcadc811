/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "band.h"
#include "mains.h"
#include "noise.h"
#include "potential.h"
#include "process.h"
#include "sinc3.h"
#include "synth.h"

/* Units, detection.md 10.1: 100 to 1000 fibres in a disc of 3 to 5 mm. */
#define FIBRES_MIN 200
#define FIBRES_MAX 600
#define RADIUS_MM_MIN 3.0
#define RADIUS_MM_MAX 5.0
#define ENDPLATE_MM_MIN 5.0              /* on either side of the electrodes */
#define ENDPLATE_MM_MAX 45.0
#define VELOCITY_MPS_MIN 3.7
#define VELOCITY_MPS_MAX 4.3

/* Places of the next channel's electrodes: beside, and further along the fibres (which makes the lag). */
#define NEIGHBOUR_LATERAL_MM 25.0
#define NEIGHBOUR_ALONG_MM 20.0

#define DRAWS_MAX 40                    /* for min_peak_ratio; then the best one is taken */
#define SKETCH_FIBRES 32
#define JITTER_SD_MAX 3.0
#define POTENTIAL_END_S (POTENTIAL_SAMPLES / MUAP_RATE_HZ - POTENTIAL_LEAD_S)
#define BLOCK_FRAMES 256u

enum { BEFORE, HOME, AFTER, _SIDES };   /* channel - 1, channel, channel + 1 */

typedef struct Unit {
        double scale;
        Potential *seen[_SIDES];        /* NULL: not seen there */
} Unit;

struct Synth {
        SynthConfig config;
        SynthNoise *noise;                   /* [n_channels] */
        SynthMains mains;
        SynthMainsChannel *mains_channels;   /* [n_channels] */
        Unit *units;                    /* [n_channels * units_per_channel] */
        SynthTwitch *twitches;
        size_t n_twitches;
        size_t first_twitch;            /* those before are over */
        uint64_t position;              /* frames made, at fine_hz */
        double fine_hz;                 /* the rate, or that before the converter */
        uint64_t n_read;                /* frames, of the output */
        Sinc3 *converter;               /* [n_channels]; NULL: none */
};

const SynthConfig synth_config_default = {
        .rate_hz = 1000,
        .n_channels = 8,
        .seconds = 120,
        .seed = 1,
        .noise_uv = 2,
        .noise_corner_hz = 100,
        .mains_hz = 50,
        .twitches_per_minute = 12,
        .lead_in_s = 5,
        .min_spacing_s = 0.5,
        .min_spacing_across_s = 0.12,
        .units_per_channel = 3,
        .depth_mm_lo = 7,
        .depth_mm_hi = 14,
        .amplitude_sigma_lo = 10,
        .amplitude_sigma_hi = 60,
        .min_peak_ratio = 1.5,
        .amplitude_jitter = 0.05,
};

/* --- configuration ----------------------------------------------------------- */

static bool in_range(double x, double lo, double hi) {
        return x >= lo && x <= hi;      /* false for NAN */
}

static const char* config_error(const SynthConfig *c) {
        if (!in_range(c->rate_hz, SYNTH_RATE_HZ_MIN, SYNTH_RATE_HZ_MAX))
                return "the rate must be 250 to 16000 Hz";
        if (!in_range(c->n_channels, 1, SYNTH_CHANNELS_MAX))
                return "there must be 1 to 64 channels";
        if (!in_range(c->seconds, 1, SYNTH_SECONDS_MAX))
                return "the duration must be 1 s to 7 days";
        if (!in_range(c->noise_uv, 0.01, 1000))
                return "the noise must be 0.01 to 1000 uV";
        if (!in_range(c->noise_corner_hz, 0, NOISE_CORNER_HZ_MAX))
                return "the corner of the noise must be 0 to 500 Hz";
        if (!in_range(c->mains_uv, 0, 100e3))
                return "mains hum must be 0 to 100000 uV";
        if (!in_range(c->mains_hz, 45, 65))
                return "the mains frequency must be 45 to 65 Hz";
        if (!in_range(c->twitches_per_minute, 0, 10000))
                return "there must be 0 to 10000 twitches a minute";
        if (!in_range(c->lead_in_s, 0, SYNTH_SECONDS_MAX))
                return "the lead-in must not be negative";
        if (!in_range(c->min_spacing_s, 0, 3600) || !in_range(c->min_spacing_across_s, 0, 3600))
                return "spacings must be 0 to 3600 s";
        if (!in_range(c->doublet_fraction, 0, 1))
                return "the fraction of doublets must be 0 to 1";
        if (!in_range(c->units_per_channel, 1, SYNTH_UNITS_MAX))
                return "a channel must have 1 to 6 units";
        if (!in_range(c->depth_mm_lo, 2, 50) || !in_range(c->depth_mm_hi, c->depth_mm_lo, 50))
                return "depths must be 2 to 50 mm, the smaller first";
        if (c->amplitude_sigma_lo != 0 || c->amplitude_sigma_hi != 0)
                if (!in_range(c->amplitude_sigma_lo, 0.1, 10000) ||
                    !in_range(c->amplitude_sigma_hi, c->amplitude_sigma_lo, 10000))
                        return "amplitudes must be 0.1 to 10000 sigma, the smaller first";
        if (!in_range(c->min_peak_ratio, 1, 5))
                return "the ratio of peaks must be 1 to 5";
        if (!in_range(c->amplitude_jitter, 0, 0.3))
                return "the amplitude jitter must be 0 to 0.3";
        return NULL;
}

/* --- units -------------------------------------------------------------------- */

static MotorUnit draw_geometry(Prng *p, const SynthConfig *c) {
        double side = prng_below(p, 2) ? 1 : -1;
        MotorUnit m = {
                .n_fibres = (unsigned) prng_log_range(p, FIBRES_MIN, FIBRES_MAX),
                .depth_mm = prng_range(p, c->depth_mm_lo, c->depth_mm_hi),
                .radius_mm = prng_range(p, RADIUS_MM_MIN, RADIUS_MM_MAX),
                .endplate_mm = side * prng_range(p, ENDPLATE_MM_MIN, ENDPLATE_MM_MAX),
                .velocity_mps = prng_range(p, VELOCITY_MPS_MIN, VELOCITY_MPS_MAX),
                .seed = prng_u64(p),
        };
        return m;
}

/* The first unit with a peak that stands out, or the best of many. Few fibres show what the others will add to. */
static MotorUnit draw_unit(Prng *prng, const SynthConfig *c) {
        MotorUnit best = {};
        double best_ratio = 0;

        for (unsigned i = 0; i < DRAWS_MAX && best_ratio < c->min_peak_ratio; i++) {
                MotorUnit m = draw_geometry(prng, c), sketch = m;
                Potential p;

                sketch.n_fibres = SKETCH_FIBRES;
                potential_compute(&sketch, c->rate_hz, &p);
                if (p.peak_ratio > best_ratio) {
                        best_ratio = p.peak_ratio;
                        best = m;
                }
        }
        return best;
}

static int unit_init(Unit *u, const SynthConfig *c, unsigned channel, unsigned index) {
        Prng prng;

        for (int side = BEFORE; side < _SIDES; side++) {
                bool exists = channel + side >= HOME && channel + side - HOME < c->n_channels;

                if (side != HOME && !(c->neighbours && exists))
                        continue;
                u->seen[side] = calloc(1, sizeof(Potential));
                if (!u->seen[side])
                        return -ENOMEM;
        }

        prng_init(&prng, c->seed, PRNG_UNITS, (uint64_t) channel * SYNTH_UNITS_MAX + index);
        MotorUnit geometry = draw_unit(&prng, c);
        for (int side = BEFORE; side < _SIDES; side++) {
                MotorUnit moved = geometry;

                moved.lateral_mm += (side - HOME) * NEIGHBOUR_LATERAL_MM;
                moved.endplate_mm += (side - HOME) * NEIGHBOUR_ALONG_MM;
                if (u->seen[side])
                        potential_compute_for(&moved, c->rate_hz * (c->sinc3 ? sinc3_factor(c->rate_hz) : 1), c->rate_hz, u->seen[side]);
        }
        u->scale = 1;
        return 0;
}

/*
 * Gives the units their amplitudes: evenly spread in the logarithm from the lowest to the highest, one in each
 * of as many steps as there are units, dealt to the channels at random.
 */
static int deal_amplitudes(Synth *s) {
        const SynthConfig *c = &s->config;
        unsigned n = c->n_channels * c->units_per_channel;
        _cleanup_free_ unsigned *steps = NULL;
        Prng prng;

        if (c->amplitude_sigma_lo == 0)
                return 0;

        steps = malloc(n * sizeof(*steps));
        if (!steps)
                return -ENOMEM;
        prng_init(&prng, c->seed, PRNG_UNITS, UINT64_MAX);
        for (unsigned i = 0; i < n; i++) {
                unsigned j = prng_below(&prng, i + 1);

                steps[i] = steps[j];
                steps[j] = i;
        }
        for (unsigned i = 0; i < n; i++) {
                double at = (steps[i] + prng_uniform(&prng)) / n;
                double sigma = c->amplitude_sigma_lo * pow(c->amplitude_sigma_hi / c->amplitude_sigma_lo, at);

                s->units[i].scale = sigma * c->noise_uv / s->units[i].seen[HOME]->amplitude_uv;
        }
        return 0;
}

static int make_units(Synth *s) {
        const SynthConfig *c = &s->config;

        s->units = calloc((size_t) c->n_channels * c->units_per_channel, sizeof(Unit));
        if (!s->units)
                return -ENOMEM;
        if (c->twitches_per_minute == 0)
                return 0;
        for (unsigned i = 0; i < c->n_channels * c->units_per_channel; i++) {
                int r = unit_init(s->units + i, c, i / c->units_per_channel, i % c->units_per_channel);
                if (r < 0)
                        return r;
        }
        return deal_amplitudes(s);
}

/* --- twitches ------------------------------------------------------------------ */

static double draw_scale(Prng *p, const SynthConfig *c) {
        double g = fmax(-JITTER_SD_MAX, fmin(JITTER_SD_MAX, prng_normal(p)));
        return 1 + c->amplitude_jitter * g;
}

static SynthTwitch make_twitch(const Synth *s, const Firing *f, Prng *prng) {
        const SynthConfig *c = &s->config;
        unsigned unit = f->channel * c->units_per_channel + (unsigned) (f->unit_draw * c->units_per_channel);
        const Unit *u = s->units + unit;
        SynthTwitch t = {
                .channel = f->channel,
                .unit = unit,
                .n_discharges = f->gap_s > 0 ? 2 : 1,
        };

        for (unsigned i = 0; i < t.n_discharges; i++)
                t.discharges[i] = (SynthDischarge) {
                        .at_s = f->at_s + i * f->gap_s,
                        .scale = u->scale * draw_scale(prng, c),
                };
        t.time_s = f->at_s + u->seen[HOME]->peak_s;
        t.amplitude_uv = t.discharges[0].scale * u->seen[HOME]->amplitude_uv;
        t.snr = t.amplitude_uv / c->noise_uv;
        return t;
}

static double twitch_end_s(const SynthTwitch *t) {
        return t->discharges[t->n_discharges - 1].at_s + POTENTIAL_END_S;
}

static int compare_time(const void *a, const void *b) {
        const SynthTwitch *x = a, *y = b;
        return (x->time_s > y->time_s) - (x->time_s < y->time_s);
}

static int make_twitches(Synth *s) {
        const SynthConfig *c = &s->config;
        size_t allocated = 0;
        Process process;
        Prng prng;

        if (c->twitches_per_minute == 0)
                return 0;

        int r = process_init(&process, &(ProcessConfig) {
                .seed = c->seed,
                .n_channels = c->n_channels,
                .per_minute = c->twitches_per_minute,
                .min_spacing_s = c->min_spacing_s,
                .min_spacing_across_s = c->min_spacing_across_s,
                .doublet_fraction = c->doublet_fraction,
                .start_s = c->lead_in_s + POTENTIAL_LEAD_S,
        });
        if (r < 0)
                return r;

        prng_init(&prng, c->seed, PRNG_PROCESS, 1);
        for (;;) {
                Firing f;

                process_next(&process, &f);
                SynthTwitch t = make_twitch(s, &f, &prng);
                if (twitch_end_s(&t) > c->seconds)
                        break;
                if (s->n_twitches == allocated) {
                        allocated = allocated ? allocated * 2 : 64;
                        SynthTwitch *p = reallocarray(s->twitches, allocated, sizeof(*p));
                        if (!p)
                                return -ENOMEM;
                        s->twitches = p;
                }
                s->twitches[s->n_twitches++] = t;
        }
        /* Drawn in order of excitation; the peaks come some milliseconds later, not all alike. */
        if (s->n_twitches > 0)
                qsort(s->twitches, s->n_twitches, sizeof(*s->twitches), compare_time);
        return 0;
}

/* --- signal --------------------------------------------------------------------- */

static int make_background(Synth *s) {
        const SynthConfig *c = &s->config;

        s->noise = calloc(c->n_channels, sizeof(*s->noise));
        s->mains_channels = calloc(c->n_channels, sizeof(*s->mains_channels));
        if (!s->noise || !s->mains_channels)
                return -ENOMEM;
        synth_mains_init(&s->mains, c->seed, s->fine_hz, c->mains_hz);
        for (unsigned i = 0; i < c->n_channels; i++) {
                synth_noise_init(s->noise + i, c->seed, i, s->fine_hz, c->noise_uv, c->noise_corner_hz);
                synth_mains_init_channel(s->mains_channels + i, c->seed, i, c->mains_uv);
        }
        return 0;
}

static void add_background(Synth *s, double *uv, size_t n_frames) {
        unsigned n = s->config.n_channels;

        for (size_t i = 0; i < n_frames; i++, uv += n) {
                for (unsigned c = 0; c < n; c++)
                        uv[c] = synth_noise_next(s->noise + c);
                if (s->config.mains_uv == 0)
                        continue;
                synth_mains_next(&s->mains);
                for (unsigned c = 0; c < n; c++)
                        uv[c] += synth_mains_value(&s->mains, s->mains_channels + c);
        }
}

/* Adds a potential that is excited at at_s to the frames from s->position on. */
static void add_potential(const Synth *s, const Potential *p, double at_s, double scale, unsigned channel,
                          double *uv, size_t n_frames) {
        double rate = s->fine_hz;
        double from = fmax(ceil((at_s - POTENTIAL_LEAD_S) * rate), s->position);
        double to = fmin(floor((at_s + POTENTIAL_END_S) * rate) + 1, s->position + n_frames);

        for (double frame = from; frame < to; frame++)
                uv[(size_t) (frame - s->position) * s->config.n_channels + channel] +=
                                scale * potential_at(p, frame / rate - at_s);
}

static void add_twitch(const Synth *s, const SynthTwitch *t, double *uv, size_t n_frames) {
        const Unit *u = s->units + t->unit;

        for (unsigned i = 0; i < t->n_discharges; i++)
                for (int side = BEFORE; side < _SIDES; side++)
                        if (u->seen[side])
                                add_potential(s, u->seen[side], t->discharges[i].at_s, t->discharges[i].scale,
                                              t->channel + side - HOME, uv, n_frames);
}

static void add_twitches(Synth *s, double *uv, size_t n_frames) {
        double from_s = (double) s->position / s->fine_hz;
        double to_s = (double) (s->position + n_frames) / s->fine_hz;

        for (size_t i = s->first_twitch; i < s->n_twitches; i++) {
                const SynthTwitch *t = s->twitches + i;

                /* In order of peaks, which come between the beginning and the end of what is drawn. */
                if (t->time_s - POTENTIAL_END_S - POTENTIAL_LEAD_S > to_s)
                        break;
                add_twitch(s, t, uv, n_frames);
        }
        while (s->first_twitch < s->n_twitches && twitch_end_s(s->twitches + s->first_twitch) < from_s)
                s->first_twitch++;
}

/* --- the converter ------------------------------------------------------------------ */

static int make_converter(Synth *s) {
        unsigned factor = sinc3_factor(s->config.rate_hz);

        s->converter = calloc(s->config.n_channels, sizeof(*s->converter));
        if (!s->converter)
                return -ENOMEM;
        s->fine_hz = s->config.rate_hz * factor;
        for (unsigned i = 0; i < s->config.n_channels; i++) {
                sinc3_init(s->converter + i, factor);
                /* an output is of its delay before, in the middle of what it was made of: the first is of frame 0 */
                sinc3_shift(s->converter + i, factor - 1 - (unsigned) sinc3_delay(s->converter + i) % factor);
        }
        return 0;
}

static void make(Synth *s, double *uv, size_t n_frames) {
        add_background(s, uv, n_frames);
        add_twitches(s, uv, n_frames);
        s->position += n_frames;
}

static void convert(Synth *s, double *ret_uv, size_t n_frames) {
        double uv[SYNTH_CHANNELS_MAX];
        unsigned n = s->config.n_channels;

        for (size_t done = 0; done < n_frames;) {
                int ready = 0;

                make(s, uv, 1);
                for (unsigned c = 0; c < n; c++)
                        ready = sinc3_next(s->converter + c, uv[c], ret_uv + done * n + c);
                /* not what was made of less than there is before the first frame */
                done += ready && (double) s->position > sinc3_delay(s->converter);
        }
}

/* --- interface ------------------------------------------------------------------- */

Synth* synth_free(Synth *s) {
        if (!s)
                return NULL;
        for (unsigned i = 0; s->units && i < s->config.n_channels * s->config.units_per_channel; i++)
                for (int side = BEFORE; side < _SIDES; side++)
                        free(s->units[i].seen[side]);
        free(s->units);
        free(s->noise);
        free(s->mains_channels);
        free(s->converter);
        free(s->twitches);
        free(s);
        return NULL;
}

int synth_new(const SynthConfig *config, Synth **ret, const char **ret_error) {
        _cleanup_(synth_freep) Synth *s = NULL;
        const char *error = config_error(config);
        int r;

        if (error) {
                *ret_error = error;
                return -EINVAL;
        }
        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->config = *config;
        s->fine_hz = config->rate_hz;
        if (config->sinc3) {
                r = make_converter(s);
                if (r < 0)
                        return r;
        }

        r = make_units(s);
        if (r < 0)
                return r;
        r = make_twitches(s);
        if (r == -EINVAL)
                *ret_error = "so many twitches do not fit: fewer of them, or smaller spacings";
        if (r < 0)
                return r;
        r = make_background(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

const SynthConfig* synth_config(const Synth *s) {
        return &s->config;
}

uint64_t synth_n_frames(const Synth *s) {
        return (uint64_t) s->config.rate_hz * s->config.seconds;
}

const SynthTwitch* synth_twitches(const Synth *s, size_t *ret_n) {
        *ret_n = s->n_twitches;
        return s->twitches;
}

const char* synth_twitch_kind(const SynthTwitch *t) {
        return t->n_discharges == 1 ? "fasciculation" : "doublet";
}

size_t synth_read(Synth *s, double *ret_uv, size_t n_frames) {
        n_frames = MIN((uint64_t) n_frames, synth_n_frames(s) - s->n_read);
        if (n_frames == 0)
                return 0;
        if (s->converter)
                convert(s, ret_uv, n_frames);
        else
                make(s, ret_uv, n_frames);
        s->n_read += n_frames;
        return n_frames;
}

static int32_t to_nanovolts(double uv) {
        double nv = nearbyint(uv * 1000);
        return nv > INT32_MAX ? INT32_MAX : nv < INT32_MIN ? INT32_MIN : (int32_t) nv;
}

size_t synth_read_nv(Synth *s, int32_t *ret_nv, size_t n_frames) {
        double uv[BLOCK_FRAMES * SYNTH_CHANNELS_MAX];
        size_t done = 0, n;

        while (done < n_frames && (n = synth_read(s, uv, MIN(n_frames - done, (size_t) BLOCK_FRAMES))) > 0) {
                for (size_t i = 0; i < n * s->config.n_channels; i++)
                        ret_nv[done * s->config.n_channels + i] = to_nanovolts(uv[i]);
                done += n;
        }
        return done;
}
