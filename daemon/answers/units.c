/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "units.h"

static const char* site_of(const Past *p, const PastSession *s, unsigned channel) {
        for (size_t i = 0; i < s->n_parts; i++)
                if (s->parts[i].channel == channel)
                        return p->sites[s->parts[i].site].name;
        return "";
}

static int list(const Past *p, const PastSession *s, Units *u) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;

        int r = sql_query(p->sql, &q,
                          "SELECT channel, unit, count(*), avg(amplitude_nv), session FROM event"
                          " WHERE session IN (SELECT id FROM temp.sitting WHERE session = ?1) AND unit > 0"
                          " GROUP BY session, channel, unit HAVING count(*) > 1"
                          " ORDER BY count(*) DESC, session, channel, unit LIMIT ?2",
                          "ii", s->id, (int64_t)UNITS_MAX);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                unsigned channel = (unsigned) sqlite3_column_int(q, 0);

                u->items[u->n++] = (Unit) {
                        .channel = channel,
                        .number = (unsigned) sqlite3_column_int(q, 1),
                        .site = site_of(p, s, channel),
                        .n = (size_t) sqlite3_column_int64(q, 2),
                        .mean_uv = sqlite3_column_double(q, 3) / 1e3,
                        .part = sqlite3_column_int64(q, 4),
                };
        }
        return r;
}

static int add_intervals(const Past *p, Unit *u) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        double last_s = NAN;

        int r = sql_query(p->sql, &q,
                          "SELECT boottime_usec FROM event WHERE session = ?1 AND channel = ?2"
                          " AND unit = ?3 ORDER BY boottime_usec",
                          "iii", u->part, (int64_t)u->channel, (int64_t)u->number);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                double at_s = sqlite3_column_double(q, 0) / 1e6, bin = ceil(log2((at_s - last_s) / 0.1));

                if (!isnan(last_s))
                        u->intervals[(unsigned) fmin(fmax(bin, 0), UNITS_INTERVAL_BINS - 1)]++;
                last_s = at_s;
        }
        return r;
}

/* Aligned at the peak; of different lengths or rates: those that are like the first. */
static int add_shape(const Past *p, Unit *u) {
        _cleanup_sql_ sqlite3_stmt *q = NULL;
        int first_before = 0;

        int r = sql_query(p->sql, &q,
                          "SELECT w.before, w.rate_mhz, w.lsb_pv, w.samples FROM waveform w"
                          " JOIN event e ON e.id = w.event AND e.channel = w.channel"
                          " WHERE e.session = ?1 AND e.channel = ?2 AND e.unit = ?3",
                          "iii", u->part, (int64_t)u->channel, (int64_t)u->number);
        while (r >= 0 && (r = sql_next(q)) > 0) {
                const uint8_t *bytes = sqlite3_column_blob(q, 3);
                unsigned n = MIN((unsigned) sqlite3_column_bytes(q, 3) / 3, UNITS_SAMPLES_MAX);
                double uv = sqlite3_column_double(q, 2) / 1e6, rate_hz = sqlite3_column_double(q, 1) / 1e3;

                if (u->n_samples == 0 && n > 1 && rate_hz > 0) {
                        u->n_samples = n;
                        u->duration_ms = 1e3 * n / rate_hz;
                        first_before = sqlite3_column_int(q, 0);
                }
                if (n != u->n_samples || sqlite3_column_int(q, 0) != first_before)
                        continue;
                for (unsigned i = 0; i < n; i++) {
                        uint32_t code = bytes[3 * i] | (uint32_t) bytes[3 * i + 1] << 8 |
                                        (uint32_t) bytes[3 * i + 2] << 16;

                        u->shape_uv[i] += uv * ((int32_t) (code << 8) >> 8);
                }
                u->n_waveforms++;
        }
        for (unsigned i = 0; i < u->n_samples && u->n_waveforms > 0; i++)
                u->shape_uv[i] /= (double) u->n_waveforms;
        return r;
}

int units_read(const Past *p, const PastSession *s, Units *ret) {
        int r;

        *ret = (Units) {};
        r = list(p, s, ret);
        for (size_t i = 0; i < ret->n && r >= 0; i++) {
                r = add_intervals(p, ret->items + i);
                if (r >= 0)
                        r = add_shape(p, ret->items + i);
        }
        return r;
}
