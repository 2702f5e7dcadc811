/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl log KIND [AMOUNT] [NOTE...], log list | edit | rm | kinds | new-kind */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>

#include "bus.h"
#include "ctl.h"
#include "hint.h"
#include "history.h"
#include "json.h"
#include "store/entries.h"
#include "table.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

static const char *arg_at, *arg_until, *arg_since, *arg_kind, *arg_unit, *arg_window;

typedef struct Entry {
        const char *kind;
        int64_t at_usec, until_usec;            /* until 0: none */
        bool has_amount;
        double amount;
        char note[ENTRY_TEXT_MAX + 1];
} Entry;

/* --- kinds ---------------------------------------------------------------------------- */

/* 1: there is such a kind, with this unit; 0: no, and it was said. */
static int find_kind(const History *h, const char *name, char *ret_unit, size_t size) {
        _cleanup_(history_finalize) sqlite3_stmt *q = history_query(h, "SELECT name, unit FROM kind ORDER BY name", "");
        static char nearest[ENTRY_WORD_MAX];
        Hint hint = { .typed = name };
        char text[96];
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                const char *kind = history_text(q, 0);
                unsigned before = hint.distance;
                const char *had = hint.nearest;

                if (strcmp(kind, name) == 0) {
                        snprintf(ret_unit, size, "%s", history_text(q, 1));
                        return 1;
                }
                hint_try(&hint, kind);
                if (hint.nearest != had || hint.distance != before)
                        snprintf(nearest, sizeof nearest, "%s", kind);
                if (hint.nearest)
                        hint.nearest = nearest;
        }
        if (rc != SQLITE_DONE)
                return history_complain(h);
        fprintf(stderr, "twitchctl: there is no kind \"%s\"%s: see twitchctl log kinds; "
                "\"twitchctl log new-kind\" makes one of your own\n", name, hint_text(&hint, text));
        return 0;
}

