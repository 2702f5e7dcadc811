/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ADS1299 as an IIO device, read through libiio (0.24 to 0.26) by a thread of its own.
 *
 * The contract between the acquisition thread and everybody else:
 * - It alone opens, configures, reads and closes the device, whatever may block in the kernel
 *   included, so that no other thread ever waits for the device.
 * - It decodes each block into the ring and adds one to the eventfd. From opening to closing it
 *   allocates nothing, logs nothing and calls neither D-Bus nor the detector. When the ring is
 *   full it drops, counts ("ring") and flags the next frame; it never waits for the consumer.
 * - Once a second, between two blocks, it reads the driver's counters of lost scans.
 * - iio_source_state() passes with acquire semantics: what the thread wrote before a state is
 *   seen by who sees the state: info from SOURCE_STREAMING on, the error from SOURCE_ENDED on.
 * - iio_source_cancel() ends it from outside; iio_source_join() waits for that, bounded. All
 *   other functions are for the consumer's thread only.
 */
#pragma once

#include "../../include/ads1299.h"
#include "../config.h"
#include "../util.h"

#define SOURCE_NAME_MAX 64
#define SOURCE_LABEL_MAX 64
#define IIO_LOCAL_URI "local:"                  /* of libiio: this machine */
#define IIO_DEVICE_NAME_PREFIX "ads1299"        /* ads1299, ads1299-6, ads1299-4 */

typedef enum SourceState {
        SOURCE_OPENING,
        SOURCE_STREAMING,
        SOURCE_ENDED,
} SourceState;

/*
 * Causes of lost scans: the four counters of the driver, the ring here, and timestamps that no clock
 * gives.
 */
#define SOURCE_LOST_CAUSES(X) \
        X(DRDY, "drdy") X(SPI, "spi") X(SYNC, "sync") X(FIFO, "fifo") X(RING, "ring") X(TIME, "time")

typedef enum LostCause {
#define LOST_ENUM(name, word) LOST_##name,
        SOURCE_LOST_CAUSES(LOST_ENUM)
#undef LOST_ENUM
        _LOST_CAUSE_MAX,
} LostCause;

typedef enum SourceContact {             /* how the contact of the electrodes is measured */
        SOURCE_CONTACT_NONE,
        SOURCE_CONTACT_DC,              /* comparators: the flags of the scans say which electrode is off */
        SOURCE_CONTACT_AC,              /* a tone in the samples: see contact.h */
} SourceContact;

typedef enum SourceBias {               /* the bias electrode, when the device was opened */
        SOURCE_BIAS_UNKNOWN,
        SOURCE_BIAS_OFF,
        SOURCE_BIAS_CONNECTED,
} SourceBias;

typedef enum SourceShared {             /* which electrode of a channel is that of others, too */
        SOURCE_SHARED_NONE,
        SOURCE_SHARED_NEGATIVE,         /* SRB1 */
        SOURCE_SHARED_POSITIVE,         /* SRB2 */
        SOURCE_SHARED_BOTH,
} SourceShared;

typedef struct SourceChannel {
        char label[SOURCE_LABEL_MAX];
        unsigned gain;
        double lsb_uv;
        SourceShared shared;
} SourceChannel;

typedef struct SourceInfo {
        char device[SOURCE_NAME_MAX];   /* name of the IIO device */
        unsigned n_channels;
        double rate_hz;                 /* as the device accepted it */
        SourceContact contact;
        SourceBias bias;
        SourceChannel channels[DEVICE_CHANNELS_MAX];
} SourceInfo;

typedef struct Frame {
        int64_t time_ns;                /* CLOCK_BOOTTIME of the data-ready edge */
        uint32_t words[];               /* code << 8 | ADS1299_FLAG_* */
} Frame;

/* What a check has measured: items of the device (channel -1) and of each channel. */
#define SOURCE_CHECK_MAX (6 * DEVICE_CHANNELS_MAX + 8)

typedef struct SourceCheckItem {
        const char *name, *unit;
        int channel;                    /* zero-based; -1: none */
        double value, min, max;         /* right if min <= value <= max */
} SourceCheckItem;

typedef struct SourceCheck {
        size_t n;
        SourceCheckItem items[SOURCE_CHECK_MAX];
} SourceCheck;

bool source_check_item_is_right(const SourceCheckItem *i);

typedef struct IioSource IioSource;

/*
 * uri: of the libiio context, e.g. "local:". id: of the IIO device, e.g. "iio:device0", or NULL
 * for the first whose name begins with "ads1299". Starts the thread. With check, the device is checked
 * instead: SOURCE_ENDED follows SOURCE_OPENING, and *check is there until the thread is joined.
 */
int iio_source_new(const char *uri, const char *id, const Config *config, SourceCheck *check,
                   IioSource **ret);
/* Cancelled before. If its thread is not joined, that frees it when it ends, whenever that is. */
IioSource* iio_source_free(IioSource *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(IioSource*, iio_source_free);

int iio_source_fd(const IioSource *s);          /* an eventfd: frames, or another state */
SourceState iio_source_state(const IioSource *s);
/* Whether it came to SOURCE_STREAMING, also where SOURCE_ENDED followed at once: then info and frames are there. */
bool iio_source_streamed(const IioSource *s);
const SourceInfo* iio_source_info(const IioSource *s);

/*
 * After SOURCE_ENDED: 0 if it was cancelled, -ENODEV if the device (or the server) went away,
 * else another negative errno; and what failed, for a person.
 */
int iio_source_error(const IioSource *s, const char **ret_what);

const char* lost_cause_to_string(LostCause c);
bool lost_cause_is_told_by_device(LostCause c);
uint64_t iio_source_lost(const IioSource *s, LostCause c);
/*
 * False where the device cannot be asked: an answer on the network came too late, so all later ones would
 * be wrong.
 */
bool iio_source_lost_is_known(const IioSource *s);
/* Reads the driver's counters now, where that cannot block: for when no block arrives. */
void iio_source_refresh_lost(IioSource *s);

/* Frames waiting, contiguous; iio_source_frame() finds one among them. */
size_t iio_source_peek(IioSource *s, void **ret_frames);
const Frame* iio_source_frame(const IioSource *s, const void *frames, size_t i);
void iio_source_release(IioSource *s, size_t n_frames);

void iio_source_cancel(IioSource *s);
/* -ETIMEDOUT: the thread hangs in the kernel. */
int iio_source_join(IioSource *s, usec_t timeout_usec);
