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
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/sysfs.h>

#include "ads1299.h"

/* --- a world in which everything is known --------------------------------- */

/* Timestamps count from elsewhere than the monotonic clock, and real time from elsewhere again */
#define TEST_STAMP_OFFSET_NS	(5 * NSEC_PER_SEC)
#define TEST_REAL_OFFSET_NS	(1700000000LL * NSEC_PER_SEC)

static struct {
	s64 now_ns;
	/* What bus and buffer do with the next ones */
	int submit_error;
	int push_error;
	unsigned int submitted;
	u64 submits_refused;
	u64 pushes_refused;
	/* Scans that came */
	u64 scans;
	u64 flagged;
	s64 stamp_ns;
	u32 scan[ADS1299_MAX_CHANNELS];
} world;

static u64 test_ktime_get_ns(void)
{
	return world.now_ns;
}

static u64 test_ktime_get_real_ns(void)
{
	return world.now_ns + TEST_REAL_OFFSET_NS;
}

static s64 test_iio_get_time_ns(const struct iio_dev *indio_dev)
{
	return world.now_ns + TEST_STAMP_OFFSET_NS;
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
	if (world.push_error) {
		world.pushes_refused++;
		return world.push_error;
	}

	memcpy(world.scan, data, sizeof(world.scan));
	world.stamp_ns = stamp_ns;
	world.scans++;
	if (world.scan[0] & ADS1299_FLAG_LOST)
		world.flagged++;
	return 0;
}

#define ktime_get_ns test_ktime_get_ns
#define ktime_get_real_ns test_ktime_get_real_ns
#define iio_get_time_ns test_iio_get_time_ns
#define spi_async test_spi_async
#define iio_push_to_buffers_with_timestamp test_push

#include "../../kernel/ads1299-capture.c"

/* Only what runs between enable and disable is tested, and that calls none of these */
int ads1299_command(struct ads1299_state *st, u8 opcode)
{
	return -EIO;
}

int ads1299_data_rate(const struct ads1299_state *st, unsigned int *ret_dr)
{
	return -EIO;
}

void ads1299_leadoff_flag(struct iio_dev *indio_dev, unsigned int chip, u32 status, u32 *scan)
{
}

static const struct ads1299_chip_info test_chip = { .name = "ads1299", .num_channels = 8 };

static struct iio_dev *new_stream(struct kunit *test, unsigned int dr)
{
	struct iio_dev *indio_dev = iio_device_alloc(NULL, sizeof(struct ads1299_state));
	struct ads1299_state *st;

	KUNIT_ASSERT_NOT_NULL(test, indio_dev);
	test->priv = indio_dev;

	memset(&world, 0, sizeof(world));
	world.now_ns = NSEC_PER_SEC;

	st = iio_priv(indio_dev);
	st->info = &test_chip;
	st->fclk_hz = ADS1299_FCLK_HZ;
	raw_spin_lock_init(&st->capture.lock);
	init_completion(&st->capture.drdy);
	init_completion(&st->capture.idle);
	ads1299_prepare_message(indio_dev);
	ads1299_grid_init(st, dr);
	st->capture.running = true;

	return indio_dev;
}

static void test_exit(struct kunit *test)
{
	if (test->priv)
		iio_device_free(test->priv);
}

static s64 period_of(unsigned int dr)
{
	return div_u64((u64)ADS1299_CLOCKS_PER_SAMPLE(dr) * NSEC_PER_SEC, ADS1299_FCLK_HZ);
}

static void edge(struct iio_dev *indio_dev)
{
	unsigned long flags;

	local_irq_save(flags);
	ads1299_drdy_handler(0, indio_dev);
	local_irq_restore(flags);
}

