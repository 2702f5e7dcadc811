/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "ads1299.h"
#include "analysis.h"
#include "pick.h"
#include "twins.h"

/* What was found is told when nothing earlier is likely to come any more. */
#define RELEASE_S 60.0
#define RELEASE_EVERY_S 0.5             /* which sorts: a recording may have a gap at each sample */

/*
 * So much of it is looked at twice, for its noise, mains and heart. Of 4, 8, 10, 15 and 30 s, on the labelled
 * recordings of tests/score-recordings.py, 10 had the fewest false alarms and as many twitches as any.
 */
#define LEAD_IN_S 10.0

/* Channels of equal rate and filter, and the detector's buffers. */
typedef struct Group {
        Analysis *analysis;
        double rate_hz;
        bool sinc3;
        unsigned n_channels;
        unsigned channels[DETECT_CHANNELS_MAX];
        double lsb_uv[DETECT_CHANNELS_MAX];
        int32_t code_min[DETECT_CHANNELS_MAX], code_max[DETECT_CHANNELS_MAX];
        Detector *detector;
        uint64_t offset, end; /* frames of the file: the detector begins and ends there */
        size_t block_frames;
        int32_t *one; /* [block_frames] of one channel */
        int32_t *frames; /* [block_frames][n_channels] */
} Group;

static Group *group_free(Group *g) {
        if (!g)
                return NULL;
        if (g->detector)
                detector_free(g->detector);
        free(g->one);
        free(g->frames);
        free(g);
        return NULL;
}
DEFINE_TRIVIAL_CLEANUP_FUNC(Group *, group_free);

Analysis *analysis_free(Analysis *a) {
        if (!a)
                return NULL;
        for (unsigned i = 0; a->channels && i < a->n_channels; i++)
                free(a->channels[i].left_out);
        free(a->channels);
        findings_done(&a->findings);
        minutes_done(&a->minutes);
        file_source_free(a->file);
        free(a);
        return NULL;
}

/* Why a channel cannot be analysed: *ret NULL if it can. */
static int reason_to_leave_out(const FileChannel *c, char **ret) {
        char *s = NULL;
        int k = 0;

        if (c->useless)
                k = asprintf(&s, "%s", c->useless);
        else if (!(c->lsb_uv > 0) || !isfinite(c->lsb_uv))
                k = !c->unit[0] ?
                        asprintf(&s, "without a unit, so not known to be in volts: --unit=uV says so") :
                        strpbrk(c->unit, "vV?") ?
                        asprintf(&s, "in \"%s\", which could mean anything: --unit=uV says what", c->unit) :
                        asprintf(&s, "in \"%s\", not in volts", c->unit);
        else if (c->lsb_uv < DETECT_LSB_UV_MIN || c->lsb_uv > DETECT_LSB_UV_MAX)
                k = asprintf(&s, "a step of its samples would be %g uV, which no converter has", c->lsb_uv);
        else if (c->rate_hz < DETECT_RATE_HZ_MIN)
                k = asprintf(&s, "%g samples/s, and at least 200 are needed", c->rate_hz);
        else if (c->rate_hz > DETECT_RATE_HZ_MAX)
                k = asprintf(&s, "%g samples/s, and at most 16384 are understood", c->rate_hz);
        if (k < 0)
                return -ENOMEM;
        *ret = s;
        return 0;
}

/* Channels of one rate and filter share a detector. */
static unsigned count_groups(const Analysis *a) {
        unsigned n = 0;

        for (unsigned i = 0, k; i < a->n_channels; i++) {
                const AnalysisChannel *c = a->channels + i;

                for (k = 0; k < i; k++)
                        if (!a->channels[k].left_out && a->channels[k].file->rate_hz == c->file->rate_hz &&
                            a->channels[k].sinc3 == c->sinc3)
                                break;
                n += !c->left_out && k == i;
        }
        return n;
}

