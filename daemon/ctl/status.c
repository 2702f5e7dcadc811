/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl status: one screen, how each front end and each channel is doing. */
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "json.h"
#include "snapshot.h"
#include "table.h"
#include "text.h"
#include "today.h"
#include "twitchd.h"
#include "verbs.h"

static void json_channel(Json *j, const ChannelInfo *c) {
        json_begin(j, NULL);
        json_put_unsigned(j, "channel", c->index + 1);
        json_put_string(j, "label", c->label ? c->label : "");
        json_put_unsigned(j, "gain", c->gain);
        json_put_double(j, "lsb_uv", c->lsb_uv, 9);
        json_put_double(j, "noise_uv", c->noise_uv, 2);
        json_put_double(j, "floor_uv", c->floor_uv, 2);
        json_put_double(j, "exposure_s", c->exposure_s, 1);
        json_put_unsigned(j, "events", c->events);
        json_put_double(j, "rest_s", c->rest_s, 1);
        json_put_unsigned(j, "rest_twitches", c->rest_twitches);
        json_put_bool(j, "lead_off", c->lead_off);
        json_put_string(j, "status", or_unknown(c->status));
        json_put_string(j, "contact", or_unknown(c->contact));
        json_put_string(j, "electrodes_off", or_unknown(c->electrodes_off));
        json_put_double(j, "impedance_ohm", c->impedance_ohm, 0);
        json_end(j);
}

static void json_monitor(Json *j, const MonitorInfo *m) {
        json_begin(j, NULL);
        json_put_string(j, "name", m->name);
        json_put_string(j, "device", or_unknown(m->device));
        json_put_string(j, "state", or_unknown(m->state));
        json_put_string(j, "contact_method", or_unknown(m->contact_method));
        json_put_string(j, "bias_electrode", or_unknown(m->bias_electrode));
        json_put_double(j, "nominal_rate_hz", m->nominal_rate_hz, 3);
        json_put_double(j, "rate_hz", m->rate_hz, 4);
        json_put_double(j, "false_alarms_per_hour", m->false_alarms_per_hour, 3);
        json_put_unsigned(j, "scans", m->scans);
        json_begin(j, "lost");
        for (size_t i = 0; i < m->n_lost; i++)
                json_put_unsigned(j, m->lost[i].cause, m->lost[i].n);
        json_end(j);
        json_put_unsigned(j, "events", m->events);
        json_begin_array(j, "channels");
        for (size_t i = 0; i < m->n_channels; i++)
                json_channel(j, m->channels + i);
        json_end(j);
        json_end(j);
}

static void print_json(const Snapshot *s, const HistoryState *h, const Today *today, const char *version) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_put_string(&j, "version", version);
        if (h->state) {
                json_begin(&j, "history");
                json_put_string(&j, "state", h->state);
                json_put_string(&j, "file", h->file ? h->file : "");
                json_put_string(&j, "damaged_file", h->damaged_file ? h->damaged_file : "");
                json_put_unsigned(&j, "waiting", h->n_waiting);
                json_put_unsigned(&j, "lost", h->n_lost);
                json_end(&j);
        }
        json_begin_array(&j, "monitors");
        for (size_t i = 0; i < s->n_monitors; i++)
                json_monitor(&j, s->monitors + i);
        json_end(&j);
        json_begin_array(&j, "today");
        for (size_t i = 0; i < today->n; i++) {
                json_begin(&j, NULL);
                json_put_string(&j, "site", today->sites[i].name);
                json_put_unsigned(&j, "twitches", today->sites[i].twitches);
                json_put_double(&j, "exposure_s", today->sites[i].exposure_s, 1);
                json_end(&j);
        }
        json_end(&j);
        json_end(&j);
        json_line(&j);
}

/* --- for a person --------------------------------------------------------------- */

typedef struct Words {
        const char *word, *text;
} Words;

/* What a person calls it; unknown words as they are. */
static const char* find_words(const Words *table, size_t n, const char *word) {
        for (size_t i = 0; i < n; i++)
                if (streq(word, table[i].word))
                        return table[i].text;
        return word;
}

