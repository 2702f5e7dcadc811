/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* artefact.c: what was no twitch. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/detect/detect.h"
#include "daemon/detect/events/activity.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/potentials/discharge.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

ArtefactCause classify_artefact(Detector *d, unsigned event, const Channel *strongest);
bool artefact_is_beside_beat(const Detector *d, const Activity *activity, const Discharge *discharge);
/* Of n channels, at most DETECT_EVENT_CHANNELS_MAX; from, to: frame positions. */
void artefact_report(const Detector *d, ArtefactCause cause, const NoticeIds *notices,
                     const unsigned *channels, size_t n, double from, double to);
/* From the first onset to the last end of the activities that they have under way. */
void artefact_report_activities(const Detector *d, ArtefactCause cause, const NoticeIds *notices,
                                const unsigned *channels, size_t n);
