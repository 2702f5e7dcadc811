/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl check: the self-test of each front end and the contact of its electrodes, with what to do. */
#include <math.h>

#include "bus.h"
#include "ctl.h"
#include "json.h"
#include "say.h"
#include "snapshot.h"
#include "table.h"
#include "text.h"
#include "twitchd.h"
#include "verbs.h"

#define CHECK_TIMEOUT_USEC (60 * USEC_PER_SEC)

typedef struct Item {
        const char *name, *unit;
        int32_t channel;                /* zero-based; -1: none */
        double value, min, max;
        int right;                      /* as sd-bus has booleans */
} Item;

/* What it is for a person, and what helps. */
static const struct {
        const char *name, *words;
        unsigned decimals;
        const char *advice;
} kinds[] = {
        { "noise", "noise of the chip", 2,
          "The chip itself is noisier than it should be: look at the supply and the clock of the hat; keep it "
          "away from chargers and switching supplies." },
        { "offset", "offset of the chip", 0, "The chip is off its zero: its reference or supply is wrong." },
        { "test-signal", "test signal", 0,
          "The chip's own test signal is not of its size: the reference is wrong, or the channel is defect." },
        { "test-frequency", "its frequency", 3,
          "The chip's own test signal is not seen as it is: samples are wrong or missing." },
        { "positive-electrode", "positive electrode", 0, "Fasten it, and look at its cable." },
        { "negative-electrode", "negative electrode", 0, "Fasten it, and look at its cable." },
        { "bias-electrode", "bias electrode", 0, "Fasten it, and look at its cable: without it, hum comes in." },
        { "impedance", "impedance", 1,
          "Clean the skin, put on fresh electrodes or gel, and wait some minutes." },
        { "supply-analogue", "analogue supply", 2, "Look at the 5 V regulator of the hat." },
        { "supply-digital", "digital supply", 2, "Look at the 3.3 V (or 1.8 V) supply of the hat." },
        { "temperature", "temperature", 0, "Let it come to between -10 and 70 degrees." },
        { "lost", "lost scans", 0,
          "Samples were lost on their way: see \"twitchctl status\", and journalctl -k for the bus." },
};

static size_t kind_of(const char *name) {
        size_t i = 0;

        while (i < ELEMENTSOF(kinds) && !streq(kinds[i].name, name))
                i++;
        return i;
}

static int fetch(sd_bus *bus, const char *path, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        int r = bus_new_call(bus, path, TWITCHD_MONITOR_INTERFACE, "SelfTest", &call);
        if (r >= 0)
                r = sd_bus_call(bus, call, CHECK_TIMEOUT_USEC, &error, ret);
        return r < 0 ? bus_complain(r, &error) : 0;
}

/* > 0: one was read; its strings are those of the message */
static int read_item(sd_bus_message *m, Item *ret) {
        return sd_bus_message_read(m, "(sisdddb)", &ret->name, &ret->channel, &ret->unit, &ret->value, &ret->min,
                                   &ret->max, &ret->right);
}

/* --- for a program ------------------------------------------------------------------ */

static int print_json(const char *name, sd_bus_message *m, unsigned *n_wrong) {
        Item i;
        int r;

        while ((r = read_item(m, &i)) > 0) {
                Json j = { .f = stdout };

                json_begin(&j, NULL);
                json_put_string(&j, "monitor", name);
                json_put_string(&j, "item", i.name);
                if (i.channel >= 0)
                        json_put_unsigned(&j, "channel", (uint64_t) i.channel + 1);
                json_put_double(&j, "value", i.value, 3);
                json_put_string(&j, "unit", i.unit);
                json_put_double(&j, "min", i.min, 3);
                json_put_double(&j, "max", i.max, 3);
                json_put_bool(&j, "right", i.right);
                json_end(&j);
                json_line(&j);
                *n_wrong += !i.right;
        }
        return r;
}

/* --- for a person --------------------------------------------------------------------- */

typedef struct Summary {                /* of all items of a kind */
        unsigned n;
        double least, most, min, max;
        char unit[16], wrong[160];      /* channels where it is not right, "1, 2" */
        bool is_wrong;
} Summary;

