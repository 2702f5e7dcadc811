/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "muap.h"
#include "prng.h"

/* Andreassen & Rosenfalck 1981: conductivities in S/m, inside the fibre, across and along the muscle. */
#define SIGMA_INSIDE 1.01
#define SIGMA_ACROSS 0.063
#define SIGMA_ALONG 0.33
#define FIBRE_RADIUS_MM 0.0275

/* Fibres: half-lengths towards the two tendons and their spread, spread of the end-plates. */
#define LENGTH_PLUS_MM 70
#define LENGTH_MINUS_MM 60
#define LENGTH_SD_MM 4
#define ENDPLATE_SD_MM 2.5
#define VELOCITY_SD_MPS 0.3
#define VELOCITY_STEP_MPS 0.05          /* fibres are sorted into classes of velocity */
#define N_VELOCITIES 37                 /* +-SD_MAX * VELOCITY_SD_MPS */
#define SD_MAX 3                        /* spreads are cut there, which bounds the arrays below */
#define DEPTH_MIN_MM 1.5

/* Integration along the fibre: steps, length of the travelling wave. */
#define STEPS_PER_MM 4
#define STEP_MM (1.0 / STEPS_PER_MM)
#define WAVE_MM 18
#define N_WAVE (WAVE_MM * STEPS_PER_MM)
#define N_FIBRE ((LENGTH_PLUS_MM + SD_MAX * LENGTH_SD_MM) * STEPS_PER_MM)
#define N_TRAVEL (N_FIBRE + N_WAVE + 2) /* until the tail of the wave has left the fibre, and silence */
#define N_APART (MUAP_ELECTRODE_DISTANCE_MM * STEPS_PER_MM)

typedef struct Fibre {
        double radius2_mm2;             /* squared distance from the electrodes' line, stretched by anisotropy */
        double endplate_mm;             /* relative to the middle of the electrodes */
        double plus_mm, minus_mm;
        int velocity;                   /* class, relative to the unit's */
} Fibre;

static double clipped_normal(Prng *p) {
        return fmax(-SD_MAX, fmin(SD_MAX, prng_normal(p)));
}

static Fibre draw_fibre(const MotorUnit *unit, Prng *p) {
        double r = unit->radius_mm * sqrt(prng_uniform(p)), angle = 2 * M_PI * prng_uniform(p);
        double depth = fmax(DEPTH_MIN_MM, unit->depth_mm + r * sin(angle));
        double across = unit->lateral_mm + r * cos(angle);

        return (Fibre) {
                .radius2_mm2 = (SIGMA_ALONG / SIGMA_ACROSS) * (depth * depth + across * across),
                .endplate_mm = -unit->endplate_mm + ENDPLATE_SD_MM * clipped_normal(p),
                .plus_mm = LENGTH_PLUS_MM + LENGTH_SD_MM * clipped_normal(p),
                .minus_mm = LENGTH_MINUS_MM + LENGTH_SD_MM * clipped_normal(p),
                .velocity = (int) lround(VELOCITY_SD_MPS * clipped_normal(p) / VELOCITY_STEP_MPS),
        };
}

/* Slope of the wave, V(u) = 96 u^3 exp(-u) - 90 mV with u in mm behind its front; midpoint rule. */
static void wave_slope(double ret[static N_WAVE]) {
        for (unsigned i = 0; i < N_WAVE; i++) {
                double u = (i + 0.5) * STEP_MM;
                ret[i] = 96 * (3 * u * u - u * u * u) * exp(-u);
        }
}

static double monopole(double z_mm, double radius2_mm2) {
        double q = radius2_mm2 + z_mm * z_mm;
        return z_mm / (q * sqrt(q));
}

/*
 * Adds what a unit slope of potential at distance i from the end-plate gives between the electrodes; nothing past
 * the tendon. In space the front of the plus wave falls, dV/dz = -V'; the minus wave is its mirror image.
 */
