/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this the heart? One waveform that comes back at an even pace of 40 to 180 a minute, and that is slow as
 * a QRS complex is: some 80 ms, of which the high-pass leaves a main phase of 10 to 20 ms at half its
 * height. A motor unit's is 2 to 8 ms wide, deep under the skin, too, so a unit that happens to twitch
 * evenly is not taken for the heart. Twitches come at random: that four gaps in a row agree with the first
 * to 15 % happens to one in some 10000 of them. What is clearly as slow as a heartbeat needs two; or no even
 * pace, as that of a heart whose atria fibrillate is none, if it comes again and again and is the same each
 * time. The first beats are not known as such.
 */
#include <math.h>
#include <string.h>

#include "qrs-detector.h"
#include "daemon/detect/potentials/discharge.h"

#define PERIOD_MIN_S 0.33
#define PERIOD_MAX_S 1.5
#define UNEVENNESS 0.15
#define ALIKE 0.8f
#define BEATS_MIN 6u
#define BEATS_MIN_SLOW 4u
#define BEATS_MIN_UNEVEN 6u
#define THE_SAME 0.9f
#define HALF_WIDTH_SLOW_S 0.010f
#define WAVEFORM_MEMORY 0.25f

static void start(QrsDetector *h, const float *waveform, double peak_s) {
        *h = (QrsDetector) { .beats = 1, .alike = 1, .last_s = peak_s };
        memcpy(h->waveform, waveform, sizeof h->waveform);
}

static bool even(const QrsDetector *h, double period_s) {
        return period_s >= PERIOD_MIN_S && period_s <= PERIOD_MAX_S &&
                (h->beats < 2 || fabs(period_s - h->period_s) <= UNEVENNESS * h->period_s);
}

static bool is_heart(const QrsDetector *h) {
        float half_width_s = discharge_half_width_s(h->waveform);

        if (half_width_s >= HALF_WIDTH_SLOW_S)
                return h->beats >= BEATS_MIN_SLOW || h->alike >= BEATS_MIN_UNEVEN;
        return half_width_s >= QRS_HALF_WIDTH_MIN_S && h->beats >= BEATS_MIN;
}

/* The same again, though not at an even pace. */
static bool go_on(QrsDetector *h, const float *waveform, double peak_s, double period_s, float likeness) {
        bool same = likeness >= THE_SAME && period_s >= PERIOD_MIN_S;
        unsigned alike = same ? h->alike + 1 : 1;
        double mean_s = same && h->alike > 1 ? h->mean_s + (period_s - h->mean_s) / (alike - 1) : period_s;

        start(h, waveform, peak_s);
        h->alike = alike;
        h->period_s = h->mean_s = mean_s;
        return is_heart(h);
}

bool qrs_detect(QrsDetector *h, const float *waveform, double peak_s) {
        double period_s = peak_s - h->last_s;

        if (h->beats == 0 || period_s > 2 * PERIOD_MAX_S) {
                start(h, waveform, peak_s);
                return false;
        }
        float likeness = discharge_similarity(h->waveform, waveform);
        if (likeness < ALIKE)
                return false;           /* a twitch between two beats */
        if (h->beats >= 2 && even(h, period_s / 2)) {   /* one beat was not seen */
                h->last_s = peak_s;
                return is_heart(h);
        }
        if (!even(h, period_s))
                return go_on(h, waveform, peak_s, period_s, likeness);

        h->beats++;
        h->alike++;
        h->mean_s += (period_s - h->mean_s) / (h->alike - 1);
        h->period_s = h->beats == 2 ? period_s : h->period_s + (period_s - h->period_s) / 4;
        h->last_s = peak_s;
        for (unsigned i = 0; i < WAVEFORM_POINTS; i++)
                h->waveform[i] += WAVEFORM_MEMORY * (waveform[i] - h->waveform[i]);
        return is_heart(h);
}
