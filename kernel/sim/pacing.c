// SPDX-License-Identifier: GPL-2.0-only
/*
 * When conversions complete: the oscillator of the simulated chips.
 */

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "../compat.h"
#include "sim.h"

/* Wake a blocked writer when a quarter of the queue is free, not for every frame */
#define SIM_WAKE_FRAMES		(SIM_QUEUE_FRAMES * 3 / 4)

/* How often one conversion waits for a driver that a stall has kept from reading */
#define SIM_POSTPONE_MAX	10

/* So many conversions may follow each other quickly after a stall */
#define SIM_BURST_CONVERSIONS	32

#define SIM_CLOCK_PPM_MAX	100000

static int clock_ppm;
module_param(clock_ppm, int, 0444);
MODULE_PARM_DESC(clock_ppm, "error of the chip's oscillator, positive: too fast (default 0)");

static bool stall_help = true;
module_param(stall_help, bool, 0644);
MODULE_PARM_DESC(stall_help, "after a stall of the machine give the driver time to read what it has not (default Y)");

/* Is the parameter a sensible one? */
bool sim_check_clock_ppm(void)
{
	if (abs(clock_ppm) <= SIM_CLOCK_PPM_MAX)
		return true;

	pr_err(SIM_NAME ": clock_ppm=%d: must be within +-%d\n", clock_ppm, SIM_CLOCK_PPM_MAX);
	return false;
}

static void sim_set_timer(struct sim *sim, ktime_t expiry)
{
	lockdep_assert_held(&sim->lock);

	sim->expiry = expiry;
	hrtimer_start(&sim->timer, expiry, HRTIMER_MODE_ABS_PINNED_HARD);
}

/*
 * Set the timer for the conversion that begins @now. @due advances by the
 * exact duration, to fractions of a nanosecond, so that the mean rate is that
 * of the oscillator:
 *
 *	clocks * 10^9 / (fCLK * (1 + ppm / 10^6)) ns
 *	= clocks * (10^15 / fCLK) / (10^6 + ppm) ns
 *
 * No conversion is left out after a stall of the machine: they follow each
 * other faster until they are on time again, 3/4 of the period apart, or
 * sooner when the last one has been read (see sim_last_one_read()).
 */
static void sim_schedule(struct sim *sim, ktime_t now)
{
	u32 clocks = ads_chip_clocks_to_conversion(&sim->chips[0]);

	lockdep_assert_held(&sim->lock);

	if (!clocks) {
		/* A callback waiting for the lock finds that the chip is not converting */
		hrtimer_try_to_cancel(&sim->timer);
		return;
	}

	sim->duration_ns = div64_u64_rem(clocks * sim->hat->clock_fs + sim->due_rest,
					 1000000 + clock_ppm, &sim->due_rest);
	sim->begun = now;
	sim->due += sim->duration_ns;
	sim->postponed = 0;
	sim->cpu = raw_smp_processor_id();

	if (!READ_ONCE(stall_help)) {
		sim->complete_at = sim->due;
		sim_set_timer(sim, sim->due);
		return;
	}
	sim->complete_at = max(sim->due, now + sim->duration_ns * 3 / 4);

	/* First look whether the last one is read in time: see sim_watch() */
	sim->watching = true;
	sim_set_timer(sim, now + (sim->complete_at - now) * 3 / 4);
}

/*
 * The last conversion has been read: no need to watch any more. When behind
 * schedule the next one may come. A few follow at once, before the machine
 * falls asleep again and wakes up late again; many do not, for what is behind
 * the driver has to keep up with them.
 */
static void sim_last_one_read(struct sim *sim)
{
	bool many = sim->begun - sim->due > SIM_BURST_CONVERSIONS * sim->duration_ns;
	ktime_t soonest = sim->begun + (sim->duration_ns >> (many ? 2 : 4));

	lockdep_assert_held(&sim->lock);

	/* Started from elsewhere, the timer would move. It will find out by itself */
	if (sim->cpu != raw_smp_processor_id())
		return;

	if (!sim->watching && sim->complete_at <= max(sim->due, soonest))
		return;

	sim->watching = false;
	sim->complete_at = max(sim->due, soonest);
	sim_set_timer(sim, sim->complete_at);
}

/*
 * A timer that is late tells that the machine stood still, and the driver with
 * it: if it has not read the last conversion, it gets time to do so. That much
 * lateness may be the timer's own, so once only, unless the stall was a long
 * one: a driver that is too slow loses what it would lose with a real chip.
 *
 * Looking at three quarters of the way as well as at its end finds the stalls
 * that end just in time for the timer, but not for the driver.
 */
static void sim_watch(struct sim *sim, ktime_t now)
{
	s64 late_ns = now - sim->expiry;

	lockdep_assert_held(&sim->lock);

	if (!READ_ONCE(stall_help))
		return;

	if (!ads_chip_unread(&sim->chips[0]) || sim->postponed == SIM_POSTPONE_MAX ||
	    late_ns < (sim->postponed ? NSEC_PER_MSEC : sim->duration_ns / 16))
		return;

	sim->postponed++;
	sim->counters.postponed++;
	sim->complete_at = max(sim->due, now + sim->duration_ns * 3 / 4);
}

/**
 * sim_follow_chip() - the chips may have changed: look at what it means
 * @sim: the chip select
 *
 * After clocks on the bus, and whatever else can start and stop conversions:
 * have they begun anew, or ended, or has the last one been read?
 */
