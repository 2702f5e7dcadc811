/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <endian.h>
#include <fcntl.h>
#include <iio.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>

#include "contact.h"
#include "iio-check.h"
#include "iio-internal.h"
#include "utf8.h"

/*
 * How often samples are fetched: latency against wake-ups, two each time (this thread, the consumer). 20
 * times a second leave 100 ms of the 150 ms in which a twitch is to be noticed to the detector.
 */
#define BLOCK_SEC 0.05
#define BLOCK_FRAMES_MIN 4u

/*
 * Depth of the kernel's FIFO, in blocks: head-room while this process does not run. The FIFO is
 * one kmalloc(), so its bytes are limited.
 */
#define FIFO_SEC 2.0
#define FIFO_BYTES_MAX (512u * 1024)
#define FIFO_BLOCKS_MIN 4u

#define RING_SEC 4.0

/* A context on the network: patience for attributes. Reading the buffer has no time-out at all. */
#define ATTRIBUTE_TIMEOUT_MS 250u
/* The kernel gives a page at most, which is 64 KiB where pages are largest. */
#define ATTRIBUTE_MAX (64u * 1024 + 1)

/*
 * How far a timestamp may lie in the future: clocks of two machines drift apart by some 50 ppm, so this is
 * two weeks of one run. Later ones are no times.
 */
#define FUTURE_SEC 60
/* A server whose clock differs by more than a slow network explains counts from another moment. */
#define OTHER_CLOCK_SEC 5

/* Of a check: how much later than they are due samples may come */
#define READ_PATIENCE_SEC 2.0

static const char *const lost_attributes[_LOST_CAUSE_MAX] = {
        [LOST_DRDY] = "lost_drdy",
        [LOST_SPI] = "lost_spi",
        [LOST_SYNC] = "lost_sync",
        [LOST_FIFO] = "lost_fifo",
};

static const char *const lost_words[_LOST_CAUSE_MAX] = {
#define LOST_WORD(name, word) [LOST_##name] = word,
        SOURCE_LOST_CAUSES(LOST_WORD)
#undef LOST_WORD
};

const char* lost_cause_to_string(LostCause c) {
        return c < _LOST_CAUSE_MAX ? lost_words[c] : NULL;
}

bool lost_cause_is_told_by_device(LostCause c) {
        return lost_attributes[c];
}

static void wake_consumer(IioSource *s) {
        (void) eventfd_write(s->event_fd, 1);
}

/* --- opening: in the thread ------------------------------------------------ */

static const char busy[] = "another program is reading it (iiod?)";

int iio_source_fail(IioSource *s, int error, const char *what) {
        s->what = what;
        return error < 0 ? error : -EIO;
}

static int open_context(IioSource *s) {
        errno = 0;
        s->context = iio_create_context_from_uri(s->uri);
        if (!s->context)
                return iio_source_fail(s, -errno, "cannot open the IIO context");
        s->local = streq(iio_context_get_name(s->context), "local");

        for (unsigned i = 0; i < iio_context_get_devices_count(s->context) && !s->device; i++) {
                struct iio_device *d = iio_context_get_device(s->context, i);
                const char *name = iio_device_get_name(d);

                if (name && strncmp(name, IIO_DEVICE_NAME_PREFIX, strlen(IIO_DEVICE_NAME_PREFIX)) == 0 &&
                    (!s->id || streq(s->id, iio_device_get_id(d))))
                        s->device = d;
        }
        if (!s->device)
                return iio_source_fail(s, -ENODEV, "no ADS1299 there");
        const char *name = iio_device_get_name(s->device);
        (void) utf8_clean(s->info.device, sizeof(s->info.device), name, strlen(name));
        return 0;
}

/* libiio takes an index that two channels have for one place in the scan. */
static int check_index(IioSource *s, const struct iio_channel *c, uint64_t *indices) {
        long index = iio_channel_get_index(c);

        if (index > DEVICE_CHANNELS_MAX)
                return iio_source_fail(s, -E2BIG, "more channels than the 32 of four chips in a chain");
        if (index < 0 || *indices & UINT64_C(1) << index)
                return iio_source_fail(s, -EOPNOTSUPP, "scan indices are missing or used twice");
        *indices |= UINT64_C(1) << index;
        return 0;
}

