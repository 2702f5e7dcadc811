/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names, folders and required fields: BIDS specification 1.11.0, "Electromyography"; its schema,
 * objects/metadata.yaml and rules/sidecars/emg.yaml. The samples are the recording as it is (BDF+), the
 * events those of the history.
 */
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "analyze-file.h"
#include "bids.h"
#include "export-bids.h"
#include "json.h"
#include "recordings.h"
#include "source/file.h"
#include "util.h"

#define SUBJECT "01"
#define UNKNOWN "n/a"
#define NAME_MAX_BIDS 64u

typedef struct Run {
        const History *h;
        const char *dir;
        int64_t recording, session, start_boottime_usec, end_boottime_usec;
        unsigned number; /* from 1, in its session */
        char task[NAME_MAX_BIDS], posture[NAME_MAX_BIDS];
        FileSource *file;
} Run;

static int complain(const char *path, int r) {
        fprintf(stderr, "twitchctl: %s: %s\n", path, strerror(-r));
        return r;
}

/* --- files ---------------------------------------------------------------------------- */

_printf_(2, 3) static int path_in(char ret[static 4096], const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        int n = vsnprintf(ret, 4096, format, ap);
        va_end(ap);
        return n < 4096 ? 0 : complain(format, -ENAMETOOLONG);
}

static int make_folder(const char *path) {
        return mkdir(path, 0700) < 0 && errno != EEXIST ? complain(path, -errno) : 0;
}

/* DIR/sub-01/ses-12/emg/sub-01_ses-12_task-rest30_run-1_ENDING */
static int path_of(const Run *run, const char *ending, char ret[static 4096]) {
        return path_in(ret,
                       "%s/sub-" SUBJECT "/ses-%" PRId64 "/emg/sub-" SUBJECT "_ses-%" PRId64
                       "_task-%s_run-%u_%s",
                       run->dir, run->session, run->session, run->task, run->number, ending);
}

static int write_file(const char *path, const Run *run, int (*write)(const Run *run, FILE *f)) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

        if (!f) {
                int r = -errno;
                if (fd >= 0)
                        close(fd);
                return complain(path, r);
        }
        int r = write(run, f);
        if (r >= 0 && (ferror(f) || fflush(f) != 0))
                r = complain(path, errno ? -errno : -EIO);
        if (fclose(f) != 0 && r >= 0)
                r = complain(path, -errno);
        return r;
}

static int write_beside(const Run *run, const char *ending, int (*write)(const Run *run, FILE *f)) {
        char path[4096];
        int r = path_of(run, ending, path);

        return r < 0 ? r : write_file(path, run, write);
}

/* --- the dataset ------------------------------------------------------------------------ */

static int write_description(const Run *run, FILE *f) {
        Json j = { .f = f };

        json_begin(&j, NULL);
        json_put_string(&j, "Name", "Muscle twitches, recorded with an ADS1299 by twitchd");
        json_put_string(&j, "BIDSVersion", "1.11.0");
        json_put_string(&j, "DatasetType", "raw");
        json_begin_array(&j, "Authors");
        json_put_string(&j, NULL, UNKNOWN);
        json_end(&j);
        json_begin_array(&j, "GeneratedBy");
        json_begin(&j, NULL);
        json_put_string(&j, "Name", "twitchd");
        json_put_string(&j, "Version", TWITCHD_VERSION);
        json_end(&j);
        json_end(&j);
        json_end(&j);
        json_line(&j);
        return 0;
}

static int write_participants(const Run *run, FILE *f) {
        fputs("participant_id\nsub-" SUBJECT "\n", f);
        return 0;
}

static int write_readme(const Run *run, FILE *f) {
        fputs("Surface EMG of one person at rest, recorded with an ADS1299. The numbers of the sessions are "
              "those of\n"
              "the history that this was exported from. events.tsv has what the detector of twitchd found "
              "while it was\n"
              "recorded; it is for research and self-tracking, not a medical device.\n",
              f);
        return 0;
}

