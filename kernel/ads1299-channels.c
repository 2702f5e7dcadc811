// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 channels: the tables of gains and rates, the channels of the IIO
 * device with their attributes, and what firmware says of them.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/units.h>

#include <linux/iio/iio.h>
#include <linux/iio/sysfs.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_GAIN_CODE_1		0
#define ADS1299_GAIN_CODE_24		6	/* as after reset */

/* More bits of a scale than its integer has, so that no gain is off by 1e-7 */
#define ADS1299_SCALE_BITS		15

/*
 * For a bias electrode that is off to be seen: a cable of 100 pF takes 6 nA
 * 40 ms to go from the middle of the supply to its end.
 */
#define ADS1299_BIAS_SENSE_US		100000

static const u8 ads1299_gains[] = ADS1299_GAINS;

/**
 * ads1299_init_tables - work out rates and scales
 * @st: the device, its clock and reference known
 */
void ads1299_init_tables(struct ads1299_state *st)
{
	unsigned int i;

	/* fMOD / (64 << DR), with fMOD = fCLK / 2 */
	for (i = 0; i < ADS1299_NUM_RATES; i++)
		st->rates_hz[i] = DIV_ROUND_CLOSEST(st->fclk_hz, ADS1299_CLOCKS_PER_SAMPLE(i));

	/* Equation 8, in millivolts */
	for (i = 0; i < ADS1299_NUM_GAINS; i++) {
		st->scales[i][0] = DIV_ROUND_CLOSEST_ULL((u64)st->vref_uv << ADS1299_SCALE_BITS,
							 MILLI * ads1299_gains[i]);
		st->scales[i][1] = ADS1299_CODE_BITS + ADS1299_SCALE_BITS;
	}
}

/* --- settings: each is a byte of st->settings ---------------------------- */

static int ads1299_change(struct iio_dev *indio_dev, u8 *setting, unsigned int value)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	u8 old = *setting;
	int ret;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	*setting = value;
	ret = ads1299_apply(st);
	if (ret)
		*setting = old;
	ads1299_release(indio_dev);

	return ret;
}

#define ADS1299_ENUM(_name, _setting, ...)						\
static const char * const ads1299_##_name##_items[] = { __VA_ARGS__ };			\
											\
static u8 *ads1299_##_name##_of(struct iio_dev *indio_dev, const struct iio_chan_spec *chan)	\
{											\
	struct ads1299_state *st = iio_priv(indio_dev);					\
											\
	return &(_setting);								\
}											\
											\
static int ads1299_##_name##_get(struct iio_dev *indio_dev,				\
				 const struct iio_chan_spec *chan)			\
{											\
	return *ads1299_##_name##_of(indio_dev, chan);					\
}											\
											\
