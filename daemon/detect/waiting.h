/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* waiting.c: the happenings until they are decided. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "happening.h"
#include "notice-ids.h"

typedef struct Detector Detector;

int happenings_init(Detector *d);
void happenings_done(Detector *d);
void happenings_without_beat(Detector *d, int64_t from);
void happenings_were_beats(Detector *d, double beat, double period, bool even);
void happenings_drop(Detector *d, unsigned channel, double from, NoticeIds *notices);
unsigned happenings_of_channel(const Detector *d, unsigned channel, bool *ret_longer);
Happening* happening_wait(Detector *d, const Happening *h);
void happening_forget(Detector *d, Happening *h);
void happening_set_due(Detector *d, Happening *h, double due);
bool happening_take_in(Detector *d, Happening *into, Happening *part);
bool happening_near(const Happening *a, const Happening *b);
bool happening_at_place(const Happening *h, const Happening *longer);
bool happening_of_one_unit(const Happening *a, const Happening *b);