/* The channels in order of scan index: what libiio sorts them by. */
static int find_channels(IioSource *s) {
        uint64_t indices = 0;

        for (unsigned i = 0; i < iio_device_get_channels_count(s->device); i++) {
                struct iio_channel *c = iio_device_get_channel(s->device, i);

                if (!iio_channel_is_scan_element(c) || iio_channel_is_output(c))
                        continue;

                int r = check_index(s, c, &indices);
                if (r < 0)
                        return r;

                const struct iio_data_format *f = iio_channel_get_data_format(c);
                if (iio_channel_get_type(c) == IIO_TIMESTAMP) {
                        if (f->length != 64 || f->shift != 0)
                                return iio_source_fail(s, -EOPNOTSUPP, "the timestamp is not 64 bits");
                        s->timestamp = c;
                        continue;
                }
                if (iio_channel_get_type(c) != IIO_VOLTAGE || s->info.n_channels >= DEVICE_CHANNELS_MAX)
                        return iio_source_fail(s, -EOPNOTSUPP, "channels an ADS1299 has not");
                if (f->length != 32 || f->bits != 24 || f->shift != 8 || !f->is_signed)
                        return iio_source_fail(s, -EOPNOTSUPP, "samples are not s24/32>>8: another driver?");
                s->big_endian = f->is_be;
                s->channels[s->info.n_channels++] = c;
        }
        if (s->info.n_channels == 0 || !s->timestamp)
                return iio_source_fail(s, -EOPNOTSUPP, "no buffer with voltage channels and timestamp");
        return 0;
}

/*
 * A reader that was killed leaves its buffer switched on, and the device then refuses every setting. One
 * that lives has the node open, which only one can. (libiio would switch off either one.)
 */
static int switch_stale_buffer_off(IioSource *s) {
        const char *id = iio_device_get_id(s->device);
        char path[128], enabled = '0';

        snprintf(path, sizeof(path), "/sys/bus/iio/devices/%s/buffer/enable", id);
        _cleanup_close_ int enable = open(path, O_RDWR | O_CLOEXEC);
        if (enable < 0)
                return iio_source_fail(s, -errno, "cannot open buffer/enable");
        if (pread(enable, &enabled, 1, 0) < 0)
                return iio_source_fail(s, -errno, "cannot read buffer/enable");
        if (enabled == '0')
                return 0;

        snprintf(path, sizeof(path), "/dev/%s", id);
        _cleanup_close_ int node = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (node < 0)
                return iio_source_fail(s, -errno, errno == EBUSY ? busy : "cannot open the device node");
        return pwrite(enable, "0", 1, 0) < 0 ? iio_source_fail(s, -errno, "cannot switch the buffer off") : 0;
}

/* "scale" takes only the words of scale_available, rounded as the driver rounds: find the nearest. */
static int choose_scale(IioSource *s, struct iio_channel *c, unsigned gain, char *ret, size_t size,
                        double *ret_coarsest_mv) {
        double wanted = ADS1299_VREF_UV / 1e3 / gain / (1 << ADS1299_CODE_BITS), best = INFINITY;
        char text[1024], *saved;
        ssize_t n = iio_channel_attr_read(c, "scale_available", text, sizeof(text));

        if (n < 0)
                return iio_source_fail(s, (int) n, "cannot read scale_available");
        *ret_coarsest_mv = 0;
        for (char *w = strtok_r(text, " \n", &saved); w; w = strtok_r(NULL, " \n", &saved)) {
                double off = fabs(strtod(w, NULL) / wanted - 1);

                *ret_coarsest_mv = fmax(*ret_coarsest_mv, strtod(w, NULL));
                if (off < best && strlen(w) < size) {
                        best = off;
                        strcpy(ret, w);
                }
        }
        if (best > 0.01)
                return iio_source_fail(s, -EINVAL, "the device has no such gain");
        return 0;
}

/*
 * The kernel prints nine decimals of a millivolt and cuts off the rest: of a gain of 24 that is 3e-5. The
 * coarsest scale, of which they say most, divided by a gain is the same scale.
 */
