/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl show event | session: what is under a number. */
#include <inttypes.h>
#include <math.h>

#include "braille.h"
#include "ctl.h"
#include "history.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#define PLOT_ROWS 10
#define PLOT_INDENT 2
/* Events of a session that are listed at most */
#define EVENTS_MAX 1000

static bool arg_plot, arg_events;

static int parse_number(const char *text, const char *what, int64_t *ret) {
        char *end;

        errno = 0;
        *ret = strtoll(text, &end, 10);
        if (errno == 0 && end != text && *end == 0 && *ret > 0)
                return 0;
        fprintf(stderr, "twitchctl: \"%s\" is no number of %s\n", text, what);
        return EXIT_USAGE;
}

static double uv(int64_t nv) {
        return (double) nv / 1e3;
}

/* --- a waveform ---------------------------------------------------------------------- */

typedef struct Waveform {
        size_t n;
        int before;
        double rate_hz, *uv;
} Waveform;

static void free_waveform(Waveform *w) {
        free(w->uv);
}

/* 0: there is none. */
static int read_waveform(const History *h, int64_t event, Waveform *ret) {
        _cleanup_(history_finalize) sqlite3_stmt *q =
                history_query(h, "SELECT rate_mhz, before, lsb_pv, samples FROM waveform WHERE event = ?", "i", event);

        if (!q)
                return -EIO;
        int rc = sqlite3_step(q);
        if (rc != SQLITE_ROW)
                return rc == SQLITE_DONE ? 0 : history_complain(h);

        const uint8_t *bytes = sqlite3_column_blob(q, 3);
        double lsb_uv = (double) sqlite3_column_int64(q, 2) / 1e6;
        *ret = (Waveform) {
                .n = (size_t) sqlite3_column_bytes(q, 3) / 3,
                .before = sqlite3_column_int(q, 1),
                .rate_hz = (double) sqlite3_column_int64(q, 0) / 1e3,
        };
        if (ret->n == 0)
                return 0;
        ret->uv = calloc(ret->n, sizeof(*ret->uv));
        if (!ret->uv)
                return -ENOMEM;
        for (size_t i = 0; i < ret->n; i++) {
                uint32_t v = (uint32_t) bytes[3 * i] << 8 | (uint32_t) bytes[3 * i + 1] << 16 | (uint32_t) bytes[3 * i + 2] << 24;

                ret->uv[i] = (double) ((int32_t) v >> 8) * lsb_uv;
        }
        return 1;
}

static int compare_doubles(const void *a, const void *b) {
        double x = *(const double*) a, y = *(const double*) b;

        return (x > y) - (x < y);
}

/* The electrodes' own voltage is thousands of microvolts: what is shown is the difference from the middle. */
static int subtract_median(Waveform *w) {
        _cleanup_free_ double *sorted = malloc(w->n * sizeof(*sorted));

        if (!sorted)
                return -ENOMEM;
        memcpy(sorted, w->uv, w->n * sizeof(*sorted));
        qsort(sorted, w->n, sizeof(*sorted), compare_doubles);
        for (size_t i = 0; i < w->n; i++)
                w->uv[i] -= sorted[w->n / 2];
        return 0;
}

static void draw_line(Braille *b, int x0, int y0, int x1, int y1) {
        int dx = abs(x1 - x0), dy = abs(y1 - y0), n = dx + dy > 0 ? MAX(dx, dy) : 1;

        for (int i = 0; i <= n; i++)
                braille_dot(b, x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n);
}