static const char* status_to_words(const char *status) {
        static const Words table[] = {
                { "lead-off", "electrode off" },
                { "poor-contact", "poor contact" },
                { "not-measured", "not measured" },
                { "saturated", "beyond range" },
                { "flat", "no signal" },
        };

        return find_words(table, ELEMENTSOF(table), status);
}

/* Of a front end: whether it works, and what to do if it does not */
static const char* state_to_words(const char *state) {
        static const Words table[] = {
                { "opening", "being opened" },
                { "checking", "checks itself, wait some seconds" },
                { "settling", "working; the noise is not known yet, wait some seconds" },
                { "running", "working" },
                { "busy", "not working: another program reads it; stop that (iiod?)" },
                { "no-permission", "not working: the service may not open it; is the udev rule installed?" },
                { "no-data", "not working: it is silent; see the wiring of DRDY and journalctl -k" },
                { "failed", "not working; see journalctl -u twitchd" },
                { "gone", "not there" },
        };

        return find_words(table, ELEMENTSOF(table), state);
}

static void print_history(const HistoryState *h) {
        const char *state = h->state;

        if (!state)
                return;
        if (streq(state, "ok"))
                printf("What is found is remembered in %s.\n", or_unknown(h->file));
        else if (streq(state, "opening"))
                printf("The history is being opened.\n");
        else if (streq(state, "none"))
                printf("NOTHING IS REMEMBERED: the service has no $STATE_DIRECTORY.\n");
        else
                printf("THE HISTORY CANNOT BE WRITTEN (%s): %s. "
                       "What is found waits in memory: %" PRIu64 " records.\n",
                       or_unknown(h->file),
                       streq(state, "full") ? "no room on the disk" :
                       streq(state, "newer") ? "it is of a later version" : "see \"journalctl -u twitchd\"",
                       h->n_waiting);
        if (h->n_lost > 0)
                printf("%" PRIu64 " records did not fit and are not in the history.\n", h->n_lost);
        if (h->damaged_file && h->damaged_file[0])
                printf("A damaged history was moved aside: %s\n", h->damaged_file);
}

static void print_lost(const MonitorInfo *m) {
        unsigned n = 0;

        if (monitor_lost_total(m) == 0) {
                printf("Nothing lost of %llu scans.\n", (unsigned long long) m->scans);
                return;
        }
        printf("%llu scans received, %llu lost (", (unsigned long long) m->scans,
               (unsigned long long) monitor_lost_total(m));
        for (size_t i = 0; i < m->n_lost; i++)
                if (m->lost[i].n > 0) {
                        printf("%s", n++ == 0 ? "" : ", ");
                        text_print(stdout, m->lost[i].cause, 0);
                        printf(" %llu", (unsigned long long) m->lost[i].n);
                }
        puts(").");
}

static void add_channel(Table *t, const ChannelInfo *c) {
        char name[32], ohm[64], noise[64], floor_uv[64], rest[40], rate[64];
        const char *status = or_unknown(c->status);
        bool ok = streq(status, "ok");

        table_add_row(t);
        table_set(t, 0, "%u", c->index + 1);
        table_set(t, 1, "%s", channel_label(c, c->index, name));
        table_set(t, 2, "%s", status_to_words(status));
        table_set_style(t, 2, ok ? TABLE_GREEN : TABLE_YELLOW);
        table_set(t, 3, "%s", text_kohm(c->impedance_ohm, 0, ohm));
        table_set(t, 4, "%s", text_number(c->noise_uv, 2, "", noise));
        table_set(t, 5, "%s", text_number(c->floor_uv, 1, "", floor_uv));
        table_set(t, 6, "%s", text_duration(c->rest_s, 0, rest));
        table_set(t, 7, "%llu", (unsigned long long) c->rest_twitches);
        table_set(t, 8, "%s", text_rate((double) c->rest_twitches, c->rest_s, rate));
}

