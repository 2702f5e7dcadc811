// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 bias (right leg drive) amplifier and reference routing.
 *
 * The amplifier drives a person, by the bias electrode, to the inverted common
 * mode of the inputs that it senses (9.3.2.4.4). SRB1 takes the place of all
 * negative inputs, SRB2 that of the positive input of a channel.
 *
 * Which of them are wired is said by firmware, and is what they start with.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/property.h>
#include <linux/regmap.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/*
 * For an electrode that is off to be seen: a cable of 100 pF takes 6 nA 40 ms
 * to go from the middle of the supply to its end.
 */
#define ADS1299_BIAS_SENSE_US	100000

const char * const ads1299_no_yes[] = { "0", "1" };

/* Bit 0: the positive input, bit 1: the negative one */
static const char * const ads1299_bias_sense_words[] = { "none", "positive", "negative", "both" };

const struct ads1299_choice ads1299_bias_drive_choice = {
	.words = ads1299_no_yes,
	.num_items = ARRAY_SIZE(ads1299_no_yes),
	.reg = ADS1299_REG_CONFIG3,
	.mask = ADS1299_CONFIG3_PD_BIAS,
};

static void ads1299_assign_bit(u8 *inputs, unsigned int channel, bool value)
{
	*inputs = (*inputs & ~BIT(channel)) | (value ? BIT(channel) : 0);
}

/* Of inputs that are one electrode, the first one stands for all */
static u8 ads1299_first(u8 inputs)
{
	return inputs & -inputs;
}

/**
 * ads1299_route - bring SRB2, bias and lead-off in line with what is connected
 * @st: the device
 *
 * To be called when anything they depend on has changed: SRB1, SRB2, the
 * channels powered, and the inputs that the bias amplifier is to sense.
 *
 * A channel that is powered down lets go of SRB2, and is not sensed. The
 * electrode at SRB1 or SRB2 is at many inputs: it would count in the bias as
 * often, and drive all channels to a rail. It is sensed where somebody asked
 * for it by name, and then once.
 *
 * Context: can sleep; no conversion under way.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_route(struct ads1299_state *st)
{
	const struct ads1299_wiring *wiring = &st->wiring;
	u8 powered, srb2, p, n;
	unsigned int i;
	int ret, srb1;

	ret = ads1299_powered_channels(st, &powered);
	if (ret)
		return ret;
	srb1 = regmap_test_bits(st->regmap, ADS1299_REG_MISC1, ADS1299_MISC1_SRB1);
	if (srb1 < 0)
		return srb1;

	srb2 = wiring->srb2 & powered;
	for (i = 0; i < st->info->num_channels; i++) {
		ret = regmap_update_bits(st->regmap, ADS1299_REG_CHSET(i), ADS1299_CHSET_SRB2,
					 srb2 & BIT(i) ? ADS1299_CHSET_SRB2 : 0);
		if (ret)
			return ret;
	}

	p = wiring->bias_sense_p & powered;
	n = wiring->bias_sense_n & powered;
	p = (p & ~srb2) | ads1299_first(p & srb2 & wiring->bias_sense_named);
	if (srb1)
		n = ads1299_first(n & wiring->bias_sense_named);
	ret = regmap_write(st->regmap, ADS1299_REG_BIAS_SENSP, p);
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_BIAS_SENSN, n);
	if (ret)
		return ret;

	st->leadoff_p_shared = srb2;
	return ads1299_leadoff_apply(st);
}

static int ads1299_srb2_get(struct ads1299_state *st, unsigned int channel)
{
	return !!(st->wiring.srb2 & BIT(channel));
}

/* The wiring as it was, when the chip did not take another one */
static int ads1299_reroute(struct ads1299_state *st, const struct ads1299_wiring *before)
{
	int ret = ads1299_route(st);

	if (ret)
		st->wiring = *before;
	return ret;
}

static int ads1299_srb2_set(struct ads1299_state *st, unsigned int channel, unsigned int item)
{
	const struct ads1299_wiring before = st->wiring;

	ads1299_assign_bit(&st->wiring.srb2, channel, item);
	return ads1299_reroute(st, &before);
}

const struct ads1299_choice ads1299_srb2_choice = {
	.words = ads1299_no_yes,
	.num_items = ARRAY_SIZE(ads1299_no_yes),
	.get = ads1299_srb2_get,
	.set = ads1299_srb2_set,
};

static int ads1299_srb1_get(struct ads1299_state *st, unsigned int channel)
{
	return regmap_test_bits(st->regmap, ADS1299_REG_MISC1, ADS1299_MISC1_SRB1);
}

static int ads1299_srb1_set(struct ads1299_state *st, unsigned int channel, unsigned int item)
{
	int ret;

	ret = regmap_update_bits(st->regmap, ADS1299_REG_MISC1, ADS1299_MISC1_SRB1,
				 FIELD_PREP(ADS1299_MISC1_SRB1, item));
	if (ret)
		return ret;

	/* It makes one electrode of all negative inputs, or several of it */
	return ads1299_route(st);
}

const struct ads1299_choice ads1299_srb1_choice = {
	.words = ads1299_no_yes,
	.num_items = ARRAY_SIZE(ads1299_no_yes),
	.get = ads1299_srb1_get,
	.set = ads1299_srb1_set,
};

static int ads1299_bias_sense_get(struct ads1299_state *st, unsigned int channel)
{
	const struct ads1299_wiring *wiring = &st->wiring;

	bool p = wiring->bias_sense_p & BIT(channel);
	bool n = wiring->bias_sense_n & BIT(channel);

	return p | n << 1;
}

