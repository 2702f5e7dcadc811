/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A converter with a sinc3 filter between a scene, made at a higher rate, and who looks at it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util.h"

typedef struct Converter Converter;

int converter_new(unsigned rate_hz, unsigned n_channels, size_t frames_max, Converter **ret);
Converter* converter_free(Converter *c);        /* takes NULL, returns NULL */
DEFINE_TRIVIAL_CLEANUP_FUNC(Converter*, converter_free);

unsigned converter_factor(const Converter *c);  /* the rate of the scene over that of the output */

/* Codes and flags of the scene's frames to those of fewer, which are the converter's until the next call: how many. */
size_t converter_run(Converter *c, const int32_t *codes, const uint8_t *flags, size_t n_frames, const int32_t **ret_codes,
                     const uint8_t **ret_flags);
