/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <sys/stat.h>

#include "analyze-copy.h"
#include "analyze-export.h"
#include "json.h"
#include "source/edf-start.h"

typedef int (*Writer)(const AnalyzeOutput *o, FILE *f);

/* A field of a table: what would end it becomes a space. */
static void put_field(FILE *f, const char *text, char separator) {
        bool quote = separator == ',' && strpbrk(text, ",\"");

        if (!text[0] && separator == '\t')
                text = "n/a";
        if (quote)
                putc('"', f);
        for (; *text; text++) {
                if (*text == '"' && quote)
                        putc('"', f);
                putc((unsigned char) *text < 32 || *text == 127 ? ' ' : *text, f);
        }
        if (quote)
                putc('"', f);
}

static int write_table(const AnalyzeOutput *o, FILE *f, char s) {
        const StartTime *start = file_source_start(o->a->file);
        char clock[40];

        fprintf(f,
                "id%ckind%cchannel%clabel%ctime_s%cclock%conset_s%cend_s%camplitude_uv%csnr%cdischarges%"
                "cunit%cchannels\n",
                s, s, s, s, s, s, s, s, s, s, s, s);
        for (size_t i = 0; i < o->a->findings.n; i++) {
                const Finding *e = o->a->findings.items + i;

                if (!e->is_event)
                        continue;
                fprintf(f, "%llu%c%s%c%u%c", (unsigned long long) e->id, s, e->word, s, e->channels[0] + 1,
                        s);
                put_field(f, o->a->channels[e->channels[0]].file->label, s);
                fprintf(f, "%c%.4f%c", s, e->time_s, s);
                put_field(f, start->known ? start_time_format(start, e->time_s, 3, clock) : "", s);
                fprintf(f, "%c%.4f%c%.4f%c%.2f%c%.1f%c", s, e->from_s, s, e->to_s, s, e->amplitude_uv, s,
                        e->snr, s);
                if (analyze_counts_discharges(e))
                        fprintf(f, "%u", e->discharges);
                else
                        put_field(f, "", s);
                putc(s, f);
                if (e->unit > 0)
                        fprintf(f, "%u", e->unit);
                else
                        put_field(f, "", s);
                putc(s, f);
                for (size_t k = 0; k < e->n_channels; k++)
                        fprintf(f, "%s%u", k ? " " : "", e->channels[k] + 1);
                putc('\n', f);
        }
        return 0;
}

static int write_csv(const AnalyzeOutput *o, FILE *f) {
        return write_table(o, f, ',');
}

static int write_tsv(const AnalyzeOutput *o, FILE *f) {
        return write_table(o, f, '\t');
}

/* Onset and duration first, as BIDS wants it; channels by the names of channels.tsv. */
static int write_bids_events(const AnalyzeOutput *o, FILE *f) {
        fprintf(f, "onset\tduration\ttrial_type\tchannel\tpeak_time\tamplitude_uv\tsnr\n");
        for (size_t i = 0; i < o->a->findings.n; i++) {
                const Finding *e = o->a->findings.items + i;

                fprintf(f, "%.4f\t%.4f\t%s\t", e->from_s, fmax(0, e->to_s - e->from_s), e->word);
                put_field(f, e->n_channels > 0 ? o->a->channels[e->channels[0]].file->label : "", '\t');
                if (e->is_event)
                        fprintf(f, "\t%.4f\t%.2f\t%.1f\n", e->time_s, e->amplitude_uv, e->snr);
                else
                        fprintf(f, "\tn/a\tn/a\tn/a\n");
        }
        return 0;
}

static void describe(Json *j, const char *column, const char *text, const char *units) {
        json_begin(j, column);
        json_put_string(j, "Description", text);
        if (units)
                json_put_string(j, "Units", units);
        json_end(j);
}

static int write_bids_sidecar(const AnalyzeOutput *o, FILE *f) {
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
        return 0;
}

