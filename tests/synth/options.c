/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "options.h"
#include "util.h"

#define PROG program_invocation_short_name

int option_u64(const char *name, const char *value, uint64_t *ret) {
        char *end;

        errno = 0;
        unsigned long long x = strtoull(value, &end, 10);
        if (errno != 0 || end == value || *end != '\0' || !isdigit((unsigned char) value[0])) {
                fprintf(stderr, "%s: --%s: '%s' is not a whole number\n", PROG, name, value);
                return -EINVAL;
        }
        *ret = x;
        return 0;
}

int option_unsigned(const char *name, const char *value, unsigned min, unsigned max, unsigned *ret) {
        uint64_t x;

        int r = option_u64(name, value, &x);
        if (r < 0)
                return r;
        if (x < min || x > max) {
                fprintf(stderr, "%s: --%s: %" PRIu64 " is not from %u to %u\n", PROG, name, x, min, max);
                return -EINVAL;
        }
        *ret = (unsigned) x;
        return 0;
}

int option_double(const char *name, const char *value, double min, double max, double *ret) {
        char *end;

        errno = 0;
        double x = strtod(value, &end);
        if (errno != 0 || end == value || *end != '\0' || isspace((unsigned char) value[0])) {
                fprintf(stderr, "%s: --%s: '%s' is not a number\n", PROG, name, value);
                return -EINVAL;
        }
        if (!(x >= min && x <= max)) {
                fprintf(stderr, "%s: --%s: %s is not from %g to %g\n", PROG, name, value, min, max);
                return -EINVAL;
        }
        *ret = x;
        return 0;
}

int option_range(const char *name, const char *value, double min, double max, double *ret_lo, double *ret_hi) {
        _cleanup_free_ char *lo_text = strdup(value);
        double lo, hi;
        int r;

        if (!lo_text)
                return -ENOMEM;
        char *hi_text = strchr(lo_text, ':');
        if (hi_text)
                *hi_text++ = '\0';

        r = option_double(name, lo_text, min, max, &lo);
        if (r < 0)
                return r;
        hi = lo;
        if (hi_text) {
                r = option_double(name, hi_text, min, max, &hi);
                if (r < 0)
                        return r;
        }
        if (lo > hi) {
                fprintf(stderr, "%s: --%s: %s: the smaller one comes first\n", PROG, name, value);
                return -EINVAL;
        }
        *ret_lo = lo;
        *ret_hi = hi;
        return 0;
}
