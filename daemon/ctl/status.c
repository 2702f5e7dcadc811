/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl status: one screen, how each front end and each channel is doing. */
#include <inttypes.h>

#include "bus.h"
#include "ctl.h"
#include "history.h"
#include "json.h"
#include "snapshot.h"
#include "text.h"
#include "twitchd.h"
#include "verbs.h"

static void json_channel(Json *j, const ChannelInfo *c) {
        json_object(j, NULL);
        json_unsigned(j, "index", c->index);
        json_string(j, "label", c->label ? c->label : "");
        json_unsigned(j, "gain", c->gain);
        json_double(j, "lsb_uv", c->lsb_uv, 9);
        json_double(j, "noise_uv", c->noise_uv, 2);
        json_double(j, "floor_uv", c->floor_uv, 2);
        json_double(j, "exposure_s", c->exposure_s, 1);
        json_unsigned(j, "events", c->events);
        json_double(j, "rest_s", c->rest_s, 1);
        json_unsigned(j, "rest_twitches", c->rest_twitches);
        json_bool(j, "lead_off", c->lead_off);
        json_string(j, "status", or_unknown(c->status));
        json_object_end(j);
}

static void json_monitor(Json *j, const MonitorInfo *m) {
        json_object(j, NULL);
        json_string(j, "name", m->name);
        json_string(j, "device", or_unknown(m->device));
        json_string(j, "state", or_unknown(m->state));
        json_double(j, "nominal_rate_hz", m->nominal_rate_hz, 3);
        json_double(j, "rate_hz", m->rate_hz, 4);
        json_double(j, "false_alarms_per_hour", m->false_alarms_per_hour, 3);
        json_unsigned(j, "scans", m->scans);
        json_object(j, "lost");
        for (size_t i = 0; i < m->n_lost; i++)
                json_unsigned(j, m->lost[i].cause, m->lost[i].n);
        json_object_end(j);
        json_unsigned(j, "events", m->events);
        json_array(j, "channels");
        for (size_t i = 0; i < m->n_channels; i++)
                json_channel(j, m->channels + i);
        json_array_end(j);
        json_object_end(j);
}

static void print_json(const Snapshot *s, const HistoryState *h, const char *version) {
        Json j = { .f = stdout };

        json_object(&j, NULL);
        json_string(&j, "version", version);
        if (h->state) {
                json_object(&j, "history");
                json_string(&j, "state", h->state);
                json_string(&j, "file", h->file ? h->file : "");
                json_string(&j, "damaged_file", h->damaged_file ? h->damaged_file : "");
                json_unsigned(&j, "waiting", h->n_waiting);
                json_unsigned(&j, "lost", h->n_lost);
                json_object_end(&j);
        }
        json_array(&j, "monitors");
        for (size_t i = 0; i < s->n_monitors; i++)
                json_monitor(&j, s->monitors + i);
        json_array_end(&j);
        json_object_end(&j);
        json_line(&j);
}

/* What a person calls it; unknown words as they are. */
static const char* status_to_words(const char *status) {
        static const struct {
                const char *status, *words;
        } table[] = {
                { "lead-off",  "electrode off"           },
                { "saturated", "beyond the input range"  },
                { "flat",      "nothing connected"       },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(status, table[i].status))
                        return table[i].words;
        return status;
}

static void print_lost(const MonitorInfo *m) {
        unsigned n = 0;

        printf("  %llu scans received, %llu lost", (unsigned long long) m->scans,
               (unsigned long long) monitor_lost_total(m));
        for (size_t i = 0; i < m->n_lost; i++)
                if (m->lost[i].n > 0) {
                        printf("%s", n++ == 0 ? " (" : ", ");
                        text_print(stdout, m->lost[i].cause, 0);
                        printf(" %llu", (unsigned long long) m->lost[i].n);
                }
        puts(n > 0 ? ")" : "");
}

static void print_channel(const ChannelInfo *c, int width) {
        char name[32], noise[64], floor_uv[64], exposure[40], rate[64];

        printf("  %3u  ", c->index);
        text_print(stdout, channel_label(c, c->index, name), width);
        printf("  %4u  %8s  %8s  %10s  %7llu  %10s  ", c->gain,
               text_number(c->noise_uv, 2, "", noise),
               text_number(c->floor_uv, 1, "", floor_uv),
               text_duration(c->exposure_s, 0, exposure),
               (unsigned long long) c->events,
               text_rate((double) c->rest_twitches, c->rest_s, rate));
        text_print(stdout, status_to_words(or_unknown(c->status)), 0);
        putchar('\n');
}

static void print_monitor(const MonitorInfo *m) {
        int width = (int) strlen("label");
        char name[32], rate[64];

        for (size_t i = 0; i < m->n_channels; i++)
                width = MAX(width, text_width(channel_label(m->channels + i, m->channels[i].index, name)));

        text_print(stdout, m->name, 0);
        printf(": %s, %s samples/s (%g asked for); false alarms allowed per hour and channel: %g\n",
               or_unknown(m->state), m->rate_hz > 0 ? text_number(m->rate_hz, 2, "", rate) : "-",
               m->nominal_rate_hz, m->false_alarms_per_hour);
        print_lost(m);
        printf("  %3s  %-*s  %4s  %8s  %8s  %10s  %7s  %10s  %s\n", "", width, "label", "gain", "noise uV",
               "floor uV", "exposure", "events", "per minute", "electrodes");
        for (size_t i = 0; i < m->n_channels; i++)
                print_channel(m->channels + i, width);
        putchar('\n');
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
                printf("THE HISTORY CANNOT BE WRITTEN (%s): %s. What is found waits in memory: %" PRIu64 " records.\n",
                       or_unknown(h->file),
                       streq(state, "full") ? "no room on the disk" :
                       streq(state, "newer") ? "it is of a later version" : "see \"journalctl -u twitchd\"", h->n_waiting);
        if (h->n_lost > 0)
                printf("%" PRIu64 " records did not fit and are not in the history.\n", h->n_lost);
        if (h->damaged_file && h->damaged_file[0])
                printf("A damaged history was moved aside: %s\n", h->damaged_file);
}

static void print_text(const Snapshot *s, const HistoryState *h, const char *version) {
        printf("twitchd ");
        text_print(stdout, version, 0);
        putchar('\n');
        print_history(h);
        putchar('\n');
        for (size_t i = 0; i < s->n_monitors; i++)
                print_monitor(s->monitors + i);
        if (s->n_monitors == 0)
                printf("No front end: is the hat plugged in?\n\n");
        puts(NOT_A_MEDICAL_DEVICE);
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        _cleanup_(history_state_done) HistoryState h = {};
        _cleanup_free_ char *version = NULL;

        int r = bus_open(&bus);
        if (r < 0)
                return r;
        if ((r = snapshot_fetch(bus, &s, &error)) < 0 ||
            (r = sd_bus_get_property_string(bus, TWITCHD_BUS_NAME, TWITCHD_PATH, TWITCHD_MANAGER_INTERFACE,
                                            "Version", &error, &version)) < 0)
                return bus_complain(r, &error);
        history_fetch_state(bus, &h);
        if (arg_json)
                print_json(&s, &h, version);
        else
                print_text(&s, &h, version);
        return 0;
}

const Verb verb_status = {
        .name = "status",
        .args = "",
        .summary = "How each front end and each channel is doing",
        .json = true,
        .bus = true,
        .run = run,
};
