/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twitchctl set: one setting, kept in a file of its own among the drop-ins. Who may change what is measured
 * for everybody is who may write there: root.
 */
#include <limits.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>

#include "config-files.h"
#include "ctl.h"
#include "hint.h"
#include "util.h"
#include "verbs.h"

#define SET_FOLDER "/etc/twitchd/conf.d"
#define SET_FILE SET_FOLDER "/80-set.conf"

static unsigned arg_channel = 0;        /* from 1; 0: not given */
static const char *arg_root = "";

/* --- what is to be set ------------------------------------------------------------ */

static const Setting* find_setting(const char *name) {
        Hint h = { .typed = name };
        char hint[96];

        for (const Setting *s = config_settings; s->name; s++) {
                if (s->per_channel != (arg_channel > 0))
                        continue;
                if (streq(s->name, name))
                        return s;
                hint_try(&h, s->name);
        }
        fprintf(stderr, "twitchctl: there is no setting \"%s\"%s%s: see twitchctl config --defaults\n", name,
                arg_channel > 0 ? " of a channel" : "", hint_text(&h, hint));
        return NULL;
}

static int check_value(const Setting *s, const char *value) {
        Config c;

        config_default(&c);
        /* In a file, " ;" begins a comment. */
        if (!strstr(value, " ;") && s->parse(value, config_value(&c, s, 0)))
                return 0;
        fprintf(stderr, "twitchctl: %s must be %s\n", s->name, s->allowed);
        return -EINVAL;
}

/* --- the file ----------------------------------------------------------------------- */

/* "gain" of "gain = 2" */
static bool line_sets(const char *line, const char *name) {
        size_t n = strlen(name);

        return strncmp(line, name, n) == 0 && strchr(" \t=", line[n]) && line[n];
}

/* Copies all but the lines of that setting in that section; value NULL: it is not set any more. */
static void copy_with(FILE *from, FILE *to, const char *section, const char *name, const char *value) {
        _cleanup_free_ char *line = NULL;
        bool here = false, done = !value;
        size_t size = 0;

        if (!from)
                fputs("# Made by \"twitchctl set\", and changed by it.\n", to);
        while (from && getline(&line, &size, from) > 0) {
                if (line[0] == '[') {
                        here = strncmp(line, section, strlen(section)) == 0;
                        fputs(line, to);
                        if (here && !done)
                                fprintf(to, "%s = %s\n", name, value);
                        done |= here;
                } else if (!here || !line_sets(line, name))
                        fputs(line, to);
        }
        if (!done)
                fprintf(to, "%s\n%s = %s\n", section, name, value);
}

