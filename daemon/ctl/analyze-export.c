/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "analyze-bids.h"
#include "analyze-copy.h"
#include "analyze-export.h"
#include "analyze-file.h"
#include "source/edf-start.h"

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
                analyze_put_field(f, o->a->channels[e->channels[0]].file->label, s);
                fprintf(f, "%c%.4f%c", s, e->time_s, s);
                analyze_put_field(f, start->known ? start_time_format(start, e->time_s, 3, clock) : "", s);
                fprintf(f, "%c%.4f%c%.4f%c%.2f%c%.1f%c", s, e->from_s, s, e->to_s, s, e->amplitude_uv, s,
                        e->snr, s);
                if (analyze_counts_discharges(e))
                        fprintf(f, "%u", e->discharges);
                else
                        analyze_put_field(f, "", s);
                putc(s, f);
                if (e->unit > 0)
                        fprintf(f, "%u", e->unit);
                else
                        analyze_put_field(f, "", s);
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

static bool ends_with(const char *text, const char *end) {
        size_t n = strlen(text), k = strlen(end);

        return n > k && strcasecmp(text + n - k, end) == 0;
}

static int write_copy(const AnalyzeOutput *o, FILE *f) {
        return analyze_copy(o, fileno(f));
}

static int export_csv(const AnalyzeOutput *o, const char *path) {
        return analyze_write_file(o, path, write_csv);
}

static int export_tsv(const AnalyzeOutput *o, const char *path) {
        return analyze_write_file(o, path, write_tsv);
}

static int export_copy(const AnalyzeOutput *o, const char *path) {
        return analyze_write_file(o, path, write_copy);
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
        { "_events.tsv", analyze_bids }, /* before .tsv */
        { ".csv", export_csv },          { ".tsv", export_tsv },
        { ".bdf", export_copy },         { ".edf", export_copy },
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