static int analysis_add_channel(Analysis *a, unsigned i) {
        AnalysisChannel *c = a->channels + i;
        Sinc3Choice sinc3 = a->options.sinc3;

        c->file = file_source_channel(a->file, i);
        c->sinc3 = sinc3 == SINC3_YES || (sinc3 == SINC3_IF_TOLD && c->file->sinc3);
        c->unwanted = !pick_has_channel(a->options.channels, i, c->file->label);
        int r = c->unwanted ? ((c->left_out = strdup("not asked for")) ? 0 : -ENOMEM) :
                              reason_to_leave_out(c->file, &c->left_out);
        if (r < 0)
                return r;
        if (c->file->rate_hz > 0)
                a->duration_s = MAX(a->duration_s, (double) c->file->length / c->file->rate_hz);
        return 0;
}

/* A copy would be taken for a disturbance of both: the same on all channels at the same time. */
static int leave_out_copies(Analysis *a) {
        _cleanup_free_ bool *wanted = calloc(MAX(a->n_channels, 1u), sizeof *wanted);
        _cleanup_free_ unsigned *original = calloc(MAX(a->n_channels, 1u), sizeof *original);

        if (!wanted || !original)
                return -ENOMEM;
        for (unsigned i = 0; i < a->n_channels; i++)
                wanted[i] = !a->channels[i].left_out;
        int r = twins_find(a->file, wanted, original);
        for (unsigned i = 0; r >= 0 && i < a->n_channels; i++) {
                AnalysisChannel *c = a->channels + i;

                if (original[i] != TWINS_NONE &&
                    asprintf(&c->left_out, "the same samples as ch %u", original[i] + 1) < 0) {
                        c->left_out = NULL;
                        return -ENOMEM;
                }
        }
        return r;
}

static void count_channels(Analysis *a) {
        for (unsigned i = 0; i < a->n_channels; i++) {
                const AnalysisChannel *c = a->channels + i;

                a->n_unwanted += c->unwanted;
                a->n_left_out += c->left_out && !c->unwanted;
                if (!c->left_out)
                        a->samples_total += c->file->n_samples;
        }
}

int analysis_new(FileSource *file, const AnalysisOptions *options, Analysis **ret) {
        _cleanup_(analysis_freep) Analysis *a = calloc(1, sizeof *a);

        if (!a)
                return file_source_free(file), -ENOMEM;
        a->file = file;
        a->options = *options;
        a->n_channels = file_source_n_channels(file);
        a->channels = calloc(a->n_channels, sizeof *a->channels);
        if (!a->channels)
                return -ENOMEM;
        for (unsigned i = 0; i < a->n_channels; i++) {
                int r = analysis_add_channel(a, i);
                if (r < 0)
                        return r;
        }
        int r = leave_out_copies(a);
        if (r < 0)
                return r;
        count_channels(a);
        a->n_groups = count_groups(a);
        *ret = TAKE_PTR(a);
        return 0;
}

static void on_event(const DetectEvent *event, void *userdata) {
        Group *g = userdata;
        int r = findings_add_event(&g->analysis->findings, event, g->rate_hz,
                                   (double) g->offset / g->rate_hz, g->channels);

        if (r < 0)
                g->analysis->error = r;
}

static void on_artefact(const DetectArtefact *artefact, void *userdata) {
        Group *g = userdata;
        int r = findings_add_artefact(&g->analysis->findings, artefact, g->rate_hz,
                                      (double) g->offset / g->rate_hz, g->channels);

        if (r < 0)
                g->analysis->error = r;
}

static void on_minute(const DetectMinute *minute, void *userdata) {
        Group *g = userdata;
        int r = minutes_add(&g->analysis->minutes, minute, g->rate_hz, (double) g->offset / g->rate_hz,
                            g->channels);

        if (r < 0)
                g->analysis->error = r;
}