static int print_kinds(const History *h) {
        _cleanup_(history_finalize) sqlite3_stmt *q =
                history_query(h, "SELECT name, unit, window_s, description, own FROM kind ORDER BY own, name", "");
        static const TableColumn columns[] = {
                { "kind", 0 }, { "unit", 0 }, { "counts for", TABLE_RIGHT }, { "", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                int64_t window_s = sqlite3_column_int64(q, 2);

                table_add_row(t);
                table_set(t, 0, "%s", history_text(q, 0));
                table_set(t, 1, "%s", history_text(q, 1));
                if (window_s > 0)
                        table_set(t, 2, "%g h", (double) window_s / 3600);
                table_set(t, 3, "%s", history_text(q, 3));
        }
        return rc == SQLITE_DONE ? table_print(t, stdout) : history_complain(h);
}

static int run_kinds(int argc, char **argv) {
        _cleanup_(history_close) History h = {};

        int r = history_read(&h);
        return r < 0 ? r : print_kinds(&h);
}

static int run_new_kind(int argc, char **argv) {
        char *end;
        double hours = arg_window ? strtod(arg_window, &end) : 24;
        char text[ENTRY_TEXT_MAX + 1] = "";

        if (arg_window && (end == arg_window || *end || !(hours >= 0 && hours <= 720))) {
                fprintf(stderr, "twitchctl: --window: \"%s\": hours, from 0 to 720\n", arg_window);
                return EXIT_USAGE;
        }
        for (int i = 2; i < argc; i++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 2 ? " " : "", argv[i]);
        int r = history_call("AddKind", NULL, "ssus", argv[1], arg_unit ? arg_unit : "",
                             (uint32_t) lround(hours * 3600), text);
        if (r >= 0)
                printf("\"twitchctl log %s\" is there now.\n", argv[1]);
        return r;
}

/* --- an entry ----------------------------------------------------------------------------- */

/* "80", "80mg", "80 mg": what follows the number must be the unit. False: it begins the note. */
static bool parse_amount(const char *text, const char *unit, Entry *e) {
        char *end;

        if (!isdigit((unsigned char) text[0]) && text[0] != '-' && text[0] != '.')
                return false;
        double v = strtod(text, &end);
        if (end == text || !isfinite(v) || (*end && strcmp(end, unit) != 0))
                return false;
        e->amount = v;
        e->has_amount = true;
        return true;
}

static int check_amount(const Entry *e, const char *unit) {
        if (!e->has_amount)
                return 0;
        if (unit[0] == 0) {
                fprintf(stderr, "twitchctl: %s has no amount\n", e->kind);
                return EXIT_USAGE;
        }
        if (streq(unit, "0-10") && (e->amount < 0 || e->amount > 10)) {
                fprintf(stderr, "twitchctl: %s goes from 0 to 10\n", e->kind);
                return EXIT_USAGE;
        }
        if (e->amount < 0) {
                fprintf(stderr, "twitchctl: %s: an amount is not below 0\n", e->kind);
                return EXIT_USAGE;
        }
        return 0;
}

static int parse_times(Entry *e) {
        int64_t now = when_now_usec();
        int r = 0;

        e->at_usec = now;
        if (arg_at)
                r = when_parse_now(arg_at, "--at", &e->at_usec);
        if (r >= 0 && arg_until) {
                r = when_parse_now(arg_until, "--until", &e->until_usec);
                /* "sleep --at 23:00 --until 6:30": the last 23:00 and the 6:30 after it */
                if (r >= 0 && e->until_usec < e->at_usec) {
                        fputs("twitchctl: --until is before --at; with a date it is clear which day is meant\n", stderr);
                        return EXIT_USAGE;
                }
        }
        if (r < 0)
                return EXIT_USAGE;
        if (e->at_usec > now + (int64_t) USEC_PER_SEC) {
                fputs("twitchctl: --at lies ahead: only what has begun can be logged\n", stderr);
                return EXIT_USAGE;
        }
        return 0;
}

/* words: after the kind */
static int parse_words(int n, char **words, const char *unit, Entry *e) {
        int i = 0;

        if (n > 0 && parse_amount(words[0], unit, e)) {
                i++;
                if (n > 1 && unit[0] && strcmp(words[1], unit) == 0)
                        i++;
        }
        for (; i < n; i++) {
                size_t length = strlen(e->note);

                if (length + strlen(words[i]) + 2 > sizeof e->note) {
                        fprintf(stderr, "twitchctl: a note has at most %u bytes\n", ENTRY_TEXT_MAX);
                        return EXIT_USAGE;
                }
                snprintf(e->note + length, sizeof e->note - length, "%s%s", length > 0 ? " " : "", words[i]);
        }
        return check_amount(e, unit);
}

static int append_entry(sd_bus_message *call, const Entry *e) {
        int r = sd_bus_message_append(call, "st", e->kind, (uint64_t) e->at_usec);

        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0 && e->has_amount)
                r = sd_bus_message_append(call, "{sv}", "amount", "d", e->amount);
        if (r >= 0 && e->until_usec)
                r = sd_bus_message_append(call, "{sv}", "end_usec", "t", (uint64_t) e->until_usec);
        if (r >= 0 && e->note[0])
                r = sd_bus_message_append(call, "{sv}", "text", "s", e->note);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

/* replaces: 0, or the entry that is edited */
static int send_entry(const Entry *e, const char *unit, uint64_t replaces) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        char when[32];
        uint64_t id;

        int r = history_new_call(replaces ? "ReplaceDiary" : "AddDiary", &bus, &call);
        if (r < 0)
                return r;
        if (replaces)
                r = sd_bus_message_append(call, "t", replaces);
        if (r >= 0)
                r = append_entry(call, e);
        if (r < 0)
                return bus_complain(r, NULL);
        r = history_send(bus, call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "t", &id);
        if (r < 0)
                return bus_complain(r, NULL);
        printf("%" PRIu64 ": %s, %s", id, when_text_here(e->at_usec, when), e->kind);
        if (e->has_amount)
                printf(", %g %s", e->amount, unit);
        putchar('\n');
        return 0;
}

static int run_log(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        Entry e = { .kind = argv[1] };
        char unit[ENTRY_WORD_MAX];

        int r = history_read(&h);
        if (r < 0)
                return r;
        r = find_kind(&h, e.kind, unit, sizeof unit);
        if (r <= 0)
                return r < 0 ? r : EXIT_USAGE;
        r = parse_times(&e);
        if (r == 0)
                r = parse_words(argc - 2, argv + 2, unit, &e);
        return r != 0 ? r : send_entry(&e, unit, 0);
}

/* --- edit and rm ------------------------------------------------------------------------------ */

