// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the bookkeeping of the driver. Clock, bus and buffer are replaced, so
 * that every edge of DRDY, every latency and every fault is known, and with
 * them which scans are lost and why: the truth to which the driver's
 * counters, timestamps and flags are held.
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/prandom.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/sysfs.h>

#include "ads1299.h"

/* --- a world in which everything is known --------------------------------- */

/* Timestamps count from elsewhere than the monotonic clock */
#define TEST_STAMP_OFFSET_NS	(5 * NSEC_PER_SEC)

/* Times of the latest conversions, by their number */
#define TEST_CONVERSIONS	64

static struct {
	s64 now_ns;
	s64 set_back_ns;	/* by so much is the clock of the timestamps behind what it was */
	s64 conversion_ns[TEST_CONVERSIONS];
	/* What bus and buffer do with the next ones */
	int submit_error;
	int push_error;
	unsigned int submitted;
	u64 submits_refused;
	u64 pushes_refused;
	/* Scans that came */
	u64 scans;
	u64 flagged;
	/* ... with the time of another conversion, not later than the last, or with a wrong flag */
	u64 misplaced;
	u32 last_number;
	s64 stamp_ns;
	u32 scan[9 * ADS1299_MAX_CHANNELS];
} world;

static u64 test_ktime_get_ns(void)
{
	return world.now_ns;
}

static s64 test_iio_get_time_ns(const struct iio_dev *indio_dev)
{
	return world.now_ns + TEST_STAMP_OFFSET_NS - world.set_back_ns;
}

static int test_spi_async(struct spi_device *spi, struct spi_message *msg)
{
	if (world.submit_error) {
		world.submits_refused++;
		return world.submit_error;
	}

	world.submitted++;
	return 0;
}

static int test_push(struct iio_dev *indio_dev, void *data, s64 stamp_ns)
{
	u32 number, flag;

	if (world.push_error) {
		world.pushes_refused++;
		return world.push_error;
	}

	memcpy(world.scan, data, sizeof(world.scan));
	world.scans++;
	flag = world.scan[0] & ADS1299_FLAG_LOST;
	if (flag)
		world.flagged++;

	/* It is that conversion, with the time of its edge, and a gap before it is told */
	number = world.scan[0] >> 8;
	if (stamp_ns != world.conversion_ns[number % TEST_CONVERSIONS] + TEST_STAMP_OFFSET_NS ||
	    stamp_ns <= world.stamp_ns || !!flag != (number != world.last_number + 1))
		world.misplaced++;
	world.stamp_ns = stamp_ns;
	world.last_number = number;
	return 0;
}

#define ktime_get_ns test_ktime_get_ns
#define iio_get_time_ns test_iio_get_time_ns
#define spi_async test_spi_async
#define iio_push_to_buffers_with_timestamp test_push

#include "../../kernel/ads1299-grid.c"
#include "../../kernel/ads1299-capture.c"

/* Only what runs between enable and disable is tested, and that calls none of these */
int ads1299_sync_transfer(struct ads1299_state *st, struct spi_transfer *xfer)
{
	return -EIO;
}

int ads1299_conversions_start(struct ads1299_state *st)
{
	return -EIO;
}

int ads1299_conversions_stop(struct ads1299_state *st)
{
	return -EIO;
}

int ads1299_data_rate(const struct ads1299_state *st, unsigned int *ret_dr)
{
	return -EIO;
}

int ads1299_regs_intact(struct ads1299_state *st, bool complain)
{
	return -EIO;
}

int ads1299_reprogram(struct ads1299_state *st)
{
	return -EIO;
}

int ads1299_wake(struct ads1299_state *st)
{
	return -EIO;
}

void ads1299_rest(struct ads1299_state *st)
{
}

void ads1299_watch_init(struct iio_dev *indio_dev)
{
}

int ads1299_watch_start(struct ads1299_state *st, unsigned int dr)
{
	return -EIO;
}

void ads1299_watch_stop(struct ads1299_state *st)
{
}

void ads1299_patrol(struct ads1299_state *st)
{
}

void ads1299_leadoff_flag(struct iio_dev *indio_dev, unsigned int chip, u32 status, u32 *scan)
{
	scan[0] |= ADS1299_FLAG_P_OFF;
}