/* The new file takes the place of the old one whole or not at all. */
static int write_file(const char *path, const char *section, const char *name, const char *value) {
        _cleanup_fclose_ FILE *from = fopen(path, "re");
        _cleanup_free_ char *temporary = NULL;

        if (asprintf(&temporary, "%s.new", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        FILE *to = fopen(temporary, "we");
        if (!to)
                return -errno;
        copy_with(from, to, section, name, value);
        bool failed = ferror(to) || fflush(to) != 0 || fsync(fileno(to)) < 0 || fchmod(fileno(to), 0644) < 0;
        failed |= fclose(to) != 0;
        if (!failed && rename(temporary, path) == 0)
                return 0;
        int r = errno > 0 ? -errno : -EIO;
        (void) unlink(temporary);
        return r;
}

static int make_folders(const char *root) {
        static const char *const folders[] = { "/etc", "/etc/twitchd", SET_FOLDER };
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                if ((size_t) snprintf(path, sizeof path, "%s%s", root, folders[i]) >= sizeof path)
                        return -ENAMETOOLONG;
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

/* --- whether it has an effect ----------------------------------------------------------- */

typedef struct Winner {
        const Setting *setting;
        unsigned channel, line;
        char path[PATH_MAX];
} Winner;

static void on_set(const Setting *s, unsigned channel, const char *path, unsigned line, void *userdata) {
        Winner *w = userdata;

        if (s != w->setting || channel != w->channel)
                return;
        snprintf(w->path, sizeof w->path, "%s", path);
        w->line = line;
}

static void on_mistake(const char *path, unsigned line, const char *what, void *userdata) {
}

/* A file whose name comes later goes before ours. */
static void tell_if_overruled(const Setting *s, const char *path) {
        _cleanup_free_ Winner *w = calloc(1, sizeof *w);
        const ConfigListener listener = { .mistake = on_mistake, .set = on_set, .userdata = w };
        Config c;

        if (!w)
                return;
        w->setting = s;
        w->channel = arg_channel > 0 ? arg_channel - 1 : 0;
        config_default(&c);
        if (config_read(&c, arg_root, NULL, &listener) >= 0 && w->line > 0 && !streq(w->path, path))
                fprintf(stderr, "twitchctl: it has no effect: %s:%u comes later\n", w->path, w->line);
}

/* Of systemd: whoever may write the file need not be allowed to reload a service, which polkit decides. */
static const char* refusal(int r, const sd_bus_error *error) {
        if (sd_bus_error_has_names(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, SD_BUS_ERROR_ACCESS_DENIED))
                return "only an administrator may do that";
        if (sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit"))
                return "the service is not installed";
        return sd_bus_error_is_set(error) && error->message ? error->message : strerror(-r);
}

static int reload_service(void) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        int r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", "ReloadOrTryRestartUnit", &error,
                                       NULL, "ss", "twitchd.service", "replace");
        if (r < 0)
                fprintf(stderr,
                        "twitchctl: written; it takes effect with \"sudo systemctl reload twitchd\" (%s)\n",
                        refusal(r, &error));
        return r;
}

static int run(int argc, char **argv) {
        const char *value = streq(argv[2], "default") ? NULL : argv[2];
        char path[PATH_MAX], section[32];

        const Setting *s = find_setting(argv[1]);
        if (!s || (value && check_value(s, value) < 0))
                return EXIT_USAGE;
        if (s->per_channel)
                snprintf(section, sizeof section, "[%s %u]", s->section, arg_channel);
        else
                snprintf(section, sizeof section, "[%s]", s->section);
        snprintf(path, sizeof path, "%s" SET_FILE, arg_root);

        int r = make_folders(arg_root);
        if (r >= 0)
                r = write_file(path, section, s->name, value);
        if (r < 0) {
                fprintf(stderr, "twitchctl: %s: %s%s\n", path, strerror(-r),
                        r == -EACCES ? "; settings are root's: sudo twitchctl set ..." : "");
                return r;
        }
        tell_if_overruled(s, path);
        return arg_root[0] ? 0 : reload_service();
}

static int parse_channel(const char *s) {
        char *end;
        unsigned long n = strtoul(s, &end, 10);

        if (*s < '0' || *s > '9' || *end || n < 1 || n > DEVICE_CHANNELS_MAX) {
                fprintf(stderr, "twitchctl: --channel takes a number from 1 to %d, not \"%s\"\n",
                        DEVICE_CHANNELS_MAX, s);
                return -EINVAL;
        }
        arg_channel = (unsigned) n;
        return 0;
}

static const Option options[] = {
        { "channel", .value = "N", .parse = parse_channel, .help = "Of this channel only, counted from 1." },
        { "root", .value = "FOLDER", .text = &arg_root,
          .help = "Write below this folder instead of /, and reload nothing." },
        {},
};

const Verb verb_set = {
        .name = "set",
        .args = "SETTING VALUE",
        .summary = "Change a setting for good, and have the service follow",
        .text = "twitchctl config --defaults says what there is. The VALUE default takes a setting back.\n"
                "\n"
                "  sudo twitchctl set rate_hz 2000\n"
                "  sudo twitchctl set --channel=3 label \"left calf\"\n"
                "\n"
                "It is kept in " SET_FILE "; a file there whose name comes later goes before it, and that "
                                          "is said.",
        .options = options,
        .run = run,
};
