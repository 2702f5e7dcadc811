/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twitchctl config: each setting, its value, and the line of the file that says so. */
#include <ctype.h>

#include "config-files.h"
#include "ctl.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "utf8.h"
#include "util.h"
#include "verbs.h"

#define SETTINGS_MAX 64u
#define ORIGIN_MAX 512
#define MISTAKES_MAX 1000u
#define COMMENT_WIDTH 98

static bool arg_defaults = false;
static const char *arg_root = "";

typedef struct Origins {
        char from[SETTINGS_MAX][DEVICE_CHANNELS_MAX][ORIGIN_MAX];       /* "": the default */
        unsigned n_mistakes;
} Origins;

/* --- reading ---------------------------------------------------------------- */

static void on_set(const Setting *s, unsigned channel, const char *path, unsigned line, void *userdata) {
        Origins *o = userdata;
        char text[ORIGIN_MAX];

        snprintf(text, sizeof text, "%s:%u", path, line);
        (void) utf8_clean(o->from[s - config_settings][channel], ORIGIN_MAX, text, sizeof text);
}

static void on_mistake(const char *path, unsigned line, const char *what, void *userdata) {
        Origins *o = userdata;
        char text[1024], clean[1024], place[24] = "";

        if (++o->n_mistakes > MISTAKES_MAX)
                return;
        if (line > 0)
                snprintf(place, sizeof place, ":%u", line);
        snprintf(text, sizeof text, "%s%s: %s", path, place, what);
        (void) utf8_clean(clean, sizeof clean, text, sizeof text);
        fprintf(stderr, "twitchctl: %s\n", clean);
}

/* --- printing ----------------------------------------------------------------- */

/* Of single channels only what somebody set for them, and not for all. */
static bool is_shown(const Origins *o, const Setting *s, unsigned channel) {
        const char *from = o->from[s - config_settings][channel];
        const Setting *of_all = config_find_setting("device", s->name);

        return !s->per_channel ||
               (from[0] && !(of_all && streq(from, o->from[of_all - config_settings][0])));
}

static const char* section_text(const Setting *s, unsigned channel, char ret[static 32]) {
        if (s->per_channel)
                snprintf(ret, 32, "%s %u", s->section, channel + 1);
        else
                snprintf(ret, 32, "%s", s->section);
        return ret;
}

static int print_text(const Config *c, const Origins *o) {
        static const TableColumn columns[] = {
                { "section", 0 }, { "setting", 0 }, { "value", 0 }, { "from", TABLE_WRAP }, {},
        };
        _cleanup_(table_freep) Table *t = table_new(columns);

        for (const Setting *s = config_settings; s->name; s++)
                for (unsigned i = 0; i < (s->per_channel ? DEVICE_CHANNELS_MAX : 1); i++) {
                        const char *from = o->from[s - config_settings][i];
                        char section[32], value[CONFIG_TEXT_MAX];

                        if (!is_shown(o, s, i))
                                continue;
                        table_add_row(t);
                        table_set(t, 0, "[%s]", section_text(s, i, section));
                        table_set(t, 1, "%s", s->name);
                        table_set(t, 2, "%s", config_value_text(c, s, i, value));
                        table_set(t, 3, "%s", from[0] ? from : "default");
                }
        return table_print(t, stdout);
}

/* all: those of single channels, too, for the first of them */
static void print_json(const Config *c, const Origins *o, bool all) {
        Json j = { .f = stdout };

        for (const Setting *s = config_settings; s->name; s++)
                for (unsigned i = 0; i < (s->per_channel ? DEVICE_CHANNELS_MAX : 1); i++) {
                        const char *from = o->from[s - config_settings][i];
                        char value[CONFIG_TEXT_MAX];

                        if (!(all && i == 0) && !is_shown(o, s, i))
                                continue;
                        json_begin(&j, NULL);
                        json_put_string(&j, "section", s->section);
                        if (s->per_channel)
                                json_put_unsigned(&j, "channel", i + 1);
                        json_put_string(&j, "setting", s->name);
                        json_put_string(&j, "value", config_value_text(c, s, i, value));
                        json_put_string(&j, "from", from[0] ? from : "default");
                        json_put_bool(&j, "per_channel", s->per_channel);
                        json_put_string(&j, "allowed", s->allowed);
                        json_put_string(&j, "help", s->help);
                        json_end(&j);
                        json_line(&j);
                }
}

