// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 channels: the tables of gains and rates, the channels of the IIO
 * device, and its attributes.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/property.h>
#include <linux/regmap.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <linux/iio/iio.h>
#include <linux/iio/sysfs.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_GAIN_CODE_DEFAULT	6	/* 24, as after reset */
#define ADS1299_FV_PER_MV		1000000000000LL

static const u8 ads1299_gains[] = ADS1299_GAINS;

/**
 * ads1299_data_rate - the data rate in force
 * @st: the device
 * @ret_dr: code of CONFIG1.DR, below ADS1299_NUM_RATES
 *
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_data_rate(struct ads1299_state *st, unsigned int *ret_dr)
{
	unsigned int config1, dr;
	int ret;

	ret = regmap_read(st->regmap, ADS1299_REG_CONFIG1, &config1);
	if (ret)
		return ret;

	dr = FIELD_GET(ADS1299_CONFIG1_DR_MASK, config1);
	if (dr >= ADS1299_NUM_RATES)	/* written through debugfs */
		return -EIO;

	*ret_dr = dr;
	return 0;
}

static int ads1299_set_rate(struct ads1299_state *st, int rate_hz)
{
	unsigned int dr;

	for (dr = 0; dr < ADS1299_NUM_RATES; dr++)
		if (st->rates_hz[dr] == rate_hz)
			return regmap_update_bits(st->regmap, ADS1299_REG_CONFIG1,
						  ADS1299_CONFIG1_DR_MASK,
						  FIELD_PREP(ADS1299_CONFIG1_DR_MASK, dr));

	return -EINVAL;
}

/**
 * ads1299_init_tables - work out rates and scales
 * @st: the device, its clock known
 * @vref_uv: voltage of the reference
 */
void ads1299_init_tables(struct ads1299_state *st, unsigned int vref_uv)
{
	unsigned int i;

	/* fMOD / (64 << DR), with fMOD = fCLK / 2 */
	for (i = 0; i < ADS1299_NUM_RATES; i++)
		st->rates_hz[i] = DIV_ROUND_CLOSEST(st->fclk_hz, ADS1299_CLOCKS_PER_SAMPLE(i));

	/* Equation 8 */
	for (i = 0; i < ADS1299_NUM_GAINS; i++) {
		u64 steps = (u64)ads1299_gains[i] << ADS1299_CODE_BITS;

		st->scales_fv[i] = DIV64_U64_ROUND_CLOSEST((u64)vref_uv * NSEC_PER_SEC, steps);
	}
}

/*
 * The scale needs twelve decimals: an LSB is as small as 0.000022351742 mV, and
 * the nine that the IIO core prints before it knew IIO_VAL_DECIMAL64_PICO would
 * be wrong by 96 LSB at full scale. Hence this attribute of the standard name
 * and meaning, with its own two functions.
 */
static ssize_t ads1299_scale_emit(char *buf, int at, s64 scale_fv, char end)
{
	s64 mv = div64_s64(scale_fv, ADS1299_FV_PER_MV);

	return sysfs_emit_at(buf, at, "%lld.%012lld%c", mv, scale_fv - mv * ADS1299_FV_PER_MV, end);
}

static ssize_t ads1299_scale_read(struct iio_dev *indio_dev, uintptr_t private,
				  const struct iio_chan_spec *chan, char *buf)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int chset, gain;
	int ret;

	ret = regmap_read(st->regmap, ADS1299_REG_CHSET(chan->address), &chset);
	if (ret)
		return ret;

	gain = FIELD_GET(ADS1299_CHSET_GAIN_MASK, chset);
	if (gain >= ADS1299_NUM_GAINS)	/* written through debugfs */
		return -EIO;

	return ads1299_scale_emit(buf, 0, st->scales_fv[gain], '\n');
}

static ssize_t ads1299_scale_available_read(struct iio_dev *indio_dev, uintptr_t private,
					    const struct iio_chan_spec *chan, char *buf)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int i;
	int at = 0;

	for (i = 0; i < ADS1299_NUM_GAINS; i++)
		at += ads1299_scale_emit(buf, at, st->scales_fv[i],
					 i == ADS1299_NUM_GAINS - 1 ? '\n' : ' ');
	return at;
}