static int ads1299_##_name##_set(struct iio_dev *indio_dev,				\
				 const struct iio_chan_spec *chan, unsigned int item)	\
{											\
	return ads1299_change(indio_dev, ads1299_##_name##_of(indio_dev, chan), item);	\
}											\
											\
static const struct iio_enum ads1299_##_name = {					\
	.items = ads1299_##_name##_items,						\
	.num_items = ARRAY_SIZE(ads1299_##_name##_items),				\
	.get = ads1299_##_name##_get,							\
	.set = ads1299_##_name##_set,							\
}

/* By CHnSET.MUX */
ADS1299_ENUM(mux, ads1299_input_of(st, chan->address)->mux,
	     "normal", "shorted", "bias_measure", "supply", "temperature", "test",
	     "bias_drive_positive", "bias_drive_negative");
/* By ADS1299_SENSE_* */
ADS1299_ENUM(bias_sense, ads1299_input_of(st, chan->address)->bias_sense,
	     "none", "positive", "negative", "both");
ADS1299_ENUM(srb2, ads1299_input_of(st, chan->address)->srb2, "0", "1");
ADS1299_ENUM(srb1, st->settings.srb1, "0", "1");
ADS1299_ENUM(bias_drive, st->settings.bias_drive, "0", "1");
/* What must not flow through a person, microamperes, is not offered */
ADS1299_ENUM(leadoff_current, st->settings.leadoff_current, "0", "6", "24");
/* By LOFF.FLEAD_OFF: fCLK / 2^18 and / 2^16 at the nominal clock, a quarter of the data rate */
ADS1299_ENUM(leadoff_frequency, st->settings.leadoff_frequency,
	     "0", "7.8125", "31.25", "rate/4");
/* By LOFF.COMP_TH: of the positive side, the negative side is as far from the other rail */
ADS1299_ENUM(leadoff_threshold, st->settings.leadoff_threshold,
	     "95", "92.5", "90", "87.5", "85", "80", "75", "70");

/* CONFIG2: VREF / 2400 to either side or twice that; fCLK / 2^21, / 2^20, or constant */
static const u8 ads1299_test_codes[] = {
	ADS1299_CAL_FREQ_FCLK_2_21, ADS1299_CAL_FREQ_FCLK_2_20, ADS1299_CAL_FREQ_DC,
	ADS1299_CONFIG2_CAL_AMP | ADS1299_CAL_FREQ_FCLK_2_21,
	ADS1299_CONFIG2_CAL_AMP | ADS1299_CAL_FREQ_FCLK_2_20,
	ADS1299_CONFIG2_CAL_AMP | ADS1299_CAL_FREQ_DC,
};

static const char * const ads1299_test_items[ARRAY_SIZE(ads1299_test_codes)] = {
	"small_1hz", "small_2hz", "small_dc", "large_1hz", "large_2hz", "large_dc",
};

static int ads1299_test_get(struct iio_dev *indio_dev, const struct iio_chan_spec *chan)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int item = 0;

	while (ads1299_test_codes[item] != st->settings.test)
		item++;

	return item;
}

static int ads1299_test_set(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			    unsigned int item)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	return ads1299_change(indio_dev, &st->settings.test, ads1299_test_codes[item]);
}

static const struct iio_enum ads1299_test = {
	.items = ads1299_test_items,
	.num_items = ARRAY_SIZE(ads1299_test_items),
	.get = ads1299_test_get,
	.set = ads1299_test_set,
};

static const struct iio_chan_spec_ext_info ads1299_ext_info[] = {
	IIO_ENUM("mux", IIO_SEPARATE, &ads1299_mux),
	IIO_ENUM_AVAILABLE("mux", IIO_SHARED_BY_TYPE, &ads1299_mux),
	IIO_ENUM("bias_sense", IIO_SEPARATE, &ads1299_bias_sense),
	IIO_ENUM_AVAILABLE("bias_sense", IIO_SHARED_BY_TYPE, &ads1299_bias_sense),
	IIO_ENUM("srb2", IIO_SEPARATE, &ads1299_srb2),
	IIO_ENUM("srb1", IIO_SHARED_BY_ALL, &ads1299_srb1),
	IIO_ENUM("bias_drive", IIO_SHARED_BY_ALL, &ads1299_bias_drive),
	IIO_ENUM("test_signal", IIO_SHARED_BY_ALL, &ads1299_test),
	IIO_ENUM_AVAILABLE("test_signal", IIO_SHARED_BY_ALL, &ads1299_test),
	IIO_ENUM("leadoff_current_nanoamp", IIO_SHARED_BY_ALL, &ads1299_leadoff_current),
	IIO_ENUM_AVAILABLE("leadoff_current_nanoamp", IIO_SHARED_BY_ALL, &ads1299_leadoff_current),
	IIO_ENUM("leadoff_frequency", IIO_SHARED_BY_ALL, &ads1299_leadoff_frequency),
	IIO_ENUM_AVAILABLE("leadoff_frequency", IIO_SHARED_BY_ALL, &ads1299_leadoff_frequency),
	IIO_ENUM("leadoff_threshold_percent", IIO_SHARED_BY_ALL, &ads1299_leadoff_threshold),
	IIO_ENUM_AVAILABLE("leadoff_threshold_percent", IIO_SHARED_BY_ALL,
			   &ads1299_leadoff_threshold),
	{ }
};

/* --- readings --------------------------------------------------------------- */