static int plot(const Waveform *w) {
        int room = text_columns() - PLOT_INDENT - 1, columns = room < 20 ? 20 : MIN(room, 400), x0 = 0, y0 = 0;
        Braille *b = braille_new((unsigned) columns, PLOT_ROWS);
        double low = INFINITY, high = -INFINITY;
        char left[32], right[32];

        if (!b)
                return -ENOMEM;
        for (size_t i = 0; i < w->n; i++) {
                low = fmin(low, w->uv[i]);
                high = fmax(high, w->uv[i]);
        }
        double span = high > low ? high - low : 1;
        for (size_t i = 0; i < w->n; i++) {
                int x = (int) (i * (size_t) (2 * columns - 1) / MAX(w->n - 1, (size_t) 1));
                int y = (int) lround((w->uv[i] - low) / span * (4 * PLOT_ROWS - 1));

                draw_line(b, i > 0 ? x0 : x, i > 0 ? y0 : y, x, y);
                x0 = x;
                y0 = y;
        }
        printf("%*s%+.0f uV\n", PLOT_INDENT, "", high);
        braille_print(b, stdout, PLOT_INDENT);
        braille_free(b);
        printf("%*s%+.0f uV\n", PLOT_INDENT, "", low);
        snprintf(left, sizeof left, "%.0f ms", -1e3 * w->before / w->rate_hz);
        snprintf(right, sizeof right, "%+.0f ms", 1e3 * ((double) w->n - 1 - w->before) / w->rate_hz);
        printf("%*s%s%*s\n", PLOT_INDENT, "", left, columns - (int) strlen(left), right);
        puts("As the electrodes saw it, unfiltered, less its median; 0 ms is the largest peak.");
        return 0;
}

static int show_waveform(const History *h, int64_t event) {
        _cleanup_(free_waveform) Waveform w = {};

        int r = read_waveform(h, event, &w);
        if (r == 0)
                puts("Its waveform was not kept: those of the first 20 of a unit in a session are.");
        if (r <= 0)
                return r;
        r = subtract_median(&w);
        return r < 0 ? r : plot(&w);
}

/* --- an event ------------------------------------------------------------------------- */

static int event_json(const History *h, sqlite3_stmt *q, int64_t id) {
        _cleanup_(free_waveform) Waveform w = {};
        Json j = { .f = stdout };

        int r = read_waveform(h, id, &w);
        if (r < 0)
                return r;
        json_begin(&j, NULL);
        json_put_unsigned(&j, "event", (uint64_t) id);
        json_put_unsigned(&j, "session", (uint64_t) sqlite3_column_int64(q, 0));
        json_put_unsigned(&j, "time_usec", (uint64_t) sqlite3_column_int64(q, 1));
        json_put_unsigned(&j, "channel", (uint64_t) sqlite3_column_int64(q, 3));
        json_put_string(&j, "site", history_text(q, 4));
        json_put_string(&j, "kind", history_text(q, 6));
        json_put_double(&j, "amplitude_uv", uv(sqlite3_column_int64(q, 7)), 1);
        json_put_double(&j, "duration_ms", (double) sqlite3_column_int64(q, 8) / 1e3, 1);
        json_put_double(&j, "snr", (double) sqlite3_column_int64(q, 9) / 1e3, 1);
        json_put_unsigned(&j, "discharges", (uint64_t) sqlite3_column_int64(q, 10));
        json_put_unsigned(&j, "unit", (uint64_t) sqlite3_column_int64(q, 11));
        if (r > 0) {
                json_put_double(&j, "rate_hz", w.rate_hz, 3);
                json_put_unsigned(&j, "before", (uint64_t) w.before);
                json_begin_array(&j, "waveform_uv");
                for (size_t i = 0; i < w.n; i++)
                        json_put_double(&j, NULL, w.uv[i], 2);
                json_end(&j);
        }
        json_end(&j);
        json_line(&j);
        return 0;
}

static void event_text(sqlite3_stmt *q, int64_t id) {
        int64_t usec = sqlite3_column_int64(q, 1);
        char when[32];

        printf("Event %" PRId64 " of session %lld, %s:%06.3f\n", id, sqlite3_column_int64(q, 0),
               when_text(usec, sqlite3_column_int64(q, 2), when), fmod((double) (usec % 60000000) / 1e6, 60));
        printf("  ch %lld%s%s%s%s: %s, %.1f uV peak to peak, %.1f ms, %.1f SD above the noise\n",
               sqlite3_column_int64(q, 3), history_text(q, 4)[0] ? ", " : "", history_text(q, 4),
               history_text(q, 5)[0] ? ", " : "", history_text(q, 5), history_text(q, 6), uv(sqlite3_column_int64(q, 7)),
               (double) sqlite3_column_int64(q, 8) / 1e3, (double) sqlite3_column_int64(q, 9) / 1e3);
        if (sqlite3_column_int64(q, 10) > 1)
                printf("  %lld discharges\n", sqlite3_column_int64(q, 10));
        if (sqlite3_column_int64(q, 11) > 0)
                printf("  unit %lld of this session\n", sqlite3_column_int64(q, 11));
}