static void add(Summary *s, const Item *i) {
        if (s->n++ == 0) {
                s->least = s->most = i->value;
                snprintf(s->unit, sizeof s->unit, "%s", i->unit);
        }
        s->least = fmin(s->least, i->value);
        s->most = fmax(s->most, i->value);
        s->min = i->min;
        s->max = i->max;
        if (i->right)
                return;
        s->is_wrong = true;
        size_t n = strlen(s->wrong);
        if (i->channel >= 0)
                snprintf(s->wrong + n, sizeof s->wrong - n, "%s%d", n > 0 ? ", " : "", i->channel + 1);
}

static const char* number(size_t kind, double value, char ret[static 64]) {
        return streq(kinds[kind].name, "impedance") ? text_kohm(value * 1e3, kinds[kind].decimals, ret) :
                text_number(value, kinds[kind].decimals, "", ret);
}

static void range(size_t kind, double from, double to, char ret[static 160]) {
        char a[64], b[64];

        (void) number(kind, from, a);
        (void) number(kind, to, b);
        if (streq(a, b))
                snprintf(ret, 160, "%s", a);
        else
                snprintf(ret, 160, "%s to %s", a, b);
}

static void add_row(Table *t, size_t kind, const Summary *s) {
        char measured[160], allowed[160];
        bool electrode = s->unit[0] == '\0';

        range(kind, s->least, s->most, measured);
        range(kind, s->min, s->max, allowed);
        table_add_row(t);
        table_set(t, 0, "%s", kinds[kind].words);
        table_set(t, 1, "%s", electrode ? "" : measured);
        table_set(t, 2, "%s", electrode ? "" : allowed);
        table_set(t, 3, "%s", s->unit);
        if (!s->is_wrong)
                table_set(t, 4, "ok");
        else if (s->wrong[0])
                table_set(t, 4, "%s: ch %s", electrode ? "OFF" : "NOT RIGHT", s->wrong);
        else
                table_set(t, 4, "%s", electrode ? "OFF" : "NOT RIGHT");
        table_set_style(t, 4, s->is_wrong ? TABLE_YELLOW : TABLE_GREEN);
}

static int print_text(const char *name, sd_bus_message *m, unsigned *n_wrong) {
        static const TableColumn columns[] = {
                { "", 0 }, { "measured", TABLE_RIGHT }, { "allowed", TABLE_RIGHT }, { "", 0 }, { "", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);
        Summary summaries[ELEMENTSOF(kinds)] = {};
        Item i;
        int r;

        while ((r = read_item(m, &i)) > 0) {
                size_t kind = kind_of(i.name);

                if (kind < ELEMENTSOF(kinds))
                        add(summaries + kind, &i);
                *n_wrong += !i.right;
        }
        if (r < 0)
                return r;
        text_print(stdout, name, 0);
        puts(":");
        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                if (summaries[k].n > 0)
                        add_row(t, k, summaries + k);
        r = table_print(t, stdout);
        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                if (summaries[k].is_wrong)
                        say(0, "%s: %s", kinds[k].words, kinds[k].advice);
        return r;
}

static int run(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        unsigned n_wrong = 0;

        int r = snapshot_open(&bus, &s);
        if (r < 0)
                return r;
        if (s.n_monitors == 0) {
                fprintf(stderr, "twitchctl: no front end: is the hat plugged in?\n");
                return -ENODEV;
        }
        for (size_t i = 0; i < s.n_monitors; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

                if (!arg_json)
                        fprintf(stderr, "Checking %s, this takes some seconds ...\n", s.monitors[i].name);
                r = fetch(bus, s.monitors[i].path, &reply);
                if (r >= 0)
                        r = sd_bus_message_enter_container(reply, 'a', "(sisdddb)");
                if (r >= 0)
                        r = arg_json ? print_json(s.monitors[i].name, reply, &n_wrong) :
                                       print_text(s.monitors[i].name, reply, &n_wrong);
                if (r < 0)
                        return r;
        }
        return n_wrong > 0 ? EXIT_FAILURE : 0;
}

const Verb verb_check = {
        .name = "check",
        .args = "",
        .summary = "Self-test of the chip and contact of the electrodes, with what to do",
        .text = "Takes some 6 s for each front end, in which nothing is found. The chip measures itself: noise and offset "
                "with shorted inputs, its own test signal, its supplies and its temperature; then the electrodes: which "
                "of them are off, and their impedance, both of a channel together, with 6 nA at a quarter of the "
                "sampling rate. Up to 100 kilo-ohm is good enough. Status 1: something is not right.",
        .json = true,
        .bus = true,
        .run = run,
};
