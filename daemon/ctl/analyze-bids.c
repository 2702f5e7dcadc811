/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "analyze-bids.h"
#include "analyze-file.h"
#include "bids.h"
#include "json.h"
#include "source/units.h"

#define EVENTS_ENDING "events.tsv"
#define UNKNOWN "n/a"
#define NAME_SIZE 160u

/* A name is that of one channel only: labels that are missing or in use before get the channel's number. */
static const char *name_of(const AnalyzeOutput *o, unsigned channel, char ret[static NAME_SIZE]) {
        const char *label = o->a->channels[channel].file->label;
        bool used = false;

        for (unsigned i = 0; i < channel; i++)
                used = used || streq(o->a->channels[i].file->label, label);
        if (used || !label[0])
                snprintf(ret, NAME_SIZE, "%.128s%sch %u", label, label[0] ? " " : "", channel + 1);
        else
                snprintf(ret, NAME_SIZE, "%.128s", label);
        return ret;
}

static int compare_onsets(const void *a, const void *b) {
        const Finding *const *x = a, *const *y = b;

        return (*x)->from_s < (*y)->from_s ? -1 : (*x)->from_s > (*y)->from_s;
}

static void put_finding(const AnalyzeOutput *o, FILE *f, const Finding *e) {
        char name[NAME_SIZE];

        fprintf(f, "%.4f\t%.4f\t%s\t", e->from_s, fmax(0, e->to_s - e->from_s), e->word);
        analyze_put_field(f, e->n_channels > 0 ? name_of(o, e->channels[0], name) : "", '\t');
        if (e->is_event)
                fprintf(f, "\t%.4f\t%.2f\t%.1f\n", e->time_s, e->amplitude_uv, e->snr);
        else
                fprintf(f, "\tn/a\tn/a\tn/a\n");
}

/* Onset and duration first, and in the order of onsets, as BIDS wants it */
static int write_events(const AnalyzeOutput *o, FILE *f) {
        const Findings *found = &o->a->findings;
        _cleanup_free_ const Finding **sorted = calloc(found->n + 1, sizeof *sorted);

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < found->n; i++)
                sorted[i] = found->items + i;
        qsort(sorted, found->n, sizeof *sorted, compare_onsets);
        fputs(BIDS_EVENT_COLUMNS, f);
        for (size_t i = 0; i < found->n; i++)
                put_finding(o, f, sorted[i]);
        return 0;
}

static int write_events_sidecar(const AnalyzeOutput *o, FILE *f) {
        bids_describe_events(f);
        return 0;
}

static bool is_voltage(const AnalysisChannel *c) {
        return !isnan(c->file->lsb_uv);
}

/* Many spellings of volts; BIDS has one. */
static const char *unit_symbol(const FileChannel *c) {
        static const struct {
                const char *symbol;
                double uv;
        } units[] = { { "nV", 1e-3 }, { "uV", 1 }, { "mV", 1e3 }, { "V", 1e6 } };
        double uv = unit_to_uv(c->unit);

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (fabs(uv / units[i].uv - 1) < 1e-6)
                        return units[i].symbol;
        return c->unit;
}

static int write_channels(const AnalyzeOutput *o, FILE *f) {
        char name[NAME_SIZE];

        fprintf(f, "name\ttype\tunits\tsampling_frequency\tstatus\tstatus_description\n");
        for (unsigned i = 0; i < o->a->n_channels; i++) {
                const AnalysisChannel *c = o->a->channels + i;

                analyze_put_field(f, name_of(o, i, name), '\t');
                fprintf(f, "\t%s\t", is_voltage(c) ? "EMG" : "MISC");
                analyze_put_field(f, unit_symbol(c->file), '\t');
                fprintf(f, "\t%.9g\tn/a\t", c->file->rate_hz);
                analyze_put_field(f, c->left_out ? c->left_out : "", '\t');
                putc('\n', f);
        }
        return 0;
}

/* What stands behind "task-" in the name of the file */
static const char *task_of(const char *path, char ret[static NAME_SIZE]) {
        const char *slash = strrchr(path, '/'), *task = strstr(slash ? slash : path, "task-");

        if (task)
                snprintf(ret, NAME_SIZE, "%.*s", (int) MIN(strcspn(task + 5, "_"), NAME_SIZE - 1), task + 5);
        else
                strcpy(ret, UNKNOWN);
        return ret;
}

static int write_recording(const AnalyzeOutput *o, FILE *f) {
        const Analysis *a = o->a;
        unsigned main = a->n_channels;
        char task[NAME_SIZE];
        BidsRecording r = {
                .task = task_of(o->export_path, task),
                .duration_s = a->duration_s,
                .continuous = file_source_layout(a->file)->n_stretches <= 1,
        };

        for (unsigned i = a->n_channels; i-- > 0;) {
                r.n_channels += is_voltage(a->channels + i);
                if (!a->channels[i].left_out)
                        main = i;
        }
        if (main == a->n_channels)
                return -EINVAL;
        r.rate_hz = a->channels[main].file->rate_hz;
        bids_describe_recording(f, &r);
        return 0;
}

/* A file beside that of the events; `keep`: not if there is one. */
static int write_beside(const AnalyzeOutput *o, const char *path, const char *ending, bool keep,
                        AnalyzeWriter write) {
        _cleanup_free_ char *other = NULL;

        if (asprintf(&other, "%.*s%s", (int) (strlen(path) - strlen(EVENTS_ENDING)), path, ending) < 0)
                return -ENOMEM;
        if (keep && access(other, F_OK) == 0) {
                fprintf(stderr, "twitchctl: %s is there already and stays as it is\n", other);
                return 0;
        }
        return analyze_write_file(o, other, write);
}

int analyze_bids(const AnalyzeOutput *o, const char *path) {
        int r;

        if ((r = analyze_write_file(o, path, write_events)) < 0 ||
            (r = write_beside(o, path, "events.json", false, write_events_sidecar)) < 0 ||
            (r = write_beside(o, path, "channels.tsv", true, write_channels)) < 0)
                return r;
        return write_beside(o, path, "emg.json", true, write_recording);
}
