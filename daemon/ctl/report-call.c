/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>

#include "answers/sayings.h"
#include "report-call.h"
#include "say.h"

void report_call_add(char *args[], const char *name, const char *value) {
        size_t n = 0;

        if (!value)
                return;
        if (!args[0])
                args[0] = (char*) "twitch-report";
        while (args[n])
                n++;
        if (n + 1 < REPORT_CALL_MAX && asprintf(args + n, "--%s%s%s", name, value[0] ? "=" : "", value) < 0)
                args[n] = NULL;
}

/* The program beside this one, as in the build and where it is installed; else wherever it is. */
int report_call(char *args[]) {
        char path[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        char *slash;
        int error;

        path[MAX(n, 0)] = 0;
        slash = strrchr(path, '/');
        if (slash && (size_t) (slash + 1 - path) + sizeof("twitch-report") <= sizeof(path)) {
                strcpy(slash + 1, "twitch-report");
                (void) execv(path, args);
        }
        (void) execvp("twitch-report", args);
        error = errno;
        if (error == ENOENT)
                (void) say_wrong(SAY_REPORT_ABSENT);
        else
                (void) say_wrong(SAY_REPORT_CALL, strerror(error));
        for (size_t i = 1; args[0] && args[i]; i++)
                free(args[i]);
        return -error;
}
