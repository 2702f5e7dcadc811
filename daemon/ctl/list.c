/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl list: front ends and their channels. */
#include "bus.h"
#include "ctl.h"
#include "json.h"
#include "snapshot.h"
#include "table.h"
#include "text.h"
#include "verbs.h"

static void print_json(const Snapshot *s) {
        Json j = { .f = stdout };

        json_begin(&j, NULL);
        json_begin_array(&j, "monitors");
        for (size_t i = 0; i < s->n_monitors; i++) {
                const MonitorInfo *m = s->monitors + i;

                json_begin(&j, NULL);
                json_put_string(&j, "name", m->name);
                json_put_string(&j, "path", m->path);
                json_put_string(&j, "device", or_unknown(m->device));
                json_put_string(&j, "state", or_unknown(m->state));
                json_put_double(&j, "nominal_rate_hz", m->nominal_rate_hz, 3);
                json_begin_array(&j, "channels");
                for (size_t k = 0; k < m->n_channels; k++) {
                        json_begin(&j, NULL);
                        json_put_unsigned(&j, "channel", m->channels[k].index + 1);
                        json_put_string(&j, "label", m->channels[k].label ? m->channels[k].label : "");
                        json_put_string(&j, "path", m->channels[k].path);
                        json_end(&j);
                }
                json_end(&j);
                json_end(&j);
        }
        json_end(&j);
        json_end(&j);
        json_line(&j);
}

static int print_channels(const MonitorInfo *m) {
        static const TableColumn columns[] = { { "  ch", TABLE_RIGHT }, { "label", TABLE_WRAP }, {} };
        _cleanup_(table_freep) Table *t = table_new(columns);
        char name[32];

        for (size_t k = 0; k < m->n_channels; k++) {
                table_add_row(t);
                table_set(t, 0, "%u", m->channels[k].index + 1);
                table_set(t, 1, "%s", channel_label(m->channels + k, m->channels[k].index, name));
        }
        return table_print(t, stdout);
}

static int print_text(const Snapshot *s) {
        for (size_t i = 0; i < s->n_monitors; i++) {
                const MonitorInfo *m = s->monitors + i;

                text_print(stdout, m->name, 0);
                printf(": %s, %zu channels at %g samples/s\n", or_unknown(m->state), m->n_channels,
                       m->nominal_rate_hz);
                int r = print_channels(m);
                if (r < 0)
                        return r;
        }
        if (s->n_monitors == 0)
                puts("twitchd is running and has no front end: is the hat plugged in?");
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(snapshot_done) Snapshot s = {};

        int r = snapshot_open(&bus, &s);
        if (r < 0)
                return r;
        if (!arg_json)
                return print_text(&s);
        print_json(&s);
        return 0;
}

const Verb verb_list = {
        .name = "list",
        .args = "",
        .summary = "Front ends and their channels",
        .json = true,
        .bus = true,
        .run = run,
};