static const struct ads1299_chip_info test_chip = { .name = "ads1299", .num_channels = 8 };

static s64 period_of(unsigned int dr)
{
	return div_u64((u64)ADS1299_CLOCKS_PER_SAMPLE(dr) * NSEC_PER_SEC, ADS1299_FCLK_HZ);
}

static struct iio_dev *new_chain(struct kunit *test, unsigned int dr, unsigned int chips)
{
	struct iio_dev *indio_dev = iio_device_alloc(NULL, sizeof(struct ads1299_state));
	struct ads1299_state *st;

	KUNIT_ASSERT_NOT_NULL(test, indio_dev);
	test->priv = indio_dev;

	memset(&world, 0, sizeof(world));
	world.now_ns = NSEC_PER_SEC;
	world.last_number = -1;

	st = iio_priv(indio_dev);
	st->info = &test_chip;
	st->num_chips = chips;
	st->num_channels = chips * test_chip.num_channels;
	st->fclk_hz = ADS1299_FCLK_HZ;
	raw_spin_lock_init(&st->capture.lock);
	init_completion(&st->capture.drdy);
	init_completion(&st->capture.idle);
	ads1299_prepare_message(indio_dev);
	ads1299_grid_init(&st->capture.grid, dr, ADS1299_FCLK_HZ);
	st->capture.half_period_ns = period_of(dr) / 2;
	st->capture.state = ADS1299_RUNNING;

	return indio_dev;
}

static struct iio_dev *new_stream(struct kunit *test, unsigned int dr)
{
	return new_chain(test, dr, 1);
}

static void test_exit(struct kunit *test)
{
	if (test->priv)
		iio_device_free(test->priv);
}

static void edge(struct iio_dev *indio_dev)
{
	unsigned long flags;

	local_irq_save(flags);
	ads1299_drdy_handler(0, indio_dev);
	local_irq_restore(flags);
}

/* A conversion completes, and its edge comes */
static void convert(struct iio_dev *indio_dev, u32 number)
{
	world.conversion_ns[number % TEST_CONVERSIONS] = world.now_ns;
	edge(indio_dev);
}

/* What chip @chip of the chain sends: conversion @number, and which chip and channel it is */
static void put_frame(struct ads1299_state *st, unsigned int chip, u32 number)
{
	u8 *frame = st->rdata_rx + 1 + chip * ADS1299_FRAME_BYTES(test_chip.num_channels);
	unsigned int ch;

	put_unaligned_be24(ADS1299_STATUS_SYNC, frame);
	for (ch = 0; ch < test_chip.num_channels; ch++)
		put_unaligned_be24(number + (chip * test_chip.num_channels + ch) * 65536,
				   frame + ADS1299_FRAME_BYTES(ch));
}

/* The chip's opcode goes out now, the frame is that of conversion @number */
static void latch(struct ads1299_state *st, u32 number)
{
	unsigned int chip;

	for (chip = 0; chip < st->num_chips; chip++)
		put_frame(st, chip, number);
}

static void finish_read(struct iio_dev *indio_dev, int status)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned long flags;

	world.submitted--;
	st->capture.msg.status = status;
	local_irq_save(flags);
	ads1299_read_done(indio_dev);
	local_irq_restore(flags);
}

/* --- tests ---------------------------------------------------------------- */

static u64 all_lost(const struct ads1299_capture *cap)
{
	return cap->lost[ADS1299_LOST_DRDY] + cap->lost[ADS1299_LOST_SPI] +
	       cap->lost[ADS1299_LOST_SYNC] + cap->lost[ADS1299_LOST_FIFO];
}

