/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-output.h"
#include "json.h"
#include "source/edf-start.h"

static Json out(void) {
        return (Json){ .f = stdout };
}

/* A time of the file as local time of wherever it was recorded */
static void put_clock(const AnalyzeOutput *o, Json *j, const char *key, double time_s) {
        const StartTime *start = file_source_start(o->a->file);
        char text[40];

        if (start->known)
                json_put_string(j, key, start_time_format(start, time_s, 3, text));
}

static void put_channels(Json *j, const Finding *f) {
        json_begin_array(j, "channels");
        for (size_t i = 0; i < f->n_channels; i++)
                json_put_unsigned(j, NULL, f->channels[i]);
        json_end(j);
}

static void put_event(const AnalyzeOutput *o, Json *j, const Finding *f) {
        json_put_unsigned(j, "id", f->id);
        json_put_string(j, "kind", f->word);
        put_channels(j, f);
        json_put_double(j, "time", f->time_s, 4);
        put_clock(o, j, "clock", f->time_s);
        json_put_double(j, "onset", f->from_s, 4);
        json_put_double(j, "end", f->to_s, 4);
        json_put_double(j, "duration_ms", (f->to_s - f->from_s) * 1e3, 1);
        json_put_double(j, "amplitude_uv", f->amplitude_uv, 2);
        json_put_double(j, "snr", f->snr, 1);
        if (analyze_counts_discharges(f))
                json_put_unsigned(j, "discharges", f->discharges);
        if (f->unit > 0)
                json_put_unsigned(j, "unit", f->unit);
        if (f->n_channels > 1)
                json_lags(j, f->lags_ms, f->n_channels);
}

void analyze_json_finding(const AnalyzeOutput *o, const Finding *f) {
        Json j = out();

        json_begin(&j, NULL);
        json_put_string(&j, "type", f->is_event ? "event" : "artefact");
        if (f->is_event)
                put_event(o, &j, f);
        else {
                json_put_string(&j, "cause", f->word);
                put_channels(&j, f);
                json_put_double(&j, "from", f->from_s, 4);
                json_put_double(&j, "to", f->to_s, 4);
        }
        json_end(&j);
        json_line(&j);
}

static void put_warning(const char *text) {
        Json j = out();

        json_begin(&j, NULL);
        json_put_string(&j, "type", "warning");
        json_put_string(&j, "text", text);
        json_end(&j);
        json_line(&j);
}

void analyze_json_begin(const AnalyzeOutput *o) {
        const Analysis *a = o->a;
        const Notes *notes = file_source_notes(a->file);
        Json j = out();

        json_begin(&j, NULL);
        json_put_string(&j, "type", "recording");
        json_put_string(&j, "file", o->path);
        json_put_string(&j, "format", file_source_format(a->file));
        put_clock(o, &j, "start", 0);
        json_put_double(&j, "duration_s", a->duration_s, 4);
        json_put_string(&j, "tool", "twitchctl " TWITCHD_VERSION);
        json_put_double(&j, "false_alarms_per_hour", a->options.false_alarms_per_hour, 6);
        json_begin_array(&j, "channels");
        for (unsigned i = 0; i < a->n_channels; i++) {
                const FileChannel *c = a->channels[i].file;

                json_begin(&j, NULL);
                json_put_unsigned(&j, "channel", i);
                json_put_string(&j, "label", c->label);
                json_put_string(&j, "unit", c->unit);
                json_put_double(&j, "rate_hz", c->rate_hz, 6);
                json_put_double(&j, "lsb_uv", c->lsb_uv, 9);
                json_put_bool(&j, "analysed", !a->channels[i].left_out);
                json_end(&j);
        }
        json_end(&j);
        json_end(&j);
        json_line(&j);
        for (size_t i = 0; i < notes->n; i++)
                put_warning(notes->lines[i]);
        if (a->n_left_out > 0) {
                _cleanup_free_ char *text = analysis_describe_left_out(a), *line = NULL;
                if (text && asprintf(&line, "left out: %s", text) >= 0)
                        put_warning(line);
        }
}

