/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "config-files.h"
#include "log.h"
#include "twitchd.h"

#define FILE_BYTES_MAX (4u * 1024 * 1024)
#define DROP_INS_MAX 1024u
#define MISTAKES_LOGGED_MAX 10u

/* What comes after a [section that is none goes here, and nowhere. */
#define SECTION_OF_NOTHING "!"

/* In order of precedence */
static const char *const folders[] = { "/etc/twitchd", "/run/twitchd", "/usr/lib/twitchd" };
#define OLD_FILE "/etc/twitchd.conf"

typedef struct Parser {
        Config *config;
        const ConfigListener *listener;
        const char *path;
        FILE *file;
        char *buffer;                   /* of getline() */
        size_t buffer_size;
        unsigned line;                  /* libinih tells no line to its handler: count what it reads */
        unsigned first_channel;         /* what the first one is called */
        unsigned n_mistakes;
        bool channel_gain[DEVICE_CHANNELS_MAX]; /* set on its own in this file */
} Parser;

/* --- one file ------------------------------------------------------------- */

static _printf_(2, 3) void mistake(Parser *p, const char *format, ...) {
        char what[320];
        va_list ap;

        va_start(ap, format);
        vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        p->listener->mistake(p->path, p->line, what, p->listener->userdata);
        p->n_mistakes++;
}

static void tell_set(Parser *p, const Setting *s, unsigned channel) {
        if (p->listener->set)
                p->listener->set(s, channel, p->path, p->line, p->listener->userdata);
}

/* "channel 3" is "channel" and 2. */
static bool split_section(Parser *p, const char *section, char *ret_name, size_t size,
                          unsigned *ret_channel) {
        const char *number = section + strlen("channel ");
        unsigned long n;
        char *end;

        *ret_channel = 0;
        snprintf(ret_name, size, "%s", section);
        if (strncmp(section, "channel", strlen("channel")) != 0)
                return true;
        errno = 0;
        n = ULONG_MAX;
        if (strlen(section) > strlen("channel ") && *number >= '0' && *number <= '9')
                n = strtoul(number, &end, 10);
        if (n == ULONG_MAX || errno || *end || n < p->first_channel ||
            n >= p->first_channel + DEVICE_CHANNELS_MAX) {
                mistake(p, "channels are [channel %u] to [channel %u], not [%s]", p->first_channel,
                        p->first_channel + DEVICE_CHANNELS_MAX - 1, section);
                return false;
        }
        snprintf(ret_name, size, "channel");
        *ret_channel = (unsigned) n - p->first_channel;
        return true;
}

/* That of all channels, which those set on their own in the same file do not follow */
static void spread_gain(Parser *p) {
        const Setting *each = config_find_setting("channel", "gain");
        unsigned gain = p->config->gain[0];

        for (unsigned i = 0; i < DEVICE_CHANNELS_MAX; i++)
                if (!p->channel_gain[i]) {
                        p->config->gain[i] = gain;
                        tell_set(p, each, i);
                }
}

static bool section_is_known(const char *section) {
        for (const Setting *s = config_settings; s->name; s++)
                if (streq(s->section, section))
                        return true;
        return false;
}

static int on_setting(void *userdata, const char *section, const char *name, const char *value) {
        Parser *p = userdata;
        char section_name[64];
        unsigned channel;

        if (streq(section, SECTION_OF_NOTHING) ||
            !split_section(p, section, section_name, sizeof(section_name), &channel))
                return 1;
        const Setting *s = config_find_setting(section_name, name);
        if (!s) {
                if (!section[0])
                        mistake(p, "'%s' stands before the first [section]", name);
                else if (section_is_known(section_name))
                        mistake(p, "there is no setting '%s' in [%s]", name, section);
                else
                        mistake(p, "there is no section [%s]", section);
                return 1;
        }

        unsigned gain_of_first = p->config->gain[0];
        if (!s->parse(value, config_value(p->config, s, channel))) {
                mistake(p, "%s must be %s, not '%s'", name, s->allowed, value);
                return 1;
        }
        tell_set(p, s, channel);
        if (s->per_channel && streq(name, "gain"))
                p->channel_gain[channel] = true;
        else if (streq(name, "gain")) {
                spread_gain(p);
                if (p->channel_gain[0])
                        p->config->gain[0] = gain_of_first;
        }
        return 1;
}