/* One edge, one read, one scan of every chip: nothing lost, right time, no flag */
static void capture_quiet(struct kunit *test)
{
	struct iio_dev *indio_dev;
	struct ads1299_state *st;
	unsigned int chips, ch;
	s64 at;
	u32 n;

	for (chips = 1; chips <= ADS1299_MAX_CHIPS; chips++) {
		indio_dev = new_chain(test, ADS1299_DR_1000_HZ, chips);
		st = iio_priv(indio_dev);
		for (n = 0; n < 10000; n++) {
			at = world.now_ns;
			convert(indio_dev, n);
			KUNIT_ASSERT_EQ(test, world.submitted, 1);
			world.now_ns += 20000;
			latch(st, n);
			world.now_ns += 30000;
			finish_read(indio_dev, 0);
			KUNIT_ASSERT_EQ(test, world.scans, (u64)n + 1);
			for (ch = 0; ch < st->num_channels; ch++)
				KUNIT_ASSERT_EQ(test, world.scan[ch], (n + ch * 65536) << 8);
			world.now_ns = at + period_of(ADS1299_DR_1000_HZ);
		}
		KUNIT_EXPECT_EQ(test, all_lost(&st->capture), 0ULL);
		KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
		iio_device_free(indio_dev);
		test->priv = NULL;
	}
}

/* The status word of every chip counts, and its electrodes are those of its channels */
static void capture_chain(struct kunit *test)
{
	struct iio_dev *indio_dev = new_chain(test, ADS1299_DR_1000_HZ, ADS1299_MAX_CHIPS);
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int chip, n = test_chip.num_channels;
	u8 *status;

	st->leadoff_status_mask = ADS1299_STATUS_LOFF_P_MASK;
	for (chip = 0; chip < ADS1299_MAX_CHIPS; chip++) {
		status = st->rdata_rx + 1 + chip * ADS1299_FRAME_BYTES(n);
		world.now_ns += period_of(ADS1299_DR_1000_HZ);
		convert(indio_dev, 2 * chip);
		latch(st, 2 * chip);
		*status ^= 0x10;
		finish_read(indio_dev, 0);
		KUNIT_EXPECT_EQ(test, st->capture.lost[ADS1299_LOST_SYNC], (u64)chip + 1);
		KUNIT_EXPECT_EQ(test, world.scans, (u64)chip);

		world.now_ns += period_of(ADS1299_DR_1000_HZ);
		convert(indio_dev, 2 * chip + 1);
		latch(st, 2 * chip + 1);
		*status |= 0x01;
		finish_read(indio_dev, 0);
		KUNIT_EXPECT_EQ(test, world.scans, (u64)chip + 1);
		KUNIT_EXPECT_EQ(test, world.scan[chip * n] & 0xff,
				(u32)(ADS1299_FLAG_LOST | ADS1299_FLAG_P_OFF));
		KUNIT_EXPECT_EQ(test, world.scan[(chip + 1) % ADS1299_MAX_CHIPS * n] & 0xff,
				(u32)ADS1299_FLAG_LOST);
	}
	KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
}

/* A read under way, and the conversion that the chip gives it */
struct test_read {
	bool under_way;
	bool latched;
	s64 latch_ns;
	s64 done_ns;
};

/* Mostly quick, sometimes much slower than the chip; the opcode goes out at any moment of it */
static void plan_read(struct test_read *read, struct rnd_state *rnd, s64 period_ns)
{
	u32 half_ns = period_ns / 2;

	if (prandom_u32_state(rnd) % 16 == 0)
		half_ns *= 10;
	read->under_way = true;
	read->latched = false;
	read->latch_ns = world.now_ns + prandom_u32_state(rnd) % half_ns;
	read->done_ns = read->latch_ns + prandom_u32_state(rnd) % half_ns;
}

/* What may go wrong with a read, each once in a hundred; counts what did */
static int draw_faults(struct ads1299_state *st, struct rnd_state *rnd, u64 *failed, u64 *unsynced)
{
	u32 r = prandom_u32_state(rnd);

	world.submit_error = (r >> 16) % 50 ? 0 : -ESHUTDOWN;
	world.push_error = r % 100 == 2 ? -EBUSY : 0;

	switch (r % 100) {
	case 0:
		(*failed)++;
		return -EIO;
	case 1:
		st->rdata_rx[1] = (r >> 24) & ~0x80;
		(*unsynced)++;
		return 0;
	default:
		return 0;
	}
}

/*
 * Reads take from nothing to ten periods, some are refused, fail, lose sync,
 * or find the buffer full. Each conversion ends as a scan with its own time,
 * or in the counter of its cause; the chip gives the newest conversion at the
 * moment of the opcode.
 */
