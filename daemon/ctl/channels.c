/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl channels: how each channel is set up, and where its electrodes are. */
#include "ads1299.h"
#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "json.h"
#include "snapshot.h"
#include "table.h"
#include "text.h"
#include "utf8.h"
#include "verbs.h"

#define CHANNELS_MAX 64u
#define SITE_MAX 64u

typedef char Sites[CHANNELS_MAX][SITE_MAX];     /* by index; "": nobody said */

/* Of the placement that holds now; complains by itself. */
static int read_sites(const History *h, const char *monitor, Sites ret) {
        static const char query[] =
                "SELECT p.channel, p.site FROM placement p WHERE p.site IS NOT NULL AND p.session = "
                "(SELECT max(s.id) FROM session s JOIN device d ON d.id = s.device WHERE d.name = ?1)";
        _cleanup_(history_finalize) sqlite3_stmt *q = history_query(h, query, "s", monitor);
        int rc;

        if (!q)
                return -EIO;
        while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
                int64_t channel = sqlite3_column_int64(q, 0);
                const char *site = history_text(q, 1);

                if (channel >= 1 && channel <= CHANNELS_MAX)
                        (void) utf8_clean(ret[channel - 1], SITE_MAX, site, strlen(site));
        }
        return rc == SQLITE_DONE ? 0 : history_complain(h);
}

static const char* site_of(const Sites sites, const ChannelInfo *c) {
        return c->index < CHANNELS_MAX ? sites[c->index] : "";
}

/* What fits at either side, for all that lies between the two electrodes */
static double range_mv(const ChannelInfo *c) {
        return c->lsb_uv * (1 << ADS1299_CODE_BITS) / 1e3;
}

static void print_json(const MonitorInfo *m, const Sites sites) {
        for (size_t i = 0; i < m->n_channels; i++) {
                const ChannelInfo *c = m->channels + i;
                Json j = { .f = stdout };

                json_begin(&j, NULL);
                json_put_string(&j, "monitor", m->name);
                json_put_unsigned(&j, "channel", c->index + 1);
                json_put_string(&j, "path", c->path);
                json_put_string(&j, "label", c->label ? c->label : "");
                json_put_string(&j, "site", site_of(sites, c));
                json_put_unsigned(&j, "gain", c->gain);
                json_put_double(&j, "range_mv", range_mv(c), 3);
                json_put_double(&j, "noise_uv", c->noise_uv, 2);
                json_put_string(&j, "contact", or_unknown(c->contact));
                json_put_string(&j, "electrodes_off", or_unknown(c->electrodes_off));
                json_put_double(&j, "impedance_ohm", c->impedance_ohm, 0);
                json_end(&j);
                json_line(&j);
        }
}

static int print_text(const MonitorInfo *m, const Sites sites) {
        static const TableColumn columns[] = {
                { "ch", TABLE_RIGHT }, { "label", TABLE_TRUNCATE }, { "site", 0 }, { "gain", TABLE_RIGHT },
                { "+- mV", TABLE_RIGHT }, { "noise uV", TABLE_RIGHT }, { "contact", 0 }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        char name[32], noise[64];

        text_print(stdout, m->name, 0);
        printf(": %zu channels at %g samples a second\n", m->n_channels, m->nominal_rate_hz);
        for (size_t i = 0; i < m->n_channels; i++) {
                const ChannelInfo *c = m->channels + i;
                const char *site = site_of(sites, c);

                table_add_row(t);
                table_set(t, 0, "%u", c->index + 1);
                table_set(t, 1, "%s", channel_label(c, c->index, name));
                table_set(t, 2, "%s", site[0] ? site : "not said");
                table_set(t, 3, "%u", c->gain);
                table_set(t, 4, "%.0f", range_mv(c));
                table_set(t, 5, "%s", text_number(c->noise_uv, 2, "", noise));
                table_set(t, 6, "%s", contact_to_words(c));
                table_set_style(t, 6, streq(or_unknown(c->contact), "good") ? TABLE_GREEN : TABLE_YELLOW);
        }
        return table_print(t, stdout);
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(history_state_done) HistoryState state = {};
        _cleanup_(snapshot_done) Snapshot s = {};
        _cleanup_(history_close) History h = {};

        int r = snapshot_open(&bus, &s);
        if (r < 0)
                return r;
        history_fetch_state(bus, &state);
        bool remembered = s.n_monitors > 0 && state.state && streq(state.state, "ok") &&
                history_read(&h) >= 0;
        for (size_t i = 0; i < s.n_monitors && r >= 0; i++) {
                Sites sites = {};

                /* Without it, the rest is worth being shown all the same. */
                if (remembered)
                        (void) read_sites(&h, s.monitors[i].name, sites);
                if (arg_json)
                        print_json(s.monitors + i, sites);
                else
                        r = print_text(s.monitors + i, sites);
        }
        if (s.n_monitors == 0 && !arg_json)
                puts("No front end: is the hat plugged in?");
        return r;
}

const Verb verb_channels = {
        .name = "channels",
        .args = "",
        .summary = "How each channel is set up, and where its electrodes are",
        .text = "Label and gain are settings (twitchctl set --channel=N), the site is said when a session "
                "begins (twitchctl session start). +- mV: how far the two electrodes may be apart at this "
                "gain. Channels are counted from 1, with --json, too.\n"
                "\n"
                "  sudo twitchctl set --channel=3 gain 12\n"
                "  twitchctl session start --site=3=left-calf",
        .json = true,
        .bus = true,
        .run = run,
};
