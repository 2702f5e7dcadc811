/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "daemon/detect/detect.h"
#include "scene.h"
#include "subject.h"

struct Subject {
        Detector *detector;
        double rate_hz;
        unsigned n_channels;
        uint64_t pushed;                /* frames, with the one under way */
        FILE *events, *minutes;
};

static void print_head(const Subject *s, double peak, double onset, double end, const char *kind,
                       const unsigned *channels, size_t n_channels) {
        fprintf(s->events, "twitchd,%.6f,%.6f,%.6f,%.6f,%s,", peak / s->rate_hz, onset / s->rate_hz, end / s->rate_hz,
                (double) s->pushed / s->rate_hz, kind);
        for (size_t i = 0; i < n_channels; i++)
                fprintf(s->events, "%s%u", i > 0 ? " " : "", channels[i]);
}

/* A line of its own, with the id of its answer. */
static void on_notice(const DetectNotice *n, void *userdata) {
        const Subject *s = userdata;

        print_head(s, n->peak, n->peak, n->peak, "notice", n->channels, n->n_channels);
        fprintf(s->events, ",%.4f,%.4f,1,%" PRIu64 ",\n", n->amplitude_uv, n->snr, n->id);
}

static void print_ids(const Subject *s, uint64_t id, const uint64_t *merged, size_t n_merged) {
        fprintf(s->events, ",%" PRIu64 ",", id);
        for (size_t i = 0; i < n_merged; i++)
                fprintf(s->events, "%s%" PRIu64, i > 0 ? " " : "", merged[i]);
        fputc('\n', s->events);
}

static void on_event(const DetectEvent *e, void *userdata) {
        const Subject *s = userdata;

        print_head(s, e->peak, e->onset, e->end, event_kind_to_string(e->kind), e->channels, e->n_channels);
        fprintf(s->events, ",%.4f,%.4f,%u", e->amplitude_uv, e->snr, e->discharges);
        print_ids(s, e->id, e->merged, e->n_merged);
}

/* Artefacts are in the same list; their names differ from those of events. */
static void on_artefact(const DetectArtefact *a, void *userdata) {
        const Subject *s = userdata;

        print_head(s, a->from, a->from, a->to, artefact_cause_to_string(a->cause), a->channels, a->n_channels);
        fprintf(s->events, ",0,0,0");
        print_ids(s, a->id, a->merged, a->n_merged);
}

static void on_minute(const DetectMinute *m, void *userdata) {
        const Subject *s = userdata;

        fprintf(s->minutes, "%u,%.4f,%.4f,%.4f,%u,%d\n", m->channel, m->from / s->rate_hz, m->to / s->rate_hz, m->exposure_s,
                m->twitches, m->voluntary);
}

Subject* subject_free(Subject *s) {
        if (!s)
                return NULL;
        detector_free(s->detector);
        free(s);
        return NULL;
}

int subject_new(unsigned rate_hz, unsigned n_channels, double false_alarms_per_hour, bool sinc3, FILE *events,
                FILE *minutes, Subject **ret) {
        double lsb_uv[SCENE_CHANNELS_MAX];
        int32_t code_min[SCENE_CHANNELS_MAX], code_max[SCENE_CHANNELS_MAX];
        _cleanup_(subject_freep) Subject *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        *s = (Subject) { .rate_hz = rate_hz, .n_channels = n_channels, .events = events, .minutes = minutes };
        for (unsigned i = 0; i < n_channels; i++) {
                lsb_uv[i] = SCENE_LSB_UV;
                code_min[i] = -SCENE_CODE_MAX - 1;
                code_max[i] = SCENE_CODE_MAX;
        }

        int r = detector_new(&(DetectConfig) {
                .rate_hz = rate_hz,
                .n_channels = n_channels,
                .lsb_uv = lsb_uv,
                .code_min = code_min,
                .code_max = code_max,
                .false_alarms_per_hour = false_alarms_per_hour,
                .sinc3 = sinc3,
                .on_notice = on_notice,
                .on_event = on_event,
                .on_artefact = on_artefact,
                .on_minute = minutes ? on_minute : NULL,
                .userdata = s,
        }, &s->detector);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

void subject_push(Subject *s, const int32_t *codes, const uint8_t *flags, size_t n_frames) {
        for (size_t i = 0; i < n_frames; i++) {
                s->pushed++;
                detector_push(s->detector, codes + i * s->n_channels, flags + i * s->n_channels, 1);
        }
}

void subject_push_block(Subject *s, const int32_t *codes, size_t n_frames) {
        s->pushed += n_frames;
        detector_push(s->detector, codes, NULL, n_frames);
}

void subject_finish(Subject *s) {
        detector_finish(s->detector);
}

double subject_exposure_s(const Subject *s) {
        double sum = 0;

        for (unsigned i = 0; i < s->n_channels; i++) {
                DetectChannelStats stats;

                if (detector_get_channel_stats(s->detector, i, &stats) >= 0)
                        sum += stats.exposure_s;
        }
        return sum / s->n_channels;
}