static void capture_every_edge_accounted(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_1000_HZ);
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	s64 period_ns = period_of(ADS1299_DR_1000_HZ);
	u64 edges = 0, failed = 0, unsynced = 0;
	s64 next_edge_ns = world.now_ns;
	struct test_read read = { };
	struct rnd_state rnd;
	int status;

	prandom_seed_state(&rnd, 2026);
	while (edges < 200000 || world.submitted) {
		if (world.submitted && !read.under_way)
			plan_read(&read, &rnd, period_ns);

		if (read.under_way && !read.latched && read.latch_ns <= next_edge_ns) {
			world.now_ns = read.latch_ns;
			latch(st, edges - 1);
			read.latched = true;
			continue;
		}

		if (!read.under_way || !read.latched || read.done_ns > next_edge_ns) {
			world.now_ns = next_edge_ns;
			convert(indio_dev, edges);
			edges++;
			next_edge_ns += period_ns - period_ns / 8 +
					prandom_u32_state(&rnd) % (u32)(period_ns / 4);
			continue;
		}

		world.now_ns = read.done_ns;
		status = draw_faults(st, &rnd, &failed, &unsynced);
		read.under_way = false;
		finish_read(indio_dev, status);
		world.submit_error = 0;
		world.push_error = 0;
	}

	kunit_info(test, "%llu edges: %llu scans, lost %llu drdy, %llu spi, %llu sync, %llu fifo\n",
		   edges, world.scans, cap->lost[ADS1299_LOST_DRDY], cap->lost[ADS1299_LOST_SPI],
		   cap->lost[ADS1299_LOST_SYNC], cap->lost[ADS1299_LOST_FIFO]);
	KUNIT_EXPECT_EQ(test, world.scans + all_lost(cap), edges);
	KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_SPI], failed + world.submits_refused);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_SYNC], unsynced);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_FIFO], world.pushes_refused);
	/* All of it did happen */
	KUNIT_EXPECT_GT(test, cap->lost[ADS1299_LOST_DRDY], 1000ULL);
	KUNIT_EXPECT_GT(test, world.submits_refused, 100ULL);
	KUNIT_EXPECT_GT(test, world.pushes_refused, 100ULL);
	KUNIT_EXPECT_GT(test, failed, 100ULL);
	KUNIT_EXPECT_GT(test, unsynced, 100ULL);
}

/*
 * Edges that no interrupt told of: found by the grid, all of them, and no
 * others, for every rate, over the tolerance of the oscillator, with
 * interrupts that are late by up to a sixteenth of a period.
 */
static void unseen_at(struct kunit *test, struct rnd_state *rnd, unsigned int dr, int permille)
{
	struct iio_dev *indio_dev = new_stream(test, dr);
	struct ads1299_capture *cap = &((struct ads1299_state *)iio_priv(indio_dev))->capture;
	s64 period_ns = period_of(dr) + div_s64(period_of(dr) * permille, 1000);
	s64 due_ns = world.now_ns;
	u64 dropped = 0;
	unsigned int gap;

	for (gap = 0; gap < 20; gap++) {
		u32 seen = (ADS1299_GRID_STEADY + 4) * ADS1299_GRID_EDGES +
			   prandom_u32_state(rnd) % 200;
		u32 missed = 1 + prandom_u32_state(rnd) % 30;

		while (seen--) {
			world.now_ns = due_ns + prandom_u32_state(rnd) % (u32)(period_ns / 16);
			edge(indio_dev);
			latch(iio_priv(indio_dev), 0);
			finish_read(indio_dev, 0);
			due_ns += period_ns;
		}
		KUNIT_ASSERT_EQ_MSG(test, cap->lost[ADS1299_LOST_DRDY], dropped,
				    "rate code %u, %d per mille, gap %u", dr, permille, gap);
		due_ns += missed * period_ns;
		dropped += missed;
	}

	iio_device_free(indio_dev);
	test->priv = NULL;
}

static void capture_unseen_edges(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int dr;
	int permille;

	prandom_seed_state(&rnd, 7);
	for (dr = 0; dr < ADS1299_NUM_RATES; dr++)
		for (permille = -25; permille <= 25; permille += 5)
			unseen_at(test, &rnd, dr, permille);
}