/*
 * Takes every value that scale_available prints, and shorter ones too: libiio
 * writes a number with six decimals, which leaves 2 % of the smallest scale.
 * The scales are a third apart at least.
 */
static ssize_t ads1299_scale_write(struct iio_dev *indio_dev, uintptr_t private,
				   const struct iio_chan_spec *chan, const char *buf, size_t len)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret, mv, nano_mv;
	unsigned int gain;
	s64 wanted_fv;

	ret = iio_str_to_fixpoint(buf, 100000000, &mv, &nano_mv);
	if (ret)
		return ret;
	if (mv || nano_mv < 0)
		return -EINVAL;

	wanted_fv = nano_mv * 1000LL;
	for (gain = 0; gain < ADS1299_NUM_GAINS; gain++)
		if (abs(wanted_fv - st->scales_fv[gain]) <= div_s64(st->scales_fv[gain], 50))
			break;
	if (gain == ADS1299_NUM_GAINS)
		return -EINVAL;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	ret = regmap_update_bits(st->regmap, ADS1299_REG_CHSET(chan->address),
				 ADS1299_CHSET_GAIN_MASK,
				 FIELD_PREP(ADS1299_CHSET_GAIN_MASK, gain));
	ads1299_release(indio_dev);

	return ret ?: len;
}

static const struct iio_chan_spec_ext_info ads1299_ext_info[] = {
	{
		.name = "scale",
		.shared = IIO_SEPARATE,
		.read = ads1299_scale_read,
		.write = ads1299_scale_write,
	},
	{
		.name = "scale_available",
		.shared = IIO_SHARED_BY_TYPE,
		.read = ads1299_scale_available_read,
	},
	{ }
};

static int ads1299_read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			    int *val, int *val2, long mask)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int dr;
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		ret = ads1299_claim(indio_dev);
		if (ret)
			return ret;
		ret = ads1299_convert_once(indio_dev, chan->address, val);
		ads1299_release(indio_dev);
		return ret ?: IIO_VAL_INT;

	case IIO_CHAN_INFO_SAMP_FREQ:
		ret = ads1299_data_rate(st, &dr);
		if (ret)
			return ret;
		*val = st->rates_hz[dr];
		return IIO_VAL_INT;

	default:
		return -EINVAL;
	}
}

static int ads1299_read_avail(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			      const int **vals, int *type, int *length, long mask)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	switch (mask) {
	case IIO_CHAN_INFO_SAMP_FREQ:
		*vals = st->rates_hz;
		*type = IIO_VAL_INT;
		*length = ARRAY_SIZE(st->rates_hz);
		return IIO_AVAIL_LIST;

	default:
		return -EINVAL;
	}
}

static int ads1299_write_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			     int val, int val2, long mask)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_SAMP_FREQ:
		if (val2)
			return -EINVAL;
		/* A write to CONFIG1 restarts the digital filter: never under a stream */
		ret = ads1299_claim(indio_dev);
		if (ret)
			return ret;
		ret = ads1299_set_rate(st, val);
		ads1299_release(indio_dev);
		return ret;

	default:
		return -EINVAL;
	}
}

static int ads1299_read_label(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			      char *label)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	const char *name = st->labels[chan->address];

	if (!name)	/* as the pins are called: IN1P and IN1N */
		return sysfs_emit(label, "IN%lu\n", chan->address + 1);
	return sysfs_emit(label, "%s\n", name);
}

static IIO_DEVICE_ATTR(lost_drdy, 0444, ads1299_lost_show, NULL, ADS1299_LOST_DRDY);
static IIO_DEVICE_ATTR(lost_spi, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SPI);
static IIO_DEVICE_ATTR(lost_sync, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SYNC);
static IIO_DEVICE_ATTR(lost_fifo, 0444, ads1299_lost_show, NULL, ADS1299_LOST_FIFO);
static IIO_DEVICE_ATTR(leadoff_current_nanoamp, 0644, ads1299_leadoff_current_show,
		       ads1299_leadoff_current_store, 0);
static IIO_CONST_ATTR(leadoff_current_nanoamp_available, "0 6 24");