static int begin_dataset(const char *dir) {
        static const struct {
                const char *name;
                int (*write)(const Run *run, FILE *f);
        } files[] = { { "dataset_description.json", write_description },
                      { "participants.tsv", write_participants },
                      { "README", write_readme } };
        char path[4096];

        int r = mkdir(dir, 0700) < 0 ? complain(dir, -errno) : 0;
        for (size_t i = 0; i < ELEMENTSOF(files) && r >= 0; i++)
                if ((r = path_in(path, "%s/%s", dir, files[i].name)) >= 0)
                        r = write_file(path, NULL, files[i].write);
        if (r >= 0 && (r = path_in(path, "%s/sub-" SUBJECT, dir)) >= 0)
                r = make_folder(path);
        return r;
}

/* --- a run --------------------------------------------------------------------------------- */

static const char *channel_name(const Run *run, unsigned channel) {
        return channel < file_source_n_channels(run->file) ? file_source_channel(run->file, channel)->label :
                                                             "";
}

static int write_channels(const Run *run, FILE *f) {
        fputs("name\ttype\tunits\tsampling_frequency\ttarget_muscle\tgain\n", f);
        for (unsigned c = 0; c < file_source_n_channels(run->file); c++) {
                _cleanup_(history_finalize) sqlite3_stmt *q = history_query(
                        run->h, "SELECT site, gain FROM placement WHERE session = ? AND channel = ?", "ii",
                        run->session, (int64_t) c + 1);
                const FileChannel *channel = file_source_channel(run->file, c);
                int rc = q ? sqlite3_step(q) : SQLITE_ERROR;

                if (rc != SQLITE_ROW && rc != SQLITE_DONE)
                        return history_complain(run->h);
                analyze_put_field(f, channel->label, '\t');
                fprintf(f, "\tEMG\t%s\t%.9g\t", channel->unit, channel->rate_hz);
                analyze_put_field(f, rc == SQLITE_ROW ? history_text(q, 0) : "", '\t');
                putc('\t', f);
                analyze_put_field(f, rc == SQLITE_ROW ? history_text(q, 1) : "", '\t');
                putc('\n', f);
        }
        return 0;
}

/* Seconds from the start of the file, in the order of onsets */
static int write_events(const Run *run, FILE *f) {
        _cleanup_(history_finalize) sqlite3_stmt *q =
                history_query(run->h,
                              "SELECT (boottime_usec - onset_usec - ?2) / 1e6 AS onset, duration_usec / "
                              "1e6, kind, channel,"
                              " (boottime_usec - ?2) / 1e6, amplitude_nv / 1e3, snr_milli / 1e3 FROM event"
                              " WHERE session = ?1 AND boottime_usec - onset_usec >= ?2 AND boottime_usec < "
                              "?3 ORDER BY onset, id",
                              "iii", run->session, run->start_boottime_usec, run->end_boottime_usec);
        int rc;

        if (!q)
                return -EIO;
        fputs(BIDS_EVENT_COLUMNS, f);
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                fprintf(f, "%.4f\t%.4f\t%s\t", sqlite3_column_double(q, 0), sqlite3_column_double(q, 1),
                        history_text(q, 2));
                analyze_put_field(f, channel_name(run, (unsigned) sqlite3_column_int(q, 3) - 1), '\t');
                fprintf(f, "\t%.4f\t%.2f\t%.1f\n", sqlite3_column_double(q, 4), sqlite3_column_double(q, 5),
                        sqlite3_column_double(q, 6));
        }
        return rc == SQLITE_DONE ? 0 : history_complain(run->h);
}

static int write_events_sidecar(const Run *run, FILE *f) {
        bids_describe_events(f);
        return 0;
}