/* All interrupts of a stall come in a bunch after it, and none is missing */
static void capture_stall_is_no_loss(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_16000_HZ);
	struct ads1299_state *st = iio_priv(indio_dev);
	s64 period_ns = period_of(ADS1299_DR_16000_HZ), due_ns = world.now_ns;
	struct rnd_state rnd;
	u32 n;

	prandom_seed_state(&rnd, 11);
	for (n = 0; n < 100000; n++) {
		if (prandom_u32_state(&rnd) % 1000 == 0)
			world.now_ns += period_ns * (prandom_u32_state(&rnd) % 100);
		/* The hat plays what was held back at three quarters of the period */
		world.now_ns = max(due_ns, world.now_ns + period_ns * 3 / 4);
		edge(indio_dev);
		latch(st, n);
		finish_read(indio_dev, 0);
		due_ns += period_ns;
	}
	KUNIT_EXPECT_EQ(test, all_lost(&st->capture), 0ULL);
	KUNIT_EXPECT_EQ(test, world.scans, 100000ULL);
}

/*
 * An edge between the opcode and the completion, or between the submission and
 * the opcode: the same to the handler. Whichever it is, every conversion that
 * the chip still had becomes a scan, in its place.
 */
static void capture_edge_during_read(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_16000_HZ);
	struct ads1299_state *st = iio_priv(indio_dev);
	s64 period_ns = period_of(ADS1299_DR_16000_HZ);
	u64 replaced = 0;
	u32 n;

	for (n = 0; n < 1000; n += 2) {
		convert(indio_dev, n);
		if (n % 4)
			latch(st, n);
		world.now_ns += period_ns;
		convert(indio_dev, n + 1);
		if (n % 4 == 0) {
			latch(st, n + 1);
			replaced++;
		}
		/* A clock that is set meanwhile says nothing about it */
		world.set_back_ns = n % 8 < 4 ? 0 : NSEC_PER_SEC;
		finish_read(indio_dev, 0);
		world.set_back_ns = 0;
		/* At once read again */
		KUNIT_ASSERT_EQ(test, world.submitted, 1);
		latch(st, n + 1);
		finish_read(indio_dev, 0);
		KUNIT_ASSERT_EQ(test, world.submitted, 0);
		world.now_ns += period_ns;
	}
	KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
	KUNIT_EXPECT_EQ(test, st->capture.lost[ADS1299_LOST_DRDY], replaced);
	KUNIT_EXPECT_EQ(test, world.scans, 1000 - replaced);

	/* Where the controller tells its speed, an edge while the bits go out is no riddle */
	st->capture.xfer.effective_speed_hz = 4000000;
	for (n = 1000; n < 2000; n++) {
		convert(indio_dev, n);
		KUNIT_ASSERT_EQ(test, world.submitted, 1);
		/* 56 us of 62.5, and 10 us until it begins: each read ends after the next edge */
		latch(st, n);
		world.now_ns += period_ns;
		convert(indio_dev, n + 1);
		world.now_ns += 4000;
		finish_read(indio_dev, 0);
		n++;
		latch(st, n);
		world.now_ns += 58000;
		finish_read(indio_dev, 0);
		world.now_ns += 500;
	}
	KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
	KUNIT_EXPECT_EQ(test, st->capture.lost[ADS1299_LOST_DRDY], replaced);
	KUNIT_EXPECT_EQ(test, world.scans, 2000 - replaced);
}

/*
 * On a bus that takes almost a period for a frame, one read that begins late is
 * followed by some that catch up, each of which ends after the next edge: the
 * controller tells its speed, or is as fast as it was asked to be.
 */
static void capture_slow_bus(struct kunit *test)
{
	s64 edge_ns, done_ns, period_ns = period_of(ADS1299_DR_16000_HZ);
	struct iio_dev *indio_dev;
	struct ads1299_state *st;
	unsigned int told;
	bool seen;
	u32 n;

	for (told = 0; told < 2; told++) {
		indio_dev = new_stream(test, ADS1299_DR_16000_HZ);
		st = iio_priv(indio_dev);
		st->capture.xfer.effective_speed_hz = told ? 3600000 : 0;
		st->capture.xfer.speed_hz = told ? 20000000 : 3600000;
		edge_ns = world.now_ns;
		done_ns = 0;
		seen = false;
		for (n = 0; n < 1000; n++) {
			world.now_ns = edge_ns;
			if (!seen)
				convert(indio_dev, n);
			world.now_ns = max(edge_ns + (n % 20 ? 500 : 20000), done_ns) + 500;
			latch(st, n);
			done_ns = world.now_ns + 60000;	/* 27 bytes at 3.6 MHz */
			edge_ns += period_ns;
			seen = edge_ns < done_ns;
			world.now_ns = edge_ns;
			if (seen)
				convert(indio_dev, n + 1);
			world.now_ns = done_ns;
			finish_read(indio_dev, 0);
		}
		KUNIT_EXPECT_EQ(test, all_lost(&st->capture), 0ULL);
		KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
		KUNIT_EXPECT_EQ(test, world.scans, 1000ULL);
		iio_device_free(indio_dev);
		test->priv = NULL;
	}
}

