/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names a client of twitchd needs: bus name, object paths, interfaces and the
 * words for kinds of events and causes of artefacts. The interfaces themselves
 * are described in daemon/bus/org.twitchd1.*.xml.
 */
#ifndef TWITCHD_H
#define TWITCHD_H

#include <stdint.h>
#include <time.h>

#define TWITCHD_BUS_NAME		"org.twitchd1"
#define TWITCHD_PATH			"/org/twitchd1"
#define TWITCHD_MONITOR_PATH		"/org/twitchd1/monitor"
#define TWITCHD_MANAGER_INTERFACE	"org.twitchd1.Manager"
#define TWITCHD_MONITOR_INTERFACE	"org.twitchd1.Monitor"
#define TWITCHD_CHANNEL_INTERFACE	"org.twitchd1.Channel"
#define TWITCHD_HISTORY_PATH		"/org/twitchd1/history"
#define TWITCHD_HISTORY_INTERFACE	"org.twitchd1.History"

/* Kinds of events, as in the Twitch signal and in `twitchctl analyze --json`. Expect more. */
#define TWITCHD_EVENT_KINDS(X)                                  \
        X(FASCICULATION, "fasciculation")                       \
        X(DOUBLET, "doublet")                                   \
        X(MULTIPLET, "multiplet")                               \
        X(MYOKYMIC, "myokymic")                                 \
        X(HIGH_FREQUENCY_RUN, "high-frequency-run")             \
        X(UNIT_TRAIN, "unit-train")                             \
        X(CONTRACTION, "contraction")                           \
        X(CRAMP_LIKE, "cramp-like")                             \
        X(JERK, "jerk")                                         \
        X(UNCLASSIFIED, "unclassified")

/* Causes of artefacts. Expect more. */
#define TWITCHD_ARTEFACT_CAUSES(X)                              \
        X(MOTION, "motion")                                     \
        X(LEAD_OFF, "lead-off")                                 \
        X(SATURATION, "saturation")                             \
        X(COMMON, "common")                                     \
        X(SPIKE, "spike")                                       \
        X(ECG, "ecg")                                           \
        X(GAP, "gap")

/*
 * States of a front end. One that cannot be read is tried again, at first after a second, in the end once
 * a minute. Expect more.
 *
 * opening: it was seen and is being opened. busy: another program reads it. no-permission: udev has not
 * opened it to the service. settling: samples come, filters and noise estimates are not ready. running.
 * no-data: it is open and silent. failed: see the property Error. gone: it was unplugged, its object goes
 * next; or the machine it is on does not answer.
 */
#define TWITCHD_MONITOR_STATES(X)                               \
        X(OPENING, "opening")                                   \
        X(BUSY, "busy")                                         \
        X(NO_PERMISSION, "no-permission")                       \
        X(SETTLING, "settling")                                 \
        X(RUNNING, "running")                                   \
        X(NO_DATA, "no-data")                                   \
        X(FAILED, "failed")                                     \
        X(GONE, "gone")

/*
 * Why time is no exposure: artefacts and gaps, a muscle at work (a contraction, a cramp, what follows a
 * burst), an unchanging code (nothing connected), and filters and estimates that settle. Expect more.
 */
#define TWITCHD_EXCLUSIONS(X)                                   \
        TWITCHD_ARTEFACT_CAUSES(X)                              \
        X(CONTRACTION, "contraction")                           \
        X(FLAT, "flat")                                         \
        X(SETTLING, "settling")

/*
 * Every time of the interfaces is CLOCK_BOOTTIME in microseconds: it never jumps and it counts while the
 * machine sleeps, so a clock that is set later mends the past. Who keeps one beyond this boot keeps the
 * property BootId with it. This is the time of day it was by what the clock shows now, in microseconds of
 * CLOCK_REALTIME; only for times of this boot. 0 for a time before 1970, which a clock that was never set
 * gives.
 */
static inline uint64_t twitchd_realtime_usec(uint64_t boottime_usec)
{
	struct timespec real, boot;
	int64_t usec;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	usec = ((int64_t)real.tv_sec - boot.tv_sec) * 1000000 +
	       (real.tv_nsec - boot.tv_nsec) / 1000 + (int64_t)boottime_usec;
	return usec > 0 ? (uint64_t)usec : 0;
}

#endif
