// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299: the regular grid that the edges of DRDY lie on, and what it says
 * about edges for which no interrupt came, and about interrupts without an edge.
 *
 * Plain arithmetic: the caller gives the time (CLOCK_MONOTONIC, for the clock
 * of the timestamps may be one that is set) and serialises the calls.
 */

#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "ads1299-priv.h"

/* What is missing counts when it stays so for that many more checks ... */
#define ADS1299_GRID_STEADY	64
/* ... or for that many before the end of the stream */
#define ADS1299_GRID_STEADY_END	4u

static s32 ads1299_grid_period(const struct ads1299_grid *grid)
{
	return grid->window_ns >> ilog2(ADS1299_GRID_EDGES);
}

/* When the edge of that number should come, the last or next one to come */
static s64 ads1299_grid_expected(const struct ads1299_grid *grid, u32 edge)
{
	return grid->due_ns - (s64)(-edge % ADS1299_GRID_EDGES) * ads1299_grid_period(grid);
}

/**
 * ads1299_grid_init - begin with the nominal period
 * @grid: the grid
 * @dr: code of the data rate
 * @fclk_hz: the chip's clock
 */
void ads1299_grid_init(struct ads1299_grid *grid, unsigned int dr, unsigned long fclk_hz)
{
	u64 clocks = (u64)ADS1299_GRID_EDGES * ADS1299_CLOCKS_PER_SAMPLE(dr);

	memset(grid, 0, sizeof(*grid));
	grid->window_ns = div_u64(clocks * NSEC_PER_SEC, fclk_hz);
	/* The internal oscillator is good for 2.5 % (7.5) */
	grid->min_window_ns = grid->window_ns - grid->window_ns / 32;
	grid->max_window_ns = grid->window_ns + grid->window_ns / 32;
	grid->due_ns = S64_MAX / 2;
}

/**
 * ads1299_grid_check - compare an edge with the grid
 * @grid: the grid
 * @edge: number of the edge, a multiple of ADS1299_GRID_EDGES
 * @now_ns: when it came
 *
 * Finds edges that never became an interrupt, because interrupts were off for
 * longer than a period, or the line was disturbed. Phase and period of the
 * grid are tracked by a second-order loop (damping 0.7).
 *
 * A late interrupt is no proof, not even several: the edges may catch up, as
 * they do when a virtual machine had a pause. So a deficit counts only when it
 * stays the same over many edges at the nominal rate. That is too late for
 * ADS1299_FLAG_LOST; the place of the gap is seen in the timestamps.
 *
 * Returns: how many edges before this one were lost and not yet reported.
 */
u32 ads1299_grid_check(struct ads1299_grid *grid, u32 edge, s64 now_ns)
{
	s32 period_ns = ads1299_grid_period(grid);
	s64 late_ns = now_ns - grid->due_ns;
	s64 missing = 0;
	u32 lost;

	if (!edge) {	/* sets the phase, and the first ones may be missing already */
		if (late_ns > 0)
			grid->behind = div_s64(late_ns + period_ns / 8, period_ns);
		late_ns -= grid->behind * period_ns;
		grid->on_time = abs(late_ns) <= period_ns / 8;
		grid->due_ns = now_ns + grid->window_ns;
		return 0;
	}

	if (late_ns > period_ns / 2)
		missing = div_s64(late_ns + period_ns / 2, period_ns);
	else if (late_ns < -period_ns / 2)
		missing = -div_s64(period_ns / 2 - late_ns, period_ns);
	late_ns -= missing * period_ns;

	/* No: that was one interrupt that was late */
	if (edge == ADS1299_GRID_EDGES && late_ns < -period_ns / 4)
		grid->behind = 0;

	grid->window_ns = clamp(grid->window_ns + late_ns / 8,
				grid->min_window_ns, grid->max_window_ns);
	grid->due_ns += missing * period_ns + late_ns / 2 + grid->window_ns;

	/* Unseen edges leave the others on the grid: a gap of another length is something else */
	if (missing < 0 || (missing && abs(late_ns) > period_ns / 8))
		grid->behind = 0;
	else
		grid->behind += missing;
	grid->steady = missing ? 0 : grid->steady + 1;
	grid->on_time = !missing && abs(late_ns) <= period_ns / 8;
	if (!grid->behind || grid->steady < ADS1299_GRID_STEADY)
		return 0;

	lost = grid->behind;
	grid->behind = 0;
	return lost;
}

/**
 * ads1299_grid_extra - is this an interrupt without an edge?
 * @grid: the grid
 * @edge: number that the edge would have, not 0
 * @now_ns: when it came
 *
 * An interrupt may be late, but not early. Where the last check found one that
 * was late nothing is certain.
 *
 * Returns: true if it came more than half a period before its time.
 */
bool ads1299_grid_extra(const struct ads1299_grid *grid, u32 edge, s64 now_ns)
{
	return grid->on_time &&
	       ads1299_grid_expected(grid, edge) - now_ns > ads1299_grid_period(grid) / 2;
}

/**
 * ads1299_grid_finish - count what is missing at the end
 * @grid: the grid
 * @edges: number of edges seen, the last one included
 * @end_ns: a time at which the chip still converted: just before STOP
 *
 * The conversion under way at @end_ns is completed and has an edge, too. An
 * eighth of a period is left for the latency of interrupts. Where those were
 * later just now, it is not known what is missing. Where none came the phase is
 * that of START, without latency, and the first conversion after it is completed
 * even if STOP came while the filter settled.
 *
 * Returns: how many edges were lost and not yet reported.
 */
u32 ads1299_grid_finish(struct ads1299_grid *grid, u32 edges, s64 end_ns)
{
	s32 period_ns = ads1299_grid_period(grid);
	s64 latency_ns = edges ? period_ns / 8 : 0;
	s64 left_ns = end_ns + period_ns - latency_ns - ads1299_grid_expected(grid, edges);
	s64 lost;

	/* A stream as short as that has no history; one without an edge needs none */
	if (edges && grid->steady < min((edges - 1) / ADS1299_GRID_EDGES, ADS1299_GRID_STEADY_END))
		return 0;

	if (!edges)
		left_ns = max_t(s64, left_ns, 1);

	lost = grid->behind;
	if (left_ns > 0 && (!edges || grid->on_time))
		lost += div_s64(left_ns + period_ns - 1, period_ns);
	grid->behind = 0;

	return clamp(lost, 0, (s64)U32_MAX);
}
