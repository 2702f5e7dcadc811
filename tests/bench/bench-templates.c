/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-templates: the table daemon/detect/potentials/amplitude-templates.h, to standard output. Of many potentials of the generator's training
 * units it takes those that all others are most like, one after the other: each the one that raises the
 * mean square of the others' correlation with what is taken already the most.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

#define SEED_FIRST 100021u              /* training seeds, those of bench-detect --help */
#define SEEDS 10u
#define UNITS 240u                      /* of a scene whose units are fresh */
#define POTENTIALS (SEEDS * UNITS)
#define SHAPES 48u
#define COLUMNS 11                      /* in the source that is printed */
#define POINTS 33                       /* a millisecond apart */
#define FINE 16                         /* of MUAP_RATE_HZ, in a millisecond */
#define HIGHPASS_MS 28.055              /* half of the detector's triangular mean */
#define LAG_MS 0.25
#define LAGS 8                          /* so many either way */
#define SINC_POINTS 8
#define SCALE 1000                      /* the potential, peak to peak in the band */

static double shapes[POTENTIALS][POINTS];
static float likeness[POTENTIALS][POTENTIALS];

/* What the detector's high-pass makes of it, its energy in the middle, every millisecond. */
static void take_shape(const Potential *p, double *ret) {
        enum { MARGIN = (POINTS + 64) * FINE, N = (int) POTENTIAL_SAMPLES + 2 * MARGIN };
        static double x[N], y[N];
        int length = (int) lround(HIGHPASS_MS * FINE);
        double energy = 0, moment = 0;

        memcpy(x + MARGIN, p->uv, sizeof p->uv);
        for (int i = 0; i < N; i++) {
                double mean = 0;
                for (int k = 1 - length; k < length; k++)
                        if (i + k >= MARGIN && i + k < N - MARGIN)
                                mean += (length - abs(k)) * x[i + k];
                y[i] = x[i] - mean / ((double) length * length);
                energy += y[i] * y[i];
                moment += y[i] * y[i] * i;
        }
        int middle = (int) lround(moment / energy);
        for (int i = 0; i < POINTS; i++)
                ret[i] = y[middle + (i - POINTS / 2) * FINE] / p->amplitude_uv;
}

static void move(const double *x, double by, double *ret) {
        for (int i = 0; i < POINTS; i++) {
                ret[i] = 0;
                for (int k = 0; k < POINTS; k++) {
                        double u = i - by - k;
                        if (fabs(u) < SINC_POINTS)
                                ret[i] += x[k] * (fabs(u) < 1e-9 ? 1 : sin(M_PI * u) / (M_PI * u)) * (0.5 + 0.5 * cos(M_PI * u / SINC_POINTS));
                }
        }
}

static double product(const double *a, const double *b) {
        double sum = 0;
        for (int i = 0; i < POINTS; i++)
                sum += a[i] * b[i];
        return sum;
}

static void compare(void) {
        for (unsigned a = 0; a < POTENTIALS; a++)
                for (int lag = -LAGS; lag <= LAGS; lag++) {
                        double moved[POINTS], energy = product(shapes[a], shapes[a]);

                        move(shapes[a], lag * LAG_MS, moved);
                        for (unsigned b = 0; b < POTENTIALS; b++) {
                                double ab = product(moved, shapes[b]);
                                float square = (float) (ab * ab / energy / product(shapes[b], shapes[b]));
                                likeness[a][b] = fmaxf(likeness[a][b], square);
                        }
                }
}

static unsigned most_useful(const float *explained) {
        unsigned best = 0;
        double most = -1;

        for (unsigned a = 0; a < POTENTIALS; a++) {
                double gain = 0;
                for (unsigned b = 0; b < POTENTIALS; b++)
                        gain += fmax((double) likeness[a][b] - (double) explained[b], 0);
                if (gain > most) {
                        most = gain;
                        best = a;
                }
        }
        return best;
}

static void print_shapes(void) {
        static float explained[POTENTIALS];

        printf("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
               "/* Made by bench-templates from %u potentials of training units: change that, not this. */\n", POTENTIALS);
        for (unsigned k = 0; k < SHAPES; k++) {
                unsigned which = most_useful(explained);

                printf("{");
                for (int i = 0; i < POINTS; i++)
                        printf("%s%ld,", i % COLUMNS ? " " : "\n        ", lround(SCALE * shapes[which][i]));
                printf("\n},\n");
                for (unsigned b = 0; b < POTENTIALS; b++)
                        explained[b] = fmaxf(explained[b], likeness[which][b]);
        }
}

int main(void) {
        for (unsigned seed = 0; seed < SEEDS; seed++) {
                _cleanup_(scene_freep) Scene *scene = NULL;
                SceneConfig config = scene_config_default;

                config.seed = SEED_FIRST + seed;
                config.fresh = true;
                config.twitches = false;
                int r = scene_new(&config, &scene);
                if (r < 0) {
                        fprintf(stderr, "%s: %s\n", program_invocation_short_name, strerror(-r));
                        return EXIT_FAILURE;
                }
                for (unsigned i = 0; i < UNITS; i++)
                        take_shape(scene_potential(scene, i), shapes[seed * UNITS + i]);
        }
        compare();
        print_shapes();
        return EXIT_SUCCESS;
}
