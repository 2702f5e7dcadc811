// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 channels: the tables of gains and rates, the inputs, and the
 * channels of the IIO device with all its attributes.
 */

#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/property.h>
#include <linux/regmap.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/units.h>

#include <linux/iio/iio.h>
#include <linux/iio/sysfs.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_GAIN_CODE_DEFAULT	6	/* 24, as after reset */
/*
 * More bits of a scale than its integer has, so that no gain is off by 1e-7 in
 * the kernel. In sysfs nine decimals of a millivolt are what the IIO core prints.
 */
#define ADS1299_SCALE_BITS		15

static const u8 ads1299_gains[] = ADS1299_GAINS;

/**
 * ads1299_data_rate - the data rate in force
 * @st: the device
 * @ret_dr: code of CONFIG1.DR, below ADS1299_NUM_RATES
 *
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_data_rate(const struct ads1299_state *st, unsigned int *ret_dr)
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

	st->vref_uv = vref_uv;

	/* fMOD / (64 << DR), with fMOD = fCLK / 2 */
	for (i = 0; i < ADS1299_NUM_RATES; i++)
		st->rates_hz[i] = DIV_ROUND_CLOSEST(st->fclk_hz, ADS1299_CLOCKS_PER_SAMPLE(i));

	/* Equation 8, in millivolts */
	for (i = 0; i < ADS1299_NUM_GAINS; i++) {
		st->scales[i][0] = DIV_ROUND_CLOSEST_ULL((u64)vref_uv << ADS1299_SCALE_BITS,
							 MILLI * ads1299_gains[i]);
		st->scales[i][1] = ADS1299_CODE_BITS + ADS1299_SCALE_BITS;
	}
}

static int ads1299_read_scale(struct ads1299_state *st, const struct iio_chan_spec *chan,
			      int *val, int *val2)
{
	unsigned int chset, gain;
	int ret;

	ret = regmap_read(st->regmap, ADS1299_REG_CHSET(ads1299_chip_channel(st, chan)), &chset);
	if (ret)
		return ret;

	gain = FIELD_GET(ADS1299_CHSET_GAIN_MASK, chset);
	if (gain >= ADS1299_NUM_GAINS)	/* written through debugfs */
		return -EIO;

	*val = st->scales[gain][0];
	*val2 = st->scales[gain][1];
	return IIO_VAL_FRACTIONAL_LOG2;
}

/*
 * Takes every value that scale_available prints, and shorter ones too: libiio
 * writes a number with six decimals, which leaves 2 % of the smallest scale.
 * The scales are a third apart at least.
 */
static int ads1299_write_scale(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			       int mv, int nano_mv)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int gain;
	s64 offered;
	int ret;

	for (gain = 0; gain < ADS1299_NUM_GAINS; gain++) {
		offered = ((s64)st->scales[gain][0] * NANO) >> st->scales[gain][1];
		if (!mv && abs(nano_mv - offered) <= div_s64(offered, 50))
			break;
	}
	if (gain == ADS1299_NUM_GAINS)
		return -EINVAL;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	ret = regmap_update_bits(st->regmap, ADS1299_REG_CHSET(ads1299_chip_channel(st, chan)),
				 ADS1299_CHSET_GAIN_MASK,
				 FIELD_PREP(ADS1299_CHSET_GAIN_MASK, gain));
	ads1299_release(indio_dev);

	return ret;
}

/* By CHnSET.MUX */
static const char * const ads1299_mux_words[] = {
	[ADS1299_MUX_NORMAL] = "normal",
	[ADS1299_MUX_SHORTED] = "shorted",
	[ADS1299_MUX_BIAS_MEAS] = "bias_measure",
	[ADS1299_MUX_SUPPLY] = "supply",
	[ADS1299_MUX_TEMPERATURE] = "temperature",
	[ADS1299_MUX_TEST_SIGNAL] = "test",
	[ADS1299_MUX_BIAS_DRP] = "bias_drive_positive",
	[ADS1299_MUX_BIAS_DRN] = "bias_drive_negative",
};

static int ads1299_mux_get(struct ads1299_state *st, unsigned int channel)
{
	return st->mux[channel];
}

