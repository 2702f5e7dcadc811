/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mman.h>

#include "../unit/random.h"
#include "cut-vfs.h"
#include "util.h"

#define WRITES_MAX 8192u
#define ROOM (64u << 20)
#define DARK_AT_FLUSH 0.15
#define DARK_AT_WRITE 0.002

enum { FILE_DATABASE, FILE_WAL, _FILES };

typedef struct Write {
        unsigned file;
        int64_t at;
        uint32_t n, n_before;           /* bytes written, and of them those that were there before */
        uint64_t before;                /* where they are in room */
} Write;

struct CutLog {
        uint64_t lives;                 /* processes so far: each has another fate */
        uint32_t n;
        uint32_t flushed[_FILES];       /* of each file, writes before this one are on the disk */
        uint64_t used;
        Write writes[WRITES_MAX];
        uint8_t room[ROOM];
};

typedef struct File {
        sqlite3_file base;
        int file;                       /* of the enumeration; -1: of no account */
        sqlite3_file *real;             /* behind this */
} File;

static CutLog *cut_log;
static sqlite3_vfs *real_vfs, cut_vfs;
static sqlite3_io_methods methods;

int cut_log_new(CutLog **ret) {
        CutLog *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (l == MAP_FAILED)
                return -ENOMEM;
        seed(2);
        *ret = l;
        return 0;
}

static sqlite3_file* real(sqlite3_file *f) {
        return ((File*) f)->real;
}

/* All on the disk: the log begins anew. */
static void forget_what_is_flushed(void) {
        for (int i = 0; i < _FILES; i++)
                for (uint32_t w = cut_log->flushed[i]; w < cut_log->n; w++)
                        if (cut_log->writes[w].file == (unsigned) i)
                                return;
        cut_log->n = 0;
        cut_log->used = 0;
        memset(cut_log->flushed, 0, sizeof(cut_log->flushed));
}

static void note_write(File *f, int n, sqlite3_int64 at) {
        sqlite3_int64 size = 0;

        if (f->file < 0)
                return;
        assert(cut_log->n < WRITES_MAX && cut_log->used + (uint64_t) n <= ROOM);
        Write *w = &cut_log->writes[cut_log->n];
        *w = (Write) { .file = (unsigned) f->file, .at = at, .n = (uint32_t) n, .before = cut_log->used };
        (void) f->real->pMethods->xFileSize(f->real, &size);
        if (size > at) {
                w->n_before = (uint32_t) MIN((sqlite3_int64) n, size - at);
                (void) f->real->pMethods->xRead(f->real, cut_log->room + w->before, (int) w->n_before, at);
        }
        cut_log->used += (uint64_t) n;
        __atomic_store_n(&cut_log->n, cut_log->n + 1, __ATOMIC_RELEASE);
}

/* Moments chosen by a clock alone would hardly ever fall between a write and its flush. */
static void maybe_go_dark(double chance) {
        if (uniform() < chance)
                raise(SIGKILL);
}

static int cut_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at) {
        note_write((File*) f, n, at);
        if (((File*) f)->file >= 0)
                maybe_go_dark(DARK_AT_WRITE);
        return real(f)->pMethods->xWrite(real(f), data, n, at);
}

static int cut_sync(sqlite3_file *f, int flags) {
        if (((File*) f)->file >= 0)
                maybe_go_dark(DARK_AT_FLUSH);
        int rc = real(f)->pMethods->xSync(real(f), flags);

        if (rc == SQLITE_OK && ((File*) f)->file >= 0) {
                cut_log->flushed[((File*) f)->file] = cut_log->n;
                forget_what_is_flushed();
        }
        return rc;
}

static int cut_close(sqlite3_file *f) {
        return real(f)->pMethods->xClose(real(f));
}

/* The rest goes through as it is. */
#define PASS(name, arguments, values) \
        static int cut_##name arguments { return real(f)->pMethods->name values; }
