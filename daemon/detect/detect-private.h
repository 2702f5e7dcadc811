/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the stages of the detector share. detector.c is what callers see, channel.c one channel's state.
 * The way of a sample of one channel:
 *
 *   frames.c     the first filters, for all channels at once, frame by frame:
 *   raw.c        rails, electrode off, flat: is this sample a measurement at all?
 *   highpass.c   20 Hz, linear phase, exact integers            (input rate)
 *   droop.c      the converter's frequency response made flat   (input rate, in one with:)
 *   lowpass.c    450 Hz and decimation to at most 2048 Hz       (input -> processing rate)
 *   step.c       the others, step by step:
 *   mains.c      50/60 Hz and harmonics estimated and subtracted (processing rate from here on)
 *   heart.c      the heartbeat learned and subtracted
 *   bank.c       matched filters for motor unit potentials
 *   noise.c      how large their outputs are when nothing happens
 *   whiten.c     fits them to the colour of a channel's noise
 *   crossing.c   where the statistic is above the threshold
 *   discharge.c  what stands out: peak, onset, end, amplitude
 *   size.c       its amplitude, by the shapes that potentials have
 *   units.c      which motor unit a discharge is of
 *   sums.c       or of which one it shows several, in one another
 *   repeats.c    the same unit again, below the threshold
 *   learned.c    filters for the units that a channel knows
 *   notices.c    an early word of it
 *   events.c     discharges close in time, also of neighbouring channels, become one happening
 *   causes.c motion.c heartbeat.c   what it was if not a twitch
 *   classify.c tone.c   what it looks like by itself
 *   lags.c       how much later another channel sees it
 *   happenings.c what it is part of, once nothing more can come: the event
 *   waiting.c    until then
 *   trains.c     one unit again and again: a train, groups
 *   work.c       what takes in all beside it: a contraction, a jerk, a tone
 *   exposure.c   in which time a twitch would have been seen
 *
 * Frames are of the input, steps are of the processing rate: one step is
 * `decimation` frames. All delays are constant, so a step has one true frame position.
 */
#pragma once

#include "detect.h"

#define DETECT_HIGHPASS_HZ 20.0
#define DETECT_LOWPASS_HZ 450.0
#define DETECT_STEP_RATE_HZ_MAX 2048.0

#define LOOKS 8u                        /* noise is learned from so many at a time, see step.c */
#define DISCHARGE_GAP_S 0.110           /* discharges of one unit this close are one event */
#define DISCHARGES_MAX 8                /* told apart within one crossing of the threshold */

/* Floats side by side, in whatever registers there are; unaligned. Keeps sums in a fixed order. */
typedef float Quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef float Oct __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t QuadBits __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t OctBits __attribute__((vector_size(32), aligned(4), may_alias));
typedef int64_t PairLong __attribute__((vector_size(16), aligned(4), may_alias));
typedef double QuadDouble __attribute__((vector_size(32), aligned(8), may_alias));

/*
 * From a function name_any(), for all machines, makes name(): the same operations in the same order, however many of
 * them an instruction does.
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#ifdef __x86_64__
#define VECTOR_FUNCTION_IN(storage, type, name, parameters, arguments)  \
        __attribute__((noinline, target("avx2"))) static type name##_avx2 parameters { \
                return name##_any arguments;                            \
        }                                                               \
        __attribute__((noinline)) static type name##_sse2 parameters {  \
                return name##_any arguments;                            \
        }                                                               \
        storage type name parameters {                                  \
                return __builtin_cpu_supports("avx2") ? name##_avx2 arguments : name##_sse2 arguments; \
        }
#else
#define VECTOR_FUNCTION_IN(storage, type, name, parameters, arguments)  \
        storage type name parameters {                                  \
                return name##_any arguments;                            \
        }
#endif
#define VECTOR_FUNCTION(type, name, parameters, arguments) VECTOR_FUNCTION_IN(extern, type, name, parameters, arguments)
#define STATIC_VECTOR_FUNCTION(type, name, parameters, arguments) VECTOR_FUNCTION_IN(static, type, name, parameters, arguments)

/* Macros: gcc 14 for arm64 does not survive parameters of an unaligned vector type. */
#define QUAD_CHOSEN(which, yes, no) ((Quad) (((QuadBits) (yes) & (which)) | ((QuadBits) (no) & ~(which))))
#define OCT_MAGNITUDE(x) ((Oct) ((OctBits) (x) & INT32_MAX))
#define OCT_CHOSEN(which, yes, no) ((Oct) (((OctBits) (yes) & (which)) | ((OctBits) (no) & ~(which))))
#define OCT_LARGER(a, b) OCT_CHOSEN((a) > (b), a, b)

static ALWAYS_INLINE bool oct_any(const OctBits *flags) {
        PairLong any = *(const PairLong*) flags | *((const PairLong*) flags + 1);

        return (any[0] | any[1]) != 0;
}

static ALWAYS_INLINE float oct_largest(const Oct *x) {
        Quad low = *(const Quad*) x, high = *((const Quad*) x + 1);

        low = QUAD_CHOSEN(low > high, low, high);
        float a = low[0] > low[1] ? low[0] : low[1], b = low[2] > low[3] ? low[2] : low[3];
        return a > b ? a : b;
}

static inline float vector_energy(const float *x, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += x[i] * x[i];
        return sum;
}

static inline float vector_product(const float *a, const float *b, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += a[i] * b[i];
        return sum;
}

/* The cubic through four values (Lagrange): their weights at a place between the second (0) and the third (1). */
static inline void cubic_weights(double at, float ret[static 4]) {
        ret[0] = (float) (-at * (at - 1) * (at - 2) / 6);
        ret[1] = (float) ((at + 1) * (at - 1) * (at - 2) / 2);
        ret[2] = (float) (-(at + 1) * at * (at - 2) / 2);
        ret[3] = (float) ((at + 1) * at * (at - 1) / 6);
}

/* --- highpass.c --- */
typedef struct Highpass {
        unsigned length;                /* of each of the two moving averages, frames */
        unsigned n_lanes;
        unsigned next;
        int32_t *samples;               /* ring [length][n_lanes] */
        double *sums;                   /* ring [length][n_lanes] of the first moving sum */
        double *sum, *sum_of_sums;      /* [n_lanes] */
        float *gain;                    /* [n_lanes] microvolts per unit of the output sum */
} Highpass;