/* The test signal and the bias measurement run while a channel wants them */
static int ads1299_update_mux_sources(struct ads1299_state *st)
{
	unsigned int config2 = 0, config3 = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < st->info->num_channels; i++) {
		if (st->mux[i] == ADS1299_MUX_TEST_SIGNAL)
			config2 = ADS1299_CONFIG2_INT_CAL;
		if (st->mux[i] == ADS1299_MUX_BIAS_MEAS)
			config3 = ADS1299_CONFIG3_BIAS_MEAS;
	}

	ret = regmap_update_bits(st->regmap, ADS1299_REG_CONFIG2, ADS1299_CONFIG2_INT_CAL, config2);
	if (ret)
		return ret;

	return regmap_update_bits(st->regmap, ADS1299_REG_CONFIG3, ADS1299_CONFIG3_BIAS_MEAS,
				  config3);
}

/* A channel that is powered down has its input shorted (table 11, CHnSET) */
static int ads1299_write_input(struct ads1299_state *st, unsigned int channel, bool powerdown)
{
	unsigned int mux = powerdown ? ADS1299_MUX_SHORTED : st->mux[channel];

	return regmap_update_bits(st->regmap, ADS1299_REG_CHSET(channel),
				  ADS1299_CHSET_PD | ADS1299_CHSET_MUX_MASK,
				  FIELD_PREP(ADS1299_CHSET_PD, powerdown) |
				  FIELD_PREP(ADS1299_CHSET_MUX_MASK, mux));
}

static int ads1299_powerdown_get(struct ads1299_state *st, unsigned int channel)
{
	return regmap_test_bits(st->regmap, ADS1299_REG_CHSET(channel), ADS1299_CHSET_PD);
}

static int ads1299_mux_set(struct ads1299_state *st, unsigned int channel, unsigned int item)
{
	u8 old = st->mux[channel];
	int powerdown, ret;

	powerdown = ads1299_powerdown_get(st, channel);
	if (powerdown < 0)
		return powerdown;

	st->mux[channel] = item;
	ret = ads1299_write_input(st, channel, powerdown);
	if (!ret)
		ret = ads1299_update_mux_sources(st);
	if (ret)
		st->mux[channel] = old;

	return ret;
}

static int ads1299_powerdown_set(struct ads1299_state *st, unsigned int channel,
				 unsigned int item)
{
	int ret;

	ret = ads1299_write_input(st, channel, item);
	if (ret)
		return ret;

	/* No current through electrodes that nobody looks at, and no bias from them */
	return ads1299_route(st);
}

