/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl export --csv | --json | --sqlite | --bids PATH [--every week]: everything, in forms that others read. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "ctl.h"
#include "export-bids.h"
#include "export-every.h"
#include "history.h"
#include "json.h"
#include "util.h"
#include "verbs.h"
#include "when.h"

static bool arg_csv, arg_sqlite, arg_bids;
static const char *arg_from, *arg_to;

/* What is exported as text: one file each as CSV. ?1 and ?2: from and to, microseconds of UTC. */
static const struct {
        const char *name, *query;
} tables[] = {
        { "sessions",
          "SELECT s.id AS session, s.uuid, d.name AS device, w.version, start_usec, end_usec, utc_offset_s, template, posture,"
          " note, confirmed, excluded, (SELECT why FROM session_exclusion x WHERE x.session = s.id ORDER BY x.id DESC LIMIT 1)"
          " AS excluded_why, ended, continues, false_alarms_per_hour, rate_mhz"
          " FROM session s JOIN device d ON d.id = s.device JOIN software w ON w.id = s.software"
          " WHERE start_usec >= ?1 AND start_usec < ?2 ORDER BY start_usec, s.id" },
        { "placements",
          "SELECT p.session, p.channel, p.site, p.label, p.gain, p.lsb_pv, p.impedance_ohm FROM placement p"
          " JOIN session s ON s.id = p.session WHERE s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY 1, 2" },
        { "events",
          "SELECT e.id AS event, e.session, e.time_usec, e.utc_offset_s, e.channel, e.site, e.kind, e.amplitude_nv,"
          " e.duration_usec, e.snr_milli, e.discharges, e.unit, (SELECT group_concat(c.channel, ' ') FROM event_channel c"
          " WHERE c.event = e.id) AS other_channels FROM event_utc e JOIN session s ON s.id = e.session"
          " WHERE s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY e.id" },
        { "minutes",
          "SELECT m.session, m.channel, m.time_usec, m.utc_offset_s, m.site, m.length_usec, m.exposure_usec, m.noise_nv,"
          " m.floor_nv, m.events, m.twitches, m.voluntary, m.cut FROM minute_utc m JOIN session s ON s.id = m.session"
          " WHERE s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY 1, 2, 3" },
        { "excluded",
          "SELECT m.session, m.channel, m.time_usec, x.cause, x.excluded_usec"
          " FROM minute_excluded x JOIN minute_utc m USING (session, channel, boottime_usec)"
          " JOIN session s ON s.id = m.session WHERE s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY 1, 2, 3" },
        { "recordings",
          "SELECT r.id AS recording, r.session, r.path AS file, r.start_boottime_usec + b.utc_minus_boottime_usec AS start_usec,"
          " r.end_boottime_usec + b.utc_minus_boottime_usec AS end_usec, s.utc_offset_s, r.state FROM recording r"
          " JOIN session s ON s.id = r.session JOIN boot b ON b.id = s.boot"
          " WHERE s.start_usec >= ?1 AND s.start_usec < ?2 ORDER BY r.id" },
        { "diary",
          "SELECT d.id AS entry, d.kind, d.time_usec, d.end_usec, d.utc_offset_s, d.amount_milli, k.unit, d.text, d.source,"
          " d.logged_usec, d.replaces FROM diary_now d JOIN kind k ON k.name = d.kind"
          " WHERE d.time_usec >= ?1 AND d.time_usec < ?2 ORDER BY d.time_usec, d.id" },
        { "felt",
          "SELECT id AS felt, time_usec, utc_offset_s, site, source FROM felt WHERE time_usec >= ?1 AND time_usec < ?2"
          " ORDER BY time_usec" },
};

/* --- CSV: RFC 4180 ------------------------------------------------------------------- */

static void csv_field(FILE *f, const char *text) {
        if (!strpbrk(text, "\",\r\n")) {
                fputs(text, f);
                return;
        }
        fputc('"', f);
        for (; *text; text++) {
                if (*text == '"')
                        fputc('"', f);
                fputc(*text, f);
        }
        fputc('"', f);
}