unsigned highpass_length(double rate_hz);
int highpass_init(Highpass *h, unsigned length, unsigned n_lanes);
void highpass_done(Highpass *h);
void highpass_channel_init(Highpass *h, unsigned channel, double lsb_uv);
void highpass_restart(Highpass *h, unsigned channel, int32_t first);
void highpass_next(Highpass *h, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low);
float highpass_low(const Highpass *h, const double *low, unsigned channel);
double highpass_gain(unsigned length, double cycles_per_frame);

/* --- droop.c --- */
#define DROOP_TAPS 11u                  /* odd */

typedef struct Droop {
        bool of_signal, of_sizes;       /* what is corrected, if anything */
        double taps[DROOP_TAPS];
        double usual_gain;              /* of sizes */
} Droop;

void droop_init(Droop *d, double rate_hz, bool sinc3_converter);

/* --- lowpass.c --- */
typedef struct Fir {                    /* of linear phase */
        unsigned n_taps;
        unsigned n_padded;              /* to a multiple of 4, zeros in front */
        unsigned next;
        float *taps;
        float *ring;                    /* [2 * n_padded][n_lanes], each value twice */
} Fir;

typedef struct Lowpass {
        unsigned decimation;            /* frames per step */
        unsigned coarse_decimation;     /* ... of it in the first filter; 1: there is only one */
        unsigned coarse_in;             /* frames until its next value */
        unsigned n_lanes;
        bool needed;
        bool limits;                    /* to the band; else it only corrects the droop, if anything */
        Fir coarse, fine;
        float *between;                 /* [n_lanes] scratch */
        unsigned length_frames;
        double delay_frames;
} Lowpass;

int lowpass_init(Lowpass *l, double rate_hz, unsigned n_lanes, const Droop *droop);
void lowpass_done(Lowpass *l);
void lowpass_restart(Lowpass *l, unsigned channel);
void lowpass_align(Lowpass *l, uint64_t position);
void lowpass_feed(Lowpass *l, const float *x, unsigned n_frames);
void lowpass_run(const Lowpass *l, float *ret);

/* --- mains.c --- */
#define MAINS_HARMONICS_MAX 12          /* even */
#define MAINS_OSCILLATORS 16            /* these, the two finders', and up to a multiple of 8 */

typedef struct MainsFinder {
        float nominal_hz;
        double phase;                   /* of the demodulating oscillator, turns */
        double turn_re, turn_im;        /* mean product of successive blocks, over channels */
        double power;                   /* the same of magnitudes: |turn| <= power */
} MainsFinder;

typedef struct MainsOscillators {       /* exp(2 pi i phase) at a step: */
        float re[MAINS_OSCILLATORS];    /* [1 ... times the fundamental - 1], 0 where not subtracted; [MAINS_HARMONICS_MAX + finder] */
        float im[MAINS_OSCILLATORS];
        float alternation;              /* 1, -1, 1 ... */
} MainsOscillators;

typedef struct Mains {                  /* common to all channels */
        double step_rate_hz;
        bool known;                     /* frequency has been found */
        double hz;
        double drift_hz;                /* from one look at it to the next */
        double tracked_s;               /* for so long since it was found */
        double information;             /* on the phase in a look: inverse of a variance */
        MainsFinder finders[2];         /* 50, 60 */
        unsigned block_steps, block_fill;
        unsigned track_steps, track_fill;
        double phase;                   /* of the fundamental, turns */
        unsigned n_harmonics;           /* up to the highest that is subtracted */
        bool harmonics[MAINS_HARMONICS_MAX];    /* [of the fundamental - 1] subtracted */
        unsigned n_eights;
        struct MainsEight *eights;      /* all channels */
        float *hum;                     /* ring [delay + 1][8 * n_eights]: what was subtracted */
        unsigned delay;                 /* steps from the subtraction to the learning */
        unsigned now, late;             /* of the rings of delay + 1, this step's place and that of the step learned from */
        MainsOscillators *oscillators;  /* ring */
        MainsOscillators turn;          /* by which they go on from step to step */
        bool moved;                     /* a frequency or phase, so that it is another now */
        unsigned gain_steps_min;
} Mains;

typedef struct MainsEight {             /* eight channels side by side; flags: all bits set or none */
        float re[MAINS_HARMONICS_MAX][8], im[MAINS_HARMONICS_MAX][8];   /* amplitudes, microvolts */
        float alternation[8];           /* from step to step, microvolts */
        float gains[MAINS_HARMONICS_MAX][8], alternation_gain[8];      /* of the least mean squares, when settled */
        int32_t running[8];             /* flag */
        int32_t listening[8];           /* steps for which nothing is learned but the frequency */
        int32_t wait[8];                /* steps until the ring is of one piece */
        int32_t age[8];                 /* steps adapted, up to a limit */
        float limit_uv[8];              /* what is learned from is clipped there */
        float sigma_uv[8];              /* noise, long term */
        float track_re[8], track_im[8]; /* what was left of the fundamental since the latest look */
        float track_power[8];           /* sum of squares of all that was left */
        float block_re[2][8], block_im[2][8], last_re[2][8], last_im[2][8];
        unsigned n_blocks[8], skip[8];
} MainsEight;

int mains_init(Mains *m, double step_rate_hz, unsigned delay, unsigned n_lanes);
void mains_done(Mains *m);
void mains_forget(Mains *m);
void mains_advance(Mains *m, uint64_t steps);
void mains_oscillate(Mains *m);
void mains_channel_restart(Mains *m, unsigned channel);
void mains_channel_break(Mains *m, unsigned channel);
void mains_channel_run(Mains *m, unsigned channel, bool running);
void mains_channel_listen(Mains *m, unsigned channel, unsigned steps);
void mains_channel_expect(Mains *m, unsigned channel, float sigma_uv, float recent_uv);
void mains_subtract(Mains *m, float *x /* [lanes] */);
void mains_learn(Mains *m, const float *y /* [lanes] */, bool late);
/* A step is over. True: the frequency is to be looked at. */
static inline bool mains_count(Mains *m) {
        m->block_fill++;
        m->track_fill++;
        return m->block_fill >= m->block_steps || m->track_fill >= m->track_steps;
}
void mains_look(Mains *m, const unsigned *active, unsigned n_active, bool *ret_changed);

