/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* frames.c, step.c: what a sample of a channel goes through. */
#pragma once

#include <stdint.h>

typedef struct Detector Detector;

#define FRAMES_MAX 64u                  /* at a time */
void frames_push(Detector *d, const int32_t *samples, const uint8_t *flags, unsigned n_frames);
void step_run(Detector *d);