/*
 * By iio_chan_spec.address. 9.3.1.1.3: channels 3 and 4 see DVDD / 4, the
 * others (AVDD + AVSS) / 2. That is half of AVDD with AVSS at ground, and
 * nothing worth knowing on a symmetrical supply.
 */
static const struct {
	const char *label;
	unsigned int channel;
	unsigned int divider;
} ads1299_supplies[] = {
	{ .label = "avdd", .channel = 0, .divider = 2 },
	{ .label = "dvdd", .channel = 2, .divider = 4 },
};

/*
 * What the multiplexer offers besides the electrodes: a channel is borrowed for
 * it and put back. START restarts the filter, so that the result is settled
 * (table 7).
 */
static int ads1299_borrow(struct iio_dev *indio_dev, unsigned int channel, u8 mux, int *ret_code)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_input *input = ads1299_input_of(st, channel);
	struct ads1299_input before = *input;
	int ret, ret2;

	input->mux = mux;
	input->gain = ADS1299_GAIN_CODE_1;
	ret = ads1299_apply(st);
	if (!ret)
		ret = ads1299_convert_once(indio_dev, channel, ret_code);
	/* Also after an error: it may have been written although the transfer failed */
	*input = before;
	ret2 = ads1299_apply(st);

	return ret ?: ret2;
}

static int ads1299_read_code(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			     int *ret_code)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	if (chan->differential)
		ret = ads1299_convert_once(indio_dev, chan->address, ret_code);
	else if (chan->type == IIO_TEMP)
		ret = ads1299_borrow(indio_dev, chan->address * st->info->num_channels,
				     ADS1299_MUX_TEMPERATURE, ret_code);
	else
		ret = ads1299_borrow(indio_dev, ads1299_supplies[chan->address].channel,
				     ADS1299_MUX_SUPPLY, ret_code);
	ads1299_release(indio_dev);

	return ret;
}

/* Millivolts or thousandths of a degree, at gain 1 where a channel is borrowed */
static void ads1299_read_scale(struct ads1299_state *st, const struct iio_chan_spec *chan,
			       int *val, int *val2)
{
	*val = st->scales[ADS1299_GAIN_CODE_1][0];
	*val2 = st->scales[ADS1299_GAIN_CODE_1][1];
	if (chan->differential) {
		*val = st->scales[ads1299_input_of(st, chan->address)->gain][0];
	} else if (chan->type == IIO_TEMP) {
		*val = DIV_ROUND_CLOSEST_ULL((u64)st->vref_uv * MILLI << 6,
					     ADS1299_TEMP_UV_PER_CELSIUS);
		*val2 = ADS1299_CODE_BITS + 6;
	} else {
		*val *= ads1299_supplies[chan->address].divider;
	}
}

/* The code of 0 degrees Celsius, times -1 */
static int ads1299_temperature_offset(const struct ads1299_state *st)
{
	const u32 zero_uv = ADS1299_TEMP_OFFSET_UV -
			    ADS1299_TEMP_OFFSET_CELSIUS * ADS1299_TEMP_UV_PER_CELSIUS;

	return -(int)DIV_ROUND_CLOSEST_ULL((u64)zero_uv << ADS1299_CODE_BITS, st->vref_uv);
}

static int ads1299_read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			    int *val, int *val2, long mask)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		return ads1299_read_code(indio_dev, chan, val) ?: IIO_VAL_INT;

	case IIO_CHAN_INFO_SCALE:
		ads1299_read_scale(st, chan, val, val2);
		return IIO_VAL_FRACTIONAL_LOG2;

	case IIO_CHAN_INFO_OFFSET:
		*val = ads1299_temperature_offset(st);
		return IIO_VAL_INT;

	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = st->rates_hz[st->settings.dr];
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

	for (gain = 0; gain < ADS1299_NUM_GAINS; gain++) {
		int offered = ((s64)st->scales[gain][0] * NANO) >> st->scales[gain][1];

		if (!mv && abs(nano_mv - offered) <= offered / 50)
			return ads1299_change(indio_dev, &ads1299_input_of(st, chan->address)->gain,
					      gain);
	}

	return -EINVAL;
}