PASS(xRead, (sqlite3_file *f, void *data, int n, sqlite3_int64 at), (real(f), data, n, at))
PASS(xTruncate, (sqlite3_file *f, sqlite3_int64 size), (real(f), size))
PASS(xFileSize, (sqlite3_file *f, sqlite3_int64 *ret), (real(f), ret))
PASS(xLock, (sqlite3_file *f, int lock), (real(f), lock))
PASS(xUnlock, (sqlite3_file *f, int lock), (real(f), lock))
PASS(xCheckReservedLock, (sqlite3_file *f, int *ret), (real(f), ret))
PASS(xFileControl, (sqlite3_file *f, int op, void *argument), (real(f), op, argument))
PASS(xSectorSize, (sqlite3_file *f), (real(f)))
PASS(xDeviceCharacteristics, (sqlite3_file *f), (real(f)))
PASS(xShmMap, (sqlite3_file *f, int page, int size, int extend, void volatile **ret), (real(f), page, size, extend, ret))
PASS(xShmLock, (sqlite3_file *f, int offset, int n, int flags), (real(f), offset, n, flags))
PASS(xShmUnmap, (sqlite3_file *f, int delete), (real(f), delete))

static void cut_xShmBarrier(sqlite3_file *f) {
        real(f)->pMethods->xShmBarrier(real(f));
}

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
        File *f = (File*) file;

        f->real = (sqlite3_file*) (f + 1);
        f->file = flags & SQLITE_OPEN_MAIN_DB ? FILE_DATABASE : flags & SQLITE_OPEN_WAL ? FILE_WAL : -1;
        int rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
        f->base.pMethods = f->real->pMethods ? &methods : NULL;
        return rc;
}

int cut_vfs_register(CutLog *l) {
        cut_log = l;
        seed(3 + l->lives++);
        l->n = 0;
        l->used = 0;
        memset(l->flushed, 0, sizeof(l->flushed));
        real_vfs = sqlite3_vfs_find(NULL);
        cut_vfs = *real_vfs;
        cut_vfs.zName = "cut";
        cut_vfs.szOsFile = (int) sizeof(File) + real_vfs->szOsFile;
        cut_vfs.xOpen = cut_open;
        cut_vfs.pNext = NULL;
        methods = (sqlite3_io_methods) {
                .iVersion = 2, .xClose = cut_close, .xRead = cut_xRead, .xWrite = cut_write, .xTruncate = cut_xTruncate,
                .xSync = cut_sync, .xFileSize = cut_xFileSize, .xLock = cut_xLock, .xUnlock = cut_xUnlock,
                .xCheckReservedLock = cut_xCheckReservedLock, .xFileControl = cut_xFileControl,
                .xSectorSize = cut_xSectorSize, .xDeviceCharacteristics = cut_xDeviceCharacteristics,
                .xShmMap = cut_xShmMap, .xShmLock = cut_xShmLock, .xShmBarrier = cut_xShmBarrier,
                .xShmUnmap = cut_xShmUnmap,
        };
        return sqlite3_vfs_register(&cut_vfs, 1) == SQLITE_OK ? 0 : -EIO;
}

/* What was beyond the end of the file then becomes zeroes. */
static void take_back(const CutLog *l, const Write *w, int fd) {
        uint32_t from = uniform() < 0.5 ? 0 : (uint32_t) (uniform() * w->n) & ~511u;   /* sectors are whole */

        for (uint32_t i = from; i < w->n; i += 512) {
                uint8_t sector[512] = {};
                uint32_t n = MIN(w->n - i, (uint32_t) sizeof(sector));

                if (i < w->n_before)
                        memcpy(sector, l->room + w->before + i, MIN(n, w->n_before - i));
                if (pwrite(fd, sector, n, w->at + i) != (ssize_t) n)
                        fprintf(stderr, "cut_power: %m\n");
        }
}

unsigned cut_power(CutLog *l, const char *path) {
        static const char *const suffixes[_FILES] = { "", "-wal" };
        char name[4096];
        unsigned n = 0;
        int fds[_FILES];

        for (int i = 0; i < _FILES; i++) {
                snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
                fds[i] = open(name, O_RDWR | O_CLOEXEC);
        }
        /* the latest first, so that a place that was written twice gets what it had */
        for (uint32_t w = __atomic_load_n(&l->n, __ATOMIC_ACQUIRE); w-- > 0;) {
                const Write *write = &l->writes[w];

                if (w < l->flushed[write->file] || fds[write->file] < 0 || uniform() < 0.5)
                        continue;
                take_back(l, write, fds[write->file]);
                n++;
        }
        for (int i = 0; i < _FILES; i++)
                if (fds[i] >= 0)
                        close(fds[i]);
        /* memory, and gone with the power */
        snprintf(name, sizeof(name), "%s-shm", path);
        (void) unlink(name);
        return n;
}