/* --- bank.c --- */
typedef struct Bank {
        unsigned n_taps;                /* a multiple of 4 */
        unsigned n_lanes;               /* templates x shifts below one step; a multiple of 8 */
        unsigned n_templates;
        float *taps;                    /* [n_lanes/8][n_taps][8], each lane of unit energy */
        float *peak_to_peak;            /* [n_templates] of the unit-energy waveform */
        double *crossing_hz;            /* [n_templates] of the outputs' magnitudes, see bank.c */
        float *weights;                 /* [n_lanes] of the outputs, at most 1 */
} Bank;

int bank_init(Bank *b, double step_rate_hz, double highpass_frames_s);
void bank_done(Bank *b);
double bank_threshold(const Bank *b, double per_hour);
double bank_floor_uv(const Bank *b, const float *taps, const float *inverse, double threshold);
/* taps: in the layout of Bank.taps */
float bank_run(const Bank *b, unsigned n_lanes /* a multiple of 8 */, const float *taps,
               const float *window /* [n_taps], oldest first */, const float *inverse /* [n_lanes] */,
               float *ret /* [n_lanes] */);
static inline float bank_tap(const Bank *b, const float *taps, unsigned lane, unsigned i) {
        return taps[((size_t) (lane / 8) * b->n_taps + i) * 8 + lane % 8];
}

static ALWAYS_INLINE void bank_add_four(const float *taps, const float *window, Oct *sum) {
        sum[0] += *(const Oct*) taps * window[0];
        sum[1] += *(const Oct*) (taps + 8) * window[1];
        sum[2] += *(const Oct*) (taps + 16) * window[2];
        sum[3] += *(const Oct*) (taps + 24) * window[3];
}

static ALWAYS_INLINE void bank_outputs_of(unsigned n_taps, unsigned n_lanes, const float *taps, const float *window,
                                          const float *inverse, float *ret, Oct *ret_largest) {
        Oct largest = { 0 };

        for (unsigned lane = 0; lane < n_lanes; lane += 8, taps += 8 * n_taps) {
                Oct sum[4] = { { 0 } };

                /* Four sums: an addition need not wait for the one before. */
#pragma GCC unroll 8
                for (unsigned i = 0; i < n_taps; i += 4)
                        bank_add_four(taps + 8 * i, window + i, sum);
                sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
                *(Oct*) (ret + lane) = sum[0];
                sum[0] = OCT_MAGNITUDE(sum[0]) * *(const Oct*) (inverse + lane);
                largest = OCT_CHOSEN(sum[0] > largest, sum[0], largest);
        }
        *ret_largest = largest;
}

/* The largest magnitudes times inverse are left in eight parts: see oct_largest(). */
static ALWAYS_INLINE void bank_outputs(unsigned n_taps, unsigned n_lanes, const float *taps, const float *window,
                                       const float *inverse, float *ret, Oct *ret_largest) {
        if (n_lanes == 8 && n_taps == 32)       /* 1000 steps a second, as constants */
                bank_outputs_of(32, 8, taps, window, inverse, ret, ret_largest);
        else if (n_lanes == 8 && n_taps == 64)  /* 2000 */
                bank_outputs_of(64, 8, taps, window, inverse, ret, ret_largest);
        else
                bank_outputs_of(n_taps, n_lanes, taps, window, inverse, ret, ret_largest);
}

/* --- noise.c --- */
#define NOISE_BLOCKS 60
#define NOISE_BLOCK_S 0.5
#define NOISE_BLOCKS_MIN 2

#define NOISE_SIGMAS 64
#define NOISE_CLASSES 512

typedef struct Noise {
        unsigned block_steps;
        unsigned block_looks, fill;     /* of them in the block under way */
        unsigned n_lanes;               /* a multiple of 8 */
        uint16_t counts[NOISE_CLASSES]; /* of the signal's magnitudes in the block under way */
        float *squares;                 /* [n_lanes] sums of clipped squares of outputs but those of events */
        float *clips;                   /* [n_lanes] clipped at these magnitudes */
        unsigned n_calm;                /* outputs in the sums */
        float *signal_medians;          /* [NOISE_BLOCKS] */
        float *lane_sigmas;             /* [NOISE_BLOCKS][n_lanes] */
        unsigned n_blocks, next, n_skipped;
        float floor_uv;
        float limit_uv;                 /* medians above that are of busy blocks */
        float sigma_uv;                 /* of the signal, long term */
        float recent_uv;                /* of the signal, latest block */
        const float *weights;           /* [n_lanes] the bank's */
        float *inverse;                 /* [n_lanes] weight / sigma of the output, with the margin */
        float sigmas[NOISE_SIGMAS + 1]; /* by the mean square that clipping leaves, both in units of the clip */
} Noise;

int noise_init(Noise *n, double step_rate_hz, unsigned look_steps, unsigned n_lanes, const float *weights, double lsb_uv);
void noise_done(Noise *n);
void noise_restart(Noise *n);
void noise_break(Noise *n);
static inline bool noise_known(const Noise *n) {
        return n->n_blocks >= NOISE_BLOCKS_MIN;
}
float noise_loudness(const Noise *n, float *magnitudes, unsigned n_magnitudes);
void noise_rescale(Noise *n, unsigned lane, float factor);
void noise_update(Noise *n);
typedef enum NoiseBlock { NOISE_BLOCK_UNDER_WAY, NOISE_BLOCK_BUSY, NOISE_BLOCK_QUIET } NoiseBlock;
NoiseBlock noise_block_end(Noise *n, bool sustained);

NoiseBlock noise_feed(Noise *n, float y, const float *outputs, bool event, bool sustained);
/* That many calm looks are not the end of a block yet. */
static inline bool noise_has_room(const Noise *n, unsigned n_looks) {
        return n->fill + n_looks < n->block_looks;
}
void noise_feed_calm(Noise *n, const float *y, unsigned look_steps, const float *outputs /* [LOOKS][n_lanes] */);

/* --- whiten.c --- */
#define WHITEN_RATE_HZ_MIN 900.0        /* below, the band is too narrow for noise to have much colour */

typedef struct Whiten {
        unsigned n_lags, stride;        /* steps; looks from products to products */
        unsigned wait;                  /* looks until the next products */
        float *block;                   /* [n_lags] lag products of the block under way, longest lag first */
        bool wanted;                    /* at this rate */
        bool spoilt;                    /* something happened in it */
        double *covariance;             /* [n_lags] of noise of unit power */
        unsigned n_blocks, n_accepted;
        float *taps;                    /* the channel's own, as Bank.taps */
} Whiten;

