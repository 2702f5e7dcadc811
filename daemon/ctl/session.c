/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl session start | stop | list | exclude | include */
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "hint.h"
#include "history.h"
#include "json.h"
#include "store/sites.h"
#include "table.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#define SITES_MAX 32u
#define NO_SITE "none"

/* What a session is for: name, and what to do. */
static const struct {
        const char *name, *text;
} templates[] = {
        { "rest30", "30 minutes lying, relaxed, both calves and both upper arms; the first minute is for settling." },
        { "quick", "10 minutes of the same." },
        { "after-exertion", "10 minutes before, then the exertion, then 20 minutes." },
        { "night", "From going to bed to getting up." },
};

static struct {
        unsigned channel;
        char site[32];
        const char *label;
} sites[SITES_MAX];
static unsigned n_sites;
static const char *arg_posture, *arg_device, *arg_note, *arg_why;

/* --- start ---------------------------------------------------------------------- */

/* "1=left-calf" or "1=left-calf:outer head" */
static int parse_site(const char *value) {
        char *end;
        unsigned long channel = strtoul(value, &end, 10);

        if (end == value || *end != '=' || channel < 1 || channel > SITES_MAX) {
                fprintf(stderr, "twitchctl: --site: \"%s\": give channel=site, e.g. 1=left-calf; channels count from 1\n",
                        value);
                return -EINVAL;
        }
        if (n_sites == SITES_MAX) {
                fprintf(stderr, "twitchctl: --site: at most %u of them\n", SITES_MAX);
                return -EINVAL;
        }
        const char *site = end + 1, *colon = strchr(site, ':');
        int n = (int) (colon ? (size_t) (colon - site) : strlen(site));

        snprintf(sites[n_sites].site, sizeof sites[n_sites].site, "%.*s", n, site);
        if (streq(sites[n_sites].site, NO_SITE))
                sites[n_sites].site[0] = 0;
        else if (!site_is_valid(sites[n_sites].site))
                return complain_of_site(sites[n_sites].site);
        sites[n_sites].channel = (unsigned) channel;
        sites[n_sites++].label = colon ? colon + 1 : "";
        return 0;
}

static int append_detail(sd_bus_message *call, const char *name, const char *value) {
        return value ? sd_bus_message_append(call, "{sv}", name, "s", value) : 0;
}

static int append_start(sd_bus_message *call, const char *template) {
        int r = sd_bus_message_append(call, "s", template);

        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(uss)");
        for (unsigned i = 0; i < n_sites && r >= 0; i++)
                r = sd_bus_message_append(call, "(uss)", sites[i].channel, sites[i].site, sites[i].label);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0)
                r = append_detail(call, "posture", arg_posture);
        if (r >= 0)
                r = append_detail(call, "device", arg_device);
        if (r >= 0)
                r = append_detail(call, "note", arg_note);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int check_template(const char *name) {
        Hint h = { .typed = name };
        char hint[96];

        for (size_t i = 0; i < ELEMENTSOF(templates); i++) {
                if (streq(name, templates[i].name))
                        return 0;
                hint_try(&h, templates[i].name);
        }
        fprintf(stderr, "twitchctl: there is no template \"%s\"%s:", name, hint_text(&h, hint));
        for (size_t i = 0; i < ELEMENTSOF(templates); i++)
                fprintf(stderr, " %s", templates[i].name);
        fputc('\n', stderr);
        return EXIT_USAGE;
}

static int print_placement(const History *h, int64_t session) {
        _cleanup_(history_finalize) sqlite3_stmt *q =
                history_query(h, "SELECT channel, coalesce(site, 'not said'), coalesce(label, '') FROM placement"
                                 " WHERE session = ?", "i", session);
        static const TableColumn columns[] = { { "  ch", TABLE_RIGHT }, { "site", 0 }, { "label", TABLE_WRAP }, {} };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                table_add_row(t);
                table_set(t, 0, "%d", sqlite3_column_int(q, 0));
                table_set(t, 1, "%s", sqlite3_column_text(q, 1));
                table_set(t, 2, "%s", sqlite3_column_text(q, 2));
        }
        return rc == SQLITE_DONE ? table_print(t, stdout) : history_complain(h);
}

static int run_start(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(history_close) History h = {};
        const char *template = argc > 1 ? argv[1] : "";
        uint64_t id;

        int r = template[0] ? check_template(template) : 0;
        if (r != 0)
                return r;
        r = history_new_call("StartSession", &bus, &call);
        if (r < 0)
                return r;
        r = append_start(call, template);
        if (r < 0)
                return bus_complain(r, NULL);
        r = history_send(bus, call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "t", &id);
        if (r < 0)
                return bus_complain(r, NULL);

        printf("Session %" PRIu64 " has begun.", id);
        for (size_t i = 0; i < ELEMENTSOF(templates); i++)
                if (streq(template, templates[i].name))
                        printf(" %s", templates[i].text);
        puts(" The electrodes are at:");
        r = history_read(&h);
        return r < 0 ? r : print_placement(&h, (int64_t) id);
}

