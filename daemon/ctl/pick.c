/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "pick.h"
#include "source/units.h"
#include "util.h"

#define PART_MAX 64u

/* The next part of a list with commas; false at its end. */
static bool next_part(const char **text, char ret[static PART_MAX]) {
        if (!**text)
                return false;
        size_t n = strcspn(*text, ",");
        snprintf(ret, PART_MAX, "%.*s", (int) MIN(n, (size_t) PART_MAX - 1), *text);
        *text += n + ((*text)[n] == ',');
        return true;
}

/* "3" or "3-5" */
static bool is_range(const char *part, unsigned *ret_first, unsigned *ret_last) {
        int n = 0;

        if (sscanf(part, "%u-%u%n", ret_first, ret_last, &n) == 2 && part[n] == 0)
                return true;
        n = 0;
        if (sscanf(part, "%u%n", ret_first, &n) != 1 || part[n] != 0)
                return false;
        *ret_last = *ret_first;
        return true;
}

static bool part_means(const char *part, unsigned channel, const char *label) {
        unsigned first, last;

        if (streq(part, label))
                return true;
        return is_range(part, &first, &last) && channel + 1 >= first && channel + 1 <= last;
}

bool pick_has_channel(const char *text, unsigned channel, const char *label) {
        char part[PART_MAX];

        if (!text)
                return true;
        while (next_part(&text, part))
                if (part_means(part, channel, label))
                        return true;
        return false;
}

static int no_channel(const char *part, const FileSource *f, char **ret_error) {
        if (asprintf(ret_error, "there is no channel \"%s\": they are numbered 1 to %u", part,
                     file_source_n_channels(f)) < 0) {
                *ret_error = NULL;
                return -ENOMEM;
        }
        return -EINVAL;
}

static bool exists(const char *part, const FileSource *f) {
        for (unsigned i = 0; i < file_source_n_channels(f); i++)
                if (part_means(part, i, file_source_channel(f, i)->label))
                        return true;
        return false;
}

int pick_check_channels(const char *text, const FileSource *f, char **ret_error) {
        char part[PART_MAX];

        while (text && next_part(&text, part))
                if (!exists(part, f))
                        return no_channel(part, f, ret_error);
        return 0;
}

/* Of all channels only those are meant that do not say for themselves what they are in. */
static bool may_be_voltage(const FileChannel *c) {
        return isnan(c->lsb_uv) && (!c->unit[0] || strpbrk(c->unit, "vV?"));
}

/* Microvolts of "uV", or of the "0.02235uV" that a count of a converter is; NAN: it is no unit */
static double unit_or_step_uv(const char *text) {
        double uv = unit_to_uv(text);
        char *end;

        if (!isnan(uv) || !strchr("0123456789.", text[0]) || !text[0])
                return uv;
        double step = strtod(text, &end);
        return step > 0 && isfinite(step) ? step * unit_to_uv(end) : NAN;
}

int pick_set_units(const char *text, FileSource *f, char **ret_error) {
        char part[PART_MAX];

        while (text && next_part(&text, part)) {
                char *equals = strrchr(part, '=');
                const char *unit = equals ? equals + 1 : part;
                double uv = unit_or_step_uv(unit);

                if (isnan(uv)) {
                        if (asprintf(ret_error,
                                     "--unit takes uV, mV, V or nV, 0.02235uV for counts, or CHANNEL=uV, "
                                     "not \"%s\"",
                                     part) < 0)
                                *ret_error = NULL;
                        return -EINVAL;
                }
                if (equals)
                        *equals = 0;
                if (equals && !exists(part, f))
                        return no_channel(part, f, ret_error);
                for (unsigned i = 0; i < file_source_n_channels(f); i++)
                        if (equals ? part_means(part, i, file_source_channel(f, i)->label) :
                                     may_be_voltage(file_source_channel(f, i)))
                                file_source_set_unit(f, i, uv);
        }
        return 0;
}

int pick_time(const char *text, double *ret_s) {
        double seconds = 0;

        for (unsigned parts = 0; parts < 3; parts++) {
                char *end;
                double value = strtod(text, &end);

                if (end == text || !(value >= 0 && value < 1e9) ||
                    strspn(text, "0123456789.") != (size_t) (end - text))
                        return -EINVAL;
                seconds = seconds * 60 + value;
                if (*end == 0) {
                        *ret_s = seconds;
                        return 0;
                }
                if (*end != ':')
                        return -EINVAL;
                text = end + 1;
        }
        return -EINVAL;
}