/* By ads1299_bias_sense_words */
static void ads1299_name_bias_sense(struct ads1299_wiring *wiring, unsigned int channel,
				    unsigned int item)
{
	wiring->bias_sense_named |= BIT(channel);
	ads1299_assign_bit(&wiring->bias_sense_p, channel, item & BIT(0));
	ads1299_assign_bit(&wiring->bias_sense_n, channel, item & BIT(1));
}

static int ads1299_bias_sense_set(struct ads1299_state *st, unsigned int channel,
				  unsigned int item)
{
	const struct ads1299_wiring before = st->wiring;

	ads1299_name_bias_sense(&st->wiring, channel, item);
	return ads1299_reroute(st, &before);
}

const struct ads1299_choice ads1299_bias_sense_choice = {
	.words = ads1299_bias_sense_words,
	.num_items = ARRAY_SIZE(ads1299_bias_sense_words),
	.get = ads1299_bias_sense_get,
	.set = ads1299_bias_sense_set,
};

/**
 * ads1299_read_wiring - read what firmware says of the whole board
 * @st: the device, the chip known
 */
void ads1299_read_wiring(struct ads1299_state *st)
{
	struct ads1299_wiring *wiring = &st->wiring;
	struct device *dev = &st->spi->dev;

	wiring->bias_drive = device_property_read_bool(dev, "ti,bias-drive");
	wiring->bias_external_reference = device_property_read_bool(dev,
								    "ti,bias-external-reference");
	wiring->srb1 = device_property_read_bool(dev, "ti,srb1");
	wiring->bench = device_property_read_bool(dev, "ti,bench-setup");
	if (wiring->bias_drive) {
		wiring->bias_sense_p = GENMASK(st->info->num_channels - 1, 0);
		wiring->bias_sense_n = wiring->bias_sense_p;
	}
}

/**
 * ads1299_read_channel_wiring - read what firmware says of a channel
 * @st: the device
 * @node: of the channel
 * @channel: its number
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_read_channel_wiring(struct ads1299_state *st, struct fwnode_handle *node,
				unsigned int channel)
{
	bool has_sense = fwnode_property_present(node, "ti,bias-sense");
	bool has_srb2 = fwnode_property_read_bool(node, "ti,srb2");
	struct device *dev = &st->spi->dev;
	unsigned int bit = channel % st->info->num_channels;
	const char *word;
	int ret;

	if ((has_sense || has_srb2) && channel != bit)
		return dev_err_probe(dev, -EINVAL,
				     "%s: inputs are routed as those of channel %u of the first chip\n",
				     fwnode_get_name(node), bit);
	if (has_srb2)
		st->wiring.srb2 |= BIT(bit);
	if (!has_sense)
		return 0;

	ret = fwnode_property_read_string(node, "ti,bias-sense", &word);
	if (!ret)
		ret = match_string(ads1299_bias_sense_words,
				   ARRAY_SIZE(ads1299_bias_sense_words), word);
	if (ret < 0)
		return dev_err_probe(dev, ret, "%s: bad ti,bias-sense\n", fwnode_get_name(node));

	ads1299_name_bias_sense(&st->wiring, bit, ret);
	return 0;
}

/**
 * ads1299_configure_bias - write bias and SRB1 as the board is wired
 * @st: the device, in its reset state
 *
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_configure_bias(struct ads1299_state *st)
{
	const struct ads1299_wiring *wiring = &st->wiring;
	unsigned int config3 = 0;
	int ret;

	if (!wiring->bias_external_reference)
		config3 |= ADS1299_CONFIG3_BIASREF_INT;
	if (wiring->bias_drive)
		config3 |= ADS1299_CONFIG3_PD_BIAS;

	ret = regmap_write(st->regmap, ADS1299_REG_MISC1, wiring->srb1 ? ADS1299_MISC1_SRB1 : 0);
	if (ret)
		return ret;
	/* What it senses first, so that the amplifier is never without feedback */
	ret = ads1299_route(st);
	if (ret)
		return ret;

	return regmap_set_bits(st->regmap, ADS1299_REG_CONFIG3, config3);
}

/* With the amplifier off a current source pulls at the electrode, with it on it does itself */
static int ads1299_bias_sense_electrode(struct ads1299_state *st, unsigned int *ret_config3)
{
	unsigned int config4;
	int ret, ret2, ret3;

	ret = regmap_read(st->regmap, ADS1299_REG_CONFIG4, &config4);
	if (ret)
		return ret;

	ret = regmap_write(st->regmap, ADS1299_REG_CONFIG4,
			   config4 | ADS1299_CONFIG4_PD_LOFF_COMP);
	if (!ret)
		ret = regmap_set_bits(st->regmap, ADS1299_REG_CONFIG3,
				      ADS1299_CONFIG3_BIAS_LOFF_SENS);
	if (!ret) {
		fsleep(ADS1299_BIAS_SENSE_US);
		ret = ads1299_reg_read(st, ADS1299_REG_CONFIG3, ret_config3);
	}
	ret2 = regmap_clear_bits(st->regmap, ADS1299_REG_CONFIG3, ADS1299_CONFIG3_BIAS_LOFF_SENS);
	ret3 = regmap_write(st->regmap, ADS1299_REG_CONFIG4, config4);

	return ret ?: ret2 ?: ret3;
}

ssize_t ads1299_bias_connected_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct iio_dev *indio_dev = dev_to_iio_dev(dev);
	unsigned int config3;
	int ret;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_bias_sense_electrode(iio_priv(indio_dev), &config3);
	ads1299_release(indio_dev);
	if (ret)
		return ret;

	return sysfs_emit(buf, "%d\n", !(config3 & ADS1299_CONFIG3_BIAS_STAT));
}