/*
 * Noise on the line soon after an edge is not a conversion, before or after its
 * read. An interrupt soon after a late one is one.
 */
static void capture_extra_edges(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_16000_HZ);
	struct ads1299_state *st = iio_priv(indio_dev);
	s64 period_ns = period_of(ADS1299_DR_16000_HZ), due_ns = world.now_ns;
	u32 third_ns = period_ns / 3, late_ns = period_ns * 3 / 4;
	struct rnd_state rnd;
	bool noise, late;
	u32 n, r;

	prandom_seed_state(&rnd, 5);
	for (n = 0; n < 50000; n++) {
		r = prandom_u32_state(&rnd);
		late = n % 512 < 128 && r % 10 == 0;
		noise = n % 512 >= 256 && r % 10 == 0;

		world.now_ns = due_ns + r % (late ? late_ns : (u32)period_ns / 16);
		convert(indio_dev, n);
		latch(st, n);
		if (noise && r & BIT(31)) {
			world.now_ns += r % third_ns;
			edge(indio_dev);
		}
		finish_read(indio_dev, 0);
		if (noise && !(r & BIT(31))) {
			world.now_ns += r % third_ns;
			edge(indio_dev);
		}
		KUNIT_ASSERT_EQ_MSG(test, world.submitted, 0, "edge %u", n);
		due_ns += period_ns;
	}
	KUNIT_EXPECT_EQ(test, world.scans, 50000ULL);
	KUNIT_EXPECT_EQ(test, all_lost(&st->capture), 0ULL);
	KUNIT_EXPECT_EQ(test, world.misplaced, 0ULL);
}

/* What an edge means where there is no stream */
static void capture_states(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_1000_HZ);
	struct ads1299_capture *cap = &((struct ads1299_state *)iio_priv(indio_dev))->capture;

	cap->state = ADS1299_STARTING;
	cap->first_ns = world.now_ns + 1000000;
	edge(indio_dev);
	KUNIT_EXPECT_EQ(test, cap->edges, 0U);
	world.now_ns = cap->first_ns;
	edge(indio_dev);
	KUNIT_EXPECT_EQ(test, cap->edges, 1U);
	KUNIT_EXPECT_EQ(test, world.submitted, 1U);

	cap->state = ADS1299_PAUSED;
	edge(indio_dev);
	KUNIT_EXPECT_EQ(test, cap->edges, 1U);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_DRDY], 1ULL);

	cap->state = ADS1299_RESTARTING;
	cap->first_ns = world.now_ns + 1000000;
	edge(indio_dev);
	KUNIT_EXPECT_EQ(test, cap->edges, 1U);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_DRDY], 2ULL);
	world.now_ns = cap->first_ns;
	edge(indio_dev);
	KUNIT_EXPECT_EQ(test, cap->edges, 2U);

	cap->state = ADS1299_IDLE;
	KUNIT_EXPECT_FALSE(test, completion_done(&cap->drdy));
	edge(indio_dev);
	KUNIT_EXPECT_TRUE(test, completion_done(&cap->drdy));
	KUNIT_EXPECT_EQ(test, cap->edges, 2U);
	KUNIT_EXPECT_EQ(test, cap->lost[ADS1299_LOST_DRDY], 2ULL);
}

/*
 * The end of a stream: STOP at any moment of a conversion, which is completed;
 * the last edges seen or not.
 */
