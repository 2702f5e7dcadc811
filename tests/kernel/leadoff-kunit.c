// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: lost electrodes as flags of the samples and as events. Kernels before
 * 6.15 do not take the events, so that they are looked at where they leave the
 * driver.
 */

#include <kunit/test.h>

#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/string.h>

#include <linux/iio/events.h>
#include <linux/iio/iio.h>

static struct {
	u64 codes[64];
	unsigned int count;
} pushed;

static int test_push_event(struct iio_dev *indio_dev, u64 code, s64 timestamp)
{
	if (pushed.count < ARRAY_SIZE(pushed.codes))
		pushed.codes[pushed.count++] = code;
	return 0;
}

#define iio_push_event test_push_event

#include "../../kernel/ads1299-leadoff.c"

/* Of the settings, which are tested with a chip */
int ads1299_data_rate(const struct ads1299_state *st, unsigned int *ret_dr)
{
	return -EIO;
}

int ads1299_powered_channels(struct ads1299_state *st, u8 *ret_channels)
{
	return -EIO;
}

static const struct ads1299_chip_info test_chip = { .name = "ads1299-6", .num_channels = 6 };

static struct ads1299_state *new_chain(struct kunit *test, unsigned int chips)
{
	struct iio_dev *indio_dev = iio_device_alloc(NULL, sizeof(struct ads1299_state));
	struct ads1299_state *st;

	KUNIT_ASSERT_NOT_NULL(test, indio_dev);
	test->priv = indio_dev;
	memset(&pushed, 0, sizeof(pushed));

	st = iio_priv(indio_dev);
	st->info = &test_chip;
	st->num_chips = chips;
	st->num_channels = chips * test_chip.num_channels;
	st->leadoff_status_mask = ads1299_leadoff_status(0x3f, 0x3f);
	return st;
}

static void test_exit(struct kunit *test)
{
	if (test->priv)
		iio_device_free(test->priv);
}

static u64 event_of(unsigned int channel)
{
	return IIO_DIFF_EVENT_CODE(IIO_VOLTAGE, 2 * channel, 2 * channel + 1,
				   IIO_EV_TYPE_FAULT, IIO_EV_DIR_FAULT_OPENWIRE);
}

/* A frame of the chip with those electrodes off: the flags it gets */
static void flag(struct kunit *test, unsigned int chip, u8 p, u8 n, u32 *scan)
{
	memset(scan, 0, test_chip.num_channels * sizeof(*scan));
	ads1299_leadoff_flag(test->priv, chip, ADS1299_STATUS_SYNC | ads1299_leadoff_status(p, n),
			     scan);
}

static void leadoff_flags(struct kunit *test)
{
	struct ads1299_state *st = new_chain(test, 1);
	u32 scan[6];

	flag(test, 0, BIT(0) | BIT(5), BIT(1) | BIT(5), scan);
	KUNIT_EXPECT_EQ(test, scan[0], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[1], (u32)ADS1299_FLAG_N_OFF);
	KUNIT_EXPECT_EQ(test, scan[2], 0U);
	KUNIT_EXPECT_EQ(test, scan[5], (u32)(ADS1299_FLAG_P_OFF | ADS1299_FLAG_N_OFF));

	/* Bits without a comparator behind them mean nothing */
	st->leadoff_status_mask = ads1299_leadoff_status(BIT(0), 0);
	flag(test, 0, 0xff, 0xff, scan);
	KUNIT_EXPECT_EQ(test, scan[0], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[1], 0U);

	/* One electrode at all negative inputs */
	st->leadoff_n_shared = true;
	st->leadoff_status_mask = ads1299_leadoff_status(0x3f, BIT(0));
	flag(test, 0, BIT(2), BIT(0), scan);
	KUNIT_EXPECT_EQ(test, scan[0], (u32)ADS1299_FLAG_N_OFF);
	KUNIT_EXPECT_EQ(test, scan[2], (u32)(ADS1299_FLAG_P_OFF | ADS1299_FLAG_N_OFF));
	KUNIT_EXPECT_EQ(test, scan[5], (u32)ADS1299_FLAG_N_OFF);
	/* ... and one at two of the positive ones */
	st->leadoff_p_shared = BIT(1) | BIT(3);
	st->leadoff_status_mask = ads1299_leadoff_status(0x37, 0);
	flag(test, 0, BIT(1), 0, scan);
	KUNIT_EXPECT_EQ(test, scan[1], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[3], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[2], 0U);
	KUNIT_EXPECT_EQ(test, pushed.count, 0U);
}

/* One event when an electrode comes off, none while it stays off or when it is back */
static void leadoff_events(struct kunit *test)
{
	struct ads1299_state *st = new_chain(test, 2);
	u32 scan[6];

	bitmap_set(st->openwire_events, 0, 12);
	clear_bit(3, st->openwire_events);

	flag(test, 0, BIT(2) | BIT(3), 0, scan);
	KUNIT_ASSERT_EQ(test, pushed.count, 1U);
	KUNIT_EXPECT_EQ(test, pushed.codes[0], event_of(2));
	flag(test, 0, BIT(2), 0, scan);
	KUNIT_EXPECT_EQ(test, pushed.count, 1U);
	flag(test, 0, 0, 0, scan);
	KUNIT_EXPECT_EQ(test, pushed.count, 1U);
	flag(test, 0, BIT(2), 0, scan);
	KUNIT_EXPECT_EQ(test, pushed.count, 2U);

	/* The other electrode of the same channel is another event */
	flag(test, 0, BIT(2), BIT(2), scan);
	KUNIT_ASSERT_EQ(test, pushed.count, 3U);
	KUNIT_EXPECT_EQ(test, pushed.codes[2], event_of(2));

	/* The second chip of a chain, whose channels follow */
	flag(test, 1, 0, BIT(5), scan);
	KUNIT_ASSERT_EQ(test, pushed.count, 4U);
	KUNIT_EXPECT_EQ(test, pushed.codes[3], event_of(11));
	flag(test, 0, BIT(2), BIT(2), scan);
	KUNIT_EXPECT_EQ(test, pushed.count, 4U);
}

static struct kunit_case leadoff_cases[] = {
	KUNIT_CASE(leadoff_flags),
	KUNIT_CASE(leadoff_events),
	{ }
};

static struct kunit_suite leadoff_suite = {
	.name = "ads1299-leadoff",
	.exit = test_exit,
	.test_cases = leadoff_cases,
};

kunit_test_suite(leadoff_suite);

MODULE_DESCRIPTION("KUnit tests of the electrode status of the ADS1299 driver");
MODULE_LICENSE("GPL");