static int run_event(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        int64_t id;

        int r = parse_number(argv[1], "an event", &id);
        if (r != 0)
                return r;
        r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, "SELECT session, time_usec, utc_offset_s, channel, site, label, kind, amplitude_nv,"
                              " duration_usec, snr_milli, discharges, unit FROM event_utc WHERE id = ?", "i", id);
        if (!q)
                return -EIO;
        if (sqlite3_step(q) != SQLITE_ROW) {
                fprintf(stderr, "twitchctl: there is no event %" PRId64 ": see twitchctl show session N --events\n", id);
                return -ENOENT;
        }
        if (arg_json)
                return event_json(&h, q, id);
        event_text(q, id);
        return arg_plot ? show_waveform(&h, id) : 0;
}

/* --- a session ---------------------------------------------------------------------------- */

#define CHANNELS                                                                                        \
        "SELECT p.channel, p.site, p.label, sum(h.length_usec), sum(h.rest_usec), sum(h.rest_twitches)," \
        " sum(h.noise_nv_sum) / nullif(sum(h.floor_minutes), 0),"                                       \
        " sum(h.floor_nv_sum) / nullif(sum(h.floor_minutes), 0),"                                       \
        " (SELECT group_concat(cause || ' ' || (s + 500000) / 1000000 || ' s', ', ') FROM (SELECT cause," \
        "   sum(excluded_usec) AS s FROM hour_excluded x WHERE x.session = p.session AND x.channel = p.channel" \
        "   GROUP BY cause HAVING s >= 500000 ORDER BY s DESC))"                                        \
        " FROM placement p LEFT JOIN hour h ON h.session = p.session AND h.channel = p.channel"         \
        " WHERE p.session = ? GROUP BY p.channel ORDER BY p.channel"

