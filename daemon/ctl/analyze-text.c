/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-output.h"
#include "ctl.h"
#include "source/edf-start.h"
#include "table.h"
#include "text.h"

#define LABEL_WIDTH 16
#define TEXT_COLUMNS 80
#define LIST "%14s  %-3s %-*s  %-18s %9s %12s\n"

/* Cut to a width, in characters */
static void print_label(const char *label, int width) {
        const char *end = label;

        for (int n = 0; *end && (n < width || ((unsigned char) *end & 0xc0) == 0x80); end++)
                n += ((unsigned char) *end & 0xc0) != 0x80;
        _cleanup_free_ char *cut = strndup(label, (size_t) (end - label));
        if (cut)
                text_print(stdout, cut, width);
}

void analyze_text_begin(const AnalyzeOutput *o) {
        const StartTime *start = file_source_start(o->a->file);
        char duration[40], clock[40];

        text_print(stdout, o->path, 0);
        printf(": %s, %s", file_source_format(o->a->file), text_duration(o->a->duration_s, 0, duration));
        if (start->known)
                printf(", from %s (local time of the recorder)", start_time_format(start, 0, 0, clock));
        printf("\n\n");
}

void analyze_text_finding(AnalyzeOutput *o, const Finding *f) {
        bool all = f->n_channels > 1 && f->n_channels == o->a->n_channels;
        char time[40], number[16], more[24] = "";

        if (!o->titled)
                printf(LIST, "time", "ch", LABEL_WIDTH, "label", "what", "size", "duration");
        o->titled = true;
        snprintf(number, sizeof number, "%u", f->n_channels ? f->channels[0] + 1 : 0);
        printf("%14s  %-3s ", text_duration(f->time_s, 3, time), all ? "all" : number);
        if (f->n_channels > 1 && !all)
                snprintf(more, sizeof more, " +%zu", f->n_channels - 1);
        if (f->n_channels > 0 && !all)
                print_label(o->a->channels[f->channels[0]].file->label, LABEL_WIDTH - (int) strlen(more));
        else
                text_print(stdout, "", LABEL_WIDTH);
        if (f->is_event)
                printf("%s  %-18s %6.1f uV %9.1f ms\n", more, f->word, f->amplitude_uv,
                       (f->to_s - f->from_s) * 1e3);
        else
                printf("%s  %-18s %9s %10.3f s\n", more, f->word, "", f->to_s - f->from_s);
}

/* "contraction 8.5 s, motion 0.5 s", the most first */
static void print_excluded(FILE *f, const double *excluded_s /* [_EXCLUSION_MAX] */) {
        bool printed[_EXCLUSION_MAX] = { false };

        for (unsigned n = 0; n < _EXCLUSION_MAX; n++) {
                unsigned most = 0;
                for (unsigned i = 1; i < _EXCLUSION_MAX; i++)
                        if (!printed[i] && (printed[most] || excluded_s[i] > excluded_s[most]))
                                most = i;
                if (excluded_s[most] < 0.05)
                        return;
                printed[most] = true;
                fprintf(f, "%s%s %.1f s", n > 0 ? ", " : "", exclusion_to_string((Exclusion) most),
                        excluded_s[most]);
        }
}

static void print_minutes(const Analysis *a) {
        printf("%10s %3s %6s %8s %8s %6s %8s  %s\n", "from", "ch", "used s", "noise uV", "floor uV",
               "events", "twitches", "not counted");
        for (size_t i = 0; i < a->minutes.n; i++) {
                const Minute *m = a->minutes.items + i;
                char from[40], noise[64], floor_uv[64];

                printf("%10s %3u %6.1f %8s %8s %6u %8u  %s", text_duration(m->from_s, 0, from),
                       m->channel + 1, m->found.exposure_s, text_number(m->found.noise_uv, 2, "", noise),
                       text_number(m->found.floor_uv, 1, "", floor_uv), m->found.events, m->found.twitches,
                       m->found.voluntary ? "voluntary: " : "");
                print_excluded(stdout, m->found.excluded_s);
                putchar('\n');
        }
        putchar('\n');
}

static int print_channels(const Analysis *a) {
        static const TableColumn columns[] = {
                { "ch", TABLE_RIGHT },       { "label", TABLE_TRUNCATE }, { "at rest", TABLE_RIGHT },
                { "twitches", TABLE_RIGHT }, { "per min", TABLE_RIGHT },  { "95 %", 0 },
                { "floor uV", TABLE_RIGHT }, { "noise uV", TABLE_RIGHT }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);

        for (unsigned i = 0; i < a->n_channels; i++) {
                const AnalysisChannel *c = a->channels + i;
                char rest[40], noise[64], floor_uv[64];
                AnalyzeRate rate = analyze_rate(c);

                if (c->left_out)
                        continue;
                table_add_row(t);
                table_set(t, 0, "%u", i + 1);
                table_set(t, 1, "%s", c->file->label);
                table_set(t, 2, "%s", text_duration(c->stats.rest_s, 0, rest));
                table_set(t, 3, "%llu", (unsigned long long) c->stats.rest_twitches);
                if (isnan(rate.per_min)) {
                        table_set(t, 4, "-");
                        table_set(t, 5, "rest < 2 min");
                } else {
                        table_set(t, 4, "%.2f", rate.per_min);
                        table_set(t, 5, "%.2f-%.2f", rate.low_per_min, rate.high_per_min);
                }
                table_set(t, 6, "%s", text_number(c->stats.floor_uv, 1, "", floor_uv));
                table_set(t, 7, "%s", text_number(c->stats.noise_uv, 2, "", noise));
        }
        return table_print(t, stdout);
}

