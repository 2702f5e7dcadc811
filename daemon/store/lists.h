/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions and events for a program that follows them. Who computes takes a copy of everything (copy.h). */
#pragma once

#include "keeper.h"

#define HISTORY_LIST_MAX 1000u

typedef struct ListedSession {
        int64_t id, start_usec, end_usec;       /* UTC; end 0: going on */
        int64_t utc_offset_s;
        char uuid[33], device[96], template[KEEPER_TEXT_MAX];
        bool confirmed, excluded;
} ListedSession;

typedef struct ListedEvent {
        int64_t id, session, time_usec, duration_usec, amplitude_nv;
        uint32_t channel, discharges;
        char kind[KEEPER_TEXT_MAX];
} ListedEvent;

typedef struct ListedWaveform {
        uint32_t channel;                       /* from 1 */
        uint32_t before;                        /* samples before the peak */
        double rate_hz, lsb_nv;
        size_t n;
        int32_t samples[];                      /* counts */
} ListedWaveform;

typedef struct HistoryList {
        size_t n;                               /* of one of these */
        ListedSession *sessions;
        ListedEvent *events;
        ListedWaveform *waveform;
} HistoryList;

/* The oldest first, at most HISTORY_LIST_MAX, of those that began in that time. */
int history_list_sessions(const Keeper *k, int64_t from_usec, int64_t to_usec, HistoryList *ret);
/* session 0: of all. In order of id. */
int history_list_events(const Keeper *k, int64_t session, int64_t after_id, unsigned max, HistoryList *ret);
/* That of the strongest channel. -ENOENT: no such event, or none was kept of it. */
int history_get_waveform(const Keeper *k, int64_t event, HistoryList *ret);
void history_list_done(HistoryList *l);
