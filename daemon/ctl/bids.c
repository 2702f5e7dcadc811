/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bids.h"
#include "json.h"

#define UNKNOWN "n/a"

static void describe(Json *j, const char *column, const char *text, const char *units) {
        json_begin(j, column);
        json_put_string(j, "Description", text);
        if (units)
                json_put_string(j, "Units", units);
        json_end(j);
}

void bids_describe_events(FILE *f) {
        Json j = { .f = f };

        json_begin(&j, NULL);
        describe(&j, "trial_type",
                 "Kind of event, or cause of an artefact, as twitchctl " TWITCHD_VERSION
                 " found it; not a diagnosis.",
                 NULL);
        describe(&j, "channel", "Channel in which the event is strongest.", NULL);
        describe(&j, "peak_time", "Time of the largest peak of the first discharge.", "s");
        describe(&j, "amplitude_uv", "Peak to peak, 20-450 Hz.", "uV");
        describe(&j, "snr", "Detection statistic in standard deviations of the noise.", NULL);
        json_end(&j);
        json_line(&j);
}

void bids_describe_recording(FILE *f, const BidsRecording *r) {
        Json j = { .f = f };

        json_begin(&j, NULL);
        json_put_string(&j, "TaskName", r->task);
        if (r->instructions)
                json_put_string(&j, "Instructions", r->instructions);
        json_put_string(&j, "EMGPlacementScheme", "Other");
        json_put_string(&j, "EMGPlacementSchemeDescription", r->placement ? r->placement : UNKNOWN);
        json_put_string(&j, "EMGReference", UNKNOWN);
        json_put_double(&j, "SamplingFrequency", r->rate_hz, 6);
        json_put_string(&j, "PowerLineFrequency", UNKNOWN);
        json_put_string(&j, "SoftwareFilters", UNKNOWN);
        json_put_unsigned(&j, "EMGChannelCount", r->n_channels);
        json_put_double(&j, "RecordingDuration", r->duration_s, 6);
        json_put_string(&j, "RecordingType", r->continuous ? "continuous" : "discontinuous");
        json_end(&j);
        json_line(&j);
}