int whiten_init(Whiten *w, const Bank *bank, double step_rate_hz, unsigned look_steps);
void whiten_done(Whiten *w);
void whiten_restart(Whiten *w, const Bank *bank);
void whiten_break(Whiten *w);
/* y: of the first look, and n_lags - 1 values before it */
void whiten_feed(Whiten *w, const float *y, unsigned look_steps, unsigned n_looks, bool event);
bool whiten_block_end(Whiten *w, bool quiet, const Bank *bank, double *scratch, Noise *noise);
void whiten_row(const Whiten *w, unsigned n, double *ret);
bool whiten_shapes(const Whiten *w, const float *shapes, unsigned n_lanes, unsigned n_taps, double *scratch, float *ret);

/* --- discharge.c --- */
/*
 * Of the samples around a peak the one counts that noise has raised most: the extremes lie further apart by so
 * much, from 5 to 50 standard deviations and at 1000 and 2000 steps a second. Of a potential alone they lie nearer by what
 * the high-pass, which is not as steep as the edge of a band, takes away. Counted on the generator's training seeds.
 */
#define DISCHARGE_EXTREMES_SIGMA 1.05f
#define DISCHARGE_HIGHPASS 1.015f
#define SHAPE_POINTS 33                 /* around the peak ... */
#define SHAPE_S 0.016f                  /* ... over that time: to compare discharges of a unit */

typedef struct Discharge {
        double peak, onset, end;        /* steps */
        float amplitude_uv;
        float snr;
        float shape[SHAPE_POINTS];
} Discharge;

typedef struct History {                /* the latest in-band signal, contiguous */
        unsigned keep, size, fill;
        float *y;
        int64_t end;                    /* step behind the latest */
} History;

int history_init(History *h, unsigned keep);
void history_done(History *h);
void history_restart(History *h, int64_t step);
void history_make_room(History *h);
static inline void history_push(History *h, float y) {
        if (h->fill == h->size)
                history_make_room(h);
        h->y[h->fill++] = y;
        h->end++;
}
unsigned history_magnitudes(const History *h, double from, double to, float *ret, unsigned max);
float history_peak_to_peak(const History *h, unsigned latest);
float history_at(const History *h, double step);
void history_sample(const History *h, double first_step, double steps_per_point, float *ret, int n);
static inline const float* history_window(const History *h, unsigned n) {
        return h->y + h->fill - n;
}
/* The n values up to and with that of a step still in it. */
static inline const float* history_window_at(const History *h, int64_t step, unsigned n) {
        return h->y + h->fill - (size_t) (h->end - 1 - step) - n;
}

typedef struct Crossing {               /* the statistic is or was above the threshold */
        bool active;
        int64_t first, last;
        float max;
        int64_t max_at;
        bool noticed;
        uint64_t notice;                /* its id, until it belongs to an event; 0: none */
} Crossing;

float discharge_lobe_s(const float *shape);
float discharge_similarity(const float *a, const float *b);
size_t discharges_measure(const History *h, int64_t from, int64_t to, float sigma_uv, float snr,
                          double step_rate_hz, Discharge ret[static DISCHARGES_MAX]);

/* --- droop.c, where only sizes are corrected --- */
float droop_gain(const Droop *d, const History *h, double from, double to);

/* --- motion.c --- */
#define MOTION_TICKS 100                /* remembered, 10 ms each */
#define MOTION_BEAT_TICKS 86            /* of a heartbeat's template */

typedef struct Motion {
        unsigned tick_steps, fill;
        float gain;                     /* of the averages, per tick */
        float slow_uv[2];
        float above, sum;               /* in the band, of the tick under way: of squares, of values */
        float low_uv[MOTION_TICKS], high[MOTION_TICKS]; /* rings: what is below 20 Hz; energy above */
        float sums[MOTION_TICKS];       /* ring: of values above */
        unsigned next, n_ticks;
        float usual;                    /* energy below 20 Hz of a tick, exceeded a tenth of the time */
        int64_t end;                    /* step behind the latest */
        bool sways, loud;
        int64_t sways_at, loud_at;      /* end when that was found out */
        float beat_uv[MOTION_BEAT_TICKS];       /* a heartbeat below 20 Hz, from before its R wave on */
        unsigned n_beats;               /* it was learned from, up to a limit */
        unsigned n_odd_beats;           /* in a row, that it was not */
        bool beat_under_way;
        double beat;                    /* R of the latest, step */
        int beat_first, beat_end;       /* ticks of the template that are its own */
} Motion;

void motion_init(Motion *m, double step_rate_hz);
void motion_restart(Motion *m, float low_uv, int64_t step);
void motion_tick(Motion *m, float low_uv);
/* y: the signal above the high-pass, without mains and heart. True when motion_tick() is due. */
static inline bool motion_add(Motion *m, float y) {
        m->above += y * y;
        m->sum += y;
        m->end++;
        return ++m->fill >= m->tick_steps;
}
void motion_beat(Motion *m, double beat, double period, const History *h);
void motion_forget_beats(Motion *m);
bool motion_between(const Motion *m, double from, double to);
bool motion_sways(Motion *m);
bool motion_is_loud(Motion *m, float uv);
float motion_level_uv(const Motion *m);
float motion_likeness(const History *h, double step, unsigned length_steps, double step_rate_hz);

/* --- heartbeat.c --- */
#define HEARTBEAT_LOBE_MIN_S 0.008f      /* at half its height, in the band */
#define HEARTBEATS_EVEN_MIN 2u          /* more: their pace is no chance */

typedef struct Heartbeat {
        unsigned beats;                 /* at an even pace */
        unsigned alike;                 /* at any */
        double last_s, period_s;
        double mean_s;                  /* period of those alike */
        float shape[SHAPE_POINTS];
} Heartbeat;

bool heartbeat_next(Heartbeat *h, const float *shape, double peak_s);

/* --- heart.c --- */
#define HEART_FIRST_BEATS 5
#define HEART_SCOUTS 11
#define HEART_PARTS_MAX 90

typedef struct HeartPlace {             /* a template moved to a moment between two steps */
        int64_t first;                  /* of its values the first is this step's or lies before it */
        float weights[4];               /* of the values around */
} HeartPlace;

