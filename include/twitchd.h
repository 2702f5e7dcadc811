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
        X(MAINS, "mains")                                       \
        X(GAP, "gap")

/*
 * States of a front end. One that cannot be read is tried again, at first after a second, in the end once
 * a minute. Expect more.
 *
 * opening: it was seen and is being opened. checking: it tests itself, see SelfTest. busy: another program reads it. no-permission: udev has not
 * opened it to the service. settling: samples come, filters and noise estimates are not ready. running.
 * no-data: it is open and silent. failed: see the property Error. gone: it was unplugged, its object goes
 * next; or the machine it is on does not answer.
 */
#define TWITCHD_MONITOR_STATES(X)                               \
        X(OPENING, "opening")                                   \
        X(CHECKING, "checking")                                 \
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

/*
 * MESSAGE_ID of what the service says in the journal and a program may look for; what a person can do then
 * is in systemd/twitchd.catalog. The field TWITCHD_DEVICE names the front end.
 */
#define TWITCHD_MESSAGE_DEVICE_RUNNING      	"bd218e20fec846b6a2bfe2255f318592"
#define TWITCHD_MESSAGE_DEVICE_GONE         	"04f76141106a4305a9c922cdb76eb300"
#define TWITCHD_MESSAGE_DEVICE_SILENT       	"41f159584ead4cd8868cb7f26dddbd3b"
#define TWITCHD_MESSAGE_DEVICE_BACK         	"4a45dafc177f462a97e7fd7f3305a18b"
#define TWITCHD_MESSAGE_DEVICE_BUSY         	"ba06bd7e9197454d8c43210cfa3bbb31"
#define TWITCHD_MESSAGE_DEVICE_DENIED       	"7a5a6d3c272640b094735098a448fd59"
#define TWITCHD_MESSAGE_DEVICE_FAILED       	"392302100edb42da887c67d186134be5"
#define TWITCHD_MESSAGE_NO_DEVICE           	"86cb79df2e3546958936c69f689df9c1"
#define TWITCHD_MESSAGE_NAME_REFUSED        	"89b1605cd53143e28c88956494df6206"
#define TWITCHD_MESSAGE_CONFIG_MISTAKE      	"1f8c3fdb418c4564bcde3aab97ae64db"
#define TWITCHD_MESSAGE_HISTORY_FULL        	"120592481acc4bf3a9cd8d16127037a2"
#define TWITCHD_MESSAGE_HISTORY_UNWRITABLE  	"0fc4a947138546b6815fc7f398312de7"
#define TWITCHD_MESSAGE_HISTORY_DAMAGED     	"4261340dbfca423aa19d1ed8224ea5a3"

/*
 * Errors of the methods, as org.twitchd1.Error.NAME, with the errno that sd-bus makes of each and what it
 * means. A call with arguments that cannot be is answered with org.freedesktop.DBus.Error.InvalidArgs.
 * Expect more.
 */
#define TWITCHD_ERROR_PREFIX		"org.twitchd1.Error."
#define TWITCHD_ERRORS(X)                                                                                      \
        X(NOT_FOUND, "NotFound", ENOENT, "There is none of that number or name.")                              \
        X(EXISTS, "Exists", EEXIST, "That is there already.")                                                  \
        X(BUSY, "Busy", EBUSY, "Too many requests at once; try again.")                                        \
        X(LIMIT_REACHED, "LimitReached", ENOBUFS, "There are as many of these as there may be.")               \
        X(NO_DEVICE, "NoDevice", ENODEV, "No front end delivers samples.")                                     \
        X(SEVERAL_DEVICES, "SeveralDevices", ENOTUNIQ, "There are several front ends; name one.")              \
        X(NO_HISTORY, "NoHistory", EOPNOTSUPP, "The service remembers nothing: it has no $STATE_DIRECTORY.")   \
        X(DISK_FULL, "DiskFull", ENOSPC, "There is no room on the disk.")                                      \
        X(UNWRITABLE, "Unwritable", EROFS, "The history cannot be written; \"journalctl -u twitchd\" says why.") \
        X(CHECK_FAILED, "CheckFailed", EREMOTEIO, "The front end could not be checked.")                      \
        X(GONE, "Gone", ESTALE, "What this belonged to is no longer there.")

#endif
