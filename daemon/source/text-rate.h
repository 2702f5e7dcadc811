/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Samples a second by a line in front of a text's numbers, in words of usual programs; 0: it says none. */
double text_rate_in(const char *line);
