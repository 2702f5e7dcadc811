/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* causes.c: what was no twitch. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "chain.h"
#include "detect.h"
#include "discharge.h"
#include "notice-ids.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

ArtefactCause cause_of(Detector *d, unsigned event, const Channel *strongest);
bool cause_beside_beat(const Detector *d, const Chain *chain, const Discharge *discharge);
void report_artefact(Detector *d, ArtefactCause cause, const NoticeIds *notices, const unsigned *channels, size_t n);