typedef struct Heart {                  /* common to all channels; times and lengths in steps */
        unsigned before, after;         /* R: of a template */
        unsigned complex_before, complex_after;
        unsigned scout_steps, scout_fill;
        unsigned part_steps, n_parts;   /* of a template */
        double refractory, lost;
        bool known;
        unsigned n_beats;               /* since it is known */
        double beat, period;            /* R of the latest */
        HeartPlace place;               /* of it */
        double own_before, own_after;   /* of it what is subtracted */
        bool beat_under_way;            /* the latest is not over */
        bool half_learned;
        bool candidate;
        float candidate_match;
        double candidate_beat;
        unsigned candidate_age;
} Heart;

typedef struct HeartChannel {
        unsigned n_beats;               /* the template was learned from, up to a limit */
        float *template;                /* [before + after] microvolts */
        float *firsts;                  /* [HEART_FIRST_BEATS][before + after] */
        float size, size_variance;      /* of the beat under way, to the template */
        float left[HEART_PARTS_MAX];    /* what typically is left of a part of a beat, microvolts */
        float trust[HEART_PARTS_MAX];   /* 0 .. 1: noise alone leaves such a share of it */
        float scouts[HEART_SCOUTS], scout_sum;          /* the latest signal, coarse */
        float wanted[HEART_SCOUTS], wanted_sum;         /* the template there; sum of magnitudes */
        float weight;                   /* of the channel in the search */
        float early;                    /* statistic that beats have shown lately before their complex; 0: none */
        double early_before;            /* ... so many steps before R */
} HeartChannel;

void heart_init(Heart *h, double step_rate_hz);
int heart_channel_init(const Heart *h, HeartChannel *c);
void heart_channel_done(HeartChannel *c);
void heart_channel_restart(const Heart *h, HeartChannel *c);
void heart_channel_break(HeartChannel *c);
void heart_break(Heart *h);
bool heart_awaited(const Heart *h, double since, double step);
void heart_early(const Heart *h, HeartChannel *c, double peak, float statistic);
bool heart_early_due(const Heart *h, const HeartChannel *c, double at, float statistic);
double heart_wait(const Heart *h);
float heart_trust(const Heart *h, const HeartChannel *c, int64_t step, unsigned n_steps);
double heart_likeness(const Heart *h, const HeartChannel *c, const double *shape, unsigned n, float sigma_uv);
float heart_subtract(const Heart *h, const HeartChannel *c, int64_t step, float x);

/* --- raw.c --- */
typedef struct Raw {                    /* arrays: [n_lanes] */
        unsigned n_lanes;
        int32_t flat_frames;
        int32_t *low, *high;            /* codes from here on outwards are rails */
        int32_t *last;
        int32_t *unchanged;             /* frames, at most flat_frames */
        int32_t *used;                  /* all bits set: this lane is a channel */
} Raw;

int raw_init(Raw *r, unsigned n_lanes, uint64_t flat_frames);
void raw_done(Raw *r);
void raw_channel_init(Raw *r, unsigned channel, int32_t code_min, int32_t code_max);
void raw_break(Raw *r);
unsigned raw_next(Raw *r, const int32_t *codes, unsigned n_frames);
bool raw_saturated(const Raw *r, unsigned channel);
bool raw_flat(const Raw *r, unsigned channel);

/* --- units.c --- */
#define UNITS_MAX 12u                   /* known in a channel */
#define UNIT_POINTS 65                  /* around the peak */
#define UNIT_POINT_S 0.0005
#define UNIT_KNOWN_MIN 3u              /* discharges: then the mean is clean enough to subtract */
#define UNIT_MEMORY_N 19u               /* with the memory that a unit has, its mean is worth one of so many */
#define UNIT_RATE_HZ_MIN 900.0          /* below, potentials that overlap cannot be told apart */

typedef struct Unit {
        unsigned number;                /* counts up from 1 in a channel, never used again */
        unsigned n;                     /* discharges */
        float amplitude_uv;
        double last;                    /* step */
        float pair_points;              /* between what looked like two of it, most of the time ... */
        unsigned n_pairs;               /* ... and by how many more times than not */
        double pair_at;                 /* step of the latest such */
        float shape[UNIT_POINTS];
} Unit;

typedef struct Units {
        unsigned n, n_numbers;
        Unit units[UNITS_MAX];
} Units;

double unit_middle(const History *h, const Discharge *discharge, float sigma_uv, double step_rate_hz);
unsigned units_assign(Units *u, const History *h, const Discharge *discharge, bool alone, unsigned except,
                      float sigma_uv, double step_rate_hz);
float unit_likely(const Unit *k, double now, double step_rate_hz);

/* --- size.c --- */
#define SIZE_SHAPES 48
#define SIZE_POINTS 33                  /* a millisecond apart */
#define SIZE_LAGS 21                    /* a quarter of a millisecond apart */
#define SIZE_RATE_HZ_MIN 900.0          /* below, much of a potential lies beyond the band */

typedef struct SizeShapes {             /* of 1 uV peak to peak in the band */
        float shapes[SIZE_SHAPES][SIZE_LAGS][SIZE_POINTS];
} SizeShapes;

typedef struct ChannelSize {
        bool fits;                      /* the noise as it is by now */
        float inverse[SIZE_POINTS][SIZE_POINTS];        /* of the covariance of noise of unit power */
        float energies[SIZE_SHAPES];    /* of the shapes in it */
} ChannelSize;

void size_shapes_init(SizeShapes *s);
void size_refit(ChannelSize *c, const SizeShapes *s, const Whiten *whiten, double step_rate_hz);
float size_uv(const ChannelSize *c, const SizeShapes *s, const Units *units, const History *h, double middle, float extremes_uv,
              float sigma_uv, double step_rate_hz);

/* --- sums.c --- */
unsigned sums_take_apart(Units *u, const History *h, const Discharge *discharge, float sigma_uv,
                         double step_rate_hz, double ret_peaks[static DISCHARGES_MAX], unsigned *ret_unit);

/* --- learned.c --- */
#define LEARNED_LANES 8u                /* units x shifts below one step */

typedef struct Learned {
        unsigned n_lanes;               /* in use; 0: the channel knows no unit well enough */
        float generic;                  /* on the bank's statistic, at most 1: its share of the false alarms */
        float *shapes, *taps;           /* [n_taps][LEARNED_LANES] of unit energy; fitted to the noise */
        unsigned like[LEARNED_LANES];   /* lane of the bank with the most similar output */
        float weights[LEARNED_LANES];   /* on outputs in standard deviations, as those of the bank; may be above 1 */
        float inverse[LEARNED_LANES];   /* weight / sigma */
} Learned;