static double refine_scale(double scale_mv, double coarsest_mv) {
        double refined_mv = coarsest_mv / fmax(round(coarsest_mv / scale_mv), 1);

        return fabs(refined_mv / scale_mv - 1) < 1e-4 ? refined_mv : scale_mv;
}

/* A device need not have labels. With room for a long one: what does not fit libiio drops. */
static int read_label(struct iio_channel *c, char ret[static SOURCE_LABEL_MAX]) {
        _cleanup_free_ char *text = malloc(ATTRIBUTE_MAX);
        if (!text)
                return -ENOMEM;

        ssize_t n = iio_channel_attr_read(c, "label", text, ATTRIBUTE_MAX);
        (void) utf8_clean(ret, SOURCE_LABEL_MAX, text, n > 0 ? (size_t) n : 0);
        return 0;
}

static int set_up_channel(IioSource *s, unsigned i) {
        SourceChannel *info = &s->info.channels[i];
        struct iio_channel *c = s->channels[i];
        char text[SOURCE_LABEL_MAX];
        double scale_mv, coarsest_mv;
        ssize_t n;

        int r = choose_scale(s, c, s->config.gain[i], text, sizeof(text), &coarsest_mv);
        if (r < 0)
                return r;
        n = iio_channel_attr_write(c, "scale", text);
        if (n < 0)
                return iio_source_fail(s, (int) n, "cannot set the gain (scale)");
        r = iio_channel_attr_read_double(c, "scale", &scale_mv);
        if (r < 0 || !(scale_mv > 0))
                return iio_source_fail(s, r, "cannot read the scale");

        iio_source_measure_electrodes(s, i);
        info->lsb_uv = refine_scale(scale_mv, coarsest_mv) * 1e3;
        info->gain = (unsigned) lround(ADS1299_VREF_UV / info->lsb_uv / (1 << ADS1299_CODE_BITS));
        if (!s->config.label[i][0])
                return read_label(c, info->label);
        _Static_assert(sizeof(info->label) >= sizeof(s->config.label[i]), "room for the label");
        memcpy(info->label, s->config.label[i], sizeof(s->config.label[i]));
        return 0;
}

/* The highest of what it offers, a quarter of the rate; false if it is not that. */
bool iio_source_choose_tone(IioSource *s, char *ret, size_t size) {
        char text[1024], *saved;
        double highest = 0;

        if (iio_device_attr_read(s->device, "leadoff_frequency_available", text, sizeof(text)) < 0)
                return false;
        for (char *w = strtok_r(text, " \n", &saved); w; w = strtok_r(NULL, " \n", &saved))
                if (strtod(w, NULL) > highest && strlen(w) < size) {
                        highest = strtod(w, NULL);
                        strcpy(ret, w);
                }
        return fabs(highest / (s->info.rate_hz / 4) - 1) < 0.001;
}

/*
 * Lead-off current as the settings want it, or none. A device that has no such thing can be read all the
 * same: then nothing is known of the contact, and that is what is told.
 */
static void set_up_contact(IioSource *s) {
        bool ac = s->info.rate_hz >= CONTACT_RATE_MIN_HZ && s->info.rate_hz <= CONTACT_RATE_MAX_HZ;
        char tone[64] = "0";

        s->info.contact = SOURCE_CONTACT_NONE;
        if (s->config.contact && (!ac || iio_source_choose_tone(s, tone, sizeof(tone))) &&
            iio_device_attr_write(s->device, "leadoff_frequency", tone) >= 0 &&
            iio_device_attr_write_longlong(s->device, "leadoff_current_nanoamp", CONTACT_CURRENT_NA) >= 0)
                s->info.contact = ac ? SOURCE_CONTACT_AC : SOURCE_CONTACT_DC;
        else
                (void) iio_device_attr_write_longlong(s->device, "leadoff_current_nanoamp", 0);
}

