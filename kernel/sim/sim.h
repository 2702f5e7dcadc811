/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated hat: what its files share. See README.
 *
 * What runs where:
 * - A high-resolution timer in hard interrupt context completes conversions:
 *   it takes a frame from the queue, hands it to the chips and raises DRDY.
 * - SPI transfers run in the thread of the SPI core or of the caller.
 * - write(), poll() and fsync() put frames into the queue and wait for space.
 *
 * One raw spinlock for each chip select covers its chips and everything about
 * their timing, because the timer must not sleep, on PREEMPT_RT neither.
 * Writers are woken through irq_work, which may take the sleeping lock of a
 * wait queue.
 */
#ifndef ADS1299_SIM_H
#define ADS1299_SIM_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "chip.h"

#define SIM_NAME		"ads1299-sim"

#define SIM_MAX_CHIPS		4	/* chip selects, each with its own DRDY */
#define SIM_MAX_DAISY		9	/* chips of a daisy chain behind one of them */

/* Period of a clock in femtoseconds, of which that of the nominal one is a whole number */
#define SIM_CLOCK_FS(hz)	div_u64(1000000000000000ULL, (hz))

#define SIM_QUEUE_FRAMES	1024	/* power of two */

struct dentry;
struct device;
struct irq_domain;
struct spi_controller;
struct spi_device;

/**
 * struct sim_counters - what the hat did: the truth for tests
 * @drdy_edges: interrupts raised, those of @drdy_extra included
 * @drdy_masked: DRDY edges while the interrupt was masked: nobody saw them
 * @drdy_missing: edges left out on request
 * @drdy_extra: edges added on request
 * @decode_violations: bytes of RREG or WREG that came faster than tSDECODE
 * @too_soon: transfers that came before the chip was ready for them
 * @late_conversions: conversions that came more than their duration too late
 * @postponed: times a conversion waited because the machine had stalled
 * @spi_failed: transfers that failed on request
 * @spi_delayed: transfers that took longer on request
 * @flipped: bits flipped on request
 */
struct sim_counters {
	u64 drdy_edges;
	u64 drdy_masked;
	u64 drdy_missing;
	u64 drdy_extra;
	u64 decode_violations;
	u64 too_soon;
	u64 late_conversions;
	u64 postponed;
	u64 spi_failed;
	u64 spi_delayed;
	u64 flipped;
};

/**
 * struct sim_fault - something that goes wrong a few times, in a while
 * @skip: how often it goes well before
 * @left: how often it goes wrong then
 * @arg: what the fault is, where there is a choice
 */
struct sim_fault {
	u32 skip;
	u32 left;
	u32 arg;
};

/* What frees a DRDY that is stuck */
enum sim_stuck {
	SIM_NOT_STUCK,
	SIM_STUCK_FOR_GOOD,
	SIM_STUCK_UNTIL_RESET,
	SIM_STUCK_UNTIL_POWER_UP,
	SIM_NUM_STUCK
};

/**
 * struct sim_faults - what goes wrong at a chip select
 * @spi_fail: transfers that fail before the first clock
 * @spi_delay: transfers that take longer, by so many microseconds
 * @flip: data frames of which that bit arrives inverted
 * @flipping: the frame under way is such a one
 * @drdy_missing: conversions that raise no interrupt
 * @drdy_extra: conversions that raise a second one, after so many microseconds
 * @drdy_stuck: no conversion raises one, until what of enum sim_stuck
 * @stuck_since: resets or power-ups of the chip before
 */
struct sim_faults {
	struct sim_fault spi_fail;
	struct sim_fault spi_delay;
	struct sim_fault flip;
	bool flipping;
	struct sim_fault drdy_missing;
	struct sim_fault drdy_extra;
	u8 drdy_stuck;
	u64 stuck_since;
};