/* The chip's opcode goes out now, the frame is that of conversion @number */
static void latch(struct ads1299_state *st, u32 number)
{
	st->capture.latch.pre_ts = ns_to_timespec64(world.now_ns + TEST_REAL_OFFSET_NS);
	put_unaligned_be24(ADS1299_STATUS_SYNC, st->rdata_rx + 1);
	put_unaligned_be24(number & GENMASK(22, 0), st->rdata_rx + 1 + ADS1299_STATUS_BYTES);
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

/* One edge, one read, one scan: nothing lost, right time, no flag */
static void capture_quiet(struct kunit *test)
{
	struct iio_dev *indio_dev = new_stream(test, ADS1299_DR_1000_HZ);
	struct ads1299_state *st = iio_priv(indio_dev);
	s64 at;
	u32 n;

	for (n = 0; n < 10000; n++) {
		at = world.now_ns;
		edge(indio_dev);
		KUNIT_ASSERT_EQ(test, world.submitted, 1);
		world.now_ns += 20000;
		latch(st, n);
		world.now_ns += 30000;
		finish_read(indio_dev, 0);
		KUNIT_ASSERT_EQ(test, world.scans, (u64)n + 1);
		KUNIT_ASSERT_EQ(test, world.stamp_ns, at + TEST_STAMP_OFFSET_NS);
		KUNIT_ASSERT_EQ(test, world.scan[0], n << 8);
		world.now_ns = at + period_of(ADS1299_DR_1000_HZ);
	}
	KUNIT_EXPECT_EQ(test, all_lost(&st->capture), 0ULL);
}

/* A read under way, and the conversion that the chip gives it */
struct test_read {
	bool under_way;
	bool latched;
	s64 latch_ns;
	s64 done_ns;
	u32 number;
	s64 edge_ns;
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
	s64 next_edge_ns = world.now_ns, edge_ns = 0, last_stamp_ns = 0;
	u64 edges = 0, failed = 0, unsynced = 0, scans;
	struct test_read read = { };
	struct rnd_state rnd;
	u32 last_number = -1;
	int status;

	prandom_seed_state(&rnd, 2026);
	while (edges < 200000 || world.submitted) {
		if (world.submitted && !read.under_way)
			plan_read(&read, &rnd, period_ns);

		if (read.under_way && !read.latched && read.latch_ns <= next_edge_ns) {
			world.now_ns = read.latch_ns;
			latch(st, edges - 1);
			read.latched = true;
			read.number = edges - 1;
			read.edge_ns = edge_ns;
			continue;
		}

		if (!read.under_way || !read.latched || read.done_ns > next_edge_ns) {
			world.now_ns = next_edge_ns;
			edge_ns = next_edge_ns;
			edges++;
			edge(indio_dev);
			next_edge_ns += period_ns - period_ns / 8 +
					prandom_u32_state(&rnd) % (u32)(period_ns / 4);
			continue;
		}

		world.now_ns = read.done_ns;
		status = draw_faults(st, &rnd, &failed, &unsynced);
		scans = world.scans;
		read.under_way = false;
		finish_read(indio_dev, status);
		world.submit_error = 0;
		world.push_error = 0;
		if (world.scans == scans)
			continue;

		/* It is that conversion, with the time of its edge, and a gap before it is told */
		KUNIT_ASSERT_EQ(test, world.scan[0] >> 8, read.number);
		KUNIT_ASSERT_EQ(test, world.stamp_ns, read.edge_ns + TEST_STAMP_OFFSET_NS);
		KUNIT_ASSERT_GT(test, world.stamp_ns, last_stamp_ns);
		KUNIT_ASSERT_EQ(test, !!(world.scan[0] & ADS1299_FLAG_LOST),
				read.number != last_number + 1);
		last_stamp_ns = world.stamp_ns;
		last_number = read.number;
	}

	kunit_info(test, "%llu edges: %llu scans, lost %llu drdy, %llu spi, %llu sync, %llu fifo\n",
		   edges, world.scans, cap->lost[ADS1299_LOST_DRDY], cap->lost[ADS1299_LOST_SPI],
		   cap->lost[ADS1299_LOST_SYNC], cap->lost[ADS1299_LOST_FIFO]);
	KUNIT_EXPECT_EQ(test, world.scans + all_lost(cap), edges);
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

static struct kunit_case capture_cases[] = {
	KUNIT_CASE(capture_quiet),
	KUNIT_CASE(capture_every_edge_accounted),
	KUNIT_CASE(capture_unseen_edges),
	KUNIT_CASE(capture_stall_is_no_loss),
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