static int parse_number(const char *text, uint64_t *ret) {
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (errno == 0 && end != text && *end == 0 && *ret > 0)
                return 0;
        fprintf(stderr, "twitchctl: \"%s\" is no number of an entry: see twitchctl log list\n", text);
        return EXIT_USAGE;
}

/* What is not said anew stays. */
static int run_edit(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        Entry before, e;
        char unit[ENTRY_WORD_MAX];
        uint64_t id;

        int r = parse_number(argv[1], &id);
        if (r != 0)
                return r;
        r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, "SELECT d.kind, time_usec, end_usec, amount_milli, text, unit FROM diary_now d"
                              " JOIN kind k ON k.name = d.kind WHERE d.id = ?", "i", (int64_t) id);
        if (!q)
                return -EIO;
        if (sqlite3_step(q) != SQLITE_ROW) {
                fprintf(stderr, "twitchctl: there is no entry %" PRIu64 ": see twitchctl log list\n", id);
                return -ENOENT;
        }
        before = (Entry) {
                .kind = history_text(q, 0),
                .at_usec = sqlite3_column_int64(q, 1),
                .until_usec = sqlite3_column_int64(q, 2),
                .has_amount = sqlite3_column_type(q, 3) != SQLITE_NULL,
                .amount = (double) sqlite3_column_int64(q, 3) / 1e3,
        };
        snprintf(before.note, sizeof before.note, "%s", history_text(q, 4));
        snprintf(unit, sizeof unit, "%s", history_text(q, 5));

        e = (Entry) { .kind = before.kind };
        r = parse_times(&e);
        if (r == 0)
                r = parse_words(argc - 2, argv + 2, unit, &e);
        if (r != 0)
                return r;
        if (!arg_at)
                e.at_usec = before.at_usec;
        if (!arg_until)
                e.until_usec = before.until_usec;
        if (!e.has_amount) {
                e.has_amount = before.has_amount;
                e.amount = before.amount;
        }
        if (!e.note[0])
                strcpy(e.note, before.note);
        return send_entry(&e, unit, id);
}

static int run_rm(int argc, char **argv) {
        uint64_t id;

        int r = parse_number(argv[1], &id);
        return r != 0 ? r : history_call("RemoveDiary", NULL, "t", id);
}

/* --- list ----------------------------------------------------------------------------------------- */

#define LIST                                                                                            \
        "SELECT d.id, time_usec, utc_offset_s, end_usec, d.kind, amount_milli, unit, text, logged_usec" \
        " FROM diary_now d JOIN kind k ON k.name = d.kind"                                              \
        " WHERE time_usec >= ?1 AND (?2 IS NULL OR d.kind = ?2) ORDER BY time_usec, d.id"

static void list_row(Table *t, sqlite3_stmt *q) {
        int64_t offset = sqlite3_column_int64(q, 2);
        char when[32];

        table_add_row(t);
        table_set(t, 0, "%lld", sqlite3_column_int64(q, 0));
        table_set(t, 1, "%s", when_text(sqlite3_column_int64(q, 1), offset, when));
        if (sqlite3_column_type(q, 3) != SQLITE_NULL)
                table_set(t, 2, "%s", when_text(sqlite3_column_int64(q, 3), offset, when) + strlen("2026-11-30 "));
        table_set(t, 3, "%s", history_text(q, 4));
        if (sqlite3_column_type(q, 5) != SQLITE_NULL)
                table_set(t, 4, "%g %s", (double) sqlite3_column_int64(q, 5) / 1e3, history_text(q, 6));
        table_set(t, 5, "%s", history_text(q, 7));
}