/* Of one that is wired. Takes 0.1 s, and is not possible once the buffer is open. */
static void read_bias(IioSource *s) {
        long long drive, connected;

        s->info.bias = SOURCE_BIAS_UNKNOWN;
        if (s->info.contact != SOURCE_CONTACT_NONE &&
            iio_device_attr_read_longlong(s->device, "bias_drive", &drive) >= 0 && drive == 1 &&
            iio_device_attr_read_longlong(s->device, "bias_electrode_connected", &connected) >= 0)
                s->info.bias = connected ? SOURCE_BIAS_CONNECTED : SOURCE_BIAS_OFF;
}

static bool channel_has_srb2(struct iio_channel *c) {
        long long srb2;

        return iio_channel_attr_read_longlong(c, "srb2", &srb2) >= 0 && srb2 == 1;
}

/* Of one chip only: whether those of a chain are one electrode, nobody can say from here. */
static void read_shared_electrodes(IioSource *s) {
        long long srb1;
        bool negative = iio_device_attr_read_longlong(s->device, "srb1", &srb1) >= 0 && srb1 == 1;

        for (unsigned i = 0; i < s->info.n_channels && s->info.n_channels <= ADS1299_MAX_CHANNELS; i++) {
                bool positive = channel_has_srb2(s->channels[i]);

                s->info.channels[i].shared = negative && positive ? SOURCE_SHARED_BOTH :
                        negative ? SOURCE_SHARED_NEGATIVE :
                        positive ? SOURCE_SHARED_POSITIVE : SOURCE_SHARED_NONE;
        }
}

static int set_up_device(IioSource *s) {
        ssize_t n = iio_device_attr_write(s->device, "current_timestamp_clock", "boottime");
        if (n < 0)
                return iio_source_fail(s, (int) n, n == -EBUSY ? busy :
                                                      "cannot set the timestamp clock to boottime");

        int r = iio_device_attr_write_longlong(s->device, "sampling_frequency", s->config.rate_hz);
        if (r < 0)
                return iio_source_fail(s, r, r == -EBUSY ? busy :
                                                "cannot set the sampling frequency");
        r = iio_device_attr_read_double(s->device, "sampling_frequency", &s->info.rate_hz);
        if (r < 0 || !(s->info.rate_hz >= ADS1299_RATE_HZ(ADS1299_NUM_RATES - 1) &&
                       s->info.rate_hz <= ADS1299_RATE_HZ(0)))
                return iio_source_fail(s, r, "cannot read the sampling frequency");

        for (unsigned i = 0; i < s->info.n_channels && r >= 0; i++)
                r = set_up_channel(s, i);
        if (r < 0)
                return r;
        read_shared_electrodes(s);
        set_up_contact(s);
        read_bias(s);
        return 0;
}

static int open_buffer(IioSource *s) {
        for (unsigned i = 0; i < s->info.n_channels; i++)
                iio_channel_enable(s->channels[i]);
        iio_channel_enable(s->timestamp);

        /* What is read without waiting may be more than is due. */
        s->block_frames = MAX((size_t) ((s->local ? 2 : 1) * BLOCK_SEC * s->info.rate_hz),
                              (size_t) BLOCK_FRAMES_MIN);
        s->frame_size = (sizeof(Frame) + s->info.n_channels * sizeof(uint32_t) + 7) / 8 * 8;
        double blocks = fmin(FIFO_SEC * s->info.rate_hz / (double) s->block_frames,
                             FIFO_BYTES_MAX / (double) (s->block_frames * s->frame_size));
        int r = iio_device_set_kernel_buffers_count(s->device, MAX((unsigned) blocks, FIFO_BLOCKS_MIN));
        if (r < 0)
                return iio_source_fail(s, r, "cannot set the depth of the kernel's FIFO");

        r = s->ring ? 0 : ring_new((size_t) (RING_SEC * s->info.rate_hz), s->frame_size, &s->ring);
        if (r < 0)
                return iio_source_fail(s, r, "cannot allocate the ring");

        /* No time-out: a refill that times out throws away what it has read. */
        r = iio_context_set_timeout(s->context, 0);
        if (r < 0)
                return iio_source_fail(s, r, "cannot switch the time-out off");

        errno = 0;
        struct iio_buffer *b = iio_device_create_buffer(s->device, s->block_frames, false);
        if (!b)
                return iio_source_fail(s, -errno, errno == EBUSY ? busy :
                                                        "cannot start the buffer");
        s->clock_compared = false;
        s->clock_ahead_ns = 0;
        pthread_mutex_lock(&s->lock);
        s->buffer = b;
        pthread_mutex_unlock(&s->lock);

        /*
         * The kernel wakes who waits at every scan, whatever the watermark: so this one comes by and
         * looks.
         */
        if (s->local && (r = iio_buffer_set_blocking_mode(b, false)) < 0)
                return iio_source_fail(s, r, "cannot read without waiting");

        /* A network context has another connection for the buffer, which keeps its time-out. */
        if (!s->local)
                (void) iio_context_set_timeout(s->context, ATTRIBUTE_TIMEOUT_MS);
        return 0;
}

