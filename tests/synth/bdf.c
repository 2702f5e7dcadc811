/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <edflib.h>
#include <math.h>

#include "bdf.h"
#include "util.h"

#define ANNOTATION_SIGNALS_MAX 64       /* EDFlib's */

/* EDFlib stores one annotation a record and annotation signal. Every signal costs 120 bytes a second. */
static int n_annotation_signals(const Synth *s) {
        size_t n;

        synth_twitches(s, &n);
        return (int) MIN((size_t) ANNOTATION_SIGNALS_MAX, 1 + n / synth_config(s)->seconds);
}

static int describe(int handle, const Synth *s) {
        const SynthConfig *c = synth_config(s);
        bool failed = false;

        for (int i = 0; i < (int) c->n_channels; i++) {
                char label[17];

                snprintf(label, sizeof(label), "EMG %d", i + 1);
                failed |= edf_set_samplefrequency(handle, i, (int) c->rate_hz) < 0 ||
                          edf_set_digital_maximum(handle, i, BDF_RANGE_NV) < 0 ||
                          edf_set_digital_minimum(handle, i, -BDF_RANGE_NV) < 0 ||
                          edf_set_physical_maximum(handle, i, BDF_RANGE_NV / 1000) < 0 ||
                          edf_set_physical_minimum(handle, i, -BDF_RANGE_NV / 1000) < 0 ||
                          edf_set_physical_dimension(handle, i, "uV") < 0 ||
                          edf_set_label(handle, i, label) < 0 ||
                          edf_set_transducer(handle, i, "simulated, bipolar, 20 mm") < 0 ||
                          (c->sinc3 && edf_set_prefilter(handle, i, "sinc3, null at the rate") < 0);
        }
        /* The date that stands for "none", so that a seed gives the same file every day. */
        failed |= edf_set_startdatetime(handle, 1985, 1, 1, 0, 0, 0) < 0 ||
                  edf_set_equipment(handle, "twitch-synth") < 0 ||
                  edf_set_number_of_annotation_signals(handle, n_annotation_signals(s)) < 0;
        return failed ? -EIO : 0;
}

/* EDFlib 1.27 deprecates the call with units of 100 us for a finer one, which 1.23 has not. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static int annotate(int handle, const Synth *s, double until_s) {
        size_t n;
        const SynthTwitch *twitches = synth_twitches(s, &n);

        for (const SynthTwitch *t = twitches; t < twitches + n && t->time_s < until_s; t++) {
                char text[64];

                snprintf(text, sizeof(text), "%s %.1f sigma@@EMG %u", synth_twitch_kind(t), t->snr, t->channel + 1);
                if (edfwrite_annotation_utf8(handle, llround(t->time_s * 1e4), -1, text) < 0)
                        return -ENOMEM;
        }
        return 0;
}
#pragma GCC diagnostic pop

static uint64_t clip(int32_t *nv, size_t n) {
        uint64_t clipped = 0;

        for (size_t i = 0; i < n; i++)
                if (nv[i] > BDF_RANGE_NV || nv[i] < -BDF_RANGE_NV) {
                        nv[i] = nv[i] > 0 ? BDF_RANGE_NV : -BDF_RANGE_NV;
                        clipped++;
                }
        return clipped;
}

/* Seconds are records. */
static int write_records(int handle, Synth *s, const volatile sig_atomic_t *stop, unsigned *ret_seconds, uint64_t *ret_clipped) {
        const SynthConfig *c = synth_config(s);
        _cleanup_free_ int32_t *frames = NULL;
        _cleanup_free_ int *column = NULL;
        uint64_t clipped = 0;
        unsigned second;

        frames = malloc(sizeof(*frames) * c->rate_hz * c->n_channels);
        column = malloc(sizeof(*column) * c->rate_hz);
        if (!frames || !column)
                return -ENOMEM;

        for (second = 0; second < c->seconds && !*stop; second++) {
                size_t n = synth_read_nv(s, frames, c->rate_hz);

                clipped += clip(frames, n * c->n_channels);
                for (unsigned i = 0; i < c->n_channels; i++) {
                        for (size_t k = 0; k < n; k++)
                                column[k] = frames[k * c->n_channels + i];
                        errno = 0;
                        if (edfwrite_digital_samples(handle, column) < 0)
                                return errno > 0 ? -errno : -EIO;
                }
        }
        *ret_seconds = second;
        *ret_clipped = clipped;
        return 0;
}

static int open_error(int code) {
        switch (code) {
        case EDFLIB_NO_SUCH_FILE_OR_DIRECTORY:
                return errno > 0 ? -errno : -ENOENT;
        case EDFLIB_MALLOC_ERROR:
                return -ENOMEM;
        default:
                return -EIO;
        }
}

int bdf_write(const char *path, Synth *s, const volatile sig_atomic_t *stop, uint64_t *ret_clipped) {
        unsigned seconds = 0;
        uint64_t clipped = 0;

        errno = 0;
        int handle = edfopen_file_writeonly(path, EDFLIB_FILETYPE_BDFPLUS, (int) synth_config(s)->n_channels);
        if (handle < 0)
                return open_error(handle);

        int r = describe(handle, s);
        if (r >= 0)
                r = write_records(handle, s, stop, &seconds, &clipped);
        if (r >= 0)
                r = annotate(handle, s, seconds);

        /* Annotations and the number of records are written here. */
        errno = 0;
        if (edfclose_file(handle) < 0 && r >= 0)
                r = errno > 0 ? -errno : -EIO;
        if (r < 0)
                return r;
        *ret_clipped = clipped;
        return *stop ? -ECANCELED : 0;
}