/**
 * ads1299_powered_channels - which channels are not powered down
 * @st: the device
 * @ret_channels: they, by bits
 *
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_powered_channels(struct ads1299_state *st, u8 *ret_channels)
{
	u8 channels = 0;
	unsigned int i;
	int powerdown;

	for (i = 0; i < st->info->num_channels; i++) {
		powerdown = ads1299_powerdown_get(st, i);
		if (powerdown < 0)
			return powerdown;
		if (!powerdown)
			channels |= BIT(i);
	}

	*ret_channels = channels;
	return 0;
}

static const struct ads1299_choice ads1299_mux_choice = {
	.words = ads1299_mux_words,
	.num_items = ARRAY_SIZE(ads1299_mux_words),
	.get = ads1299_mux_get,
	.set = ads1299_mux_set,
};

static const struct ads1299_choice ads1299_powerdown_choice = {
	.words = ads1299_no_yes,
	.num_items = ARRAY_SIZE(ads1299_no_yes),
	.get = ads1299_powerdown_get,
	.set = ads1299_powerdown_set,
};

#define ADS1299_SETTING(_name, _shared, _choice)	\
	{						\
		.name = (_name),			\
		.shared = (_shared),			\
		.read = ads1299_choice_read,		\
		.write = ads1299_choice_write,		\
		.private = (uintptr_t)(_choice),	\
	}

#define ADS1299_AVAILABLE(_name, _shared, _choice)	\
	{						\
		.name = _name "_available",		\
		.shared = (_shared),			\
		.read = ads1299_choice_available,	\
		.private = (uintptr_t)(_choice),	\
	}

static const struct iio_chan_spec_ext_info ads1299_ext_info[] = {
	ADS1299_SETTING("mux", IIO_SEPARATE, &ads1299_mux_choice),
	ADS1299_AVAILABLE("mux", IIO_SHARED_BY_TYPE, &ads1299_mux_choice),
	ADS1299_SETTING("powerdown", IIO_SEPARATE, &ads1299_powerdown_choice),
	ADS1299_SETTING("bias_sense", IIO_SEPARATE, &ads1299_bias_sense_choice),
	ADS1299_AVAILABLE("bias_sense", IIO_SHARED_BY_TYPE, &ads1299_bias_sense_choice),
	ADS1299_SETTING("srb2", IIO_SEPARATE, &ads1299_srb2_choice),
	ADS1299_SETTING("srb1", IIO_SHARED_BY_ALL, &ads1299_srb1_choice),
	ADS1299_SETTING("bias_drive", IIO_SHARED_BY_ALL, &ads1299_bias_drive_choice),
	ADS1299_SETTING("test_signal_microvolt", IIO_SHARED_BY_ALL,
			&ads1299_test_amplitude_choice),
	ADS1299_AVAILABLE("test_signal_microvolt", IIO_SHARED_BY_ALL,
			  &ads1299_test_amplitude_choice),
	ADS1299_SETTING("test_signal_frequency", IIO_SHARED_BY_ALL,
			&ads1299_test_frequency_choice),
	ADS1299_AVAILABLE("test_signal_frequency", IIO_SHARED_BY_ALL,
			  &ads1299_test_frequency_choice),
	ADS1299_SETTING("leadoff_current_nanoamp", IIO_SHARED_BY_ALL,
			&ads1299_leadoff_current_choice),
	ADS1299_AVAILABLE("leadoff_current_nanoamp", IIO_SHARED_BY_ALL,
			  &ads1299_leadoff_current_choice),
	ADS1299_SETTING("leadoff_frequency", IIO_SHARED_BY_ALL,
			&ads1299_leadoff_frequency_choice),
	ADS1299_AVAILABLE("leadoff_frequency", IIO_SHARED_BY_ALL,
			  &ads1299_leadoff_frequency_choice),
	ADS1299_SETTING("leadoff_threshold_percent", IIO_SHARED_BY_ALL,
			&ads1299_leadoff_threshold_choice),
	ADS1299_AVAILABLE("leadoff_threshold_percent", IIO_SHARED_BY_ALL,
			  &ads1299_leadoff_threshold_choice),
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
		if (chan->differential)
			ret = ads1299_convert_once(indio_dev, chan->address, val);
		else
			ret = ads1299_measure(indio_dev, chan, val);
		ads1299_release(indio_dev);
		return ret ?: IIO_VAL_INT;

	case IIO_CHAN_INFO_SCALE:
		if (chan->differential)
			return ads1299_read_scale(st, chan, val, val2);
		return ads1299_measured_scale(st, chan, val, val2);

	case IIO_CHAN_INFO_OFFSET:
		*val = ads1299_temperature_offset(st);
		return IIO_VAL_INT;

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
	case IIO_CHAN_INFO_SCALE:
		*vals = st->scales[0];
		*type = IIO_VAL_FRACTIONAL_LOG2;
		*length = 2 * ARRAY_SIZE(st->scales);
		return IIO_AVAIL_LIST;

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
	case IIO_CHAN_INFO_SCALE:
		return ads1299_write_scale(indio_dev, chan, val, val2);

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

static int ads1299_write_raw_get_fmt(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
				     long mask)
{
	return mask == IIO_CHAN_INFO_SCALE ? IIO_VAL_INT_PLUS_NANO : IIO_VAL_INT_PLUS_MICRO;
}

static int ads1299_read_label(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			      char *label)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	const char *name;

	if (!chan->differential)
		return sysfs_emit(label, "%s\n", ads1299_measured_label(chan));

	name = st->labels[chan->address];
	if (!name)	/* as the pins are called: IN1P and IN1N */
		return sysfs_emit(label, "IN%lu\n", chan->address + 1);
	return sysfs_emit(label, "%s\n", name);
}

static IIO_DEVICE_ATTR(lost_drdy, 0444, ads1299_lost_show, NULL, ADS1299_LOST_DRDY);
static IIO_DEVICE_ATTR(lost_spi, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SPI);
static IIO_DEVICE_ATTR(lost_sync, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SYNC);
static IIO_DEVICE_ATTR(lost_fifo, 0444, ads1299_lost_show, NULL, ADS1299_LOST_FIFO);
static IIO_DEVICE_ATTR(bias_electrode_connected, 0444, ads1299_bias_connected_show, NULL, 0);
static IIO_DEVICE_ATTR(recoveries, 0444, ads1299_recoveries_show, NULL, 0);