static int write_csv(const History *h, sqlite3_stmt *q, FILE *f) {
        int rc, n = sqlite3_column_count(q);

        for (int c = 0; c < n; c++)
                fprintf(f, "%s%s", c > 0 ? "," : "", sqlite3_column_name(q, c));
        fputs("\r\n", f);
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                for (int c = 0; c < n; c++) {
                        if (c > 0)
                                fputc(',', f);
                        csv_field(f, history_text(q, c));
                }
                fputs("\r\n", f);
        }
        return rc == SQLITE_DONE ? 0 : history_complain(h);
}

/* --- JSON: an object a line ------------------------------------------------------------ */

static int write_json(const History *h, sqlite3_stmt *q, const char *table, FILE *f) {
        Json j = { .f = f };
        int rc;

        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                json_begin(&j, NULL);
                json_put_string(&j, "table", table);
                for (int c = 0; c < sqlite3_column_count(q); c++) {
                        const char *name = sqlite3_column_name(q, c);
                        int type = sqlite3_column_type(q, c);

                        if (type == SQLITE_INTEGER)
                                json_put_signed(&j, name, sqlite3_column_int64(q, c));
                        else if (type == SQLITE_FLOAT)
                                json_put_double(&j, name, sqlite3_column_double(q, c), 6);
                        else if (type != SQLITE_NULL)
                                json_put_string(&j, name, history_text(q, c));
                }
                json_end(&j);
                json_line(&j);
        }
        return rc == SQLITE_DONE ? 0 : history_complain(h);
}

/* --- files --------------------------------------------------------------------------------- */

static int complain(const char *path, int r) {
        fprintf(stderr, "twitchctl: %s: %s\n", path, strerror(-r));
        return r;
}

/* Health data: nobody else reads it. What is there is not overwritten. */
static int create(const char *path, FILE **ret) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return complain(path, -errno);
        *ret = fdopen(fd, "w");
        if (*ret)
                return 0;
        close(fd);
        return complain(path, -ENOMEM);
}

/* r: of what was written. Half a file would be taken for a whole one, so it does not stay. */
static int finish(FILE *f, const char *path, int r) {
        bool said = r < 0;

        if (r >= 0 && (fflush(f) != 0 || fsync(fileno(f)) < 0))
                r = -errno;
        if (r >= 0 && ferror(f))
                r = -EIO;
        if (fclose(f) != 0 && r >= 0)
                r = -errno;
        if (r >= 0)
                return 0;
        (void) unlink(path);
        return said ? r : complain(path, r);
}

static sqlite3_stmt* query(const History *h, size_t table, int64_t from, int64_t to) {
        return history_query(h, tables[table].query, "ii", from, to);
}

static int export_csv(const History *h, const char *dir, int64_t from, int64_t to) {
        if (mkdir(dir, 0700) < 0 && errno != EEXIST)
                return complain(dir, -errno);
        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                _cleanup_(history_finalize) sqlite3_stmt *q = query(h, i, from, to);
                char path[4096];
                FILE *f;

                if (!q)
                        return -EIO;
                if (snprintf(path, sizeof path, "%s/%s.csv", dir, tables[i].name) >= (int) sizeof path)
                        return complain(dir, -ENAMETOOLONG);
                int r = create(path, &f);
                if (r < 0)
                        return r;
                r = finish(f, path, write_csv(h, q, f));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int export_json(const History *h, const char *path, int64_t from, int64_t to) {
        bool to_stdout = streq(path, "-");
        FILE *f = stdout;
        int r = to_stdout ? 0 : create(path, &f);

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(tables) && r >= 0; i++) {
                _cleanup_(history_finalize) sqlite3_stmt *q = query(h, i, from, to);

                r = q ? write_json(h, q, tables[i].name, f) : -EIO;
        }
        return to_stdout ? r : finish(f, path, r);
}