static int open_device(IioSource *s) {
        int r = open_context(s);
        if (r >= 0)
                r = find_channels(s);
        if (r >= 0 && s->local)
                r = switch_stale_buffer_off(s);
        if (r >= 0)
                r = set_up_device(s);
        if (r >= 0)
                r = s->check ? iio_source_check(s, s->check) : open_buffer(s);
        return r;
}

/* --- streaming: in the thread ---------------------------------------------- */

/* An errno of the server, which the connection survives; not one of the connection. */
static bool is_answer(int r) {
        return r >= 0 || r == -ENOENT || r == -EINVAL || r == -EIO || r == -EACCES || r == -EPERM ||
                r == -EBUSY;
}

static void read_lost(IioSource *s) {
        for (LostCause c = 0; c < _LOST_CAUSE_MAX && !atomic_load(&s->attributes_stalled); c++) {
                long long v;

                if (!lost_attributes[c])
                        continue;
                int r = iio_device_attr_read_longlong(s->device, lost_attributes[c], &v);
                if (r >= 0 && v >= 0)
                        atomic_store_explicit(&s->lost[c], (uint64_t) v, memory_order_relaxed);
                /*
                 * After an answer on the network that came too late (EPIPE of libiio) the connection is
                 * one answer behind for ever: each counter would be taken for the next one. So it is asked
                 * nothing more.
                 */
                if (!s->local && !is_answer(r))
                        atomic_store(&s->attributes_stalled, true);
        }
}

static uint32_t word_at(const IioSource *s, const char *p) {
        uint32_t w;

        memcpy(&w, p, sizeof(w));
        return s->big_endian ? be32toh(w) : le32toh(w);
}

static int64_t time_at(const IioSource *s, const char *p) {
        uint64_t t;

        memcpy(&t, p, sizeof(t));
        return (int64_t) (s->big_endian ? be64toh(t) : le64toh(t));
}

/*
 * No clock says a time before the boot, or three hundred years after it; arithmetic with such times would
 * overflow.
 */
static bool is_time(int64_t ns) {
        return ns >= 0 && ns < INT64_MAX / 2;
}

static int64_t boottime_ns(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t) now.tv_sec * (int64_t) (USEC_PER_SEC * NSEC_PER_USEC) + now.tv_nsec;
}

/*
 * Another machine has a boot of its own. Times are those of this one, so what its clock is ahead by is taken
 * off, as the first answer of a run shows it: the last scan of that was just taken.
 */
static void compare_clocks(IioSource *s, size_t n_scans) {
        const char *times = iio_buffer_first(s->buffer, s->timestamp);
        ptrdiff_t step = iio_buffer_step(s->buffer);

        if (s->local || s->clock_compared || n_scans == 0)
                return;
        int64_t last = time_at(s, times + (ptrdiff_t) (n_scans - 1) * step);
        if (!is_time(last))
                return;
        s->clock_compared = true;
        s->clock_ahead_ns = last - boottime_ns();
        if (llabs(s->clock_ahead_ns) <= OTHER_CLOCK_SEC * (int64_t) (USEC_PER_SEC * NSEC_PER_USEC))
                s->clock_ahead_ns = 0;
}

typedef struct Layout {
        const struct iio_channel *first;
        unsigned n;
} Layout;