int learned_init(Learned *l, unsigned n_taps);
void learned_done(Learned *l);
void learned_restart(Learned *l);
void learned_update(Learned *l, const Noise *noise);
float learned_run(const Learned *l, const Bank *bank, const float *window_uv, float statistic);

/* --- tone.c --- */
#define TONE_WINDOW_S 0.048
#define TONES 28u                       /* a multiple of 4 */

#define TONE_STEPS_MAX 100u             /* in the window, at the highest processing rate */

typedef struct Tones {                  /* that are looked for, at the step rate */
        double step_rate_hz;
        unsigned n;                     /* steps of the window; 0: the rate is too low */
        double window[TONE_STEPS_MAX], window_sum, window_square;
        double turn_re[TONES], turn_im[TONES];  /* from step to step */
} Tones;

typedef struct Tone {
        unsigned n_looks;
        unsigned heard;                 /* up to this look; 0: none */
        float share;                    /* of the energy that is the tone's, by then */
        float shares[TONES];            /* of the energy, sums over the looks */
        bool hums[TONES];               /* this one was there before */
} Tone;

void tones_init(Tones *t, double step_rate_hz);
void tone_begin(Tone *t, const Tones *tones, const History *h, double onset);
bool tone_look(Tone *t, const Tones *tones, const History *h, double end);

/* --- rhythm.c --- */
typedef struct Rhythm {                 /* of intervals, steps */
        unsigned n;
        double sum, squares;
} Rhythm;

void rhythm_add(Rhythm *r, double interval);
void rhythm_split(Rhythm *r, double before, double behind);
void rhythm_join(Rhythm *r, const Rhythm *other);
double rhythm_mean(const Rhythm *r);
double rhythm_cv(const Rhythm *r);      /* coefficient of variation; INFINITY if there are fewer than two */

/* --- notices.c --- */
typedef struct NoticeIds {              /* of the notices that something under way has given */
        uint64_t id;                    /* 0: none */
        unsigned n_merged;
        uint64_t merged[DETECT_MERGED_MAX];
} NoticeIds;

bool notices_merge(NoticeIds *to, const NoticeIds *from);

/* --- lags.c --- */
double lag_steps(const float *a, double a_peak, const float *b, double b_peak, double step_rate_hz);

/* --- events.c --- */
#define CHAIN_PEAKS 8u
#define EVENTS_NEXT_S 0.5               /* a unit's next discharge, in a train of 4 a second with its jitter */
#define EVENTS_NEXT_GROUP_S 2.6         /* its next group */
#define EVENTS_BESIDE_WORK_S 0.5        /* what is so near to a contraction belongs to it ... */
#define EVENTS_BESIDE_WORK_CHANNELS 3u  /* ... and so far away are electrodes on one muscle, which see all its units */

#define CHAIN_UNITS 4u

typedef struct ChainUnit {
        unsigned unit;
        unsigned n;                     /* discharges */
        double last;                    /* peak of the latest, step */
        Rhythm rhythm;
} ChainUnit;

typedef struct Chain {                  /* discharges of one channel that belong together */
        bool open;
        unsigned event;                 /* index of Events.open: channels that see the same happening share it */
        ChainUnit units[CHAIN_UNITS];   /* the one that most discharges are of first */
        unsigned n_discharges;
        unsigned n_repeats;             /* of them below the threshold */
        double peak_before;             /* the last one of the chain before, step */
        float shape[SHAPE_POINTS];      /* of the first */
        double first_peak, onset, end;  /* steps */
        double peaks[CHAIN_PEAKS];      /* of the latest discharges, a ring */
        unsigned next_peak;
        double last_peak;
        double busy_until;              /* end of the latest discharge, or of the latest block of activity */
        float snr, amplitude_uv;
        double active;                  /* steps in discharges, of those from onset to end */
        float loud_before;              /* the signal just before, in standard deviations */
        bool is_long;                   /* one of them lasts longer than a potential does */
        bool sustained;
        bool sways;                     /* for as long as work would, but slowly */
        Tone tone;                      /* since it began */
        double look_at;                 /* step of the next look */
} Chain;

typedef struct OpenEvent {
        unsigned n_chains;              /* 0: free */
        NoticeIds notices;
        double last;                    /* peak of any channel, or end of what is longer than a discharge; steps */
        bool waiting;                   /* a channel is not through with its signal */
        bool sustained;
} OpenEvent;

typedef struct Events {
        OpenEvent *open;                /* [n_channels] */
        unsigned n_open;
        uint64_t n_ids;                 /* given so far, to notices and events */
        double gap, sustained_gap, sustained_length, long_length;       /* steps */
        double beat, beat_period;       /* the latest heartbeat any channel knows, steps */
        double beat_width, beat_length, beat_wake, burst_length, after_burst, after_work;
        double neighbour_lag, common_lag, train_length, train_interval, bump_apart, settle;
        double notice_wait, notice_wait_heart, look_apart, alone, refractory, next, cluster, brief, chain_length_max;
} Events;

/* --- happenings.c --- */
#define TRAIN_MIN 10u                   /* discharges */

typedef enum HappeningForm {            /* what is known of it while it waits */
        FORM_TWITCH,                    /* discharges of one unit, few */
        FORM_OTHER,                     /* of one unit or not: no kind can be told */
        FORM_BURST,                     /* of many units at once, short */
        FORM_TRAIN,                     /* of one unit, again and again */
        FORM_GROUPS,                    /* of one unit, group after group */
        FORM_TONE,                      /* of one unit, overlapping */
        FORM_JERK,                      /* bursts of several sites */
        FORM_WORK,                      /* of many units, sustained */
} HappeningForm;

typedef struct Happening {
        bool used;
        HappeningForm form;
        NoticeIds notices;
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* the strongest first */
        unsigned units[DETECT_EVENT_CHANNELS_MAX];      /* as each of them numbers them; 0: none */
        double lags[DETECT_EVENT_CHANNELS_MAX];         /* steps; NAN: not known */
        double work_from[DETECT_EVENT_CHANNELS_MAX], work_to[DETECT_EVENT_CHANNELS_MAX];        /* the channel itself; the other way round: not */
        double peak, onset, end, last_peak;             /* steps */
        float amplitude_uv, snr;
        unsigned n_discharges;
        Rhythm rhythm;                  /* of discharges */
        unsigned n_groups, least_in_group;
        Rhythm groups;
        double last_group;              /* beginning */
        int before;                     /* index of the one of the same unit before it, or -1 */
        double due;                     /* step at which it is decided if nothing comes */
        bool faint;                     /* a train of which only parts are seen */
        bool slow;                      /* as a heartbeat is */
        bool continued;                 /* its beginning has been reported */
} Happening;