static void add_sensitivity(const Fibre *f, int direction, double sum[static N_FIBRE]) {
        double length = direction > 0 ? f->plus_mm : f->minus_mm, electrode[N_FIBRE + N_APART];
        unsigned n = (unsigned) (length * STEPS_PER_MM);

        /* Electrodes are whole steps apart, so what one sees the other sees N_APART steps further on. */
        for (unsigned i = 0; i < n + N_APART; i++) {
                double z = f->endplate_mm + direction * (i + 0.5) * STEP_MM;
                electrode[i] = monopole(z - direction * MUAP_ELECTRODE_DISTANCE_MM / 2.0, f->radius2_mm2);
        }
        for (unsigned i = 0; i < n; i++)
                sum[i] += electrode[i + N_APART] - electrode[i];
}

/*
 * Out[m] belongs to fronts that have travelled m steps. A convolution: the slope u steps behind a front acts where
 * the front was u steps ago.
 */
static void travel(const double slope[static N_WAVE], const double w[static N_FIBRE], double out[static N_TRAVEL]) {
        memset(out, 0, N_TRAVEL * sizeof(*out));
        for (unsigned u = 0; u < N_WAVE; u++) {
                double factor = slope[u] * STEP_MM, *restrict o = out + 1 + u;

                for (unsigned i = 0; i < N_FIBRE; i++)
                        o[i] += factor * w[i];
        }
}

/* Value between the samples: cubic through the four neighbours. */
static double interpolate(const double *x, unsigned n, double at) {
        double floor_at = floor(at), t = at - floor_at;
        long i = (long) floor_at;

        if (i < 1 || i + 2 >= (long) n)
                return 0;
        return x[i - 1] * (-t * (t - 1) * (t - 2) / 6) + x[i] * ((t + 1) * (t - 1) * (t - 2) / 2) +
               x[i + 1] * (-t * (t + 1) * (t - 2) / 2) + x[i + 2] * (t * (t + 1) * (t - 1) / 6);
}

/*
 * Fibres of one velocity share the wave and the way from the end-plate, so their sensitivities are summed before
 * the wave runs over them. Both waves run at once.
 */
void muap_compute(const MotorUnit *unit, double ret_uv[static MUAP_SAMPLES]) {
        /* 2 s_i pi a^2 / (4 pi s_r): the 2 is for air above the half-space; mV to uV */
        const double k = 2 * SIGMA_INSIDE * FIBRE_RADIUS_MM * FIBRE_RADIUS_MM / (4 * SIGMA_ACROSS) * 1000;
        double slope[N_WAVE], w[N_VELOCITIES][N_FIBRE] = {}, way[N_TRAVEL];
        unsigned n_fibres[N_VELOCITIES] = {};
        Prng prng;

        wave_slope(slope);
        prng_init(&prng, unit->seed, PRNG_FIBRES, 0);
        for (unsigned i = 0; i < unit->n_fibres; i++) {
                Fibre f = draw_fibre(unit, &prng);
                unsigned class = (unsigned) (f.velocity + N_VELOCITIES / 2);

                add_sensitivity(&f, +1, w[class]);
                add_sensitivity(&f, -1, w[class]);
                n_fibres[class]++;
        }

        memset(ret_uv, 0, MUAP_SAMPLES * sizeof(*ret_uv));
        for (int v = 0; v < N_VELOCITIES; v++) {
                double velocity_mps = unit->velocity_mps + (v - N_VELOCITIES / 2) * VELOCITY_STEP_MPS;
                double steps_per_sample = velocity_mps * 1000 / MUAP_RATE_HZ / STEP_MM; /* m/s is mm/ms */

                if (n_fibres[v] == 0)
                        continue;
                travel(slope, w[v], way);
                for (unsigned i = 0; i < MUAP_SAMPLES; i++)
                        ret_uv[i] += k * interpolate(way, N_TRAVEL, i * steps_per_sample);
        }
}