/* Says what is wrong with a line before libinih sees it: it would tell of the first one only. */
static bool line_is_sound(Parser *p, const char *s, size_t n, size_t size) {
        if (strlen(s) != n)
                mistake(p, "a NUL byte in the line");
        else if (*s == 0 || *s == '#' || *s == ';')
                return n < size;
        else if (n >= size)
                mistake(p, "the line is longer than %zu bytes", size - 1);
        else if (*s == '[' ? !strchr(s, ']') : !strpbrk(s, "=:"))
                mistake(p, "neither a [section] nor a setting = value: '%.60s'", s);
        else
                return true;
        return false;
}

/*
 * Of one line as libinih should see it: without space in front, which would make it go on with the line
 * before.
 */
static char* read_line(char *s, int size, void *userdata) {
        Parser *p = userdata;

        ssize_t n = getline(&p->buffer, &p->buffer_size, p->file);
        if (n < 0)
                return NULL;
        p->line++;
        while (n > 0 && strchr("\r\n", p->buffer[n - 1]))
                p->buffer[--n] = 0;
        char *line = p->buffer;
        if (p->line == 1 && n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
                line += 3;
        line += strspn(line, " \t");
        n -= line - p->buffer;

        if (line_is_sound(p, line, (size_t) n, (size_t) size - 1))
                snprintf(s, (size_t) size, "%s\n", line);
        else
                snprintf(s, (size_t) size, *line == '[' ? "[" SECTION_OF_NOTHING "]\n" : "\n");
        return s;
}

static bool is_null_device(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* 1: there is something to read; 0: nothing, or it was said why not. */
static int open_file(Parser *p) {
        struct stat st;

        /* What is no file must not keep us waiting for its other end. */
        _cleanup_close_ int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0) {
                if (errno != ENOENT)
                        mistake(p, "cannot be read: %s", strerror(errno));
                return 0;
        }
        if (fstat(fd, &st) < 0 || is_null_device(&st))
                return 0;
        if (!S_ISREG(st.st_mode)) {
                mistake(p, "is no file, and was not read");
                return 0;
        }
        if (st.st_size > FILE_BYTES_MAX) {
                mistake(p, "is larger than %u MiB, and was not read", FILE_BYTES_MAX >> 20);
                return 0;
        }
        p->file = fdopen(fd, "re");
        if (!p->file)
                return -ENOMEM;
        TAKE_FD(fd);
        return 1;
}

static int read_file(Config *c, const char *path, unsigned first_channel, const ConfigListener *listener) {
        Parser p = { .config = c, .path = path, .first_channel = first_channel, .listener = listener };

        int r = open_file(&p);
        if (r <= 0)
                return r < 0 ? r : (int) p.n_mistakes;
        r = ini_parse_stream(read_line, &p, on_setting, &p);
        bool failed = ferror(p.file);
        fclose(p.file);
        free(p.buffer);
        if (r < 0)
                return -ENOMEM;
        if (r > 0) {
                p.line = (unsigned) r;
                mistake(&p, "neither a [section] nor a setting = value");
        }
        if (failed) {
                p.line = 0;
                mistake(&p, "cannot be read to its end");
        }
        return (int) p.n_mistakes;
}

/* --- which files ------------------------------------------------------------ */

typedef struct DropIns {
        char *paths[DROP_INS_MAX];
        size_t n;
} DropIns;

static void drop_ins_done(DropIns *d) {
        for (size_t i = 0; i < d->n; i++)
                free(d->paths[i]);
}

static const char* base_name(const char *path) {
        return strrchr(path, '/') + 1;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(base_name(*(char *const*) a), base_name(*(char *const*) b));
}

static bool has_name(const DropIns *d, const char *name) {
        for (size_t i = 0; i < d->n; i++)
                if (streq(base_name(d->paths[i]), name))
                        return true;
        return false;
}

static bool is_drop_in(const char *name) {
        size_t n = strlen(name);

        return name[0] != '.' && n > strlen(".conf") && streq(name + n - strlen(".conf"), ".conf");
}

/* Those of one folder, but for names that there are already. Returns the number of mistakes. */
static int add_drop_ins(DropIns *d, const char *folder, const ConfigListener *listener) {
        DIR *dir = opendir(folder);
        int n_mistakes = 0;

        if (!dir) {
                if (errno == ENOENT)
                        return 0;
                listener->mistake(folder, 0, strerror(errno), listener->userdata);
                return 1;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                if (!is_drop_in(e->d_name) || has_name(d, e->d_name))
                        continue;
                if (d->n == DROP_INS_MAX) {
                        listener->mistake(folder, 0, "too many files", listener->userdata);
                        n_mistakes = 1;
                        break;
                }
                if (asprintf(&d->paths[d->n], "%s/%s", folder, e->d_name) < 0) {
                        n_mistakes = -ENOMEM;
                        break;
                }
                d->n++;
        }
        closedir(dir);
        return n_mistakes;
}

/* r: mistakes so far, or an error that has been met */
static void add(int *r, int more) {
        *r = *r < 0 || more < 0 ? MIN(*r, more) : *r + more;
}

static int read_drop_ins(Config *c, DropIns *d, unsigned first_channel, const ConfigListener *listener) {
        int r = 0;

        qsort(d->paths, d->n, sizeof(d->paths[0]), compare_names);
        for (size_t i = 0; i < d->n; i++)
                add(&r, read_file(c, d->paths[i], first_channel, listener));
        return r;
}

/* path and path.d */
static int read_file_and_drop_ins(Config *c, const char *path, unsigned first_channel,
                                  const ConfigListener *listener) {
        _cleanup_(drop_ins_done) DropIns drop_ins = {};
        _cleanup_free_ char *folder = NULL;
        int r = 0;

        if (asprintf(&folder, "%s.d", path) < 0) {
                folder = NULL;
                return -ENOMEM;
        }
        add(&r, read_file(c, path, first_channel, listener));
        add(&r, add_drop_ins(&drop_ins, folder, listener));
        add(&r, read_drop_ins(c, &drop_ins, first_channel, listener));
        return r;
}

static int read_old(Config *c, const char *root, const ConfigListener *listener) {
        _cleanup_free_ char *path = NULL, *folder = NULL;

        if (asprintf(&path, "%s" OLD_FILE, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (asprintf(&folder, "%s.d", path) < 0) {
                folder = NULL;
                return -ENOMEM;
        }
        int r = 0;
        bool is_file = access(path, F_OK) == 0;
        if (is_file || access(folder, F_OK) == 0) {
                listener->mistake(is_file ? path : folder, 0,
                                  "is the place of old: move it to /etc/twitchd/ (twitchd.conf, conf.d/); "
                                  "channels are counted from 0 here and from 1 there",
                                          listener->userdata);
                r = 1;
        }
        add(&r, read_file_and_drop_ins(c, path, 0, listener));
        return r;
}

/* The first main file there is; then the drop-ins of all folders. */
static int read_folders(Config *c, const char *root, const ConfigListener *listener) {
        _cleanup_(drop_ins_done) DropIns drop_ins = {};
        bool found = false;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                char path[PATH_MAX];

                if ((size_t) snprintf(path, sizeof(path), "%s%s/twitchd.conf", root,
                                      folders[i]) >= sizeof(path))
                        return -ENAMETOOLONG;
                if (!found && access(path, F_OK) == 0) {
                        add(&r, read_file(c, path, 1, listener));
                        found = true;
                }
                if ((size_t) snprintf(path, sizeof(path), "%s%s/conf.d", root, folders[i]) >= sizeof(path))
                        return -ENAMETOOLONG;
                add(&r, add_drop_ins(&drop_ins, path, listener));
        }
        add(&r, read_drop_ins(c, &drop_ins, 1, listener));
        return r;
}

int config_read(Config *c, const char *root, const char *path, const ConfigListener *listener) {
        assert(c);
        assert(listener && listener->mistake);

        if (path)
                return read_file_and_drop_ins(c, path, 1, listener);
        int r = read_old(c, root, listener);
        if (r >= 0)
                add(&r, read_folders(c, root, listener));
        return r;
}

/* --- for the service -------------------------------------------------------- */

static void log_mistake(const char *path, unsigned line, const char *what, void *userdata) {
        unsigned *n = userdata;

        if (++*n > MISTAKES_LOGGED_MAX)
                return;
        if (line > 0)
                log_message(LOG_WARNING, TWITCHD_MESSAGE_CONFIG_MISTAKE, NULL,
                            "%s:%u: %s; the line has no effect.", path, line,
                            what);
        else
                log_message(LOG_WARNING, TWITCHD_MESSAGE_CONFIG_MISTAKE, NULL, "%s: %s.", path, what);
}

int config_load(Config *c, const char *path) {
        unsigned n = 0;
        const ConfigListener listener = { .mistake = log_mistake, .userdata = &n };

        int r = config_read(c, "", path, &listener);
        if (r < 0)
                return log_error_errno(r, "The settings cannot be read: %m");
        if (n > MISTAKES_LOGGED_MAX)
                log_warning("%u more mistakes in the settings: see \"twitchctl config\".",
                            n - MISTAKES_LOGGED_MAX);
        return r;
}
