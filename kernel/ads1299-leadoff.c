// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 lead-off: excitation current and electrode status (9.3.2.4.3).
 *
 * A direct current pulls the inputs apart: a lost electrode drifts to a rail
 * and trips its comparator, which is reported in every status word.
 *
 * An alternating current shows in the samples, with an amplitude at its
 * frequency that is the impedance. The comparators are off then: they would
 * report its peaks.
 */

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/regmap.h>

#include <linux/iio/events.h>
#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

static u32 ads1299_leadoff_status(u8 p, u8 n)
{
	return FIELD_PREP(ADS1299_STATUS_LOFF_P_MASK, p) |
	       FIELD_PREP(ADS1299_STATUS_LOFF_N_MASK, n);
}

/**
 * ads1299_leadoff_apply - bring current sources and comparators in line
 * @st: the device
 *
 * To be called when anything they depend on has changed: on or off, direct or
 * alternating current; and by ads1299_route().
 *
 * Context: can sleep; no conversion under way.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_leadoff_apply(struct ads1299_state *st)
{
	unsigned int loff;
	int ret, shared;
	u8 p, n, on_srb2;
	bool dc;

	/* Flags mean nothing until all is written */
	st->leadoff_status_mask = 0;

	ret = regmap_read(st->regmap, ADS1299_REG_LOFF, &loff);
	if (ret)
		return ret;
	dc = FIELD_GET(ADS1299_LOFF_FLEAD_MASK, loff) == ADS1299_FLEAD_DC;
	shared = regmap_test_bits(st->regmap, ADS1299_REG_MISC1, ADS1299_MISC1_SRB1);
	if (shared < 0)
		return shared;
	ret = ads1299_powered_channels(st, &p);
	if (ret)
		return ret;

	if (!st->leadoff_on)
		p = 0;
	/* One source only for an electrode that is on all inputs, or on some (10.2.2) */
	n = shared ? p & -p : p;
	on_srb2 = p & st->leadoff_p_shared;
	p = (p & ~on_srb2) | (on_srb2 & -on_srb2);

	ret = regmap_update_bits(st->regmap, ADS1299_REG_CONFIG4, ADS1299_CONFIG4_PD_LOFF_COMP,
				 p && dc ? ADS1299_CONFIG4_PD_LOFF_COMP : 0);
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF_SENSP, p);
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF_SENSN, n);
	if (ret)
		return ret;

	st->leadoff_n_shared = shared;
	if (dc)
		st->leadoff_status_mask = ads1299_leadoff_status(p, n);
	return 0;
}

/* 0 is off, the others are by LOFF.ILEAD_OFF */
static const unsigned int ads1299_leadoff_currents_na[] = { 0, 6, 24, 6000, 24000 };

/* What must not flow through a person */
#define ADS1299_LEADOFF_PERSON_MAX_NA	24

static int ads1299_leadoff_current(const struct ads1299_state *st, unsigned int item,
				   u64 *ret_micro)
{
	*ret_micro = mul_u32_u32(ads1299_leadoff_currents_na[item], ADS1299_MICRO);
	return 0;
}

static bool ads1299_leadoff_offered(const struct ads1299_state *st, unsigned int item)
{
	return st->wiring.bench ||
	       ads1299_leadoff_currents_na[item] <= ADS1299_LEADOFF_PERSON_MAX_NA;
}

static int ads1299_leadoff_current_get(struct ads1299_state *st, unsigned int channel)
{
	unsigned int loff;
	int ret;

	if (!st->leadoff_on)
		return 0;

	ret = regmap_read(st->regmap, ADS1299_REG_LOFF, &loff);
	if (ret)
		return ret;

	return 1 + FIELD_GET(ADS1299_LOFF_ILEAD_MASK, loff);
}

static int ads1299_leadoff_current_set(struct ads1299_state *st, unsigned int channel,
				       unsigned int item)
{
	bool was_on = st->leadoff_on;
	int ret;

	if (!ads1299_leadoff_offered(st, item)) {
		dev_warn_ratelimited(&st->spi->dev,
				     "lead-off current of %u nA refused: no ti,bench-setup, so a person may be connected\n",
				     ads1299_leadoff_currents_na[item]);
		return -EPERM;
	}

	if (item) {
		ret = regmap_update_bits(st->regmap, ADS1299_REG_LOFF, ADS1299_LOFF_ILEAD_MASK,
					 FIELD_PREP(ADS1299_LOFF_ILEAD_MASK, item - 1));
		if (ret)
			return ret;
	}

	st->leadoff_on = item;
	ret = ads1299_leadoff_apply(st);
	if (ret && was_on)
		st->leadoff_on = true;	/* who knows */

	return ret;
}

const struct ads1299_choice ads1299_leadoff_current_choice = {
	.number = ads1299_leadoff_current,
	.num_items = ARRAY_SIZE(ads1299_leadoff_currents_na),
	.offered = ads1299_leadoff_offered,
	.get = ads1299_leadoff_current_get,
	.set = ads1299_leadoff_current_set,
};