static struct attribute *ads1299_attrs[] = {
	&iio_dev_attr_lost_drdy.dev_attr.attr,
	&iio_dev_attr_lost_spi.dev_attr.attr,
	&iio_dev_attr_lost_sync.dev_attr.attr,
	&iio_dev_attr_lost_fifo.dev_attr.attr,
	&iio_dev_attr_bias_electrode_connected.dev_attr.attr,
	&iio_dev_attr_recoveries.dev_attr.attr,
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
	.write_raw_get_fmt = ads1299_write_raw_get_fmt,
	.read_label = ads1299_read_label,
	.read_event_config = ads1299_read_event_config,
	.write_event_config = ads1299_write_event_config,
	.debugfs_reg_access = ads1299_debugfs_reg_access,
};

static const struct iio_event_spec ads1299_openwire = {
	.type = IIO_EV_TYPE_FAULT,
	.dir = IIO_EV_DIR_FAULT_OPENWIRE,
	.mask_separate = BIT(IIO_EV_INFO_ENABLE),
};

static const struct iio_chan_spec ads1299_channel = {
	.type = IIO_VOLTAGE,
	.differential = 1,
	.indexed = 1,
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
	.info_mask_shared_by_type_available = BIT(IIO_CHAN_INFO_SCALE),
	.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),
	.info_mask_shared_by_all_available = BIT(IIO_CHAN_INFO_SAMP_FREQ),
	.ext_info = ads1299_ext_info,
	.event_spec = &ads1299_openwire,
	.num_event_specs = ADS1299_HAVE_OPENWIRE ? 1 : 0,
	.scan_type = {
		.sign = 's',
		.realbits = 24,
		.storagebits = 32,
		.shift = 8,	/* below are ADS1299_FLAG_* */
		.endianness = IIO_CPU,
	},
};

/* The IIO core looks at one word after the last mask; a mask has a bit for the timestamp, too */
static_assert(sizeof_field(struct ads1299_state, scan_masks) >=
	      2 * BITS_TO_LONGS(ADS1299_MAX_SCAN_CHANNELS + 1) * sizeof(long));

static int ads1299_read_channel_nodes(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	device_for_each_child_node_scoped(dev, child) {
		u32 channel;

		ret = fwnode_property_read_u32(child, "reg", &channel);
		if (ret)
			return dev_err_probe(dev, ret, "%s: no reg\n", fwnode_get_name(child));
		if (channel >= st->num_channels)
			return dev_err_probe(dev, -EINVAL, "%s: reg %u, but %s has %u channels\n",
					     fwnode_get_name(child), channel, st->info->name,
					     st->num_channels);

		ret = ads1299_read_channel_wiring(st, child, channel);
		if (ret)
			return ret;
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
	unsigned int n = st->num_channels;
	/* Inputs, timestamp, temperatures and supplies */
	unsigned int total = n + 1 + st->num_chips + ADS1299_NUM_SUPPLIES;
	struct iio_chan_spec *channels;
	unsigned int i;

	channels = devm_kcalloc(&st->spi->dev, total, sizeof(*channels), GFP_KERNEL);
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
	ads1299_init_measured(st, &channels[n + 1]);

	indio_dev->info = &ads1299_info;
	indio_dev->channels = channels;
	indio_dev->num_channels = total;

	/* The chip always sends all of them. The core picks what a buffer wants. */
	bitmap_set(st->scan_masks, 0, n);
	indio_dev->available_scan_masks = st->scan_masks;

	ads1299_read_wiring(st);
	return ads1299_read_channel_nodes(st);
}

/**
 * ads1299_configure_channels - write gains, inputs and bias after a reset
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
		st->mux[i] = ADS1299_MUX_NORMAL;
		ret = regmap_write(st->regmap, ADS1299_REG_CHSET(i),
				   FIELD_PREP(ADS1299_CHSET_GAIN_MASK, ADS1299_GAIN_CODE_DEFAULT) |
				   FIELD_PREP(ADS1299_CHSET_MUX_MASK, st->mux[i]));
		if (ret)
			return ret;
	}

	return ads1299_configure_bias(st);
}