static ssize_t count_channel(const struct iio_channel *c, void *src, size_t bytes, void *userdata) {
        Layout *l = userdata;

        if (c == l->first)
                return -ECANCELED;      /* the second scan */
        if (l->n++ == 0)
                l->first = c;
        return (ssize_t) bytes;
}

/* A server tells with each answer which channels are in it; it need not be those that were asked for. */
static bool has_all_channels(IioSource *s) {
        Layout l = {};

        if (s->local)
                return true;
        (void) iio_buffer_foreach_sample(s->buffer, count_channel, &l);
        return l.n == s->info.n_channels + 1;
}

/*
 * n_scans of a block, from its scan number i on, into as much of the ring as is contiguous and free.
 * Returns how many of them are done with.
 */
static size_t decode(IioSource *s, size_t i, size_t n_scans) {
        int64_t latest = boottime_ns() + FUTURE_SEC * (int64_t) (USEC_PER_SEC * NSEC_PER_USEC);
        const char *words[DEVICE_CHANNELS_MAX], *times = iio_buffer_first(s->buffer, s->timestamp);
        ptrdiff_t step = iio_buffer_step(s->buffer);
        void *frames = NULL;
        size_t n = MIN(ring_free_span(s->ring, &frames), n_scans), kept = 0;

        for (unsigned c = 0; c < s->info.n_channels; c++)
                words[c] = iio_buffer_first(s->buffer, s->channels[c]);

        for (size_t k = 0; k < n; k++) {
                Frame *f = (Frame*) ((char*) frames + kept * s->frame_size);
                ptrdiff_t at = (ptrdiff_t) (i + k) * step;

                f->time_ns = time_at(s, times + at);
                if (is_time(f->time_ns))
                        f->time_ns -= s->clock_ahead_ns;
                if (!is_time(f->time_ns) || f->time_ns > latest) {
                        atomic_fetch_add_explicit(&s->lost[LOST_TIME], 1, memory_order_relaxed);
                        s->dropped = true;
                        continue;
                }
                kept++;
                for (unsigned c = 0; c < s->info.n_channels; c++)
                        f->words[c] = word_at(s, words[c] + at);
                if (s->dropped)
                        f->words[0] |= ADS1299_FLAG_LOST;
                s->dropped = false;
        }
        ring_commit(s->ring, kept);
        return n;
}

static int take_block(IioSource *s, size_t bytes) {
        ptrdiff_t step = iio_buffer_step(s->buffer);
        size_t n_scans = step > 0 ? bytes / (size_t) step : 0, done = 0, n;

        if (!has_all_channels(s))
                return iio_source_fail(s, -EPROTO, "the server sends other channels than were asked for");
        compare_clocks(s, n_scans);
        do {
                n = decode(s, done, n_scans - done);
                done += n;
        } while (n > 0 && done < n_scans);

        if (done < n_scans) {
                atomic_fetch_add_explicit(&s->lost[LOST_RING], n_scans - done, memory_order_relaxed);
                s->dropped = true;
        }
        return 0;
}

/* Errors that only say that the device, or the server of a network context, is no longer there. */
static bool is_gone(const IioSource *s, int error) {
        char path[128];

        if (error == -ENODEV || error == -EPIPE || error == -ECONNRESET)
                return true;
        if (!s->local)
                return false;
        snprintf(path, sizeof(path), "/sys/bus/iio/devices/%s", iio_device_get_id(s->device));
        return access(path, F_OK) < 0;
}

/* Until samples are due, or it is cancelled. A device on the network is waited for by the refill. */
static void wait_for_block(IioSource *s) {
        usec_t now = now_usec();

        s->fetch_usec = MAX(s->fetch_usec + (usec_t) (BLOCK_SEC * USEC_PER_SEC), now);
        struct timespec left = {
                .tv_sec = (time_t) ((s->fetch_usec - now) / USEC_PER_SEC),
                .tv_nsec = (long) ((s->fetch_usec - now) % USEC_PER_SEC * NSEC_PER_USEC),
        };
        struct pollfd cancelled = { .fd = s->cancel_fd, .events = POLLIN };
        (void) ppoll(&cancelled, 1, &left, NULL);
}