/* --- stop, exclude, include ------------------------------------------------------- */

static int run_stop(int argc, char **argv) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id;

        int r = history_call("EndSession", &reply, "");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "t", &id);
        if (r < 0)
                return bus_complain(r, NULL);
        printf("Session %" PRIu64 " has ended.\n", id);
        return 0;
}

static int parse_session(const char *text, uint64_t *ret) {
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (errno == 0 && end != text && *end == 0 && *ret > 0)
                return 0;
        fprintf(stderr, "twitchctl: \"%s\" is no number of a session: see twitchctl session list\n", text);
        return EXIT_USAGE;
}

static int exclude(const char *text, bool excluded) {
        uint64_t id;

        int r = parse_session(text, &id);
        if (r != 0)
                return r;
        r = history_call("ExcludeSession", NULL, "tbs", id, (int) excluded, arg_why ? arg_why : "");
        if (r < 0)
                return r;
        if (excluded)
                printf("Session %" PRIu64 " is left out of all numbers; \"twitchctl session include %" PRIu64 "\" takes it back.\n",
                       id, id);
        else
                printf("Session %" PRIu64 " counts.\n", id);
        return 0;
}

static int run_exclude(int argc, char **argv) {
        if (!arg_why) {
                fputs("twitchctl: session exclude needs --why=TEXT: what is left out without a reason cannot be trusted later\n",
                      stderr);
                return EXIT_USAGE;
        }
        return exclude(argv[1], true);
}

static int run_include(int argc, char **argv) {
        return exclude(argv[1], false);
}

/* --- list --------------------------------------------------------------------------- */

#define LIST                                                                                            \
        "SELECT s.id, s.uuid, s.start_usec, s.end_usec, s.utc_offset_s, s.template, s.posture, s.confirmed," \
        " s.excluded, s.ended, d.name,"                                                                 \
        " (SELECT group_concat(site, ' ') FROM (SELECT DISTINCT site FROM placement"                    \
        "   WHERE session = s.id AND site IS NOT NULL ORDER BY channel)),"                              \
        " (SELECT max(m) FROM (SELECT sum(rest_usec) AS m FROM hour WHERE session = s.id GROUP BY channel)),"   \
        " (SELECT sum(rest_twitches) FROM hour WHERE session = s.id),"                                  \
        " (SELECT why FROM session_exclusion WHERE session = s.id ORDER BY id DESC LIMIT 1)"            \
        " FROM session s JOIN device d ON d.id = s.device"                                              \
        " WHERE s.start_usec >= ?1 ORDER BY s.start_usec, s.id"

static const char *arg_since;

/* In one column, since each of its own would be too narrow: "rest30, left-calf, left out: electrode fell off" */
static void list_words(sqlite3_stmt *q, char *ret, size_t size) {
        bool excluded = sqlite3_column_int(q, 8);
        const struct {
                const char *prefix, *text;
        } words[] = {
                { "", history_text(q, 5) },
                { "", history_text(q, 11) },
                { excluded ? "left out: " : "", excluded ? history_text(q, 14) : "" },
                { "", sqlite3_column_int(q, 7) ? "" : "not confirmed" },
        };
        size_t n = 0;

        ret[0] = 0;
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if ((words[i].prefix[0] || words[i].text[0]) && n < size)
                        n += (size_t) snprintf(ret + n, size - n, "%s%s%s", n > 0 ? ", " : "", words[i].prefix,
                                               words[i].text);
}

static void list_row(Table *t, sqlite3_stmt *q) {
        int64_t start = sqlite3_column_int64(q, 2), end = sqlite3_column_int64(q, 3), offset = sqlite3_column_int64(q, 4);
        bool going_on = sqlite3_column_type(q, 3) == SQLITE_NULL;
        char when[32], length[40], rest[40], words[512];

        table_add_row(t);
        table_set(t, 0, "%lld", sqlite3_column_int64(q, 0));
        table_set(t, 1, "%s", when_text(start, offset, when));
        table_set(t, 2, "%s", going_on ? "going on" : text_duration((double) (end - start) / 1e6, 0, length));
        table_set(t, 3, "%s", text_duration((double) sqlite3_column_int64(q, 12) / 1e6, 0, rest));
        table_set(t, 4, "%lld", sqlite3_column_int64(q, 13));
        list_words(q, words, sizeof(words));
        table_set(t, 5, "%s", words);
}