static void put_rate(Json *j, const AnalysisChannel *c) {
        AnalyzeRate rate = analyze_rate(c);

        json_begin(j, "rate_per_min");
        json_put_double(j, "value", rate.per_min, 3);
        json_put_double(j, "low", rate.low_per_min, 3);
        json_put_double(j, "high", rate.high_per_min, 3);
        if (isnan(rate.per_min))
                json_put_string(j, "reason", c->left_out ? "left out" : "less than 2 minutes of rest");
        json_end(j);
}

static void put_excluded(const Analysis *a, Json *j, unsigned channel) {
        double excluded_s[_EXCLUSION_MAX];

        analyze_excluded(a, channel, excluded_s);
        json_begin(j, "excluded_s");
        for (unsigned k = 0; k < _EXCLUSION_MAX; k++)
                if (excluded_s[k] >= 0.0005) /* below, it would be printed as none */
                        json_put_double(j, exclusion_to_string((Exclusion) k), excluded_s[k], 3);
        json_end(j);
}

static void put_kinds(const AnalysisChannel *c, Json *j) {
        json_begin(j, "kinds");
        for (unsigned k = 0; k < _EVENT_KIND_MAX; k++)
                if (c->kinds[k] > 0)
                        json_put_unsigned(j, event_kind_to_string((EventKind) k), c->kinds[k]);
        json_end(j);
}

/* A channel that was left out has a line too, so that nobody takes it for a quiet one. */
static void put_summary(const Analysis *a, unsigned index) {
        const AnalysisChannel *c = a->channels + index;
        Json j = out();

        json_begin(&j, NULL);
        json_put_string(&j, "type", "summary");
        json_put_unsigned(&j, "channel", index);
        json_put_string(&j, "label", c->file->label);
        json_put_double(&j, "exposure_s", c->left_out ? 0 : c->stats.exposure_s, 1);
        json_put_double(&j, "noise_uv", c->left_out ? NAN : c->stats.noise_uv, 2);
        json_put_double(&j, "floor_uv", c->left_out ? NAN : c->stats.floor_uv, 2);
        json_put_unsigned(&j, "events", c->left_out ? 0 : c->stats.events);
        put_kinds(c, &j);
        json_put_double(&j, "rest_s", c->left_out ? 0 : c->stats.rest_s, 1);
        json_put_unsigned(&j, "rest_twitches", c->left_out ? 0 : c->stats.rest_twitches);
        put_rate(&j, c);
        json_put_unsigned(&j, "minutes", c->left_out ? 0 : c->stats.minutes);
        json_put_unsigned(&j, "voluntary_minutes", c->left_out ? 0 : c->stats.voluntary_minutes);
        put_excluded(a, &j, index);
        if (c->left_out)
                json_put_string(&j, "left_out", c->left_out);
        if (a->stopped)
                json_put_double(&j, "stopped_at", a->reached_s, 1);
        json_end(&j);
        json_line(&j);
}

static void put_annotation(const AnalyzeOutput *o, const Annotation *n) {
        Json j = out();

        json_begin(&j, NULL);
        json_put_string(&j, "type", "annotation");
        json_put_double(&j, "time", n->time_s, 4);
        put_clock(o, &j, "clock", n->time_s);
        if (!isnan(n->duration_s))
                json_put_double(&j, "duration_s", n->duration_s, 4);
        json_put_string(&j, "text", n->text);
        json_begin_array(&j, "near");
        for (size_t i = 0; i < o->a->findings.n; i++) {
                const Finding *f = o->a->findings.items + i;
                if (f->is_event && fabs(f->time_s - n->time_s) <= ANALYZE_NEAR_S)
                        json_put_unsigned(&j, NULL, f->id);
        }
        json_end(&j);
        json_end(&j);
        json_line(&j);
}

void analyze_json_end(const AnalyzeOutput *o) {
        Json j = out();

        if (o->minutes)
                minutes_print_json(&o->a->minutes, &j);
        for (size_t i = 0; i < o->annotations.n; i++)
                put_annotation(o, o->annotations.items + i);
        for (unsigned i = 0; i < o->a->n_channels; i++)
                if (!o->a->channels[i].unwanted)
                        put_summary(o->a, i);
}
