/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "../util.h"
#include "text-rate.h"

#define DIGITS "0123456789"

/* Whether some of these words begin in a line: where the first of them does */
static const char *find_any(const char *line, const char *const *words) {
        for (; *words; words++) {
                const char *p = strcasestr(line, *words);
                if (p)
                        return p;
        }
        return NULL;
}

/* "fs = 1000", "Interval=": at the beginning of a line, a word of its own */
static bool begins_with(const char *line, const char *word) {
        size_t n = strlen(word);

        line += strspn(line, " \t\"#%");
        return strncasecmp(line, word, n) == 0 && line[n] && !isalnum((unsigned char) line[n]);
}

/* The first number of a text, and the unit near it: "[ms];1", "0.001 s" */
static double first_number(const char *text) {
        text += strcspn(text, DIGITS);
        double value = strtod(text, NULL);
        return isfinite(value) ? value : 0;
}

static double seconds_of_unit(const char *text) {
        static const char *const milli[] = { "ms", "milli", NULL },
                                 *const micro[] = { "us", "\xc2\xb5s", "micro", NULL };

        return find_any(text, milli) ? 1e-3 : find_any(text, micro) ? 1e-6 : 1;
}

/* "Sample Rate = 250.0 Hz", "Sampling frequency: 2 kHz", "Fs,1000", "Abtastrate: 1000" */
static double rate_by_name(const char *line) {
        static const char *const sampling[] = { "sampl",    "abtast",        "chantillon",
                                                "muestreo", "campionamento", NULL },
                                 *const rate[] = { "rate", "freq", "fr\xc3\xa9q", "frec",
                                             "per s", "/s", NULL };
        const char *p = find_any(line, sampling);

        if (begins_with(line, "fs"))
                p = line;
        else if (!p || !find_any(line, rate))
                return 0;
        double hz = first_number(p);
        return strcasestr(p, "khz") ? hz * 1000 : hz;
}

/* "Sampling interval: 0.001 s", "Interval=", "dt = 0.001" */
static double rate_by_interval(const char *line) {
        static const char *const interval[] = { "interval", "period", NULL };
        const char *p = strcasestr(line, "sampl");

        if (!(p && find_any(p, interval)) && !begins_with(line, "interval") && !begins_with(line, "dt"))
                return 0;
        double seconds = first_number(line) * seconds_of_unit(line);
        return seconds > 0 ? 1 / seconds : 0;
}

/* "0.5 msec/sample", "1000 samples/second" */
static double rate_by_quotient(const char *line) {
        double value;
        int end = 0;

        if (sscanf(line, " %lf %n", &value, &end) != 1 || end == 0 || !(value > 0))
                return 0;
        if (strncasecmp(line + end, "samples/s", 9) == 0)
                return value;
        const char *slash = strcasestr(line + end, "sec/sample");
        if (!slash || slash - (line + end) > 5)
                return 0;
        return 1 / (value * (line[end] == 'm' ? 1e-3 : line[end] == 's' ? 1 : 1e-6));
}

double text_rate_in(const char *line) {
        double hz = rate_by_quotient(line);

        if (!(hz > 0))
                hz = rate_by_interval(line);
        if (!(hz > 0))
                hz = rate_by_name(line);
        return hz > 0 && hz < 1e6 ? hz : 0;
}