static int write_recording(const Run *run, FILE *f) {
        unsigned n = file_source_n_channels(run->file);
        char instructions[NAME_MAX_BIDS + 16];
        BidsRecording r = {
                .task = run->task,
                .placement = "By the person, over the muscle that target_muscle of channels.tsv names; n/a: not said",
                .rate_hz = n > 0 ? file_source_channel(run->file, 0)->rate_hz : NAN,
                .n_channels = n,
                .duration_s = (double) (run->end_boottime_usec - run->start_boottime_usec) / (double) USEC_PER_SEC,
                .continuous = true,
        };

        if (run->posture[0]) {
                snprintf(instructions, sizeof instructions, "Posture: %s", run->posture);
                r.instructions = instructions;
        }
        bids_describe_recording(f, &r);
        return 0;
}

static int export_samples(Run *run) {
        _cleanup_close_ int from = -EBADF;
        _cleanup_free_ char *error = NULL;
        char path[4096];

        int r = path_of(run, "emg.bdf", path);
        if (r >= 0)
                r = recordings_fetch(run->recording, &from);
        if (r >= 0)
                r = recordings_copy(from, path);
        if (r < 0)
                return r;
        r = file_source_open(path, NULL, &run->file, &error);
        if (r < 0)
                fprintf(stderr, "twitchctl: %s: %s\n", path, error ?: strerror(-r));
        return r;
}

static int export_run(Run *run) {
        static const struct {
                const char *ending;
                int (*write)(const Run *run, FILE *f);
        } files[] = { { "emg.json", write_recording },
                      { "channels.tsv", write_channels },
                      { "events.tsv", write_events },
                      { "events.json", write_events_sidecar } };
        char path[4096];

        int r = path_in(path, "%s/sub-" SUBJECT "/ses-%" PRId64, run->dir, run->session);
        if (r >= 0)
                r = make_folder(path);
        if (r >= 0)
                r = path_in(path, "%s/sub-" SUBJECT "/ses-%" PRId64 "/emg", run->dir, run->session);
        if (r >= 0)
                r = make_folder(path);
        if (r >= 0)
                r = export_samples(run);
        for (size_t i = 0; i < ELEMENTSOF(files) && r >= 0; i++)
                r = write_beside(run, files[i].ending, files[i].write);
        run->file = file_source_free(run->file);
        return r;
}

/* Letters and digits only */
static void set_task(Run *run, const char *template) {
        size_t n = 0;

        for (const char *s = template[0] ? template : "rest"; *s && n + 1 < sizeof run->task; s++)
                if (isalnum((unsigned char) *s))
                        run->task[n++] = *s;
        run->task[n] = 0;
}

int export_bids(const History *h, const char *dir, int64_t from_usec, int64_t to_usec) {
        _cleanup_(history_finalize) sqlite3_stmt *q = history_query(
                h,
                "SELECT r.id, r.session, r.start_boottime_usec, r.end_boottime_usec, s.template, s.posture"
                " FROM recording r JOIN session s ON s.id = r.session WHERE r.state IN ('closed', "
                "'repaired')"
                " AND s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY r.session, r.start_boottime_usec, "
                "r.id",
                "ii", from_usec, to_usec);
        Run run = { .h = h, .dir = dir };
        unsigned n = 0;
        int rc;

        int r = q ? begin_dataset(dir) : -EIO;
        if (r < 0)
                return r;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                int64_t session = sqlite3_column_int64(q, 1);

                run.number = session == run.session ? run.number + 1 : 1;
                run.recording = sqlite3_column_int64(q, 0);
                run.session = session;
                run.start_boottime_usec = sqlite3_column_int64(q, 2);
                run.end_boottime_usec = sqlite3_column_int64(q, 3);
                set_task(&run, history_text(q, 4));
                snprintf(run.posture, sizeof run.posture, "%s", history_text(q, 5));
                r = export_run(&run);
                if (r < 0)
                        return r;
                n++;
        }
        if (rc != SQLITE_DONE)
                return history_complain(h);
        if (n == 0)
                fputs("No session of that time has a recording that is closed: the dataset is empty.\n",
                      stderr);
        return 0;
}
