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

#define RECORDING_FOLDER "recordings" /* beside the history */
#define RECORDING_PART ".part" /* ends the name of a file that is not closed */
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
        bool sinc3; /* the converter's filter: told to who reads the file, for sizes to be corrected alike */
        uint64_t free_bytes_min; /* below that nothing is written */
        bool delete_oldest; /* of the closed files in dir, when less than that is free */
        int news_fd; /* an eventfd, written when there is news, and at the end; -1: none */
} RecordingConfig;

/* When a position was, and what the clocks said then */
typedef struct RecordingTime {
        int64_t boottime_usec, utc_minus_boottime_usec;
        int32_t local_offset_s; /* local time minus UTC */
        double rate_hz; /* true one, as it is known now; 0: not yet */
} RecordingTime;

typedef enum RecordingWhat {
        RECORDING_BEGAN, /* a file: name without ".part" */
        RECORDING_CLOSED,
        RECORDING_DELETED, /* the oldest, for want of room */
} RecordingWhat;

typedef struct RecordingNews {
        RecordingWhat what;
        char name[256]; /* in dir */
        uint64_t position; /* of its first frame */
        int64_t boottime_usec; /* of it; deleted: 0 */
        double duration_s; /* closed */
} RecordingNews;

typedef struct RecordingStatus {
        char path[4096]; /* of the segment under way, ""; none */
        uint64_t frames; /* in files so far */
        uint64_t frames_lost; /* queue full, disk full, left over at ends of segments */
        unsigned segments;
        int error; /* negative errno of the disk; 0: it takes what it is given */
} RecordingStatus;

/* dir is made if it is not there. -EINVAL: a rate or a number of channels that cannot be. */
int recording_new(const RecordingConfig *config, Recording **ret);

/* Frames from a position on: [n_frames][n_channels] codes; at: of the first of them. A position that does
 * not follow ends the segment. */
void recording_push(Recording *r, uint64_t position, const int32_t *samples, size_t n_frames,
                    const RecordingTime *at);

/* What is pushed from now on goes into another file; nothing is lost, and the cut is a data record's. */
void recording_split(Recording *r);

/* At a position, which may lie behind what was pushed; kept with the segment it belongs to, or the next one.
 */
void recording_annotate(Recording *r, double position, double duration_frames, const char *text);

/* From now on */
void recording_set_room(Recording *r, uint64_t free_bytes_min, bool delete_oldest);

/* 1: the oldest there was; 0: none. Of more than RECORDING_NEWS_MAX the oldest are lost. */
#define RECORDING_NEWS_MAX 16u
int recording_take_news(Recording *r, RecordingNews *ret);

void recording_get_status(Recording *r, RecordingStatus *ret);

/* Asks for the end: writes what waits, closes the segment. Nothing is to be pushed after that. */
void recording_end(Recording *r);
bool recording_is_done(Recording *r);
/* Waits for it, until CLOCK_MONOTONIC says so, and frees r: -ETIMEDOUT: it leaves the thread to itself. NULL
 * is taken. */
int recording_join(Recording *r, usec_t until_usec);
/* Both, at most so long */
int recording_stop(Recording *r, usec_t timeout_usec);

/*
 * A file that was never closed gets its header and, where it ends with ".part", its name. ret_duration_s:
 * what there is of it. 1: mended; 0: it was whole; -EBUSY: it is being written; -EBADMSG: no EDF or BDF file
 * with a whole data record; -EEXIST: there is one of that name.
 */
int recording_repair(const char *path, double *ret_duration_s);
