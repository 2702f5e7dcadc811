/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector on real recordings, with the labels beside them (TWITCH_DATA, by default
 * ../shared/data). None of them is part of this repository: without them the test says so
 * and passes. tests/score-recordings.py scores by the full rules; here are floors under
 * what is reached, so that a change that loses it is noticed.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/detect/detect.h"
#include "daemon/source/file.h"
#include "suite.h"

#define CHANNELS_MAX 16
#define EVENTS_MAX 4096
#define LABELS_MAX 1024
#define BLOCK 1024

static char folder[4096];

typedef struct Label {
        double time_s, from_s, to_s, tolerance_s, snr;
        int channel;                    /* -1: all */
        char expect[8];
} Label;

typedef struct Found {
        DetectEvent events[EVENTS_MAX];
        size_t n;
        double rate_hz;
} Found;

static bool is_twitch(const DetectEvent *e) {
        return e->kind == EVENT_FASCICULATION || e->kind == EVENT_DOUBLET || e->kind == EVENT_MULTIPLET;
}

static void on_event(const DetectEvent *event, void *userdata) {
        Found *f = userdata;

        ck_assert(isfinite(event->peak) && isfinite(event->amplitude_uv) && isfinite(event->snr));
        if (!is_twitch(event))
                return;
        ck_assert_uint_lt(f->n, EVENTS_MAX);
        f->events[f->n++] = *event;
}

static double time_s(const Found *f, const DetectEvent *e) {
        return e->peak / f->rate_hz;
}

static void detect(const char *name, Found *ret) {
        char path[sizeof folder + 64], *error = NULL;
        FileSource *file = NULL;
        double lsb_uv[CHANNELS_MAX];
        int32_t low[CHANNELS_MAX], high[CHANNELS_MAX], one[BLOCK], frames[BLOCK * CHANNELS_MAX];

        snprintf(path, sizeof path, "%s/%s.bdf", folder, name);
        ck_assert_msg(file_source_open(path, NULL, &file, &error) == 0, "%s", error);
        unsigned n = file_source_n_channels(file);
        ck_assert_uint_le(n, CHANNELS_MAX);
        for (unsigned c = 0; c < n; c++) {
                const FileChannel *channel = file_source_channel(file, c);
                lsb_uv[c] = channel->lsb_uv;
                low[c] = channel->code_min;
                high[c] = channel->code_max;
        }
        *ret = (Found) { .rate_hz = file_source_channel(file, 0)->rate_hz };
        DetectConfig config = {
                .rate_hz = ret->rate_hz, .n_channels = n, .lsb_uv = lsb_uv, .code_min = low, .code_max = high,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT, .on_event = on_event, .userdata = ret,
        };
        Detector *d = NULL;
        ck_assert_int_eq(detector_new(&config, &d), 0);

        for (;;) {
                uint64_t position = 0;
                ssize_t got = 0;
                for (unsigned c = 0; c < n; c++) {
                        got = file_source_read(file, c, &position, one, BLOCK);
                        ck_assert(got >= 0);
                        for (ssize_t i = 0; i < got; i++)
                                frames[(size_t) i * n + c] = one[i];
                }
                if (got == 0)
                        break;
                ck_assert_uint_eq(position, detector_position(d));       /* none has gaps */
                detector_push(d, frames, NULL, (size_t) got);
        }
        detector_finish(d);
        detector_free(d);
        file_source_free(file);
}

/* time,from,to,channel,class,expect,tol_ms,pp_uv,pp_raw_uv,snr,duration_ms,source */
static size_t read_labels(const char *name, Label *ret) {
        char path[sizeof folder + 64], line[512];
        size_t n = 0;

        snprintf(path, sizeof path, "%s/%s.csv", folder, name);
        FILE *f = fopen(path, "re");
        ck_assert_msg(f, "%s: %s", path, strerror(errno));
        ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
        while (fgets(line, sizeof line, f)) {
                char *fields[10], *rest = line;
                for (size_t i = 0; i < 10; i++) {
                        fields[i] = strsep(&rest, ",");
                        ck_assert_ptr_nonnull(fields[i]);
                }
                ck_assert_uint_lt(n, LABELS_MAX);
                Label *l = ret + n++;
                *l = (Label) {
                        .time_s = atof(fields[0]), .from_s = atof(fields[1]), .to_s = atof(fields[2]),
                        .channel = *fields[3] ? atoi(fields[3]) : -1,
                        .tolerance_s = atof(fields[6]) / 1000, .snr = atof(fields[9]),
                };
                snprintf(l->expect, sizeof l->expect, "%s", fields[5]);
        }
        fclose(f);
        return n;
}