static int ads1299_write_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *chan,
			     int val, int val2, long mask)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int dr;

	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		return ads1299_write_scale(indio_dev, chan, val, val2);

	case IIO_CHAN_INFO_SAMP_FREQ:
		for (dr = 0; dr < ADS1299_NUM_RATES; dr++)
			if (st->rates_hz[dr] == val && !val2)
				return ads1299_change(indio_dev, &st->settings.dr, dr);
		return -EINVAL;

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

	if (chan->type == IIO_TEMP)
		return sysfs_emit(label, "die\n");
	if (!chan->differential)
		return sysfs_emit(label, "%s\n", ads1299_supplies[chan->address].label);
	if (!st->labels[chan->address])	/* as the pins are called: IN1P and IN1N */
		return sysfs_emit(label, "IN%lu\n", chan->address + 1);

	return sysfs_emit(label, "%s\n", st->labels[chan->address]);
}

static ssize_t bias_electrode_connected_show(struct device *dev, struct device_attribute *attr,
					     char *buf)
{
	struct ads1299_state *st = iio_priv(dev_to_iio_dev(dev));

	return st->bias_electrode < 0 ? st->bias_electrode :
					sysfs_emit(buf, "%d\n", st->bias_electrode);
}

/* With the amplifier off a current source pulls at the electrode, with it on it does itself */
static ssize_t bias_electrode_connected_store(struct device *dev, struct device_attribute *attr,
					      const char *buf, size_t len)
{
	struct iio_dev *indio_dev = dev_to_iio_dev(dev);
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int config3;
	int ret, ret2;
	bool look;

	ret = kstrtobool(buf, &look);
	if (ret)
		return ret;
	if (!look)
		return -EINVAL;
	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;

	st->settings.bias_electrode_sense = 1;
	ret = ads1299_apply(st);
	if (!ret) {
		fsleep(ADS1299_BIAS_SENSE_US);
		ret = ads1299_reg_read(st, &st->selects[0], ADS1299_REG_CONFIG3, &config3);
	}
	st->settings.bias_electrode_sense = 0;
	ret2 = ads1299_apply(st);
	ads1299_release(indio_dev);
	if (ret || ret2)
		return ret ?: ret2;

	st->bias_electrode = !(config3 & ADS1299_CONFIG3_BIAS_STAT);
	return len;
}

static IIO_DEVICE_ATTR(lost_drdy, 0444, ads1299_lost_show, NULL, ADS1299_LOST_DRDY);
static IIO_DEVICE_ATTR(lost_spi, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SPI);
static IIO_DEVICE_ATTR(lost_sync, 0444, ads1299_lost_show, NULL, ADS1299_LOST_SYNC);
static IIO_DEVICE_ATTR(lost_fifo, 0444, ads1299_lost_show, NULL, ADS1299_LOST_FIFO);
static IIO_DEVICE_ATTR(recoveries, 0444, ads1299_recoveries_show, NULL, 0);
static IIO_DEVICE_ATTR_RW(bias_electrode_connected, 0);