static int stream(IioSource *s) {
        size_t whole = s->block_frames * (size_t) iio_buffer_step(s->buffer);
        bool more = false;

        while (!atomic_load_explicit(&s->cancelled, memory_order_relaxed)) {
                if (s->local && !more)
                        wait_for_block(s);
                ssize_t n = iio_buffer_refill(s->buffer);

                more = n > 0 && (size_t) n >= whole;
                if (s->local && n == -EAGAIN)
                        continue;
                if (n <= 0)
                        return is_gone(s, (int) n) ?
                                iio_source_fail(s, -ENODEV, s->local ? "unplugged" : "disconnected") :
                                iio_source_fail(s, (int) n, "cannot read samples");
                int r = take_block(s, (size_t) n);
                if (r < 0)
                        return r;

                usec_t now = now_usec();
                if (now - s->lost_read_usec >= USEC_PER_SEC) {
                        read_lost(s);
                        s->lost_read_usec = now;
                }
                wake_consumer(s);
        }
        return 0;
}

static void close_buffer(IioSource *s) {
        pthread_mutex_lock(&s->lock);
        struct iio_buffer *b = s->buffer;
        s->buffer = NULL;
        pthread_mutex_unlock(&s->lock);

        if (b)
                iio_buffer_destroy(b);
}

static size_t hand_on(IioSource *s, size_t max, void (*f)(const Frame *frame, void *userdata), void *userdata) {
        size_t taken = 0, n;
        void *frames;

        while (taken < max && (n = MIN(ring_filled_span(s->ring, &frames), max - taken)) > 0) {
                for (size_t i = 0; i < n; i++)
                        f(iio_source_frame(s, frames, i), userdata);
                ring_release(s->ring, n);
                taken += n;
        }
        return taken;
}

int iio_source_read(IioSource *s, size_t n, void (*f)(const Frame *frame, void *userdata), void *userdata) {
        usec_t until = now_usec() + (usec_t) ((READ_PATIENCE_SEC + (double) n / s->info.rate_hz) * USEC_PER_SEC);
        size_t done = 0;

        int r = open_buffer(s);
        while (r >= 0 && done < n) {
                if (atomic_load_explicit(&s->cancelled, memory_order_relaxed))
                        r = -ECANCELED;
                else if (now_usec() > until)
                        r = iio_source_fail(s, -ETIMEDOUT, "no samples come");
                else {
                        if (s->local)
                                wait_for_block(s);
                        ssize_t bytes = iio_buffer_refill(s->buffer);

                        if (bytes > 0)
                                r = take_block(s, (size_t) bytes);
                        else if (!s->local || bytes != -EAGAIN)
                                r = iio_source_fail(s, (int) bytes, "cannot read samples");
                        done += hand_on(s, n - done, f, userdata);
                }
        }
        close_buffer(s);
        if (s->ring)
                ring_release(s->ring, ring_filled_span(s->ring, &(void*) { NULL }));
        read_lost(s);
        return r;
}

/* Where the device is gone, libiio prints ten errors on standard error: see log.c. */
static void close_device(IioSource *s) {
        close_buffer(s);
        if (s->context)
                iio_context_destroy(s->context);
        s->context = NULL;
        s->device = NULL;
}

static void unref(IioSource *s) {
        if (atomic_fetch_sub(&s->owners, 1) > 1)
                return;
        ring_free(s->ring);
        if (s->event_fd >= 0)
                close(s->event_fd);
        if (s->cancel_fd >= 0)
                close(s->cancel_fd);
        pthread_mutex_destroy(&s->lock);
        free(s->uri);
        free(s->id);
        free(s);
}

static void* acquire(void *userdata) {
        IioSource *s = userdata;

        int r = open_device(s);
        if (r >= 0 && !s->check) {
                s->streamed = true;
                atomic_store_explicit(&s->state, SOURCE_STREAMING, memory_order_release);
                wake_consumer(s);
                r = stream(s);
                if (s->local)
                        read_lost(s);
        }
        close_device(s);
        /* A cancelled refill ends in an error of its own, which is none. */
        if (atomic_load(&s->cancelled)) {
                s->what = NULL;
                r = 0;
        }
        s->error = r;
        atomic_store_explicit(&s->state, SOURCE_ENDED, memory_order_release);
        wake_consumer(s);
        unref(s);
        return NULL;
}

