/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "log.h"
#include "utf8.h"

/* $JOURNAL_STREAM names the device and inode of the journal's end (systemd.exec(5)). */
static bool stderr_is_journal(void) {
        const char *e = getenv("JOURNAL_STREAM");
        unsigned long long dev, ino;
        struct stat st;

        return e && sscanf(e, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) >= 0 &&
               st.st_dev == dev && st.st_ino == ino;
}

static _printf_(2, 0) void log_fullv(int priority, const char *format, va_list ap) {
        static int journal = -1, fd = -1;
        char text[1024], line[1024];
        int saved_errno = errno;

        if (fd < 0) {
                journal = stderr_is_journal();
                /* Its own: what a library writes to standard error can be sent elsewhere for a moment. */
                fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        }
        errno = saved_errno;            /* for %m */
        vsnprintf(text, sizeof(text), format, ap);
        /* One message is one line, whatever is in the names of files and devices. */
        (void) utf8_clean(line, sizeof(line), text, sizeof(text));
        if (journal)
                (void) dprintf(fd, "<%d>%s\n", priority, line);
        else
                (void) dprintf(fd, "%s\n", line);
        errno = saved_errno;
}

void log_full(int priority, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        log_fullv(priority, format, ap);
        va_end(ap);
}

int log_full_errno(int priority, int error, const char *format, ...) {
        va_list ap;

        errno = abs(error);
        va_start(ap, format);
        log_fullv(priority, format, ap);
        va_end(ap);
        return -abs(error);
}
