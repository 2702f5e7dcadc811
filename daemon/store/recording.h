/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The samples of a front end to BDF+ files, by a thread of its own: who pushes never waits for the disk.
 *
 * A file is a segment: at most an hour, and closed where samples are missing, so that each is continuous.
 * Data records are a tenth of a second; what is left of one at the end of a segment is not kept. The
 * duration of a data record in the header is that of the front end's own oscillator, as its time stamps
 * measured it when the segment began. Until a segment is closed its name ends with ".part", which `twitchctl
 * record repair` mends after a crash.
 *
 * Nothing is lost silently: what did not fit into the queue, or the disk would not take, is counted, and
 * makes a gap.
 */
#pragma once

#include <stdint.h>

#include "../util.h"

#define RECORDING_CHANNELS_MAX 32u
#define RECORDING_QUEUE_S 15.0 /* of samples: for how long the disk may stand still */
#define RECORDING_SEGMENT_S 3600.0
#define RECORDING_RECORD_S 0.1
#define RECORDING_RETRY_S 30.0 /* after the disk refused */

typedef struct Recording Recording;

typedef struct RecordingChannel {
        char label[17]; /* of a file: 16 characters */
        double lsb_uv;
        unsigned gain;
} RecordingChannel;

typedef struct RecordingConfig {
        const char *dir;
        const char *name; /* of the front end; begins the names of the files */
        double rate_hz; /* nominal: a whole number of samples in RECORDING_RECORD_S */
        unsigned n_channels;
        const RecordingChannel *channels;
        int32_t code_min, code_max;
        uint64_t free_bytes_min; /* below that nothing is written */
} RecordingConfig;

typedef struct RecordingStatus {
        char path[4096]; /* of the segment under way, ""; none */
        uint64_t frames; /* in files so far */
        uint64_t frames_lost; /* queue full, disk full, left over at ends of segments */
        unsigned segments;
        int error; /* negative errno of the disk; 0: it takes what it is given */
} RecordingStatus;

/* dir is made if it is not there. -EINVAL: a rate or a number of channels that cannot be. */
int recording_new(const RecordingConfig *config, Recording **ret);

/*
 * Frames from a position on: [n_frames][n_channels] codes. utc_usec: of the first of them, local_offset_s:
 * of local time then; rate_hz: true rate as it is known now. A position that does not follow ends the
 * segment.
 */
void recording_push(Recording *r, uint64_t position, const int32_t *samples, size_t n_frames,
                    int64_t utc_usec, int32_t local_offset_s, double rate_hz);

/* At a position, which may lie behind what was pushed; kept with the segment it belongs to, or the next one.
 */
void recording_annotate(Recording *r, double position, double duration_frames, const char *text);

/* From now on */
void recording_set_free_bytes_min(Recording *r, uint64_t free_bytes_min);

void recording_get_status(Recording *r, RecordingStatus *ret);

/* Writes what waits, closes the segment. After timeout_usec it leaves the thread to itself: -ETIMEDOUT. NULL
 * is taken. */
int recording_stop(Recording *r, usec_t timeout_usec);