static int print_channels(const History *h, int64_t id) {
        _cleanup_(history_finalize) sqlite3_stmt *q = history_query(h, CHANNELS, "i", id);
        static const TableColumn columns[] = {
                { "ch", TABLE_RIGHT }, { "site", 0 }, { "label", TABLE_WRAP }, { "rest", TABLE_RIGHT },
                { "twitches", TABLE_RIGHT }, { "a minute", TABLE_RIGHT }, { "noise uV", TABLE_RIGHT },
                { "floor uV", TABLE_RIGHT }, { "not counted", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                double rest_s = (double) sqlite3_column_int64(q, 4) / 1e6;
                char text[64];

                table_add_row(t);
                table_set(t, 0, "%lld", sqlite3_column_int64(q, 0));
                table_set(t, 1, "%s", history_text(q, 1)[0] ? history_text(q, 1) : "not said");
                table_set(t, 2, "%s", history_text(q, 2));
                table_set(t, 3, "%s", text_duration(rest_s, 0, text));
                table_set(t, 4, "%lld", sqlite3_column_int64(q, 5));
                table_set(t, 5, "%s", text_rate((double) sqlite3_column_int64(q, 5), rest_s, text));
                for (int c = 6; c <= 7; c++)
                        if (sqlite3_column_type(q, c) != SQLITE_NULL)
                                table_set(t, (unsigned) c, "%.1f", uv(sqlite3_column_int64(q, c)));
                table_set(t, 8, "%s", history_text(q, 8));
        }
        return rc == SQLITE_DONE ? table_print(t, stdout) : history_complain(h);
}

static int print_events(const History *h, int64_t id) {
        _cleanup_(history_finalize) sqlite3_stmt *q =
                history_query(h, "SELECT id, time_usec, utc_offset_s, channel, kind, amplitude_nv, duration_usec, unit,"
                                 " EXISTS (SELECT 1 FROM waveform w WHERE w.event = e.id) FROM event_utc e"
                                 " WHERE session = ? ORDER BY boottime_usec LIMIT ?", "ii", id, (int64_t) EVENTS_MAX);
        static const TableColumn columns[] = {
                { "event", TABLE_RIGHT }, { "time", 0 }, { "ch", TABLE_RIGHT }, { "kind", 0 }, { "uV", TABLE_RIGHT },
                { "ms", TABLE_RIGHT }, { "unit", TABLE_RIGHT }, { "", 0 }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                int64_t usec = sqlite3_column_int64(q, 1);
                char when[32];

                table_add_row(t);
                table_set(t, 0, "%lld", sqlite3_column_int64(q, 0));
                table_set(t, 1, "%s:%04.1f", when_text(usec, sqlite3_column_int64(q, 2), when) + strlen("2026-11-30 "),
                          (double) (usec % 60000000) / 1e6);
                table_set(t, 2, "%lld", sqlite3_column_int64(q, 3));
                table_set(t, 3, "%s", history_text(q, 4));
                table_set(t, 4, "%.1f", uv(sqlite3_column_int64(q, 5)));
                table_set(t, 5, "%.1f", (double) sqlite3_column_int64(q, 6) / 1e3);
                table_set(t, 6, "%lld", sqlite3_column_int64(q, 7));
                table_set(t, 7, "%s", sqlite3_column_int(q, 8) ? "waveform" : "");
        }
        if (rc != SQLITE_DONE)
                return history_complain(h);
        if (table_rows(t) == EVENTS_MAX)
                fprintf(stderr, "twitchctl: only the first %d events are listed; twitchctl export has all\n", EVENTS_MAX);
        return table_print(t, stdout);
}

static int run_session(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        char when[32], length[40];
        int64_t id;

        int r = parse_number(argv[1], "a session", &id);
        if (r != 0)
                return r;
        r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, "SELECT start_usec, end_usec, utc_offset_s, template, posture, note, confirmed, excluded, d.name,"
                              " rate_mhz, false_alarms_per_hour, version, (SELECT sum(scans) FROM loss WHERE session = s.id)"
                              " FROM session s JOIN device d ON d.id = s.device JOIN software w ON w.id = s.software"
                              " WHERE s.id = ?", "i", id);
        if (!q)
                return -EIO;
        if (sqlite3_step(q) != SQLITE_ROW) {
                fprintf(stderr, "twitchctl: there is no session %" PRId64 ": see twitchctl session list\n", id);
                return -ENOENT;
        }
        bool going_on = sqlite3_column_type(q, 1) == SQLITE_NULL;
        printf("Session %" PRId64 ", %s, %s%s%s%s\n", id, when_text(sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 2), when),
               going_on ? "going on" : text_duration((double) (sqlite3_column_int64(q, 1) - sqlite3_column_int64(q, 0)) / 1e6, 0, length),
               history_text(q, 3)[0] ? ", " : "", history_text(q, 3), sqlite3_column_int(q, 7) ? ", LEFT OUT of all numbers" : "");
        if (!sqlite3_column_int(q, 6))
                puts("  not confirmed: it opened by itself, with the placement of the last one");
        if (history_text(q, 4)[0])
                printf("  %s\n", history_text(q, 4));
        if (history_text(q, 5)[0])
                printf("  %s\n", history_text(q, 5));
        printf("  %s, %g samples/s, %g false alarms an hour and channel allowed, twitchd %s, %lld scans lost\n", history_text(q, 8),
               (double) sqlite3_column_int64(q, 9) / 1e3, sqlite3_column_double(q, 10), history_text(q, 11),
               sqlite3_column_int64(q, 12));
        r = print_channels(&h, id);
        return r >= 0 && arg_events ? print_events(&h, id) : r;
}

static const Option event_options[] = {
        { .name = "plot", .letter = 'p', .flag = &arg_plot, .help = "Draw its waveform." },
        HISTORY_OPTION,
        {},
};

static const Option session_options[] = {
        { .name = "events", .letter = 'e', .flag = &arg_events, .help = "List its events." },
        HISTORY_OPTION,
        {},
};

static const Verb subs[] = {
        { .name = "event", .args = "EVENT", .summary = "An event, and its waveform", .json = true, .bus = true,
          .options = event_options, .run = run_event },
        { .name = "session", .args = "SESSION", .summary = "A session: its channels, what counts and what does not",
          .bus = true, .options = session_options, .run = run_session },
        {},
};

const Verb verb_show = {
        .name = "show",
        .args = "",
        .summary = "Look under a number: an event with its waveform, a session with its events",
        .subs = subs,
};