static int write_bids_channels(const AnalyzeOutput *o, FILE *f) {
        fprintf(f, "name\ttype\tunits\tsampling_frequency\tstatus\tstatus_description\n");
        for (unsigned i = 0; i < o->a->n_channels; i++) {
                const AnalysisChannel *c = o->a->channels + i;
                bool voltage = !isnan(c->file->lsb_uv);

                put_field(f, c->file->label, '\t');
                fprintf(f, "\t%s\t", voltage ? "EMG" : "MISC");
                put_field(f, c->file->unit, '\t');
                fprintf(f, "\t%g\tn/a\t", c->file->rate_hz);
                put_field(f, c->left_out ? c->left_out : "", '\t');
                putc('\n', f);
        }
        return 0;
}

static int write_file(const AnalyzeOutput *o, const char *path, Writer write) {
        _cleanup_free_ char *other = NULL;

        if (asprintf(&other, "%s.part", path) < 0)
                return -ENOMEM;
        FILE *f = fopen(other, "we");
        int r = f ? write(o, f) : -errno;
        if (f) {
                if (ferror(f) && r >= 0)
                        r = -EIO;
                if (fclose(f) != 0 && r >= 0)
                        r = -errno;
        }
        if (r >= 0 && rename(other, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(other);
        return r;
}

static bool ends_with(const char *text, const char *end) {
        size_t n = strlen(text), k = strlen(end);

        return n > k && strcasecmp(text + n - k, end) == 0;
}

static int write_beside(const AnalyzeOutput *o, const char *path, const char *end, Writer write) {
        _cleanup_free_ char *other = NULL;

        if (asprintf(&other, "%.*s%s", (int) (strlen(path) - strlen("events.tsv")), path, end) < 0)
                return -ENOMEM;
        return write_file(o, other, write);
}

static int export_bids(const AnalyzeOutput *o, const char *path) {
        int r = write_file(o, path, write_bids_events);

        if (r >= 0)
                r = write_beside(o, path, "events.json", write_bids_sidecar);
        return r < 0 ? r : write_beside(o, path, "channels.tsv", write_bids_channels);
}

static int write_copy(const AnalyzeOutput *o, FILE *f) {
        return analyze_copy(o, fileno(f));
}

static int export_csv(const AnalyzeOutput *o, const char *path) {
        return write_file(o, path, write_csv);
}

static int export_tsv(const AnalyzeOutput *o, const char *path) {
        return write_file(o, path, write_tsv);
}

static int export_copy(const AnalyzeOutput *o, const char *path) {
        return write_file(o, path, write_copy);
}

/* Onto itself would lose the recording. */
static bool is_recording(const char *recording, const char *path) {
        struct stat a, b;

        return stat(path, &a) == 0 && stat(recording, &b) == 0 && a.st_dev == b.st_dev &&
                a.st_ino == b.st_ino;
}

static const struct {
        const char *ending;
        int (*write)(const AnalyzeOutput *o, const char *path);
} forms[] = {
        { "_events.tsv", export_bids }, /* before .tsv */
        { ".csv", export_csv },         { ".tsv", export_tsv },
        { ".bdf", export_copy },        { ".edf", export_copy },
};

int analyze_export_check(const char *recording, const char *path, char **ret_error) {
        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                known = known || ends_with(path, forms[i].ending);
        if (!known)
                *ret_error =
                        strdup("--export takes a file that ends with .csv, .tsv, _events.tsv, .edf or .bdf");
        else if (is_recording(recording, path))
                *ret_error = strdup("--export names the recording itself");
        else
                return 0;
        return -EINVAL;
}

int analyze_export(const AnalyzeOutput *o, const char *path, char **ret_error) {
        size_t form = 0;

        while (!ends_with(path, forms[form].ending))
                form++;
        int r = forms[form].write(o, path);
        if (r < 0 && asprintf(ret_error, "cannot write %s: %s", path, strerror(-r)) < 0)
                *ret_error = NULL;
        return r;
}
