/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl impedance: the contact of the electrodes as it is measured now, without a break. */
#include "bus.h"
#include "ctl.h"
#include "json.h"
#include "snapshot.h"
#include "table.h"
#include "text.h"
#include "verbs.h"

static void print_json(const Snapshot *s) {
        for (size_t i = 0; i < s->n_monitors; i++)
                for (size_t k = 0; k < s->monitors[i].n_channels; k++) {
                        const ChannelInfo *c = s->monitors[i].channels + k;
                        Json j = { .f = stdout };

                        json_begin(&j, NULL);
                        json_put_string(&j, "monitor", s->monitors[i].name);
                        json_put_unsigned(&j, "channel", c->index + 1);
                        json_put_string(&j, "label", c->label ? c->label : "");
                        json_put_double(&j, "impedance_ohm", c->impedance_ohm, 0);
                        json_put_string(&j, "contact", or_unknown(c->contact));
                        json_put_string(&j, "electrodes_off", or_unknown(c->electrodes_off));
                        json_end(&j);
                        json_line(&j);
                }
}

static int print_monitor(const MonitorInfo *m) {
        static const TableColumn columns[] = {
                { "ch", TABLE_RIGHT }, { "label", TABLE_TRUNCATE }, { "kOhm", TABLE_RIGHT }, { "contact", 0 }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        const char *bias = or_unknown(m->bias_electrode);
        char name[32], ohm[64];

        text_print(stdout, m->name, 0);
        printf(": bias electrode %s\n", streq(bias, "not-measured") ? "not measured" : bias);
        for (size_t k = 0; k < m->n_channels; k++) {
                const ChannelInfo *c = m->channels + k;

                table_add_row(t);
                table_set(t, 0, "%u", c->index + 1);
                table_set(t, 1, "%s", channel_label(c, c->index, name));
                table_set(t, 2, "%s", text_kohm(c->impedance_ohm, 1, ohm));
                table_set(t, 3, "%s", contact_to_words(c));
                table_set_style(t, 3, streq(or_unknown(c->contact), "good") ? TABLE_GREEN : TABLE_YELLOW);
        }
        return table_print(t, stdout);
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(snapshot_done) Snapshot s = {};

        int r = snapshot_open(&bus, &s);
        if (r < 0)
                return r;
        if (arg_json) {
                print_json(&s);
                return 0;
        }
        for (size_t i = 0; i < s.n_monitors && r >= 0; i++)
                r = print_monitor(s.monitors + i);
        if (s.n_monitors == 0)
                puts("No front end: is the hat plugged in?");
        return r < 0 ? r : 0;
}

const Verb verb_impedance = {
        .name = "impedance",
        .args = "",
        .summary = "Contact of the electrodes, in kilo-ohm, as it is now",
        .text = "Of both electrodes of a channel together, with their leads: up to 100 kilo-ohm is good, above it cleaner skin or "
                "fresh gel helps; above 500 one of them is off, or both: which, \"twitchctl check\" tells. It is "
                "measured all the time, at 1000 to 4000 samples a second; at other rates only which "
                "electrodes are off is known. The current it is measured with is good for 20 %, and so is the number.",
        .json = true,
        .bus = true,
        .run = run,
};