static void grid_finish(struct kunit *test)
{
	struct ads1299_grid grid;
	unsigned int dr, unseen, n;
	struct rnd_state rnd;
	s64 first_ns, stop_ns, period_ns;
	u32 edges, last;

	prandom_seed_state(&rnd, 3);
	for (n = 0; n < 20000; n++) {
		dr = prandom_u32_state(&rnd) % ADS1299_NUM_RATES;
		unseen = prandom_u32_state(&rnd) % 4;
		last = prandom_u32_state(&rnd) % 300;
		period_ns = period_of(dr);
		first_ns = 1000000 + prandom_u32_state(&rnd) % 1000000;
		/* STOP before edge @last, which is the last one therefore */
		stop_ns = first_ns + last * period_ns - 1 - prandom_u32_state(&rnd) % (u32)period_ns;
		/* ... of which the first has a filter that settles, and STOP may come meanwhile */
		if (!last)
			stop_ns -= prandom_u32_state(&rnd) % 4 * period_ns;

		ads1299_grid_init(&grid, dr, ADS1299_FCLK_HZ);
		grid.due_ns = first_ns;
		unseen = min(unseen, last + 1);
		for (edges = 0; edges < last + 1 - unseen; edges++)
			if (edges % ADS1299_GRID_EDGES == 0)
				ads1299_grid_check(&grid, edges, first_ns + edges * period_ns +
						   prandom_u32_state(&rnd) % (u32)(period_ns / 16));
		/* Just after an edge that was seen it is not certain whether that was the last */
		if (edges && first_ns + last * period_ns - stop_ns > period_ns * 3 / 4)
			stop_ns = first_ns + last * period_ns - period_ns * 3 / 4;
		KUNIT_ASSERT_EQ_MSG(test, ads1299_grid_finish(&grid, edges, stop_ns), unseen,
				    "rate code %u, %u edges", dr, last + 1);
	}
}

/* A read that ends long after the stream was told to */
static struct {
	struct delayed_work work;
	struct iio_dev *indio_dev;
} late_read;

static void late_read_ends(struct work_struct *work)
{
	latch(iio_priv(late_read.indio_dev), 0);
	finish_read(late_read.indio_dev, 0);
}

/*
 * The end of a stream waits for the read under way, however long that takes:
 * here no other transfer, which the bus would put behind it, does so for it.
 */
static void capture_end_waits(struct kunit *test)
{
	struct iio_dev *indio_dev = new_chain(test, ADS1299_DR_1000_HZ, 1);
	struct ads1299_state *st = iio_priv(indio_dev);
	struct spi_device *spi = kunit_kzalloc(test, sizeof(*spi), GFP_KERNEL);
	unsigned int under_way;

	KUNIT_ASSERT_NOT_NULL(test, spi);
	st->spi = spi;
	late_read.indio_dev = indio_dev;
	INIT_DELAYED_WORK(&late_read.work, late_read_ends);

	convert(indio_dev, 0);
	KUNIT_ASSERT_EQ(test, world.submitted, 1);
	schedule_delayed_work(&late_read.work, msecs_to_jiffies(500));
	ads1299_capture_end(indio_dev, ADS1299_PAUSED);
	under_way = world.submitted;
	flush_delayed_work(&late_read.work);

	KUNIT_EXPECT_EQ(test, under_way, 0);
	KUNIT_EXPECT_EQ(test, all_lost(&st->capture) + world.scans, 1ULL);
}

static struct kunit_case capture_cases[] = {
	KUNIT_CASE(capture_quiet),
	KUNIT_CASE(capture_chain),
	KUNIT_CASE(capture_edge_during_read),
	KUNIT_CASE(capture_slow_bus),
	KUNIT_CASE(capture_extra_edges),
	KUNIT_CASE(capture_states),
	KUNIT_CASE(grid_finish),
	KUNIT_CASE(capture_every_edge_accounted),
	KUNIT_CASE(capture_unseen_edges),
	KUNIT_CASE(capture_stall_is_no_loss),
	KUNIT_CASE(capture_end_waits),
	{ }
};

static struct kunit_suite capture_suite = {
	.name = "ads1299-capture",
	.exit = test_exit,
	.test_cases = capture_cases,
};

kunit_test_suite(capture_suite);

MODULE_DESCRIPTION("KUnit tests of the bookkeeping of the ADS1299 driver");
MODULE_LICENSE("GPL");