static int print_monitor(const MonitorInfo *m) {
        static const TableColumn columns[] = {
                { "ch", TABLE_RIGHT },
                { "label", TABLE_TRUNCATE },
                { "electrodes", 0 },
                { "kOhm", TABLE_RIGHT },
                { "noise", TABLE_RIGHT },
                { "floor", TABLE_RIGHT },
                { "at rest", TABLE_RIGHT },
                { "twitches", TABLE_RIGHT },
                { "a minute", TABLE_RIGHT },
                {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);

        text_print(stdout, m->name, 0);
        printf(": %s\n", state_to_words(or_unknown(m->state)));
        if (m->rate_hz > 0)
                printf("%.2f samples/s, %g asked for. ", m->rate_hz, m->nominal_rate_hz);
        if (m->scans > 0)
                print_lost(m);
        if (streq(or_unknown(m->bias_electrode), "off"))
                puts("The bias electrode was off when it was opened: hum comes in. Fasten it, then see "
                     "\"twitchctl check\".");
        for (size_t i = 0; i < m->n_channels; i++)
                add_channel(t, m->channels + i);
        int r = table_print(t, stdout);
        putchar('\n');
        return r;
}

static int print_today(const Today *today) {
        static const TableColumn columns[] = {
                { "today", TABLE_TRUNCATE },
                { "at rest", TABLE_RIGHT },
                { "twitches", TABLE_RIGHT },
                { "a minute", TABLE_RIGHT },
                {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);

        for (size_t i = 0; i < today->n; i++) {
                const TodaySite *site = today->sites + i;
                char rest[40], rate[64];

                table_add_row(t);
                table_set(t, 0, "%s", site->name);
                table_set(t, 1, "%s", text_duration(site->exposure_s, 0, rest));
                table_set(t, 2, "%llu", (unsigned long long) site->twitches);
                table_set(t, 3, "%s", text_rate((double) site->twitches, site->exposure_s, rate));
        }
        int r = table_print(t, stdout);
        if (today->n > 0)
                putchar('\n');
        return r;
}

static const char legend[] =
        "kOhm: both electrodes of a channel and their leads; up to 100 is good. noise: uV rms. floor: the smallest twitch that this noise lets be found, uV peak to peak. at "
        "rest: time that counts, h:mm:ss, without minutes in which the muscle was used. twitches: those "
        "at rest; above, since the service saw the front end.\n";

static int print_text(const Snapshot *s, const HistoryState *h, const Today *today, const char *version) {
        int r = 0;

        printf("twitchd ");
        text_print(stdout, version, 0);
        putchar('\n');
        print_history(h);
        putchar('\n');
        for (size_t i = 0; i < s->n_monitors && r >= 0; i++)
                r = print_monitor(s->monitors + i);
        if (r >= 0)
                r = print_today(today);
        if (s->n_monitors == 0)
                printf("No front end: is the hat plugged in?\n\n");
        else
                text_wrap(stdout, legend, 0, text_columns());
        text_wrap(stdout, NOT_A_MEDICAL_DEVICE, 0, text_columns());
        return r;
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        _cleanup_(history_state_done) HistoryState h = {};
        _cleanup_free_ Today *today = calloc(1, sizeof *today);
        _cleanup_free_ char *version = NULL;

        int r = today ? snapshot_open(&bus, &s) : -ENOMEM;
        if (r < 0)
                return r;
        r = sd_bus_get_property_string(bus, TWITCHD_BUS_NAME, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE, "Version",
                                       &error, &version);
        if (r < 0)
                return bus_complain(r, &error);
        history_fetch_state(bus, &h);
        /* Without it, the rest is worth being shown all the same. */
        if (h.state && streq(h.state, "ok"))
                (void) today_read(today);
        if (!arg_json)
                return print_text(&s, &h, today, version);
        print_json(&s, &h, today, version);
        return 0;
}

const Verb verb_status = {
        .name = "status",
        .args = "",
        .summary = "Is it working: each front end and each channel, and today",
        .text = "One screen: whether each front end works, its electrodes, noise and twitches, what was "
                "found today at each site, and whether anything was lost. A rate is twitches by time at "
                "rest: a minute in which the muscle was used counts for neither.",
        .json = true,
        .bus = true,
        .run = run,
};