static struct attribute *ads1299_attrs[] = {
	&iio_dev_attr_lost_drdy.dev_attr.attr,
	&iio_dev_attr_lost_spi.dev_attr.attr,
	&iio_dev_attr_lost_sync.dev_attr.attr,
	&iio_dev_attr_lost_fifo.dev_attr.attr,
	&iio_dev_attr_leadoff_current_nanoamp.dev_attr.attr,
	&iio_const_attr_leadoff_current_nanoamp_available.dev_attr.attr,
	NULL
};

static const struct attribute_group ads1299_attr_group = {
	.attrs = ads1299_attrs,
};

static const struct iio_info ads1299_info = {
	.attrs = &ads1299_attr_group,
	.read_raw = ads1299_read_raw,
	.read_avail = ads1299_read_avail,
	.write_raw = ads1299_write_raw,
	.read_label = ads1299_read_label,
	.debugfs_reg_access = ads1299_debugfs_reg_access,
};

static const struct iio_chan_spec ads1299_channel = {
	.type = IIO_VOLTAGE,
	.differential = 1,
	.indexed = 1,
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),
	.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),
	.info_mask_shared_by_all_available = BIT(IIO_CHAN_INFO_SAMP_FREQ),
	.ext_info = ads1299_ext_info,
	.scan_type = {
		.sign = 's',
		.realbits = 24,
		.storagebits = 32,
		.shift = 8,	/* below are ADS1299_FLAG_* */
		.endianness = IIO_CPU,
	},
};

static int ads1299_read_labels(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	device_for_each_child_node_scoped(dev, child) {
		u32 channel;

		ret = fwnode_property_read_u32(child, "reg", &channel);
		if (ret)
			return dev_err_probe(dev, ret, "%s: no reg\n", fwnode_get_name(child));
		if (channel >= st->info->num_channels)
			return dev_err_probe(dev, -EINVAL, "%s: reg %u, but %s has %u channels\n",
					     fwnode_get_name(child), channel, st->info->name,
					     st->info->num_channels);

		if (!fwnode_property_present(child, "label"))
			continue;
		ret = fwnode_property_read_string(child, "label", &st->labels[channel]);
		if (ret)
			return dev_err_probe(dev, ret, "%s: bad label\n", fwnode_get_name(child));
	}

	return 0;
}

/**
 * ads1299_init_channels - describe the channels to the IIO core
 * @indio_dev: the IIO device, its chip known
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_init_channels(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int n = st->info->num_channels;
	struct iio_chan_spec *channels;
	unsigned int i;

	channels = devm_kcalloc(&st->spi->dev, n + 1, sizeof(*channels), GFP_KERNEL);
	if (!channels)
		return -ENOMEM;

	for (i = 0; i < n; i++) {
		channels[i] = ads1299_channel;
		channels[i].channel = 2 * i;
		channels[i].channel2 = 2 * i + 1;
		channels[i].address = i;
		channels[i].scan_index = i;
	}
	channels[n] = (struct iio_chan_spec)IIO_CHAN_SOFT_TIMESTAMP(n);

	indio_dev->info = &ads1299_info;
	indio_dev->channels = channels;
	indio_dev->num_channels = n + 1;

	/* The chip always sends all of them. The core picks what a buffer wants. */
	st->scan_masks[0] = GENMASK(n - 1, 0);
	indio_dev->available_scan_masks = st->scan_masks;

	return ads1299_read_labels(st);
}

/**
 * ads1299_configure_channels - write the registers of the channels after a reset
 * @st: the device
 *
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_configure_channels(struct ads1299_state *st)
{
	unsigned int i;
	int ret;

	/* Out of the reset state, in which every input is shorted */
	for (i = 0; i < st->info->num_channels; i++) {
		ret = regmap_write(st->regmap, ADS1299_REG_CHSET(i),
				   FIELD_PREP(ADS1299_CHSET_GAIN_MASK, ADS1299_GAIN_CODE_DEFAULT) |
				   FIELD_PREP(ADS1299_CHSET_MUX_MASK, ADS1299_MUX_NORMAL));
		if (ret)
			return ret;
	}

	return 0;
}