/* The next channels of one rate and filter, at most DETECT_CHANNELS_MAX of them; 0: none left. */
static int group_collect(Analysis *a, Group *g) {
        g->analysis = a;
        for (unsigned i = 0; i < a->n_channels && g->n_channels < DETECT_CHANNELS_MAX; i++) {
                AnalysisChannel *c = a->channels + i;

                if (c->left_out || c->taken ||
                    (g->n_channels > 0 && (c->file->rate_hz != g->rate_hz || c->sinc3 != g->sinc3)))
                        continue;
                c->taken = true;
                g->rate_hz = c->file->rate_hz;
                g->sinc3 = c->sinc3;
                g->lsb_uv[g->n_channels] = c->file->lsb_uv;
                g->code_min[g->n_channels] = c->file->code_min;
                g->code_max[g->n_channels] = c->file->code_max;
                g->channels[g->n_channels++] = i;
        }
        return g->n_channels > 0;
}

/* Codes of the ADS1299 as it gives them: so a recording of it is judged as it was live. */
static bool has_known_limits(const Group *g) {
        for (unsigned c = 0; c < g->n_channels; c++)
                if (!g->analysis->channels[g->channels[c]].file->sinc3 ||
                    g->code_min[c] != ADS1299_CODE_MIN || g->code_max[c] != ADS1299_CODE_MAX)
                        return false;
        return true;
}

static int group_start(Group *g) {
        /* A second at a time: 32 MiB in the worst case */
        g->block_frames = (size_t) ceil(g->rate_hz);
        g->one = calloc(g->block_frames, sizeof *g->one);
        g->frames = calloc(g->block_frames * g->n_channels, sizeof *g->frames);
        if (!g->one || !g->frames)
                return -ENOMEM;

        DetectConfig config = {
                .rate_hz = g->rate_hz,
                .n_channels = g->n_channels,
                .lsb_uv = g->lsb_uv,
                .code_min = g->code_min,
                .code_max = g->code_max,
                .limits_may_be_extremes = !has_known_limits(g),
                .sinc3 = g->sinc3,
                .lead_in = !g->analysis->options.as_live,
                .false_alarms_per_hour = g->analysis->options.false_alarms_per_hour,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .on_minute = on_minute,
                .userdata = g,
        };
        return detector_new(&config, &g->detector);
}

/* Frames read into g->frames, 0 at the end. All channels of a rate have as many samples, at the same
 * positions. */
static ssize_t group_read(Group *g, uint64_t *ret_position) {
        ssize_t n = 0;

        for (unsigned c = 0; c < g->n_channels; c++) {
                n = file_source_read(g->analysis->file, g->channels[c], ret_position, g->one,
                                     g->block_frames);
                if (n < 0)
                        return n;
                for (ssize_t i = 0; i < n; i++)
                        g->frames[(size_t) i * g->n_channels + c] = g->one[i];
        }
        return n;
}

static void group_seek(Group *g) {
        for (unsigned c = 0; c < g->n_channels; c++)
                file_source_seek(g->analysis->file, g->channels[c], g->analysis->options.from_s);
}

static void group_place(Group *g) {
        const AnalysisOptions *o = &g->analysis->options;

        g->offset = (uint64_t) ceil(o->from_s * g->rate_hz - 1e-6);
        g->end = isfinite(o->to_s) ? (uint64_t) ceil(o->to_s * g->rate_hz - 1e-6) : UINT64_MAX;
        if (g->offset > 0)
                group_seek(g);
}

static void on_release(const Finding *f, void *userdata) {
        Analysis *a = userdata;

        if (f->is_event)
                a->channels[f->channels[0]].kinds[f->kind]++;
        a->options.on_finding(f, a->options.userdata);
}

static void release(Analysis *a, double before_s) {
        findings_release(&a->findings, before_s, on_release, a);
        if (a->options.keep)
                findings_forget(&a->findings, a->options.keep, a->options.userdata);
}

/* Frames that the detector was given, 0 at the end; negative errno. */
static ssize_t group_next(Group *g, uint64_t end, uint64_t *ret_position) {
        ssize_t n = group_read(g, ret_position);

        if (n <= 0 || *ret_position >= end)
                return n < 0 ? n : 0;
        if ((uint64_t) n > end - *ret_position)
                n = (ssize_t) (end - *ret_position);
        detector_gap(g->detector, *ret_position - g->offset - detector_position(g->detector));
        detector_push(g->detector, g->frames, NULL, (size_t) n);
        return n;
}