typedef struct Happenings {             /* closed, but perhaps part of something longer */
        Happening *waiting;             /* [size] */
        unsigned size, n;
        double next_due;
} Happenings;

/* --- exposure.c --- */
#define EXPOSURE_REST _EXCLUSION_MAX    /* a state of a channel: this, or an Exclusion */
#define EXPOSURE_SPANS 128u             /* remembered, until they are decided or too many */

typedef struct ExposureSpan {           /* ends where the next one begins; the latest goes on */
        double from;                    /* frame position */
        uint8_t state;
} ExposureSpan;

typedef struct ExposureMinute {
        double frames[_EXCLUSION_MAX + 1];      /* by state: spans that are not remembered any more */
        double voluntary_frames;
        double noise_uv, floor_uv;      /* sums of looks */
        unsigned n_looks;
        unsigned n_events, n_twitches;
} ExposureMinute;

typedef struct ChannelExposure {
        uint8_t state;                  /* of the latest span */
        uint8_t unusable;               /* the state while the channel is not usable */
        unsigned n_spans;
        ExposureSpan spans[EXPOSURE_SPANS];
        ExposureMinute minutes[DETECT_MINUTES_PENDING]; /* by their index modulo their number */
        unsigned n_minutes, n_voluntary;                /* given */
        double frames;                  /* exposure in them */
        double rest_frames;
        uint64_t rest_twitches;
} ChannelExposure;

typedef struct Exposure {
        double minute_frames;
        uint64_t first;                 /* index of the first minute that is not given yet */
        int64_t look_at;                /* step */
        unsigned look_steps;
} Exposure;

/* --- channel.c --- */
#define BUMPS 16

typedef struct Bump {                   /* the statistic has a maximum, above the threshold or not far below */
        double step;
        float statistic;
} Bump;

#define CHECKPOINTS 16

typedef struct Checkpoint {             /* a channel before a crossing was measured */
        int64_t first;                  /* of the crossing */
        double measured_until;
        Chain chain;
} Checkpoint;

typedef struct Spoilt {                 /* a stretch of an artefact of one channel, under way */
        bool active;
        uint64_t from, to;              /* frames */
        NoticeIds notices;              /* of what it makes unbelievable */
} Spoilt;

enum {                                  /* what was seen at a look */
        LOOK_NOTHING,
        LOOK_CALM,
        LOOK_EVENT,
};

typedef struct Channel {
        bool is_lead_off, is_saturated, is_flat;        /* the latest frame: no measurement */
        bool running;                   /* filters have been started */
        uint64_t stopped_at;            /* frame */
        bool fresh;                     /* start from nothing: what was learned may not hold any more */
        uint64_t started_at;            /* frame */
        uint64_t frames;                /* since then, at the latest step before it has settled */
        uint64_t hold_frames;           /* nothing is believed before so many */
        Spoilt lead_off, saturation;
        uint64_t steps;                 /* since the last fresh start, until settled */
        bool settled;                   /* filters and noise: what is seen is believed */
        History history;
        Noise noise;
        Whiten whiten;
        Crossing crossing;
        NoticeIds kept;                 /* of what is looked at once more */
        double measured_until;          /* step */
        bool sustained;                 /* by the size of the latest block */
        Chain chain;
        Checkpoint checkpoints[CHECKPOINTS];    /* a ring; none is from before the latest end of a chain */
        unsigned n_checkpoints, next_checkpoint;
        Bump bumps[BUMPS];
        unsigned bump_next;
        Units units;
        Learned learned;
        ChannelSize size;
        Heartbeat heartbeat;
        HeartChannel heart;
        Motion motion;
        float *look_outputs;            /* ring [n_looks][n_lanes], for the noise to learn from */
        uint8_t *look_states;           /* ring [n_looks] of LOOK_* */
        bool awake;                     /* the statistic is so large that no step is left out */
        double rest_from;               /* step: here the latest burst and what follows it are over */
        bool usable;                    /* at the latest step */
        ChannelExposure exposure;
        uint64_t n_events;
} Channel;

/* --- detector.c --- */
struct Detector {
        DetectConfig config;
        double step_rate_hz;
        uint64_t position;              /* frames */
        int64_t step;                   /* the latest */
        double delay_frames;            /* of the in-band signal */
        Droop droop;
        unsigned n_lanes;               /* for channels side by side: whole Octs */
        bool undisturbed;               /* all channels measure, and no artefact of them is under way */
        int64_t next_step;              /* falls on frame next_step * decimation, gaps included */
        int32_t *codes;                 /* [FRAMES_MAX][n_lanes] scratch */
        float *high;                    /* [FRAMES_MAX][n_lanes] scratch: behind the high-pass */
        double *low;                    /* [FRAMES_MAX][n_lanes] and what that took away */
        float *filtered;                /* [n_lanes] scratch: behind the low-pass */
        float *x;                       /* [n_lanes] in one of them: the signal at this step */
        const double *x_low;            /* [n_lanes] and what is below 20 Hz, see highpass_low() */
        Raw raw;
        Highpass highpass;
        Lowpass lowpass;
        Mains mains;
        Heart heart;
        Bank bank;
        SizeShapes size_shapes;
        float *outputs;                 /* [n_lanes] scratch */
        double *scratch;                /* [n_taps][2 + n_lanes] for whiten.c */
        unsigned mains_late_steps;      /* mains learn sooner */
        unsigned look_steps;            /* from one look at the statistic to the next */
        unsigned n_looks;               /* length of the rings, whole LOOKS: then all of a heartbeat is known */
        unsigned look;                  /* place of the latest in them */
        bool looking, learning;         /* at this step */
        float threshold;
        float wake;                     /* where a statistic is so large, those beside it are looked at */
        float heed;                     /* a statistic below is nothing to remember */
        float nothing;                  /* ... nor anything to wake by: how small it is does not matter */
        uint64_t keep_frames, settle_frames, blank_frames;
        unsigned crossing_close_steps, crossing_max_steps, crossing_cut_steps;
        unsigned highpass_steps;
        unsigned mains_start_steps, noise_start_steps;
        Channel *channels;
        unsigned *active;               /* [n_channels] scratch */
        unsigned n_running;             /* channels */
        float *late;                    /* [n_lanes] scratch: the signal as it is known after a while */
        bool noise_moved;               /* some channel's, at the latest step */
        Tones tones;
        Events events;
        Happenings happenings;
        Exposure exposure;
        bool finished;
};

