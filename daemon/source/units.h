/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical dimensions that are voltages, as programs write them. */
#pragma once

/*
 * Microvolts in one of a unit (UTF-8); NAN if it is no voltage, or if it could be two: "MV" is a millivolt to some
 * programs, and a lost micro sign ("?V", ".V") says nothing. EDF+ specification 2.1.3, and the spellings seen in files.
 */
double unit_to_uv(const char *unit);
