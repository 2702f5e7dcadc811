/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <edflib.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "edf-header.h"
#include "file.h"

/* EDFlib counts samples in int. */
#define READ_MAX (1u << 20)

struct FileSource {
        int handle;             /* EDFlib's, -1 without */
        unsigned n_channels;
        FileChannel *channels;
        bool *inverted;
};

FileSource* file_source_free(FileSource *f) {
        if (!f)
                return NULL;
        if (f->handle >= 0)
                (void) edfclose_file(f->handle);
        for (unsigned i = 0; f->channels && i < f->n_channels; i++) {
                free(f->channels[i].label);
                free(f->channels[i].unit);
        }
        free(f->channels);
        free(f->inverted);
        free(f);
        return NULL;
}

/* What EDFlib says after edf_header_check() found nothing. */
static const char* edflib_error_to_string(int code, int *ret_errno) {
        *ret_errno = -EBADMSG;
        switch (code) {
        case EDFLIB_MALLOC_ERROR:
                *ret_errno = -ENOMEM;
                return "not enough memory to read the file";
        case EDFLIB_NO_SUCH_FILE_OR_DIRECTORY:
                *ret_errno = -ENOENT;
                return "the file went away while it was being opened";
        case EDFLIB_MAXFILES_REACHED:
                *ret_errno = -EMFILE;
                return "too many recordings are open";
        case EDFLIB_FILE_READ_ERROR:
                return "the file ends within its header";
        case EDFLIB_FILE_ALREADY_OPENED:
                *ret_errno = -EBUSY;
                return "the file is open already";
        case EDFLIB_FILE_IS_DISCONTINUOUS:
                *ret_errno = -EOPNOTSUPP;
                return "this is a discontinuous recording, which is not understood yet";
        case EDFLIB_FILE_CONTAINS_FORMAT_ERRORS:
                return "the file breaks a rule of EDF/BDF (patient, recording or date field, or first time "
                       "stamp); EDFbrowser names it and can often repair it";
        default:
                *ret_errno = -EIO;
                return "EDFlib cannot read the file";
        }
}

static int fail(char **ret_error, int r, const char *text) {
        if (!*ret_error)
                *ret_error = strdup(text);
        return *ret_error ? r : -ENOMEM;
}

/* Microvolts in one of a unit; NAN if it is no voltage. The letters are those of the EDF+ specification. */
static double unit_to_uv(const char *unit) {
        static const struct {
                const char *unit;
                double uv;
        } table[] = {
                { "nV", 1e-3 }, { "uV", 1 }, { "mV", 1e3 }, { "V", 1e6 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(unit, table[i].unit))
                        return table[i].uv;
        return NAN;
}

static char* dup_trimmed(const char *s) {
        s += strspn(s, " ");
        size_t n = strlen(s);
        while (n > 0 && s[n - 1] == ' ')
                n--;
        return strndup(s, n);
}

static int fill_channel(FileSource *f, unsigned i, const struct edf_hdr_struct *h) {
        const struct edf_param_struct *p = h->signalparam + i;
        FileChannel *c = f->channels + i;

        c->label = dup_trimmed(p->label);
        c->unit = dup_trimmed(p->physdimension);
        if (!c->label || !c->unit)
                return -ENOMEM;

        f->inverted[i] = p->phys_max < p->phys_min;
        c->rate_hz = (double) p->smp_in_datarecord * EDFLIB_TIME_DIMENSION / (double) h->datarecord_duration;
        c->lsb_uv = fabs(p->phys_max - p->phys_min) / ((double) p->dig_max - p->dig_min) * unit_to_uv(c->unit);
        c->code_min = f->inverted[i] ? -p->dig_max : p->dig_min;
        c->code_max = f->inverted[i] ? -p->dig_min : p->dig_max;
        c->n_samples = (uint64_t) p->smp_in_file;
        return 0;
}

static int check_file(const char *path, char **ret_error) {
        /* O_NONBLOCK: a FIFO without a writer must not hang us. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;

        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode))
                return fail(ret_error, -EBADMSG, "this is not an ordinary file");
        return edf_header_check(fd, (uint64_t) st.st_size, ret_error);
}

static int open_source(const char *path, FileSource **ret, char **ret_error) {
        int r = check_file(path, ret_error);
        if (r < 0)
                return fail(ret_error, r, strerror(-r));

        /* Some hundred kilobytes. */
        _cleanup_free_ struct edf_hdr_struct *h = malloc(sizeof *h);
        if (!h)
                return fail(ret_error, -ENOMEM, strerror(ENOMEM));
        /* The annotations would only be kept in memory. */
        if (edfopen_file_readonly(path, h, EDFLIB_DO_NOT_READ_ANNOTATIONS) < 0) {
                const char *text = edflib_error_to_string(h->filetype, &r);
                return fail(ret_error, r, text);
        }

        _cleanup_(file_source_freep) FileSource *f = calloc(1, sizeof *f);
        if (!f) {
                (void) edfclose_file(h->handle);
                return fail(ret_error, -ENOMEM, strerror(ENOMEM));
        }
        f->handle = h->handle;
        f->n_channels = (unsigned) h->edfsignals;
        f->channels = calloc(f->n_channels, sizeof *f->channels);
        f->inverted = calloc(f->n_channels, sizeof *f->inverted);
        if (!f->channels || !f->inverted)
                return fail(ret_error, -ENOMEM, strerror(ENOMEM));
        for (unsigned i = 0; i < f->n_channels; i++)
                if ((r = fill_channel(f, i, h)) < 0)
                        return fail(ret_error, r, strerror(-r));

        *ret = TAKE_PTR(f);
        return 0;
}

int file_source_open(const char *path, FileSource **ret, char **ret_error) {
        _cleanup_free_ char *error = NULL;

        int r = open_source(path, ret, &error);
        if (r < 0)
                *ret_error = TAKE_PTR(error);
        return r;
}

unsigned file_source_n_channels(const FileSource *f) {
        return f->n_channels;
}

const FileChannel* file_source_channel(const FileSource *f, unsigned channel) {
        assert(channel < f->n_channels);
        return f->channels + channel;
}

ssize_t file_source_read(FileSource *f, unsigned channel, int32_t *ret_samples, size_t n) {
        size_t done = 0;

        assert(channel < f->n_channels);
        while (done < n) {
                int k = edfread_digital_samples(f->handle, (int) channel, (int) MIN(n - done, (size_t) READ_MAX),
                                                ret_samples + done);
                if (k < 0)
                        return -EBADMSG;
                if (k == 0)
                        break;
                done += (size_t) k;
        }
        if (f->inverted[channel])
                for (size_t i = 0; i < done; i++)
                        ret_samples[i] = -ret_samples[i];
        return (ssize_t) done;
}