static int list_text(const History *h, sqlite3_stmt *q) {
        static const TableColumn columns[] = {
                { "no", TABLE_RIGHT }, { "time", 0 }, { "until", 0 }, { "kind", 0 }, { "amount", TABLE_RIGHT },
                { "note", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        while ((rc = sqlite3_step(q)) == SQLITE_ROW)
                list_row(t, q);
        if (rc != SQLITE_DONE)
                return history_complain(h);
        if (table_rows(t) == 0)
                puts("The diary has no such entry: \"twitchctl log caffeine 80\" makes one.");
        return table_print(t, stdout);
}

static int list_json(const History *h, sqlite3_stmt *q) {
        Json j = { .f = stdout };
        int rc;

        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                json_begin(&j, NULL);
                json_put_unsigned(&j, "entry", (uint64_t) sqlite3_column_int64(q, 0));
                json_put_unsigned(&j, "time_usec", (uint64_t) sqlite3_column_int64(q, 1));
                json_put_double(&j, "utc_offset_s", (double) sqlite3_column_int64(q, 2), 0);
                if (sqlite3_column_type(q, 3) != SQLITE_NULL)
                        json_put_unsigned(&j, "end_usec", (uint64_t) sqlite3_column_int64(q, 3));
                json_put_string(&j, "kind", history_text(q, 4));
                if (sqlite3_column_type(q, 5) != SQLITE_NULL)
                        json_put_double(&j, "amount", (double) sqlite3_column_int64(q, 5) / 1e3, 3);
                json_put_string(&j, "unit", history_text(q, 6));
                json_put_string(&j, "text", history_text(q, 7));
                json_put_unsigned(&j, "logged_usec", (uint64_t) sqlite3_column_int64(q, 8));
                json_end(&j);
                json_line(&j);
        }
        return rc == SQLITE_DONE ? 0 : history_complain(h);
}

static int run_list(int argc, char **argv) {
        _cleanup_(history_close) History h = {};
        _cleanup_(history_finalize) sqlite3_stmt *q = NULL;
        int64_t since = 0;

        int r = arg_since ? when_parse_now(arg_since, "--since", &since) : 0;
        if (r < 0)
                return EXIT_USAGE;
        r = history_read(&h);
        if (r < 0)
                return r;
        q = history_query(&h, LIST, "is", since, arg_kind);
        if (!q)
                return -EIO;
        return arg_json ? list_json(&h, q) : list_text(&h, q);
}

static const Option entry_options[] = {
        { .name = "at", .value = "TIME", .text = &arg_at, .help = "When it was, or began: " WHEN_FORMS ". Default: now." },
        { .name = "until", .value = "TIME", .text = &arg_until, .help = "When it ended, for what lasts." },
        {},
};

static const Option list_options[] = {
        { .name = "since", .value = "TIME", .text = &arg_since, .help = "Only what was since: " WHEN_FORMS "." },
        { .name = "kind", .value = "KIND", .text = &arg_kind, .help = "Only this kind." },
        HISTORY_OPTION,
        {},
};

static const Option kind_options[] = {
        { .name = "unit", .value = "UNIT", .text = &arg_unit, .help = "Of its amount; \"0-10\" for a scale." },
        { .name = "window", .value = "HOURS", .text = &arg_window,
          .help = "How long before a session an entry counts when you ask about it; default 24, 0: never." },
        {},
};

static const Option only_history[] = { HISTORY_OPTION, {} };

static const Verb subs[] = {
        { .name = "list", .args = "", .summary = "The entries, the oldest first", .json = true, .bus = true,
          .options = list_options, .run = run_list },
        { .name = "edit", .args = "ENTRY [AMOUNT] [NOTE...]", .bus = true, .options = entry_options, .run = run_edit,
          .summary = "Change an entry; what is not said anew stays",
          .text = "It gets another number. What it said before, and when that was logged, stays in the history." },
        { .name = "rm", .args = "ENTRY", .summary = "Take an entry back", .bus = true, .run = run_rm,
          .text = "That it was there stays in the history; \"twitchctl delete\" deletes for good." },
        { .name = "kinds", .args = "", .summary = "What can be logged, and in what unit", .bus = true,
          .options = only_history, .run = run_kinds },
        { .name = "new-kind", .args = "KIND [DESCRIPTION...]", .summary = "A kind of your own", .bus = true,
          .options = kind_options, .run = run_new_kind },
        {},
};

const Verb verb_log = {
        .name = "log",
        .args = "KIND [AMOUNT] [NOTE...]",
        .summary = "The diary: what you ate, drank, did, took and noticed",
        .text = "  twitchctl log caffeine 80 --at 14:30 espresso\n"
                "  twitchctl log sleep 6.5 --at 23:30 --until 6:00\n"
                "  twitchctl log note left foot was cold\n"
                "\"twitchctl log kinds\" lists what there is. What is logged before a session can be asked about later "
                "(twitchctl help triggers); what is logged afterwards is kept, but may be coloured by what was seen.",
        .bus = true,
        .options = entry_options,
        .subs = subs,
        .run = run_log,
};
