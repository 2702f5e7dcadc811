/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <dirent.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>

#include "config.h"
#include "detect/detect.h"
#include "log.h"

#define DEFAULT_RATE_HZ 1000u
#define DEFAULT_GAIN 24u

void config_default(Config *c) {
        *c = (Config) {
                .rate_hz = DEFAULT_RATE_HZ,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
        };
        for (unsigned i = 0; i < ELEMENTSOF(c->gain); i++)
                c->gain[i] = DEFAULT_GAIN;
}

typedef struct Parser {
        Config *config;
        const char *path;
        FILE *file;
        int line;                       /* libinih tells no line to its handler: count what it reads */
        int n_bad;
        bool channel_gain[DEVICE_CHANNELS_MAX]; /* set on its own in this file */
} Parser;

static bool parse_unsigned(const char *s, unsigned *ret) {
        unsigned long v;
        char *end;

        errno = 0;
        v = strtoul(s, &end, 10);
        if (*s < '0' || *s > '9' || *end || errno || v > UINT32_MAX)
                return false;
        *ret = (unsigned) v;
        return true;
}

static bool parse_rate_hz(const char *s, unsigned *ret) {
        unsigned v;

        if (!parse_unsigned(s, &v))
                return false;
        for (unsigned dr = 0; dr < ADS1299_NUM_RATES; dr++)
                if (v == (unsigned) ADS1299_RATE_HZ(dr)) {
                        *ret = v;
                        return true;
                }
        return false;
}

static bool parse_gain(const char *s, unsigned *ret) {
        static const unsigned gains[ADS1299_NUM_GAINS] = ADS1299_GAINS;
        unsigned v;

        if (!parse_unsigned(s, &v))
                return false;
        for (unsigned i = 0; i < ELEMENTSOF(gains); i++)
                if (v == gains[i]) {
                        *ret = v;
                        return true;
                }
        return false;
}

/* In the C locale, which this program never leaves. */
static bool parse_false_alarms(const char *s, double *ret) {
        char *end;
        double v = strtod(s, &end);

        if (end == s || *end ||
            !(v >= DETECT_FALSE_ALARMS_PER_HOUR_MIN && v <= DETECT_FALSE_ALARMS_PER_HOUR_MAX))
                return false;
        *ret = v;
        return true;
}

static _printf_(2, 3) void bad(Parser *p, const char *format, ...) {
        char what[256];
        va_list ap;

        va_start(ap, format);
        vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        log_warning("%s:%d: %s; the line has no effect", p->path, p->line, what);
        p->n_bad++;
}

static void set_gain(Parser *p, const char *value) {
        unsigned gain;

        if (!parse_gain(value, &gain)) {
                bad(p, "gain must be 1, 2, 4, 6, 8, 12 or 24, not '%s'", value);
                return;
        }
        for (unsigned i = 0; i < DEVICE_CHANNELS_MAX; i++)
                if (!p->channel_gain[i])
                        p->config->gain[i] = gain;
}

static void set_channel_gain(Parser *p, const char *section, const char *value) {
        unsigned channel, gain;

        if (!parse_unsigned(section + strlen("channel "), &channel) || channel >= DEVICE_CHANNELS_MAX) {
                bad(p, "channels are 0 to %d, not [%s]", DEVICE_CHANNELS_MAX - 1, section);
                return;
        }
        if (!parse_gain(value, &gain)) {
                bad(p, "gain must be 1, 2, 4, 6, 8, 12 or 24, not '%s'", value);
                return;
        }
        p->config->gain[channel] = gain;
        p->channel_gain[channel] = true;
}

static int on_setting(void *userdata, const char *section, const char *name, const char *value) {
        Parser *p = userdata;
        bool device = streq(section, "device");

        if (device && streq(name, "rate_hz")) {
                if (!parse_rate_hz(value, &p->config->rate_hz))
                        bad(p, "rate_hz must be 250, 500, 1000, 2000, 4000, 8000 or 16000, not '%s'", value);
        } else if (device && streq(name, "gain"))
                set_gain(p, value);
        else if (strncmp(section, "channel ", strlen("channel ")) == 0 && streq(name, "gain"))
                set_channel_gain(p, section, value);
        else if (streq(section, "detector") && streq(name, "false_alarms_per_hour")) {
                if (!parse_false_alarms(value, &p->config->false_alarms_per_hour))
                        bad(p, "false_alarms_per_hour must be %g to %g, not '%s'",
                            DETECT_FALSE_ALARMS_PER_HOUR_MIN, DETECT_FALSE_ALARMS_PER_HOUR_MAX, value);
        } else
                bad(p, "unknown setting '%s' in [%s]", name, section);
        return 1;
}

static char* read_line(char *s, int n, void *userdata) {
        Parser *p = userdata;
        char *r = fgets(s, n, p->file);
        int c;

        if (!r)
                return NULL;
        p->line++;
        /*
         * The rest of a line longer than libinih's buffer must not look like the next one, and libinih 58
         * and later must not take the line for an error: it may be a comment.
         */
        if (!strchr(s, '\n') && strlen(s) + 1 == (size_t) n) {
                while ((c = fgetc(p->file)) != EOF && c != '\n')
                        ;
                s[n - 2] = '\n';
        }
        return r;
}

/* Returns the number of bad lines; a file that is not there has none. */
static int load_file(Config *c, const char *path) {
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        if (!file)
                return errno == ENOENT ? 0 : log_error_errno(errno, "%s: %m", path);

        Parser p = { .config = c, .path = path, .file = file };
        int r = ini_parse_stream(read_line, &p, on_setting, &p);
        if (ferror(file))
                return log_error_errno(EIO, "%s: %m", path);
        if (r < 0)
                return log_error_errno(ENOMEM, "%s: %m", path);
        if (r > 0) {
                p.line = r;
                bad(&p, "neither a [section] nor a setting = value");
        }
        return p.n_bad;
}

static int is_drop_in(const struct dirent *e) {
        size_t n = strlen(e->d_name);

        return e->d_name[0] != '.' && n > strlen(".conf") && streq(e->d_name + n - strlen(".conf"), ".conf");
}

static int load_drop_in(Config *c, const char *dir, const char *name) {
        char path[PATH_MAX];

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
                return log_error_errno(ENAMETOOLONG, "%s/%s: %m", dir, name);
        return load_file(c, path);
}

static int load_drop_ins(Config *c, const char *path) {
        struct dirent **entries;
        char dir[PATH_MAX];
        int r = 0;

        if ((size_t) snprintf(dir, sizeof(dir), "%s.d", path) >= sizeof(dir))
                return log_error_errno(ENAMETOOLONG, "%s.d: %m", path);

        int n = scandir(dir, &entries, is_drop_in, alphasort);
        if (n < 0)
                return errno == ENOENT ? 0 : log_error_errno(errno, "%s: %m", dir);

        for (int i = 0; i < n; i++) {
                if (r >= 0) {
                        int k = load_drop_in(c, dir, entries[i]->d_name);
                        r = k < 0 ? k : r + k;
                }
                free(entries[i]);
        }
        free(entries);
        return r;
}

int config_load(Config *c, const char *path) {
        assert(c);
        assert(path);

        int r = load_file(c, path);
        if (r < 0)
                return r;
        int k = load_drop_ins(c, path);
        return k < 0 ? k : r + k;
}
