/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <strings.h>

#include "units.h"
#include "util.h"

#define UNIT_MAX 40u

/* Without spaces, brackets and a point or the like at the end; signs for micro and the Cyrillic letters
 * become "u", "m", "V". */
static void simplify(const char *unit, char ret[static UNIT_MAX]) {
        static const struct {
                const char *from;
                char to;
        } letters[] = {
                { "\xc3\x82\xc2\xb5", 'u' }, /* UTF-8 of what was UTF-8 already */
                { "\xc2\xb5", 'u' },         { "\xce\xbc", 'u' }, { "\xd0\xbc\xd0\xba", 'u' },
                { "\xd0\xbc", 'm' },         { "\xd0\x92", 'V' }, { "\xd0\xb2", 'V' },
                { "\xc3\x8e\xc2\xbc", 'u' }, /* a Greek one in UTF-8, taken for Latin 1 */
                { "\xc3\xa6", 'u' },         /* mu of DOS (code pages 437 and 850), likewise; */
                { "\xc3\xac", 'u' },         /* of ISO 8859-7 */
                { "&micro;", 'u' },          { "&mu;", 'u' },
        };
        size_t n = 0;

        while (*unit && n < UNIT_MAX - 1) {
                size_t i = 0;

                for (; i < ELEMENTSOF(letters); i++)
                        if (strncmp(unit, letters[i].from, strlen(letters[i].from)) == 0)
                                break;
                if (i < ELEMENTSOF(letters)) {
                        ret[n++] = letters[i].to;
                        unit += strlen(letters[i].from);
                } else if (strchr(" []()<>{}\"'_", *unit))
                        unit++;
                else
                        ret[n++] = *unit++;
        }
        while (n > 0 && strchr(".,;*", ret[n - 1]))
                n--;
        ret[n] = 0;
}

double unit_to_uv(const char *unit) {
        /* what is longer than its field is cut there: "microvol" */
        static const char *const volt[] = { "V", "volt", "volts", "vol" };
        static const struct {
                const char *prefix;
                double uv;
        } prefixes[] = {
                { "", 1e6 },    { "m", 1e3 },  { "milli", 1e3 }, { "u", 1 },      { "micro", 1 },
                { "mic", 1 },   { "mikro", 1 }, { "mu", 1 },
                { "mc", 1 },   { "mk", 1 },      { "n", 1e-3 },   { "nano", 1e-3 },
                { "10^-6", 1 }, { "1e-6", 1 }, { "10^-3", 1e3 }, { "1e-3", 1e3 },
        };
        char simple[UNIT_MAX];

        simplify(unit, simple);
        /* capitals: of "MV" nobody knows whether it is milli or mega */
        if (simple[0] == 'M' && strncasecmp(simple, "mi", 2) != 0)
                return NAN;
        for (size_t p = 0; p < ELEMENTSOF(prefixes); p++)
                for (size_t v = 0; v < ELEMENTSOF(volt); v++) {
                        char word[UNIT_MAX];

                        snprintf(word, sizeof word, "%s%s", prefixes[p].prefix, volt[v]);
                        if (strcasecmp(simple, word) == 0)
                                return prefixes[p].uv;
                }
        return NAN;
}
