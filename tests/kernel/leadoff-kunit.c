// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: lost electrodes as flags of the samples and as events. Kernels before
 * 6.15 do not take the events, so that they are looked at where they leave the
 * driver.
 */

#include <kunit/test.h>

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

static const struct ads1299_chip_info test_chip = { .name = "ads1299-6", .num_channels = 6 };

/* Where there are currents, and comparators */
static void look_at(struct ads1299_state *st, u8 p, u8 n)
{
	st->selects[0].regs[ADS1299_REG_LOFF_SENSP] = p;
	st->selects[0].regs[ADS1299_REG_LOFF_SENSN] = n;
}

static struct ads1299_state *new_chain(struct kunit *test, unsigned int chips)
{
	struct iio_dev *indio_dev = iio_device_alloc(NULL, sizeof(struct ads1299_state));
	struct ads1299_state *st;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, indio_dev);
	test->priv = indio_dev;
	memset(&pushed, 0, sizeof(pushed));

	st = iio_priv(indio_dev);
	st->info = &test_chip;
	st->num_selects = 1;
	st->chain = chips;
	st->num_chips = chips;
	st->num_channels = chips * test_chip.num_channels;
	/* All channels of all chips in a scan */
	st->capture.num_active = st->num_channels;
	for (i = 0; i < chips; i++)
		st->capture.status_at[i] = 1 + i * ADS1299_FRAME_BYTES(test_chip.num_channels);
	for (i = 0; i < st->num_channels; i++)
		st->capture.channel[i] = i;
	look_at(st, 0x3f, 0x3f);
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

/* A frame of the chip with those electrodes off, and none off at the others: the flags it gets */
static void flag(struct kunit *test, unsigned int chip, u8 p, u8 n, u32 *scan)
{
	struct ads1299_state *st = iio_priv((struct iio_dev *)test->priv);
	u8 *frames = st->frames[0].bytes;

	memset(st->capture.scan, 0, sizeof(st->capture.scan));
	put_unaligned_be24(ADS1299_STATUS_SYNC | FIELD_PREP(ADS1299_STATUS_LOFF_P_MASK, p) |
			   FIELD_PREP(ADS1299_STATUS_LOFF_N_MASK, n),
			   frames + st->capture.status_at[chip]);
	ads1299_leadoff_flag(test->priv, frames);
	memcpy(scan, st->capture.scan + chip * test_chip.num_channels,
	       test_chip.num_channels * sizeof(*scan));
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
	look_at(st, BIT(0), 0);
	flag(test, 0, 0xff, 0xff, scan);
	KUNIT_EXPECT_EQ(test, scan[0], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[1], 0U);

	/* One electrode at all negative inputs */
	st->settings.srb1 = 1;
	look_at(st, 0x3f, BIT(0));
	flag(test, 0, BIT(2), BIT(0), scan);
	KUNIT_EXPECT_EQ(test, scan[0], (u32)ADS1299_FLAG_N_OFF);
	KUNIT_EXPECT_EQ(test, scan[2], (u32)(ADS1299_FLAG_P_OFF | ADS1299_FLAG_N_OFF));
	KUNIT_EXPECT_EQ(test, scan[5], (u32)ADS1299_FLAG_N_OFF);

	/* One electrode at two of the positive inputs, whose current is that of the lower one */
	st->settings.srb1 = 0;
	st->selects[0].regs[ADS1299_REG_CHSET(1)] = ADS1299_CHSET_SRB2;
	st->selects[0].regs[ADS1299_REG_CHSET(4)] = ADS1299_CHSET_SRB2;
	look_at(st, 0x2f, 0x3f);
	flag(test, 0, BIT(1), 0, scan);
	KUNIT_EXPECT_EQ(test, scan[0], 0U);
	KUNIT_EXPECT_EQ(test, scan[1], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, scan[4], (u32)ADS1299_FLAG_P_OFF);
	KUNIT_EXPECT_EQ(test, pushed.count, 0U);
}

/* One event when an electrode comes off, none while it stays off or when it is back */
static void leadoff_events(struct kunit *test)
{
	struct ads1299_state *st = new_chain(test, 2);
	u32 scan[6];

	bitmap_fill(st->openwire_events, 12);
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