int channel_init(Detector *d, Channel *c, unsigned i);
void channel_done(Channel *c);
bool channel_check(Detector *d, Channel *c, unsigned channel, int32_t code, bool is_lead_off);
void channel_stop(Detector *d, Channel *c, unsigned channel);
void channel_finish(Detector *d, Channel *c, unsigned channel);

/* frames.c, step.c: what a channel's sample goes through */
#define FRAMES_MAX 64u                  /* at a time */
void frames_push(Detector *d, const int32_t *samples, const uint8_t *flags, unsigned n_frames);
void step_run(Detector *d);
float channel_statistic(const Detector *d, const Channel *c, int64_t step, float *ret_outputs);

/* crossing.c: what the statistic stands out for */
void crossing_next(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic);
void crossing_checkpoint(Channel *c);
void crossing_close(Detector *d, Channel *c, unsigned channel, int64_t step);
void crossing_again(Detector *d, Channel *c, unsigned channel, int64_t from, int64_t step);

void channel_forget_looks(const Detector *d, Channel *c);
void learned_refit(const Detector *d, Channel *c);

void heart_found(Detector *d, double peak, double period, bool even, int64_t step);
bool heart_step(Detector *d, int64_t step, int64_t *ret_from);

/* repeats.c */
bool repeats_find(const Detector *d, const Channel *c, double until, double *ret_peak);

int events_init(Detector *d);
void events_done(Detector *d);
void events_discharges(Detector *d, unsigned channel, const Discharge *discharges, size_t n);
void events_statistic(Detector *d, unsigned channel, double step, float statistic);
void events_sustained(Detector *d, unsigned channel, double step);
void events_step(Detector *d, double step);     /* report what is decided by now */
void events_drop(Detector *d, unsigned channel, NoticeIds *notices);
void events_retract(Detector *d, unsigned channel, NoticeIds *notices);
void events_restore(Detector *d, unsigned channel, const Chain *before);
void events_flush(Detector *d);

/* causes.c: what was no twitch */
ArtefactCause cause_of(Detector *d, unsigned event, const Channel *strongest);
bool cause_beside_beat(const Detector *d, const Chain *chain, const Discharge *discharge);
void report_artefact(Detector *d, ArtefactCause cause, const NoticeIds *notices, const unsigned *channels, size_t n);

/* classify.c: what one happening looks like by itself */
HappeningForm classify(const Detector *d, const Channel *strongest, bool sustained, double work_steps);
bool classify_is_tone(const Detector *d, const Chain *chain);
bool classify_is_burst(const Detector *d, const Chain *chain);
bool classify_in_train(const Detector *d, const Channel *c);
bool classify_before_train(const Detector *d, const Channel *c, double last_peak, float snr);
float classify_loudness(const Detector *d, const Channel *c, double from_s, double to_s, double at);

void happenings_add(Detector *d, const Happening *happening);
void happenings_step(Detector *d, double step);
void happenings_flush(Detector *d);
void happening_decide(Detector *d, Happening *h);

/* waiting.c */
int happenings_init(Detector *d);
void happenings_done(Detector *d);
void happenings_without_beat(Detector *d, int64_t from);
void happenings_were_beats(Detector *d, double beat, double period, bool even);
void happenings_drop(Detector *d, unsigned channel, double from, NoticeIds *notices);
unsigned happenings_of_channel(const Detector *d, unsigned channel, bool *ret_longer);
Happening* happening_wait(Detector *d, const Happening *h);
void happening_forget(Detector *d, Happening *h);
void happening_set_due(Detector *d, Happening *h, double due);
bool happening_take_in(Detector *d, Happening *into, Happening *part);
bool happening_near(const Happening *a, const Happening *b, unsigned distance);
bool happening_at_place(const Happening *h, const Happening *longer);
bool happening_of_one_unit(const Happening *a, const Happening *b);

/* trains.c: true where h has become part of one */
void trains_add(Detector *d, const Happening *new);
bool trains_take(Detector *d, Happening *h);
bool trains_take_faint(Detector *d, Happening *h);
bool trains_is_group(Detector *d, const Happening *h);

/* work.c */
void work_add(Detector *d, const Happening *new, double step);
void burst_add(Detector *d, const Happening *new, double step);
void tone_add(Detector *d, const Happening *new, double step);
bool work_takes(Detector *d, Happening *h);

bool notices_ready(const Detector *d, const Channel *c, int64_t step);
void notices_give(Detector *d, unsigned channel);
void notices_take(Detector *d, unsigned channel, NoticeIds *to);        /* of the crossing under way */
void notices_settle(Detector *d, unsigned channel);     /* the crossing is over */
void notices_keep(Detector *d, unsigned channel, const NoticeIds *notices);
NoticeIds notices_kept(Detector *d, unsigned channel);

/* exposure.c: from_step and so on as the signal has them, whatever the delay */
void exposure_init(Detector *d);
void exposure_set(const Detector *d, ChannelExposure *e, double frame, uint8_t state);
void exposure_exclude(Detector *d, Channel *c, double from_step, double to_step, Exclusion why);
void exposure_stop(Detector *d, Channel *c);
void exposure_spoilt(Detector *d, Channel *c, Exclusion why);
void exposure_resume(Detector *d, Channel *c);
void exposure_gap(Detector *d, uint64_t n_frames);
void exposure_event(Detector *d, const Happening *h, EventKind kind);
void exposure_look(Detector *d);
void exposure_finish(Detector *d);
double exposure_s(const Detector *d, const Channel *c);

double detector_floor_uv(const Detector *d, const Channel *c);
double detector_frame_of_step(const Detector *d, double step);


static inline double in_steps(const Detector *d, double seconds) {
        return seconds * d->step_rate_hz;
}

static inline unsigned channels_apart(unsigned a, unsigned b) {
        return a > b ? a - b : b - a;
}

/* The channel is in this state from a step on. */
static inline void exposure_state(const Detector *d, Channel *c, int64_t step, uint8_t state) {
        if (c->exposure.state != state)
                exposure_set(d, &c->exposure, detector_frame_of_step(d, (double) step), state);
}