static struct attribute *ads1299_attrs[] = {
	&iio_dev_attr_lost_drdy.dev_attr.attr,
	&iio_dev_attr_lost_spi.dev_attr.attr,
	&iio_dev_attr_lost_sync.dev_attr.attr,
	&iio_dev_attr_lost_fifo.dev_attr.attr,
	&iio_dev_attr_recoveries.dev_attr.attr,
	&iio_dev_attr_bias_electrode_connected.dev_attr.attr,
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

/* --- firmware --------------------------------------------------------------- */

static int ads1299_read_channel_node(struct ads1299_state *st, struct fwnode_handle *node)
{
	struct device *dev = &st->spi->dev;
	const char *name = fwnode_get_name(node);
	bool has_sense = fwnode_property_present(node, "ti,bias-sense");
	bool has_srb2 = fwnode_property_read_bool(node, "ti,srb2");
	unsigned int n;
	const char *word;
	u32 channel;
	int ret;

	ret = fwnode_property_read_u32(node, "reg", &channel);
	if (ret)
		return dev_err_probe(dev, ret, "%s: no reg\n", name);
	if (channel >= st->num_channels)
		return dev_err_probe(dev, -EINVAL, "%s: reg %u, but there are %u channels\n", name,
				     channel, st->num_channels);

	n = channel % (st->chain * st->info->num_channels);
	if ((has_sense || has_srb2) && n >= st->info->num_channels)
		return dev_err_probe(dev, -EINVAL,
				     "%s: inputs are routed as those of the first chip of the chain\n",
				     name);
	if (has_srb2)
		ads1299_input_of(st, channel)->srb2 = 1;
	if (has_sense) {
		ret = fwnode_property_read_string(node, "ti,bias-sense", &word);
		if (!ret)
			ret = match_string(ads1299_bias_sense_items,
					   ARRAY_SIZE(ads1299_bias_sense_items), word);
		if (ret < 0)
			return dev_err_probe(dev, ret, "%s: bad ti,bias-sense\n", name);
		ads1299_input_of(st, channel)->bias_sense = ret;
	}
	if (!fwnode_property_present(node, "label"))
		return 0;

	ret = fwnode_property_read_string(node, "label", &st->labels[channel]);
	return ret ? dev_err_probe(dev, ret, "%s: bad label\n", name) : 0;
}

/* What they start with */
static int ads1299_init_settings(struct ads1299_state *st)
{
	struct ads1299_settings *set = &st->settings;
	struct device *dev = &st->spi->dev;
	unsigned int i;
	int ret;

	set->dr = ADS1299_DR_1000_HZ;
	set->srb1 = device_property_read_bool(dev, "ti,srb1");
	set->bias_drive = device_property_read_bool(dev, "ti,bias-drive");
	st->bias_external_reference = device_property_read_bool(dev, "ti,bias-external-reference");
	st->bias_electrode = -ENODATA;
	for (i = 0; i < ARRAY_SIZE(set->inputs); i++) {
		set->inputs[i].gain = ADS1299_GAIN_CODE_24;
		/* Not as after reset, when every input is shorted */
		set->inputs[i].mux = ADS1299_MUX_NORMAL;
		if (set->bias_drive)
			set->inputs[i].bias_sense = ADS1299_SENSE_P | ADS1299_SENSE_N;
	}
	for (i = 0; i < st->num_selects; i++)
		st->selects[i].gpio = ADS1299_GPIO_RESET;
	bitmap_fill(st->powered_channels, ADS1299_MAX_SCAN_CHANNELS);

	device_for_each_child_node_scoped(dev, child) {
		ret = ads1299_read_channel_node(st, child);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * ads1299_init_channels - describe the channels to the IIO core
 * @indio_dev: the IIO device, its chips known
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_init_channels(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int n = st->num_channels;
	/* Inputs, timestamp, temperatures and supplies */
	unsigned int total = n + 1 + st->num_chips + ARRAY_SIZE(ads1299_supplies);
	struct iio_chan_spec *channels, *chan;
	unsigned int i;

	channels = devm_kcalloc(&st->spi->dev, total, sizeof(*channels), GFP_KERNEL);
	if (!channels)
		return -ENOMEM;

	chan = channels;
	for (i = 0; i < n; i++, chan++) {
		*chan = ads1299_channel;
		chan->channel = 2 * i;
		chan->channel2 = 2 * i + 1;
		chan->address = i;
		chan->scan_index = i;
	}
	*chan++ = (struct iio_chan_spec)IIO_CHAN_SOFT_TIMESTAMP(n);
	for (i = 0; i < st->num_chips; i++, chan++) {
		*chan = ads1299_temperature_channel;
		chan->channel = i;
		chan->address = i;
	}
	/* Numbered from where the inputs end */
	for (i = 0; i < ARRAY_SIZE(ads1299_supplies); i++, chan++) {
		*chan = ads1299_supply_channel;
		chan->channel = 2 * n + i;
		chan->address = i;
	}

	indio_dev->info = &ads1299_info;
	indio_dev->channels = channels;
	indio_dev->num_channels = total;

	return ads1299_init_settings(st);
}