static int list_text(const History *h, sqlite3_stmt *q) {
        static const TableColumn columns[] = {
                { "no", TABLE_RIGHT }, { "began", 0 }, { "length", TABLE_RIGHT }, { "rest", TABLE_RIGHT },
                { "twitches", TABLE_RIGHT }, { "sites", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        int rc;

        while ((rc = sqlite3_step(q)) == SQLITE_ROW)
                list_row(t, q);
        if (rc != SQLITE_DONE)
                return history_complain(h);
        if (table_rows(t) == 0)
                puts("No session yet: one opens by itself when a front end delivers samples.");
        return table_print(t, stdout);
}

static void json_text_or_null(Json *j, const char *key, sqlite3_stmt *q, int column) {
        if (sqlite3_column_type(q, column) != SQLITE_NULL)
                json_put_string(j, key, history_text(q, column));
}

static int list_json(const History *h, sqlite3_stmt *q) {
        Json j = { .f = stdout };
        int rc;

        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                json_begin(&j, NULL);
                json_put_unsigned(&j, "session", (uint64_t) sqlite3_column_int64(q, 0));
                json_put_string(&j, "uuid", history_text(q, 1));
                json_put_unsigned(&j, "start_usec", (uint64_t) sqlite3_column_int64(q, 2));
                if (sqlite3_column_type(q, 3) != SQLITE_NULL)
                        json_put_unsigned(&j, "end_usec", (uint64_t) sqlite3_column_int64(q, 3));
                json_put_double(&j, "utc_offset_s", (double) sqlite3_column_int64(q, 4), 0);
                json_put_string(&j, "device", history_text(q, 10));
                json_text_or_null(&j, "template", q, 5);
                json_text_or_null(&j, "posture", q, 6);
                json_put_bool(&j, "confirmed", sqlite3_column_int(q, 7));
                json_put_bool(&j, "excluded", sqlite3_column_int(q, 8));
                json_text_or_null(&j, "why", q, 14);
                json_text_or_null(&j, "ended", q, 9);
                json_text_or_null(&j, "sites", q, 11);
                json_put_double(&j, "rest_s", (double) sqlite3_column_int64(q, 12) / 1e6, 3);
                json_put_unsigned(&j, "rest_twitches", (uint64_t) sqlite3_column_int64(q, 13));
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
        q = history_query(&h, LIST, "i", since);
        if (!q)
                return -EIO;
        return arg_json ? list_json(&h, q) : list_text(&h, q);
}

static const Option start_options[] = {
        { .name = "site", .value = "CHANNEL=SITE[:LABEL]", .parse = parse_site,
          .help = "Where the electrodes of a channel are: side and muscle, e.g. 1=left-calf. Once for each channel; "
                  "those not named are where they were last time. Channels count from 1." },
        { .name = "posture", .value = "TEXT", .text = &arg_posture, .help = "lying, sitting, standing ..." },
        { .name = "device", .value = "NAME", .text = &arg_device, .help = "The front end, when there are several." },
        { .name = "note", .value = "TEXT", .text = &arg_note, .help = "Anything worth knowing later." },
        {},
};

static const Option exclude_options[] = {
        { .name = "why", .value = "TEXT", .text = &arg_why, .help = "The reason; it is kept." },
        {},
};

static const Option list_options[] = {
        { .name = "since", .value = "TIME", .text = &arg_since, .help = "Only those that began since: " WHEN_FORMS "." },
        HISTORY_OPTION,
        {},
};

static const Verb subs[] = {
        {
                .name = "start",
                .args = "[TEMPLATE]",
                .summary = "Begin a session: a placement of the electrodes, a sitting",
                .text = "Templates:\n"
                        "  rest30          30 minutes lying, both calves and both upper arms\n"
                        "  quick           10 minutes of the same\n"
                        "  after-exertion  10 minutes before, 20 after\n"
                        "  night           from going to bed to getting up\n"
                        "Sites: " SITE_FORMS "; or " NO_SITE ".\n"
                        "The minute in which a session begins belongs to neither: take one to settle.",
                .bus = true,
                .options = start_options,
                .run = run_start,
        },
        {
                .name = "stop",
                .args = "",
                .summary = "End it; what follows goes into a session that is not confirmed",
                .bus = true,
                .run = run_stop,
        },
        {
                .name = "list",
                .args = "",
                .summary = "All sessions, with their rest and twitches",
                .text = "\"rest\" is the usable rest of the channel that has most, \"twitches\" those of all channels in it. "
                        "\"not confirmed\": the session opened by itself, with the placement of the last one.",
                .json = true,
                .bus = true,
                .options = list_options,
                .run = run_list,
        },
        {
                .name = "exclude",
                .args = "SESSION",
                .summary = "Leave a session out of all numbers; reversible, and remembered",
                .bus = true,
                .options = exclude_options,
                .run = run_exclude,
        },
        {
                .name = "include",
                .args = "SESSION",
                .summary = "Take it back",
                .bus = true,
                .options = exclude_options,
                .run = run_include,
        },
        {},
};

const Verb verb_session = {
        .name = "session",
        .args = "",
        .summary = "Placements and sittings: start, stop, list, exclude",
        .text = "No sample is without a session: when nobody starts one, it opens by itself with the last placement, "
                "marked \"not confirmed\", and ends after six hours.",
        .subs = subs,
};
