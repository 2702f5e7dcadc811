/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* superposition.c: of which units one discharge shows several, in one another. */
#pragma once

#include "daemon/detect/base/history.h"
#include "discharge.h"
#include "units.h"

unsigned resolve_superposition(Units *u, const History *h, const Discharge *discharge, float sigma_uv,
                         double step_rate_hz, double ret_peaks[static DISCHARGES_MAX], unsigned *ret_unit);
