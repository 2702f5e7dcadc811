// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 temperature and supplies: what the input multiplexer offers
 * besides the electrodes. A channel is borrowed for it and put back.
 */

#include <linux/bitfield.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/regmap.h>
#include <linux/time64.h>
#include <linux/units.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_GAIN_CODE_1	0	/* of ADS1299_GAINS */

/*
 * By iio_chan_spec.address. 9.3.1.1.3: channels 3 and 4 see DVDD / 4, the
 * others (AVDD + AVSS) / 2. That is half of AVDD with AVSS at ground, and
 * nothing worth knowing on a symmetrical supply.
 */
static const struct {
	const char *label;
	unsigned int channel;
	unsigned int divider;
} ads1299_supplies[ADS1299_NUM_SUPPLIES] = {
	{ .label = "avdd", .channel = 0, .divider = 2 },
	{ .label = "dvdd", .channel = 2, .divider = 4 },
};

static const struct iio_chan_spec ads1299_temperature_channel = {
	.type = IIO_TEMP,
	.indexed = 1,
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE) |
			      BIT(IIO_CHAN_INFO_OFFSET),
	.scan_index = -1,
};

static const struct iio_chan_spec ads1299_supply_channel = {
	.type = IIO_VOLTAGE,
	.indexed = 1,
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
	.scan_index = -1,
};

/**
 * ads1299_init_measured - describe temperatures and supplies to the IIO core
 * @st: the device
 * @channels: room for one temperature a chip, and ADS1299_NUM_SUPPLIES
 */
void ads1299_init_measured(struct ads1299_state *st, struct iio_chan_spec *channels)
{
	unsigned int i;

	for (i = 0; i < st->num_chips; i++) {
		*channels = ads1299_temperature_channel;
		channels->channel = i;
		channels->address = i;
		channels++;
	}

	/* Numbered from where the inputs end */
	for (i = 0; i < ADS1299_NUM_SUPPLIES; i++) {
		*channels = ads1299_supply_channel;
		channels->channel = 2 * st->num_channels + i;
		channels->address = i;
		channels++;
	}
}

/*
 * START restarts the filter after the register is written, so that the result
 * is settled (table 7).
 */
static int ads1299_borrow(struct iio_dev *indio_dev, unsigned int channel, unsigned int mux,
			  int *ret_code)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int reg = ADS1299_REG_CHSET(channel % st->info->num_channels);
	unsigned int chset;
	int ret, ret2;

	ret = regmap_read(st->regmap, reg, &chset);
	if (ret)
		return ret;

	ret = regmap_write(st->regmap, reg,
			   FIELD_PREP(ADS1299_CHSET_GAIN_MASK, ADS1299_GAIN_CODE_1) |
			   (chset & ADS1299_CHSET_SRB2) |
			   FIELD_PREP(ADS1299_CHSET_MUX_MASK, mux));
	if (!ret)
		ret = ads1299_convert_once(indio_dev, channel, ret_code);
	/* Also after an error: it may have been written although the transfer failed */
	ret2 = regmap_write(st->regmap, reg, chset);

	return ret ?: ret2;
}

/**
 * ads1299_measure - measure a temperature or a supply
 * @indio_dev: the IIO device
 * @chan: one of ads1299_init_measured()
 * @ret_code: the result, in LSB
 *
 * Context: can sleep, must be called with ads1299_claim() held.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_measure(struct iio_dev *indio_dev, const struct iio_chan_spec *chan, int *ret_code)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	if (chan->type == IIO_TEMP)
		return ads1299_borrow(indio_dev, chan->address * st->info->num_channels,
				      ADS1299_MUX_TEMPERATURE, ret_code);

	return ads1299_borrow(indio_dev, ads1299_supplies[chan->address].channel,
			      ADS1299_MUX_SUPPLY, ret_code);
}

/**
 * ads1299_measured_scale - millidegrees or millivolts per LSB
 * @st: the device
 * @chan: one of ads1299_init_measured()
 * @val: the integer part
 * @val2: billionths
 *
 * Returns: the IIO_VAL_* that they make.
 */
int ads1299_measured_scale(const struct ads1299_state *st, const struct iio_chan_spec *chan,
			   int *val, int *val2)
{
	/* One LSB at gain 1 is vref_uv / 2^23 */
	u64 nano = (u64)st->vref_uv * NANO;
	u32 rest;

	if (chan->type == IIO_TEMP)
		nano = div_u64(nano, ADS1299_TEMP_UV_PER_CELSIUS) * MILLI;
	else
		nano = div_u64(nano, MILLI) * ads1299_supplies[chan->address].divider;

	*val = div_u64_rem(nano >> ADS1299_CODE_BITS, NANO, &rest);
	*val2 = rest;
	return IIO_VAL_INT_PLUS_NANO;
}

/**
 * ads1299_temperature_offset - the code of 0 degrees Celsius, times -1
 * @st: the device
 *
 * Returns: what to add to a code.
 */
int ads1299_temperature_offset(const struct ads1299_state *st)
{
	const u32 zero_uv = ADS1299_TEMP_OFFSET_UV -
			    ADS1299_TEMP_OFFSET_CELSIUS * ADS1299_TEMP_UV_PER_CELSIUS;

	return -(int)DIV_ROUND_CLOSEST_ULL((u64)zero_uv << ADS1299_CODE_BITS, st->vref_uv);
}

/**
 * ads1299_measured_label - name of a temperature or a supply
 * @chan: one of ads1299_init_measured()
 *
 * Returns: the name.
 */
const char *ads1299_measured_label(const struct iio_chan_spec *chan)
{
	return chan->type == IIO_TEMP ? "die" : ads1299_supplies[chan->address].label;
}