/* By LOFF.FLEAD_OFF */
static int ads1299_leadoff_frequency(const struct ads1299_state *st, unsigned int item,
				     u64 *ret_micro)
{
	u64 micro_clocks = mul_u32_u32(st->fclk_hz, ADS1299_MICRO);
	unsigned int dr;
	int ret;

	switch (item) {
	case ADS1299_FLEAD_DC:
		*ret_micro = 0;
		return 0;
	case ADS1299_FLEAD_FCLK_2_18:
		*ret_micro = DIV_ROUND_CLOSEST_ULL(micro_clocks, BIT(18));
		return 0;
	case ADS1299_FLEAD_FCLK_2_16:
		*ret_micro = DIV_ROUND_CLOSEST_ULL(micro_clocks, BIT(16));
		return 0;
	default:
		ret = ads1299_data_rate(st, &dr);
		if (ret)
			return ret;
		*ret_micro = DIV_ROUND_CLOSEST_ULL(micro_clocks, 4 * ADS1299_CLOCKS_PER_SAMPLE(dr));
		return 0;
	}
}

static int ads1299_leadoff_frequency_get(struct ads1299_state *st, unsigned int channel)
{
	unsigned int loff;
	int ret;

	ret = regmap_read(st->regmap, ADS1299_REG_LOFF, &loff);
	return ret ?: FIELD_GET(ADS1299_LOFF_FLEAD_MASK, loff);
}

static int ads1299_leadoff_frequency_set(struct ads1299_state *st, unsigned int channel,
					 unsigned int item)
{
	int ret;

	ret = regmap_update_bits(st->regmap, ADS1299_REG_LOFF, ADS1299_LOFF_FLEAD_MASK,
				 FIELD_PREP(ADS1299_LOFF_FLEAD_MASK, item));
	if (ret)
		return ret;

	return ads1299_leadoff_apply(st);
}

const struct ads1299_choice ads1299_leadoff_frequency_choice = {
	.number = ads1299_leadoff_frequency,
	.num_items = 4,
	.get = ads1299_leadoff_frequency_get,
	.set = ads1299_leadoff_frequency_set,
};

/* By LOFF.COMP_TH: of the positive side, the negative side is as far from the other rail */
static const u16 ads1299_leadoff_thresholds_permille[] = {
	950, 925, 900, 875, 850, 800, 750, 700
};

static int ads1299_leadoff_threshold(const struct ads1299_state *st, unsigned int item,
				     u64 *ret_micro)
{
	*ret_micro = ads1299_leadoff_thresholds_permille[item] * (ADS1299_MICRO / 10);
	return 0;
}

const struct ads1299_choice ads1299_leadoff_threshold_choice = {
	.number = ads1299_leadoff_threshold,
	.num_items = ARRAY_SIZE(ads1299_leadoff_thresholds_permille),
	.reg = ADS1299_REG_LOFF,
	.mask = ADS1299_LOFF_COMP_TH_MASK,
};

/* Context: any, but one at a time, as iio_push_event() asks */
static void ads1299_push_openwire(struct iio_dev *indio_dev, unsigned int first, u8 channels)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int i;

	for (i = 0; i < st->info->num_channels; i++) {
		unsigned int channel = first + i;

		if (!(channels & BIT(i)) || !test_bit(channel, st->openwire_events))
			continue;
		iio_push_event(indio_dev,
			       IIO_DIFF_EVENT_CODE(IIO_VOLTAGE, 2 * channel, 2 * channel + 1,
						   IIO_EV_TYPE_FAULT, IIO_EV_DIR_FAULT_OPENWIRE),
			       st->capture.reading_ns);
	}
}

/**
 * ads1299_leadoff_flag - mark the channels whose electrodes are off
 * @indio_dev: the IIO device
 * @chip: number of the chip in the daisy chain
 * @status: its status word
 * @scan: its channels, in whose spare bits the flags go
 *
 * To be called while electrodes are off, and once when they no longer are. An
 * electrode that has come off since the last call is an event, too.
 *
 * Context: any; the caller owns the read under way.
 */
void ads1299_leadoff_flag(struct iio_dev *indio_dev, unsigned int chip, u32 status, u32 *scan)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	u32 off = status & st->leadoff_status_mask;
	u32 fresh = off & ~st->electrodes_off[chip];
	u8 p = FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, off);
	u8 n = FIELD_GET(ADS1299_STATUS_LOFF_N_MASK, off);
	u8 p_fresh = FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, fresh);
	u8 n_fresh = FIELD_GET(ADS1299_STATUS_LOFF_N_MASK, fresh);
	unsigned int i;

	st->electrodes_off[chip] = off;
	if (p & st->leadoff_p_shared)
		p |= st->leadoff_p_shared;
	if (p_fresh & st->leadoff_p_shared)
		p_fresh |= st->leadoff_p_shared;
	if (st->leadoff_n_shared) {
		n = n ? U8_MAX : 0;
		n_fresh = n_fresh ? U8_MAX : 0;
	}

	for (i = 0; i < st->info->num_channels; i++) {
		if (p & BIT(i))
			scan[i] |= ADS1299_FLAG_P_OFF;
		if (n & BIT(i))
			scan[i] |= ADS1299_FLAG_N_OFF;
	}

	if (p_fresh | n_fresh)
		ads1299_push_openwire(indio_dev, chip * st->info->num_channels,
				      p_fresh | n_fresh);
}

int ads1299_read_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			      enum iio_event_type type, enum iio_event_direction dir)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	return test_bit(chan->address, st->openwire_events);
}

int ads1299_write_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			       enum iio_event_type type, enum iio_event_direction dir,
			       ads1299_event_state state)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	assign_bit(chan->address, st->openwire_events, state);
	return 0;
}