/* Byte by byte: what one machine exports is what another reads. */
static int export_sqlite(const char *path) {
        _cleanup_close_ int from = -EBADF;
        FILE *f;
        ssize_t n;

        int r = history_open_copy(&from);
        if (r < 0)
                return r;
        r = create(path, &f);
        if (r < 0)
                return r;
        while ((n = sendfile(fileno(f), from, NULL, 1 << 20)) > 0)
                ;
        return finish(f, path, n < 0 ? complain(path, -errno) : 0);
}

static int parse_range(int64_t *ret_from, int64_t *ret_to) {
        *ret_from = 0;
        *ret_to = INT64_MAX;
        if (arg_from && when_parse_now(arg_from, "--from", ret_from) < 0)
                return EXIT_USAGE;
        if (arg_to && when_parse_now(arg_to, "--to", ret_to) < 0)
                return EXIT_USAGE;
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        int64_t from, to;

        if (arg_csv + arg_json + arg_sqlite + arg_bids != 1) {
                fputs("twitchctl: export needs one of --csv, --json, --sqlite and --bids\n", stderr);
                return EXIT_USAGE;
        }
        int r = parse_range(&from, &to);
        if (r != 0)
                return r;
        if (arg_sqlite) {
                if (arg_from || arg_to || arg_history || every_is_wanted()) {
                        fputs("twitchctl: --sqlite is a copy of everything: without --from, --to, --every and --history\n",
                              stderr);
                        return EXIT_USAGE;
                }
                return export_sqlite(argv[1]);
        }
        if (arg_bids && arg_history) {
                fputs("twitchctl: --bids needs the recordings, which are not in --history\n", stderr);
                return EXIT_USAGE;
        }
        if (every_is_wanted() && streq(argv[1], "-")) {
                fputs("twitchctl: --every needs a folder\n", stderr);
                return EXIT_USAGE;
        }
        r = history_read(&h);
        if (r < 0)
                return r;
        ExportRange export = arg_bids ? export_bids : arg_csv ? export_csv : export_json;
        if (every_is_wanted())
                return export_every(&h, argv[1], arg_json ? ".json" : "", from, to, export);
        return export(&h, argv[1], from, to);
}

static const Option options[] = {
        { .name = "csv", .flag = &arg_csv, .help = "A folder with a CSV file for each of: sessions, placements, events, "
                                                   "minutes, excluded, recordings, diary, felt." },
        { .name = "sqlite", .flag = &arg_sqlite, .help = "A copy of the database: all of it, for --history and import." },
        { .name = "bids", .flag = &arg_bids, .help = "A folder with a BIDS dataset (EMG-BIDS 1.11) of the sessions "
                                                     "that have recordings, with a copy of those." },
        { .name = "from", .value = "TIME", .text = &arg_from, .help = "Sessions that began, and entries, since: " WHEN_FORMS "." },
        { .name = "to", .value = "TIME", .text = &arg_to, .help = "And before." },
        { .name = "every", .value = EVERY_VALUES, .parse = every_parse,
          .help = "PATH is a folder that gets an export of its own for each day, week (\"2026-W48\", from Monday on) or month "
                  "that has ended and is not there yet; with --to, that ended before. For a timer, every day say." },
        HISTORY_OPTION,
        {},
};

const Verb verb_export = {
        .name = "export",
        .args = "PATH",
        .summary = "Take everything out, in forms that other programs read",
        .text = "--json writes one object a line, \"-\" to standard output; \"table\" says what it is.\n"
                "Times are microseconds of UTC since 1970, local time is UTC + utc_offset_s; _nv are nanovolts, _milli "
                "thousandths, _mhz thousandths of a hertz. Channels count from 1. Nothing is overwritten.\n"
                "With --every, what is said or changed later of a week that is there already comes when its folder is "
                "moved away.",
        .json = true,
        .bus = true,
        .options = options,
        .run = run,
};
