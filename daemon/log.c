/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"
#include "utf8.h"

#define LINE_MAX_BYTES 1024
#define PLACES_MAX 64u          /* places in the code that have said something lately */

static atomic_int max_level = LOG_INFO;

/* --- how often ---------------------------------------------------------------- */

typedef struct Place {
        const char *format;     /* stands for the place */
        usec_t since;
        unsigned n, n_left_out;
} Place;

static Place places[PLACES_MAX];
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;

/* Of two that share a place in the table, the later one begins anew. */
static bool may_say(const char *format, unsigned *ret_left_out) {
        Place *p = &places[((uintptr_t) format >> 3) % PLACES_MAX];
        usec_t now = now_usec();
        bool may;

        *ret_left_out = 0;
        pthread_mutex_lock(&places_lock);
        if (p->format != format || now - p->since >= LOG_INTERVAL_USEC) {
                *ret_left_out = p->format == format ? p->n_left_out : 0;
                *p = (Place) { .format = format, .since = now };
        }
        may = p->n < LOG_BURST;
        p->n += may;
        p->n_left_out += !may;
        pthread_mutex_unlock(&places_lock);
        return may;
}

/* --- where to ------------------------------------------------------------------ */

/* $JOURNAL_STREAM names the device and inode of the journal's end (systemd.exec(5)). */
static bool stderr_is_journal(void) {
        const char *e = getenv("JOURNAL_STREAM");
        unsigned long long dev, ino;
        struct stat st;

        return e && sscanf(e, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) >= 0 &&
               st.st_dev == dev && st.st_ino == ino;
}

static void write_line(int priority, const char *message_id, const char *device, const char *line) {
        static int journal = -1;

        if (journal < 0)
                journal = stderr_is_journal();
        if (journal && message_id &&
            sd_journal_send("MESSAGE=%s", line, "PRIORITY=%d", priority, "MESSAGE_ID=%s", message_id,
                            "TWITCHD_DEVICE=%s", device ? device : "", NULL) >= 0)
                return;
        /* In one write: other threads and libraries write there, too. */
        if (journal)
                dprintf(STDERR_FILENO, "<%d>%s\n", priority, line);
        else
                dprintf(STDERR_FILENO, "%s\n", line);
}

static _printf_(4, 0) void log_fullv(int priority, const char *message_id, const char *device,
                                     const char *format, va_list ap) {
        char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
        int saved_errno = errno;
        unsigned left_out;

        if (priority > atomic_load(&max_level) || !may_say(format, &left_out)) {
                errno = saved_errno;
                return;
        }
        errno = saved_errno;            /* for %m */
        vsnprintf(text, sizeof(text), format, ap);
        /* One message is one line, whatever is in the names of files and devices. */
        (void) utf8_clean(line, sizeof(line), text, sizeof(text));
        if (left_out > 0) {
                snprintf(text, sizeof(text), "%.*s (%u like this were left out)", LINE_MAX_BYTES - 64, line,
                         left_out);
                write_line(priority, message_id, device, text);
        } else
                write_line(priority, message_id, device, line);
        errno = saved_errno;
}

void log_full(int priority, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        log_fullv(priority, NULL, NULL, format, ap);
        va_end(ap);
}

int log_full_errno(int priority, int error, const char *format, ...) {
        va_list ap;

        errno = abs(error);
        va_start(ap, format);
        log_fullv(priority, NULL, NULL, format, ap);
        va_end(ap);
        return -abs(error);
}

void log_message(int priority, const char *message_id, const char *device, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        log_fullv(priority, message_id, device, format, ap);
        va_end(ap);
}

int log_message_errno(int priority, const char *message_id, const char *device, int error,
                      const char *format, ...) {
        va_list ap;

        errno = abs(error);
        va_start(ap, format);
        log_fullv(priority, message_id, device, format, ap);
        va_end(ap);
        return -abs(error);
}

/* --- how much ------------------------------------------------------------------ */

static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info",
                                      "debug" };

void log_set_level(int priority) {
        atomic_store(&max_level, priority);
}

int log_level(void) {
        return atomic_load(&max_level);
}

const char* log_level_to_string(int priority) {
        return priority >= 0 && (size_t) priority < ELEMENTSOF(levels) ? levels[priority] : NULL;
}

int log_level_from_string(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (streq(levels[i], s))
                        return (int) i;
        return -EINVAL;
}

/* --- what libiio says ------------------------------------------------------------ */

static bool is_of_libiio(const char *line) {
        static const char *const beginnings[] = { "ERROR: ", "WARNING: ", "DEBUG: ", "INFO: " };

        for (size_t i = 0; i < ELEMENTSOF(beginnings); i++)
                if (strncmp(line, beginnings[i], strlen(beginnings[i])) == 0)
                        return true;
        return false;
}

/* Anything else, of an assertion that failed say, goes where it would have gone. */
static ssize_t on_written(void *cookie, const char *data, size_t size) {
        if (is_of_libiio(data))
                log_debug("libiio: %.*s", (int) MIN(size, (size_t) LINE_MAX_BYTES), data);
        else if (write(STDERR_FILENO, data, size) < 0)
                return 0;
        return (ssize_t) size;
}

void log_take_over_stderr(void) {
        static char buffer[LINE_MAX_BYTES];
        FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t) { .write = on_written });

        if (!f)
                return;
        /* A line at a time, or the parts of one would not be known for what they are. */
        (void) setvbuf(f, buffer, _IOLBF, sizeof(buffer));
        stderr = f;
}
