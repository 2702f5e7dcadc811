/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <edflib.h>
#include <inttypes.h>
#include <math.h>

#include "recording.h"

#define PROG program_invocation_short_name
#define BLOCK 1024

struct Recording {
        char *path;
        struct edf_hdr_struct header;
};

/* Units of voltage as files spell them. A micro sign is one byte in EDF's Latin-1 days and two in UTF-8. */
static const struct {
        const char *name;
        double nv;
} units[] = {
        { "nV", 1 },
        { "uV", 1e3 },
        { "uv", 1e3 },
        { "\xb5V", 1e3 },
        { "\xc2\xb5V", 1e3 },
        { "\xce\xbcV", 1e3 },
        { "mV", 1e6 },
        { "V", 1e9 },
};
#define UNKNOWN_UNIT_NV 1e3

static double unit_nv(const char *dimension) {
        size_t length = strcspn(dimension, " ");        /* the header pads with spaces */

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == length && memcmp(dimension, units[i].name, length) == 0)
                        return units[i].nv;
        return NAN;
}

static const char* open_error(int code) {
        switch (code) {
        case EDFLIB_MALLOC_ERROR:
                return "out of memory";
        case EDFLIB_NO_SUCH_FILE_OR_DIRECTORY:
                return errno > 0 ? strerror(errno) : "cannot be opened";
        case EDFLIB_FILE_IS_DISCONTINUOUS:
                return "has gaps (EDF+D or BDF+D), which a player at constant speed cannot show";
        case EDFLIB_FILE_READ_ERROR:
                return "ends within its header, or cannot be read";
        default:
                return "is no EDF or BDF file, or a damaged one";
        }
}

/* Nearest whole number, of halves the smaller one; headers round, hence the margin. */
static double whole_counts(double x) {
        return copysign(ceil(fabs(x) - 0.501), x);
}

Recording* recording_free(Recording *r) {
        if (!r)
                return NULL;
        if (r->header.handle >= 0)
                edfclose_file(r->header.handle);
        free(r->path);
        free(r);
        return NULL;
}

int recording_open(const char *path, Recording **ret) {
        _cleanup_(recording_freep) Recording *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        r->header.handle = -1;
        r->path = strdup(path);
        if (!r->path)
                return -ENOMEM;

        errno = 0;
        if (edfopen_file_readonly(path, &r->header, EDFLIB_DO_NOT_READ_ANNOTATIONS) < 0) {
                fprintf(stderr, "%s: %s: %s\n", PROG, path, open_error(r->header.filetype));
                r->header.handle = -1;
                return -EBADMSG;
        }
        if (r->header.edfsignals == 0 || r->header.datarecord_duration <= 0) {
                fprintf(stderr, "%s: %s: holds no signals\n", PROG, path);
                return -EBADMSG;
        }

        *ret = TAKE_PTR(r);
        return 0;
}

unsigned recording_n_channels(const Recording *r) {
        return (unsigned) r->header.edfsignals;
}

double recording_rate_hz(const Recording *r, unsigned channel) {
        return r->header.signalparam[channel].smp_in_datarecord * (double) EDFLIB_TIME_DIMENSION /
               r->header.datarecord_duration;
}

uint64_t recording_n_samples(const Recording *r, unsigned channel) {
        return (uint64_t) r->header.signalparam[channel].smp_in_file;
}

void recording_check_unit(const Recording *r, unsigned channel) {
        const char *dimension = r->header.signalparam[channel].physdimension;

        if (isnan(unit_nv(dimension)))
                fprintf(stderr, "%s: %s: channel %u: the unit '%.*s' is no voltage, taken for uV\n", PROG, r->path,
                        channel, (int) strcspn(dimension, " "), dimension);
}

ssize_t recording_read_nv(Recording *r, unsigned channel, double *ret_nv, size_t n) {
        const struct edf_param_struct *p = r->header.signalparam + channel;
        double unit = unit_nv(p->physdimension);
        double lsb = (p->phys_max - p->phys_min) / ((double) p->dig_max - p->dig_min);
        double zero = whole_counts(p->phys_max / lsb - p->dig_max);
        double lsb_nv = lsb * (isnan(unit) ? UNKNOWN_UNIT_NV : unit);
        size_t done = 0;

        while (done < n) {
                int counts[BLOCK], got;

                got = edfread_digital_samples(r->header.handle, (int) channel, (int) MIN(n - done, (size_t) BLOCK), counts);
                if (got < 0) {
                        fprintf(stderr, "%s: %s: ends before its header says so\n", PROG, r->path);
                        return -EBADMSG;
                }
                if (got == 0)
                        break;
                for (int i = 0; i < got; i++)
                        ret_nv[done + i] = nearbyint((counts[i] + zero) * lsb_nv);
                done += got;
        }
        return (ssize_t) done;
}