/* Injected twitches, by size: peak to peak in standard deviations of the noise. */
START_TEST(injected) {
        static const char *const names[] = {
                "inject/head_a", "inject/head_b", "inject/face_a", "inject/face_b", "inject/hand_a",
                "inject/hand_b", "inject/hand_short", "inject/arm_a", "inject/arm_b", "inject/arm_short",
        };
        static const struct { double from, to, at_least; } bins[] = {
                { 5, 8, 0.10 }, { 8, 12, 0.60 }, { 12, 20, 0.94 }, { 20, 100, 0.97 },
        };
        unsigned found[4] = { 0 }, all[4] = { 0 };
        Found *f = malloc(sizeof *f);

        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
                Label labels[LABELS_MAX];
                bool used[EVENTS_MAX] = { false };
                size_t n = read_labels(names[k], labels);

                detect(names[k], f);
                for (size_t i = 0; i < n; i++) {
                        size_t bin = 0, best = EVENTS_MAX;
                        if (!streq(labels[i].expect, "must"))
                                continue;
                        while (bin < 3 && labels[i].snr >= bins[bin].to)
                                bin++;
                        for (size_t e = 0; e < f->n; e++) {
                                double error = fabs(time_s(f, f->events + e) - labels[i].time_s);
                                if (!used[e] && (int) f->events[e].channels[0] == labels[i].channel &&
                                    error <= labels[i].tolerance_s &&
                                    (best == EVENTS_MAX ||
                                     error < fabs(time_s(f, f->events + best) - labels[i].time_s)))
                                        best = e;
                        }
                        all[bin]++;
                        if (best < EVENTS_MAX) {
                                found[bin]++;
                                used[best] = true;
                        }
                }
        }
        for (size_t bin = 0; bin < 4; bin++) {
                printf("injected twitches of %g to %g sigma: %u of %u found\n", bins[bin].from, bins[bin].to,
                       found[bin], all[bin]);
                ck_assert_uint_gt(all[bin], 0);
                ck_assert(found[bin] >= bins[bin].at_least * all[bin]);
        }
        free(f);
}
END_TEST

/* Where nothing twitches: twitches reported, at most so many. Contractions, speech, blinks, hum, rails. */
START_TEST(nothing_twitches) {
        static const struct { const char *name; size_t at_most; } files[] = {
                { "ads1299/mains50_sd", 3 }, { "ads1299/mains60_1", 1 }, { "ads1299/mains60_2", 1 },
                { "ads1299/saturation", 0 }, { "ads1299/head_blink_clench", 4 }, { "ads1299/speech", 36 },
                { "ads1299/speech_2", 14 }, { "ads1299/subvocal", 60 }, { "emg/biceps_fatigue", 1 },
                { "emg/biceps_bursts", 1 }, { "emg/arm_bursts", 4 }, { "emg/ecg", 2 },
        };
        Found *f = malloc(sizeof *f);

        for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
                detect(files[k].name, f);
                printf("%s: %zu twitches reported, at most %zu\n", files[k].name, f->n, files[k].at_most);
                ck_assert_uint_le(f->n, files[k].at_most);
        }
        free(f);
}
END_TEST

/* Trains of a unit under will, 8 to 12 a second: what of them is called a twitch. */
START_TEST(unit_trains) {
        Label labels[LABELS_MAX];
        Found *f = malloc(sizeof *f);
        size_t n = read_labels("emg/hand_twitches", labels), in_trains = 0, potentials = 0, isolated = 0;

        detect("emg/hand_twitches", f);
        for (size_t i = 0; i < n; i++) {
                bool alone = streq(labels[i].expect, "may") && labels[i].to_s - labels[i].from_s < 0.02;

                potentials += streq(labels[i].expect, "not") && labels[i].to_s - labels[i].from_s < 0.02;
                for (size_t e = 0; e < f->n; e++) {
                        double t = time_s(f, f->events + e);
                        in_trains += streq(labels[i].expect, "not") && labels[i].to_s - labels[i].from_s > 0.02 &&
                                t >= labels[i].from_s && t <= labels[i].to_s;
                        isolated += alone && fabs(t - labels[i].time_s) <= labels[i].tolerance_s;
                }
        }
        printf("unit trains: %zu of about %zu potentials reported as twitches; %zu of 3 isolated ones\n", in_trains,
               potentials, isolated);
        ck_assert_uint_ge(isolated, 1);         /* one comes 0.3 s after a movement, one is at the floor */
        ck_assert(in_trains <= 0.06 * (double) potentials);
        free(f);
}
END_TEST

int main(void) {
        const char *data = getenv("TWITCH_DATA");
        char probe[sizeof folder + 64];

        setvbuf(stdout, NULL, _IOLBF, 0);       /* what is printed before a failed check counts */
        snprintf(folder, sizeof folder, "%s", data ? data : "../shared/data");
        snprintf(probe, sizeof probe, "%s/inject/head_a.bdf", folder);
        if (access(probe, R_OK) < 0) {
                printf("skipped: no recordings in %s (TWITCH_DATA)\n", folder);
                return EXIT_SUCCESS;
        }

        Suite *s = suite_create("detect-recordings");
        TCase *t = tcase_create("recordings");

        tcase_set_timeout(t, 300);
        tcase_add_test(t, injected);
        tcase_add_test(t, nothing_twitches);
        tcase_add_test(t, unit_trains);
        suite_add_tcase(s, t);
        return suite_done(s);
}