static void print_comment(const char *text) {
        _cleanup_free_ char *lines = NULL;
        char *saved;
        size_t size;

        FILE *f = open_memstream(&lines, &size);
        if (!f)
                return;
        text_wrap(f, text, 0, COMMENT_WIDTH);
        fclose(f);
        for (char *line = strtok_r(lines, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
                printf("# %s\n", line);
}

/* daemon/twitchd.conf, which is installed below /usr/lib, is what this prints. */
static void print_defaults(void) {
        const char *section = "";
        Config c;

        config_default(&c);
        puts("# Settings of twitchd, with their defaults. Do not edit this file: what is in a .conf file\n"
             "# of /etc/twitchd/conf.d goes before it. See twitchd.conf(5), and \"twitchctl config\" for\n"
             "# what is in effect.");
        for (const Setting *s = config_settings; s->name; s++) {
                char value[CONFIG_TEXT_MAX];

                if (!streq(section, s->section))
                        printf("\n%s[%s%s]\n", s->per_channel ? "#" : "", s->section,
                               s->per_channel ? " 1" : "");
                section = s->section;
                print_comment(s->help);
                printf("# %c%s.\n", toupper((unsigned char) s->allowed[0]), s->allowed + 1);
                printf("%s%s = %s\n", s->per_channel ? "#" : "", s->name,
                       config_value_text(&c, s, 0, value));
        }
}

static int run(int argc, char **argv) {
        _cleanup_free_ Origins *o = calloc(1, sizeof *o);
        const ConfigListener listener = { .mistake = on_mistake, .set = on_set, .userdata = o };
        Config c;

        if (arg_defaults && !arg_json) {
                print_defaults();
                return 0;
        }
        if (argc > 1 && access(argv[1], R_OK) < 0) {
                fprintf(stderr, "twitchctl: %s: %s\n", argv[1], strerror(errno));
                return -errno;
        }
        config_default(&c);
        int r = o ? 0 : -ENOMEM;
        if (r >= 0 && !arg_defaults)
                r = config_read(&c, arg_root, argc > 1 ? argv[1] : NULL, &listener);
        if (r < 0) {
                fprintf(stderr, "twitchctl: the settings cannot be read: %s\n", strerror(-r));
                return r;
        }
        if (o->n_mistakes > MISTAKES_MAX)
                fprintf(stderr, "twitchctl: and %u more mistakes\n", o->n_mistakes - MISTAKES_MAX);
        if (arg_json)
                print_json(&c, o, arg_defaults);
        else {
                r = print_text(&c, o);
                if (r < 0)
                        return r;
        }
        return o->n_mistakes > 0 ? -EBADMSG : 0;
}

static const Option options[] = {
        { "defaults", .flag = &arg_defaults,
          .help = "Print a file with all settings and their defaults, each with what it is for." },
        { "root", .value = "FOLDER", .text = &arg_root,
          .help = "Look below this folder instead of /: a mounted card, say." },
        {},
};

const Verb verb_config = {
        .name = "config",
        .args = "[FILE]",
        .summary = "The settings in effect, and which line of which file they come from",
        .text = "Reads what the service reads: twitchd.conf of /etc/twitchd, /run/twitchd or "
                "/usr/lib/twitchd, whichever is there first, then all .conf files in conf.d of these "
                "three folders by name; what comes later wins. With FILE, that file and those in FILE.d "
                "instead.\n"
                "\n"
                "Mistakes are named on standard error by file and line; then the exit status is 1. A "
                "change takes effect with\n"
                "\n"
                "  sudo systemctl reload twitchd\n"
                "\n"
                "Channels are counted from 1: [channel 1] is the first input, IN1.",
        .json = true,
        .options = options,
        .run = run,
};
