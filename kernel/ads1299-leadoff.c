// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 lead-off: excitation current and electrode status (9.3.2.4.3).
 *
 * A direct current pulls the inputs apart: a lost electrode drifts to a rail
 * and trips its comparator, which is reported in every status word.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/regmap.h>
#include <linux/sysfs.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/*
 * By LOFF.ILEAD_OFF. The 6 and 24 uA settings are left out: dc of that size
 * must not flow through skin.
 */
static const unsigned int ads1299_leadoff_currents_na[] = { 6, 24 };

static int ads1299_leadoff_off(struct ads1299_state *st)
{
	int ret;

	st->leadoff_status_mask = 0;

	ret = regmap_clear_bits(st->regmap, ADS1299_REG_CONFIG4, ADS1299_CONFIG4_PD_LOFF_COMP);
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF_SENSP, 0);
	if (ret)
		return ret;
	return regmap_write(st->regmap, ADS1299_REG_LOFF_SENSN, 0);
}

/**
 * ads1299_leadoff_set - set the lead-off current of all inputs
 * @st: the device
 * @current_na: 6 or 24 nA, or 0 for off
 *
 * Context: can sleep; no conversion under way: in probe, or in direct mode.
 * Returns: 0 on success, -EINVAL for another current, or an error of the bus.
 */
int ads1299_leadoff_set(struct ads1299_state *st, unsigned int current_na)
{
	unsigned int inputs = GENMASK(st->info->num_channels - 1, 0);
	unsigned int i;
	int ret;

	if (!current_na)
		return ads1299_leadoff_off(st);

	for (i = 0; i < ARRAY_SIZE(ads1299_leadoff_currents_na); i++)
		if (ads1299_leadoff_currents_na[i] == current_na)
			break;
	if (i == ARRAY_SIZE(ads1299_leadoff_currents_na))
		return -EINVAL;

	/* Comparators at 95 % and 5 %, code 0; direct current */
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF,
			   FIELD_PREP(ADS1299_LOFF_COMP_TH_MASK, 0) |
			   FIELD_PREP(ADS1299_LOFF_ILEAD_MASK, i) |
			   FIELD_PREP(ADS1299_LOFF_FLEAD_MASK, ADS1299_FLEAD_DC));
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF_SENSP, inputs);
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_LOFF_SENSN, inputs);
	if (ret)
		return ret;
	ret = regmap_set_bits(st->regmap, ADS1299_REG_CONFIG4, ADS1299_CONFIG4_PD_LOFF_COMP);
	if (ret)
		return ret;

	st->leadoff_status_mask = FIELD_PREP(ADS1299_STATUS_LOFF_P_MASK, inputs) |
				  FIELD_PREP(ADS1299_STATUS_LOFF_N_MASK, inputs);
	return 0;
}

/**
 * ads1299_leadoff_flag - mark the channels whose electrodes are off
 * @st: the device
 * @status: status word of the frame
 * @scan: the channels, in whose spare bits the flags go
 *
 * Context: any.
 */
void ads1299_leadoff_flag(const struct ads1299_state *st, u32 status, u32 *scan)
{
	u32 off = status & st->leadoff_status_mask;
	u32 p = FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, off);
	u32 n = FIELD_GET(ADS1299_STATUS_LOFF_N_MASK, off);
	unsigned int i;

	for (i = 0; i < st->info->num_channels; i++) {
		if (p & BIT(i))
			scan[i] |= ADS1299_FLAG_P_OFF;
		if (n & BIT(i))
			scan[i] |= ADS1299_FLAG_N_OFF;
	}
}

ssize_t ads1299_leadoff_current_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ads1299_state *st = iio_priv(dev_to_iio_dev(dev));
	unsigned int loff, code;
	int ret;

	if (!st->leadoff_status_mask)
		return sysfs_emit(buf, "0\n");

	ret = regmap_read(st->regmap, ADS1299_REG_LOFF, &loff);
	if (ret)
		return ret;
	code = FIELD_GET(ADS1299_LOFF_ILEAD_MASK, loff);
	if (code >= ARRAY_SIZE(ads1299_leadoff_currents_na))
		return -EIO;
	return sysfs_emit(buf, "%u\n", ads1299_leadoff_currents_na[code]);
}

ssize_t ads1299_leadoff_current_store(struct device *dev, struct device_attribute *attr,
				      const char *buf, size_t len)
{
	struct iio_dev *indio_dev = dev_to_iio_dev(dev);
	unsigned int current_na;
	int ret;

	ret = kstrtouint(buf, 10, &current_na);
	if (ret)
		return ret;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_leadoff_set(iio_priv(indio_dev), current_na);
	ads1299_release(indio_dev);

	return ret ?: len;
}