/* The first of it is looked at twice, so that what can only be learned from it is known when it begins. */
static int group_lead_in(Group *g) {
        uint64_t end = MIN(g->end, g->offset + (uint64_t) ceil(LEAD_IN_S * g->rate_hz)), position;
        ssize_t n;

        if (g->analysis->options.as_live)
                return 0;
        while ((n = group_next(g, end, &position)) > 0)
                ;
        detector_begin(g->detector);
        group_seek(g);
        return (int) n;
}

/* 1: go on; 0: this was the end */
static int group_push(Group *g) {
        Analysis *a = g->analysis;
        uint64_t position;
        ssize_t n = group_next(g, g->end, &position);

        if (n <= 0)
                return (int) n;
        if (a->error < 0)
                return a->error;
        a->reached_s = MAX(a->reached_s, (double) (position + (uint64_t) n) / g->rate_hz);
        a->samples_done += (uint64_t) n * g->n_channels;
        progress_update(&a->progress, (double) a->samples_done / (double) a->samples_total);
        if (a->n_groups == 1 && a->reached_s >= a->released_s + RELEASE_EVERY_S) {
                release(a, a->reached_s - RELEASE_S);
                a->released_s = a->reached_s;
        }
        a->stopped = a->options.stop && *a->options.stop;
        return !a->stopped;
}

static int group_run(Group *g) {
        Analysis *a = g->analysis;
        int r;

        group_place(g);
        r = group_lead_in(g);
        while (r >= 0 && (r = group_push(g)) > 0)
                ;
        if (r < 0)
                return r;
        detector_finish(g->detector);

        for (unsigned c = 0; c < g->n_channels; c++) {
                r = detector_get_channel_stats(g->detector, c, &a->channels[g->channels[c]].stats);
                if (r < 0)
                        return r;
        }
        return a->error;
}

/* 1: a group was analysed, 0: there is none left. */
static int run_next_group(Analysis *a) {
        _cleanup_(group_freep) Group *g = calloc(1, sizeof *g);
        int r;

        if (!g)
                return -ENOMEM;
        if (!group_collect(a, g))
                return 0;
        if ((r = group_start(g)) < 0 || (r = group_run(g)) < 0)
                return r;
        return 1;
}

int analysis_run(Analysis *a) {
        int r;

        progress_start(&a->progress);
        do
                r = run_next_group(a);
        while (r > 0 && !a->stopped);
        progress_finish(&a->progress);
        if (r < 0)
                return r;
        release(a, INFINITY);
        minutes_sort(&a->minutes);
        return 0;
}

static bool same_reason(const Analysis *a, unsigned i, unsigned j) {
        return a->channels[i].left_out && a->channels[j].left_out && !a->channels[i].unwanted &&
                !a->channels[j].unwanted && streq(a->channels[i].left_out, a->channels[j].left_out);
}

/* "ch 1-4, 8 (reason)" for all that share the reason of channel i */
static void describe_reason(FILE *f, const Analysis *a, unsigned i) {
        fputs("ch ", f);
        for (unsigned j = i, last; j < a->n_channels; j = last + 1) {
                last = j;
                if (!same_reason(a, i, j))
                        continue;
                while (last + 1 < a->n_channels && same_reason(a, i, last + 1))
                        last++;
                fprintf(f, "%s%u", j > i ? ", " : "", j + 1);
                if (last > j)
                        fprintf(f, "-%u", last + 1);
        }
        fprintf(f, " (%s)", a->channels[i].left_out);
}

char *analysis_describe_left_out(const Analysis *a) {
        char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (unsigned i = 0; i < a->n_channels; i++) {
                unsigned first = 0;

                if (!a->channels[i].left_out || a->channels[i].unwanted)
                        continue;
                while (!same_reason(a, first, i))
                        first++;
                if (first < i)
                        continue;
                if (ftello(f) > 0)
                        fputs(", ", f);
                describe_reason(f, a, i);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