/* Of one channel what does not fit the table: kinds, what was not counted, and why there are events and no
 * twitches. */
static int print_more(const Analysis *a, unsigned index) {
        const AnalysisChannel *c = a->channels + index;
        unsigned n = 0;
        double excluded_s[_EXCLUSION_MAX];
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        analyze_excluded(a, index, excluded_s);
        fprintf(f, "ch %u: %llu events", index + 1, (unsigned long long) c->stats.events);
        for (unsigned k = 0; k < _EVENT_KIND_MAX; k++)
                if (c->kinds[k] > 0)
                        fprintf(f, "%s%u %s", n++ ? ", " : ": ", c->kinds[k],
                                event_kind_to_string((EventKind) k));
        fprintf(f, ". Not counted: ");
        print_excluded(f, excluded_s);
        fprintf(f, ". ");
        if (c->stats.voluntary_minutes > 0)
                fprintf(f,
                        "The muscle was used in %u of %u minutes: what happened in them is no twitch at "
                        "rest, and their time no rest.",
                        c->stats.voluntary_minutes, c->stats.minutes);
        if (fclose(f) != 0)
                return -ENOMEM;
        text_wrap(stdout, text, 2, TEXT_COLUMNS);
        return 0;
}

/* The nearest event, and how many more there are nearby */
static void print_near(const Findings *found, double time_s) {
        const Finding *nearest = NULL;
        unsigned near = 0;

        for (size_t i = 0; i < found->n; i++) {
                const Finding *f = found->items + i;

                if (!f->is_event || fabs(f->time_s - time_s) > ANALYZE_NEAR_S)
                        continue;
                near++;
                if (!nearest || fabs(f->time_s - time_s) < fabs(nearest->time_s - time_s))
                        nearest = f;
        }
        if (nearest)
                printf(": %s at %+.1f s", nearest->word, nearest->time_s - time_s);
        if (near > 1)
                printf(" and %u more", near - 1);
}

static void print_annotations(const AnalyzeOutput *o) {
        if (o->annotations.n > 0)
                printf("\nAnnotations of the recording, and events within %g s:\n", ANALYZE_NEAR_S);
        for (size_t i = 0; i < o->annotations.n; i++) {
                const Annotation *n = o->annotations.items + i;
                char time[40];

                printf("%14s  ", text_duration(n->time_s, 3, time));
                text_print(stdout, n->text, 0);
                print_near(&o->a->findings, n->time_s);
                putchar('\n');
        }
}

static void print_legend(const Analysis *a) {
        unsigned n_sinc3 = 0;
        bool slow = false, common = false;
        double excluded_s[_EXCLUSION_MAX];

        for (unsigned i = 0; i < a->n_channels; i++)
                if (!a->channels[i].left_out) {
                        analyze_excluded(a, i, excluded_s);
                        common = common || excluded_s[EXCLUSION_COMMON] > 0;
                        n_sinc3 += a->channels[i].sinc3;
                        slow = slow || a->channels[i].file->rate_hz < 450;
                }
        putchar('\n');
        text_wrap(stdout,
                  "At rest: the exposure, that is, the time that could be used, without the minutes in "
                  "which the muscle was "
                  "used. Twitches: fasciculations, doublets and multiplets at rest. 95 %: where the rate "
                  "lies if twitches come one "
                  "by one; they come in bursts, too, so it is the narrowest there can be. Floor: the "
                  "smallest twitch found 9 times "
                  "in 10, peak to peak; smaller ones may have been there.",
                  0, TEXT_COLUMNS);
        printf("False alarms allowed per hour and channel: %g.\n", a->options.false_alarms_per_hour);
        if (slow)
                text_wrap(stdout,
                          "Fewer than 450 samples a second: much of a short twitch lies above what they can "
                          "show, so sizes are "
                          "smaller and the floor is higher than they would be.",
                          0, TEXT_COLUMNS);
        if (common)
                text_wrap(stdout,
                          "Common: alike on most channels at the same time, as a cable or a switch makes it "
                          "and a twitch of one muscle does not. Where all electrodes lie on one muscle, "
                          "--channels=N takes one alone.",
                          0, TEXT_COLUMNS);
        if (n_sinc3 > 0)
                puts("Sizes are corrected for the droop of the converter (sinc3).");
        puts(NOT_A_MEDICAL_DEVICE);
}

int analyze_text_end(const AnalyzeOutput *o) {
        const Analysis *a = o->a;
        char reached[40];
        int r;

        if (o->titled)
                putchar('\n');
        if (a->stopped)
                printf("Stopped at %s; this is what was found until then.\n\n",
                       text_duration(a->reached_s, 0, reached));
        if (o->minutes)
                print_minutes(a);
        if ((r = print_channels(a)) < 0)
                return r;
        putchar('\n');
        for (unsigned i = 0; i < a->n_channels; i++) {
                if (a->channels[i].left_out)
                        continue;
                if ((r = print_more(a, i)) < 0)
                        return r;
        }
        print_annotations(o);
        print_legend(a);
        return 0;
}