void sim_follow_chip(struct sim *sim)
{
	struct ads_chip *chip = &sim->chips[0];

	lockdep_assert_held(&sim->lock);

	if (sim->epoch == chip->epoch) {
		if (ads_chip_converting(chip) && !ads_chip_unread(chip))
			sim_last_one_read(sim);
		return;
	}

	sim->epoch = chip->epoch;
	sim->due = ktime_get();
	sim->due_rest = 0;
	sim_schedule(sim, sim->due);
}

/* Take a frame from the queue; without one all electrodes are at 0 V. True: took one */
static bool sim_take_frame(struct sim *sim, s64 *input_nv)
{
	unsigned int n = sim->num_channels, ch;
	const s32 *frame = &sim->queue[(sim->tail % SIM_QUEUE_FRAMES) * n];

	lockdep_assert_held(&sim->lock);

	if (sim->tail == sim->head) {
		memset(input_nv, 0, sizeof(*input_nv) * n);
		if (sim->writing)
			sim->underruns++;
		return false;
	}

	for (ch = 0; ch < n; ch++)
		input_nv[ch] = (s64)frame[ch] * sim->frame_unit_nv;
	sim->tail++;

	return true;
}

/* Give each chip the frame, or its part of it. True: a writer has to be woken */
static bool sim_convert(struct sim *sim)
{
	s64 input_nv[SIM_MAX_DAISY * ADS_MAX_CHANNELS];
	const s64 *input = input_nv;
	unsigned int i;
	u64 queued;
	bool taken;

	lockdep_assert_held(&sim->lock);

	taken = sim_take_frame(sim, input_nv);
	for (i = 0; i < sim->num_chips; i++) {
		ads_chip_convert(&sim->chips[i], input);
		input += sim->chips[i].part->channels;
	}

	if (!taken)
		return false;

	/* A frame of the previous writer has no number for this one */
	if (sim->tail > sim->first) {
		sim->frame = sim->tail - 1 - sim->first;
		sim->frame_time_ns = ktime_get_boottime_ns();
	}

	queued = sim->head - sim->tail;

	return !queued || queued == SIM_WAKE_FRAMES;
}

static bool sim_drdy_stuck(struct sim *sim)
{
	const struct ads_chip_stats *stats = &sim->chips[0].stats;
	struct sim_faults *faults = &sim->faults;

	if ((faults->drdy_stuck == SIM_STUCK_UNTIL_RESET && stats->resets > faults->stuck_since) ||
	    (faults->drdy_stuck == SIM_STUCK_UNTIL_POWER_UP &&
	     stats->power_ups > faults->stuck_since))
		faults->drdy_stuck = SIM_NOT_STUCK;

	return faults->drdy_stuck;
}

/* DRDY falls. True: the interrupt is to be raised */
static bool sim_edge(struct sim *sim)
{
	struct sim_faults *faults = &sim->faults;

	lockdep_assert_held(&sim->lock);

	if (unlikely(sim_drdy_stuck(sim) || sim_fault_strikes(&faults->drdy_missing))) {
		sim->counters.drdy_missing++;
		return false;
	}

	if (unlikely(sim_fault_strikes(&faults->drdy_extra)))
		hrtimer_start(&sim->extra_timer, faults->drdy_extra.arg * (u64)NSEC_PER_USEC,
			      HRTIMER_MODE_REL_PINNED_HARD);

	if (READ_ONCE(sim->irq_masked)) {
		sim->counters.drdy_masked++;
		return false;
	}
	sim->counters.drdy_edges++;

	return true;
}

/* The timer has expired. True: the interrupt is to be raised */
static bool sim_expired(struct sim *sim, bool *wake)
{
	ktime_t now = ktime_get();

	lockdep_assert_held(&sim->lock);

	/* While this waited for the lock, a command may have moved or ended it all */
	if (!ads_chip_converting(&sim->chips[0]) || now < sim->expiry)
		return false;

	sim_watch(sim, now);
	sim->watching = false;
	if (now < sim->complete_at) {
		sim_set_timer(sim, sim->complete_at);
		return false;
	}

	if (now - sim->due > sim->duration_ns)
		sim->counters.late_conversions++;
	*wake = sim_convert(sim);
	sim->epoch = sim->chips[0].epoch;
	sim_schedule(sim, now);

	return sim_edge(sim);
}

static enum hrtimer_restart sim_timer(struct hrtimer *timer)
{
	struct sim *sim = container_of(timer, struct sim, timer);
	bool edge, wake = false;

	raw_spin_lock(&sim->lock);
	edge = sim_expired(sim, &wake);
	raw_spin_unlock(&sim->lock);

	if (wake)
		irq_work_queue(&sim->wake);
	if (edge)
		sim_raise_irq(sim);

	/* It has been started again where needed, under the lock */
	return HRTIMER_NORESTART;
}

/* An edge that is none of the chip's: a disturbance on the line */
static enum hrtimer_restart sim_extra_timer(struct hrtimer *timer)
{
	struct sim *sim = container_of(timer, struct sim, extra_timer);
	bool masked = READ_ONCE(sim->irq_masked);

	raw_spin_lock(&sim->lock);
	sim->counters.drdy_extra += !masked;
	sim->counters.drdy_edges += !masked;
	raw_spin_unlock(&sim->lock);

	if (!masked)
		sim_raise_irq(sim);

	return HRTIMER_NORESTART;
}

void sim_init_pacing(struct sim *sim)
{
	sim->epoch = sim->chips[0].epoch;
	hrtimer_setup(&sim->timer, sim_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	hrtimer_setup(&sim->extra_timer, sim_extra_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

void sim_stop_pacing(struct sim *sim)
{
	hrtimer_cancel(&sim->timer);
	hrtimer_cancel(&sim->extra_timer);
}
