/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How large signal and filter outputs are when nothing happens.
 *
 * Median of magnitudes over blocks of half a second: a twitch in the block hardly moves it
 * (1.3 % of the time +1.5 %, 5 % +6 %). Of the last 30 s of blocks those are averaged that are
 * not much larger than the lowest quarter: contractions and busy blocks stay out, and in
 * steady noise nearly all blocks count, so that there is no bias to correct.
 * Every filter output has its own estimate, which is what keeps the false alarm rate
 * right when noise is coloured.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "detect-private.h"

#define MEDIAN_PER_SIGMA 0.6744898f     /* of |x|, x Gaussian */
/*
 * For the filter outputs a quantile nearer to the tail, where the threshold is: it
 * sees that real noise has more of it than a Gaussian. 90 % of |x|: events in 1.3 % of the time add 4 %.
 */
#define OUTPUT_QUANTILE_PERCENT 90
#define OUTPUT_QUANTILE_PER_SIGMA 1.6448536f
#define CALM_PERCENT_MIN 60
#define BUSY_RATIO 1.3f                 /* to the lowest quarter */
#define STRIDE_HZ 500.0                 /* filter outputs looked at in a second: they are smooth */
#define MARGIN 0.3f                     /* on the threshold by the number of blocks behind it, see update() */
#define SUSTAINED_STRIDE 8              /* while activity is sustained, one block in so many is believed */
/* A converter that never changes its code by more than one has no Gaussian noise. */
#define FLOOR_LSB 0.5

int noise_init(Noise *n, double step_rate_hz, unsigned n_lanes, double lsb_uv) {
        unsigned block = (unsigned) lround(NOISE_BLOCK_S * step_rate_hz);
        unsigned stride = (unsigned) fmax(1, floor(step_rate_hz / STRIDE_HZ));
        unsigned strided = (block + stride - 1) / stride;

        *n = (Noise) {
                .block_steps = block,
                .stride = stride,
                .n_strided = strided,
                .n_lanes = n_lanes,
                .signal = calloc(block, sizeof(float)),
                .outputs = calloc((size_t) n_lanes * strided, sizeof(float)),
                .signal_medians = calloc(NOISE_BLOCKS, sizeof(float)),
                .output_quantiles = calloc((size_t) NOISE_BLOCKS * n_lanes, sizeof(float)),
                .inverse = calloc(n_lanes, sizeof(float)),
                .scratch = calloc(NOISE_BLOCKS, sizeof(float)),
                .floor_uv = (float) (FLOOR_LSB * lsb_uv),
        };
        return n->signal && n->outputs && n->signal_medians && n->output_quantiles && n->inverse && n->scratch
                ? 0 : -ENOMEM;
}

void noise_done(Noise *n) {
        free(n->signal);
        free(n->outputs);
        free(n->signal_medians);
        free(n->output_quantiles);
        free(n->inverse);
        free(n->scratch);
}

void noise_restart(Noise *n) {
        n->fill = n->n_calm = n->n_events = n->n_blocks = n->next = n->n_skipped = 0;
        n->sigma_uv = n->recent_uv = 0;
}

/* The block under way has a hole. */
void noise_break(Noise *n) {
        n->fill = n->n_calm = n->n_events = 0;
}

bool noise_known(const Noise *n) {
        return n->n_blocks >= NOISE_BLOCKS_MIN;
}

/* The k-th smallest; reorders x. (Hoare 1961, Algorithm 65.) */
static float select_kth(float *x, unsigned n, unsigned k) {
        int low = 0, high = (int) n - 1;

        while (low < high) {
                float pivot = x[low + (high - low) / 2];
                int i = low - 1, j = high + 1;

                for (;;) {
                        do
                                i++;
                        while (x[i] < pivot);
                        do
                                j--;
                        while (x[j] > pivot);
                        if (i >= j)
                                break;
                        float t = x[i];
                        x[i] = x[j];
                        x[j] = t;
                }
                /* x[low..j] <= pivot <= x[j+1..high], and j < high */
                if ((int) k <= j)
                        high = j;
                else
                        low = j + 1;
        }
        return x[k];
}

/* Of a stretch of signal, in standard deviations of the noise: about 1 where nothing happens. Reorders. */
float noise_loudness(const Noise *n, float *magnitudes, unsigned n_magnitudes) {
        if (n_magnitudes == 0)
                return 1;
        return select_kth(magnitudes, n_magnitudes, n_magnitudes / 2) / MEDIAN_PER_SIGMA / n->sigma_uv;
}

/*
 * The estimate from n blocks is off by some 7 %/sqrt(n), and rate of false alarms is steep in
 * it: its mean grows by exp(threshold^4 0.07^2 / 2n), 8 times from two blocks. The margin of
 * 0.3/n on the threshold takes that back.
 */
static void update(Noise *n) {
        for (unsigned i = 0; i < n->n_blocks; i++)
                n->scratch[i] = n->signal_medians[i];
        float limit = BUSY_RATIO * select_kth(n->scratch, n->n_blocks, n->n_blocks / 4);

        double sum = 0;
        unsigned used = 0;
        for (unsigned i = 0; i < n->n_blocks; i++)
                if (n->signal_medians[i] <= limit) {
                        sum += (double) n->signal_medians[i];
                        used++;
                }
        n->sigma_uv = fmaxf((float) sum / (float) used / MEDIAN_PER_SIGMA, n->floor_uv);

        for (unsigned l = 0; l < n->n_lanes; l++) {
                double lane = 0;
                for (unsigned i = 0; i < n->n_blocks; i++)
                        if (n->signal_medians[i] <= limit)
                                lane += (double) n->output_quantiles[i * n->n_lanes + l];
                float sigma = fmaxf((float) lane / (float) used / OUTPUT_QUANTILE_PER_SIGMA, n->floor_uv);
                n->inverse[l] = 1 / (sigma * (1 + MARGIN / (float) used));
        }
}

static void block_end(Noise *n, bool sustained) {
        float median = select_kth(n->signal, n->block_steps, n->block_steps / 2);

        n->recent_uv = fmaxf(median / MEDIAN_PER_SIGMA, n->floor_uv);
        if (sustained && ++n->n_skipped % SUSTAINED_STRIDE != 0)
                return;

        /* Heartbeats fill a tenth of the time; where most is event, it is the noise that has grown. */
        unsigned n_outputs = n->n_calm * 100 >= n->n_strided * CALM_PERCENT_MIN ? n->n_calm : n->n_strided;

        n->signal_medians[n->next] = median;
        for (unsigned l = 0; l < n->n_lanes; l++)
                n->output_quantiles[n->next * n->n_lanes + l] =
                        select_kth(n->outputs + (size_t) l * n->n_strided, n_outputs,
                                   n_outputs * OUTPUT_QUANTILE_PERCENT / 100);
        n->next = (n->next + 1) % NOISE_BLOCKS;
        if (n->n_blocks < NOISE_BLOCKS)
                n->n_blocks++;
        update(n);
}

void noise_feed(Noise *n, float y, const float *outputs, bool event, bool sustained) {
        n->signal[n->fill] = fabsf(y);
        if (n->fill % n->stride == 0) {
                unsigned at = event ? n->n_strided - 1 - n->n_events++ : n->n_calm++;

                for (unsigned l = 0; l < n->n_lanes; l++)
                        n->outputs[(size_t) l * n->n_strided + at] = fabsf(outputs[l]);
        }
        if (++n->fill < n->block_steps)
                return;
        block_end(n, sustained);
        n->fill = n->n_calm = n->n_events = 0;
}