/**
 * struct sim - a chip select and the chips behind it
 * @hat: what it is on
 * @index: number of the chip select, and of everything named after it
 * @num_chips: how many chips are behind it: more than one are a daisy chain
 * @num_channels: of all these chips
 * @lock: protects all from @chips to @counters
 * @chips: the chips; the first one's DOUT and DRDY are those that are wired
 * @start_pin: the START line of the chips is high
 * @frame_unit_nv: what a 1 in a frame means
 * @epoch: value of the first chip's epoch the timer was set for
 * @due: when the next conversion completes, had the timer no latency
 * @due_rest: fraction of a nanosecond of @due, in units of 1 / (10^6 + ppm) ns
 * @begun: when the conversion under way began
 * @duration_ns: how long it takes
 * @complete_at: when it completes, stalls considered
 * @watching: the timer is set to look before that whether the driver keeps up
 * @expiry: what the timer is set to
 * @postponed: how often the conversion under way has waited for the driver
 * @ready: 0, or when the chip is ready after power-up, reset or standby
 * @vcap1_up: 0, or when VCAP1 will be high enough for a reset
 * @power_ups: how often power came, as far as @vcap1_up knows
 * @head: number of frames ever written
 * @tail: number of frames ever converted
 * @first: value of @head when the device was last opened
 * @frame: latest frame converted, counted from @first; -1 before the first one
 * @frame_time_ns: CLOCK_BOOTTIME of the DRDY edge of @frame
 * @underruns: conversions without a frame since the device was opened
 * @writing: the device is open
 * @faults: what is to go wrong
 * @counters: what the hat did
 * @timer: completes the conversion under way
 * @extra_timer: raises a DRDY that no conversion is behind
 * @cpu: where @timer runs
 * @irq_masked: the interrupt is masked at the chip
 * @retrigger: raises DRDY again on behalf of the interrupt core
 * @name: ads1299-simK
 * @misc: /dev/ads1299-simK
 * @write_lock: one write() at a time, however many threads share the file
 * @wait: writers waiting for space, and for the queue to be empty
 * @wake: wakes @wait
 * @queue: ring of SIM_QUEUE_FRAMES frames, @num_channels values each
 */
struct sim {
	struct sim_hat *hat;
	unsigned int index;
	unsigned int num_chips;
	unsigned int num_channels;

	raw_spinlock_t lock;
	struct ads_chip chips[SIM_MAX_DAISY];
	u8 start_pin;
	s32 frame_unit_nv;
	u32 epoch;
	ktime_t due;
	u64 due_rest;
	ktime_t begun;
	s64 duration_ns;
	ktime_t complete_at;
	ktime_t expiry;
	bool watching;
	u8 postponed;
	ktime_t ready;
	ktime_t vcap1_up;
	u64 power_ups;
	u64 head;
	u64 tail;
	u64 first;
	s64 frame;
	u64 frame_time_ns;
	u64 underruns;
	bool writing;
	struct sim_faults faults;
	struct sim_counters counters;

	struct hrtimer timer;
	struct hrtimer extra_timer;
	int cpu;

	bool irq_masked;
	struct hrtimer retrigger;

	char name[sizeof(SIM_NAME) + 1];
	struct miscdevice misc;
	struct mutex write_lock;	/* the far end of @queue, see sim_queue_frames() */
	wait_queue_head_t wait;
	struct irq_work wake;
	s32 *queue;
};

/**
 * struct sim_hat - what is shared by all chips of the hat
 * @dev: platform device, parent of everything else
 * @sims: the chip selects
 * @num_sims: how many there are
 * @domain: its interrupt K is the DRDY of chip select K
 * @host: SPI controller
 * @clock_fs: period of the chips' clock, the error of the oscillator aside
 * @thread_of: whose timer the SPI thread is to share a CPU with
 * @thread_cpu: where the SPI thread runs
 */
struct sim_hat {
	struct device *dev;
	struct sim *sims[SIM_MAX_CHIPS];
	unsigned int num_sims;
	struct irq_domain *domain;
	struct spi_controller *host;
	u64 clock_fs;
	struct sim *thread_of;
	int thread_cpu;
};

/* Hot path: nothing but the test of one word where nothing is to go wrong */
static inline bool sim_fault_strikes(struct sim_fault *fault)
{
	if (likely(!fault->left))
		return false;
	if (fault->skip) {
		fault->skip--;
		return false;
	}
	fault->left--;

	return true;
}

/* drdy.c */
int sim_add_irqs(struct sim_hat *hat);
unsigned int sim_map_irq(struct sim *sim);
void sim_raise_irq(struct sim *sim);
void sim_init_drdy(struct sim *sim);
void sim_stop_drdy(struct sim *sim);

/* pacing.c */
void sim_init_pacing(struct sim *sim);
void sim_stop_pacing(struct sim *sim);
void sim_follow_chip(struct sim *sim);
bool sim_check_clock_ppm(void);

/* bus.c */
void sim_heed_power(struct sim *sim);
void sim_heed_busy_chip(struct sim *sim);
const char *sim_spi_name(struct sim *sim);
int sim_add_spi_host(struct sim_hat *hat);

/* pins.c */
int sim_add_pins(struct sim_hat *hat);
int sim_wire_pins(struct sim *sim);

/* supplies.c */
int sim_add_supplies(struct sim_hat *hat);

/* nodes.c */
int sim_add_spi_devices(struct sim_hat *hat);

/* device.c */
void sim_init_queue(struct sim *sim);
int sim_add_misc(struct sim *sim);

/* debugfs.c */
int sim_add_debugfs(struct sim *sim);

/* faults.c */
void sim_add_fault_files(struct sim *sim, struct dentry *dir);

/* board.c */
void sim_add_board_files(struct sim *sim, struct dentry *dir);

#endif