/* --- the consumer's side --------------------------------------------------- */

static int start_thread(IioSource *s) {
        sigset_t all, saved;

        /* Signals are for the main thread. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &saved);
        atomic_fetch_add(&s->owners, 1);
        int r = pthread_create(&s->thread, NULL, acquire, s);
        pthread_sigmask(SIG_SETMASK, &saved, NULL);
        if (r != 0) {
                atomic_fetch_sub(&s->owners, 1);
                return -r;
        }
        (void) pthread_setname_np(s->thread, "acquisition");
        s->joined = false;
        return 0;
}

int iio_source_new(const char *uri, const char *id, const Config *config, SourceCheck *check,
                   IioSource **ret) {
        assert(uri);
        assert(config);
        assert(ret);

        IioSource *s = malloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = (IioSource) {
                .uri = strdup(uri),
                .id = id ? strdup(id) : NULL,
                .config = *config,
                .check = check,
                .event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                .cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                .joined = true,
                .owners = 1,
                .lock = PTHREAD_MUTEX_INITIALIZER,
        };

        int r = s->event_fd < 0 || s->cancel_fd < 0 ? -EMFILE :
                !s->uri || (id && !s->id) ? -ENOMEM : start_thread(s);
        if (r < 0) {
                iio_source_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

IioSource* iio_source_free(IioSource *s) {
        if (!s)
                return NULL;
        if (!s->joined)
                (void) pthread_detach(s->thread);
        unref(s);
        return NULL;
}

int iio_source_fd(const IioSource *s) {
        return s->event_fd;
}

SourceState iio_source_state(const IioSource *s) {
        return atomic_load_explicit(&s->state, memory_order_acquire);
}

bool iio_source_streamed(const IioSource *s) {
        return iio_source_state(s) >= SOURCE_STREAMING && s->streamed;
}

const SourceInfo* iio_source_info(const IioSource *s) {
        return &s->info;
}

int iio_source_error(const IioSource *s, const char **ret_what) {
        if (ret_what)
                *ret_what = s->what;
        return s->error;
}

uint64_t iio_source_lost(const IioSource *s, LostCause c) {
        return atomic_load_explicit(&s->lost[c], memory_order_relaxed);
}

bool iio_source_lost_is_known(const IioSource *s) {
        return !atomic_load(&s->attributes_stalled);
}

void iio_source_refresh_lost(IioSource *s) {
        pthread_mutex_lock(&s->lock);
        if (s->buffer && s->local)
                read_lost(s);
        pthread_mutex_unlock(&s->lock);
}

size_t iio_source_peek(IioSource *s, void **ret_frames) {
        return s->ring ? ring_filled_span(s->ring, ret_frames) : 0;
}

const Frame* iio_source_frame(const IioSource *s, const void *frames, size_t i) {
        return (const Frame*) ((const char*) frames + i * s->frame_size);
}

void iio_source_release(IioSource *s, size_t n_frames) {
        ring_release(s->ring, n_frames);
}

void iio_source_cancel(IioSource *s) {
        atomic_store(&s->cancelled, true);
        (void) eventfd_write(s->cancel_fd, 1);
        pthread_mutex_lock(&s->lock);
        if (s->buffer)
                iio_buffer_cancel(s->buffer);
        pthread_mutex_unlock(&s->lock);
}

int iio_source_join(IioSource *s, usec_t timeout_usec) {
        struct timespec until;

        if (s->joined)
                return 0;
        clock_gettime(CLOCK_MONOTONIC, &until);
        uint64_t ns = (uint64_t) until.tv_nsec + timeout_usec * NSEC_PER_USEC;
        until.tv_sec += (time_t) (ns / NSEC_PER_SEC);
        until.tv_nsec = (long) (ns % NSEC_PER_SEC);

        int r = pthread_clockjoin_np(s->thread, NULL, CLOCK_MONOTONIC, &until);
        if (r != 0)
                return -r;
        s->joined = true;
        return 0;
}
