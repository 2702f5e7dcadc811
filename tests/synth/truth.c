/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truth.h"
#include "util.h"

int truth_write(const char *path, const Synth *s, double until_s) {
        _cleanup_fclose_ FILE *f = NULL;
        size_t n;
        const SynthTwitch *twitches = synth_twitches(s, &n);

        f = fopen(path, "we");
        if (!f)
                return -errno;

        fputs("time_s,channel,amplitude_uv,snr,kind,discharges,unit\n", f);
        for (const SynthTwitch *t = twitches; t < twitches + n && t->time_s < until_s; t++)
                fprintf(f, "%.6f,%u,%.3f,%.3f,%s,%u,%u\n", t->time_s, t->channel, t->amplitude_uv, t->snr,
                        synth_twitch_kind(t), t->n_discharges, t->unit);

        errno = 0;
        if (fflush(f) != 0 || ferror(f))
                return errno > 0 ? -errno : -EIO;
        return 0;
}
