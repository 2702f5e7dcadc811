// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 settings: the attributes that are one of a list, be it of words
 * or of numbers. A table entry (struct ads1299_choice) is all that one takes.
 *
 * Like iio_enum, but with numbers that depend on clock and reference, and with
 * the register field in the table instead of two functions.
 */

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/regmap.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"

#define ADS1299_CHOICE_TEXT_MAX	32

/* Without the zeros at the end: 92.5, 250 */
static int ads1299_choice_number(const struct ads1299_state *st,
				 const struct ads1299_choice *choice, unsigned int item,
				 char *text)
{
	u64 micro, whole;
	u32 fraction;
	int ret, len;

	ret = choice->number(st, item, &micro);
	if (ret)
		return ret;

	whole = div_u64_rem(micro, ADS1299_MICRO, &fraction);
	len = scnprintf(text, ADS1299_CHOICE_TEXT_MAX, "%llu.%06u", whole, fraction);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	text[len] = '\0';

	return 0;
}

static int ads1299_choice_text(const struct ads1299_state *st, const struct ads1299_choice *choice,
			       unsigned int item, char *text)
{
	if (choice->number)
		return ads1299_choice_number(st, choice, item, text);

	return strscpy(text, choice->words[item], ADS1299_CHOICE_TEXT_MAX) < 0 ? -EIO : 0;
}

static unsigned int ads1299_choice_reg(const struct ads1299_state *st,
				       const struct ads1299_choice *choice,
				       const struct iio_chan_spec *chan)
{
	return choice->reg + (choice->per_channel ? ads1299_chip_channel(st, chan) : 0);
}

/* Returns: the number of the item, or a negative error code */
static int ads1299_choice_get(struct ads1299_state *st, const struct ads1299_choice *choice,
			      const struct iio_chan_spec *chan)
{
	unsigned int val, item;
	int ret;

	if (choice->get)
		return choice->get(st, ads1299_chip_channel(st, chan));

	ret = regmap_read(st->regmap, ads1299_choice_reg(st, choice, chan), &val);
	if (ret)
		return ret;

	val = (val & choice->mask) >> __ffs(choice->mask);
	for (item = 0; item < choice->num_items; item++)
		if (val == (choice->codes ? choice->codes[item] : item))
			return item;

	return -EIO;	/* written through debugfs */
}

static int ads1299_choice_set(struct ads1299_state *st, const struct ads1299_choice *choice,
			      const struct iio_chan_spec *chan, unsigned int item)
{
	unsigned int code;

	if (choice->set)
		return choice->set(st, ads1299_chip_channel(st, chan), item);

	code = choice->codes ? choice->codes[item] : item;
	return regmap_update_bits(st->regmap, ads1299_choice_reg(st, choice, chan),
				  choice->mask, code << __ffs(choice->mask));
}

ssize_t ads1299_choice_read(struct iio_dev *indio_dev, uintptr_t private,
			    const struct iio_chan_spec *chan, char *buf)
{
	const struct ads1299_choice *choice = (const struct ads1299_choice *)private;
	struct ads1299_state *st = iio_priv(indio_dev);
	char text[ADS1299_CHOICE_TEXT_MAX];
	int item, ret;

	item = ads1299_choice_get(st, choice, chan);
	if (item < 0)
		return item;
	ret = ads1299_choice_text(st, choice, item, text);
	if (ret)
		return ret;

	return sysfs_emit(buf, "%s\n", text);
}

ssize_t ads1299_choice_available(struct iio_dev *indio_dev, uintptr_t private,
				 const struct iio_chan_spec *chan, char *buf)
{
	const struct ads1299_choice *choice = (const struct ads1299_choice *)private;
	struct ads1299_state *st = iio_priv(indio_dev);
	char text[ADS1299_CHOICE_TEXT_MAX];
	unsigned int item;
	int ret, at = 0;

	for (item = 0; item < choice->num_items; item++) {
		if (choice->offered && !choice->offered(st, item))
			continue;
		ret = ads1299_choice_text(st, choice, item, text);
		if (ret)
			return ret;
		at += sysfs_emit_at(buf, at, "%s%s", at ? " " : "", text);
	}
	at += sysfs_emit_at(buf, at, "\n");

	return at;
}

/* As ads1299_choice_text() writes it: libiio sends 92.5 as 92.500000 */
static int ads1299_choice_normalise(const char *buf, char *text)
{
	char *end;

	if (strscpy(text, skip_spaces(buf), ADS1299_CHOICE_TEXT_MAX) < 0)
		return -EINVAL;
	strim(text);

	if (!strchr(text, '.'))
		return 0;
	end = text + strlen(text);
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	*end = '\0';

	return 0;
}

static int ads1299_choice_find(const struct ads1299_state *st, const struct ads1299_choice *choice,
			       const char *buf)
{
	char wanted[ADS1299_CHOICE_TEXT_MAX], text[ADS1299_CHOICE_TEXT_MAX];
	unsigned int item;
	int ret;

	ret = ads1299_choice_normalise(buf, wanted);
	if (ret)
		return ret;

	for (item = 0; item < choice->num_items; item++) {
		ret = ads1299_choice_text(st, choice, item, text);
		if (ret)
			return ret;
		if (!strcmp(text, wanted))
			return item;
	}

	return -EINVAL;
}

ssize_t ads1299_choice_write(struct iio_dev *indio_dev, uintptr_t private,
			     const struct iio_chan_spec *chan, const char *buf, size_t len)
{
	const struct ads1299_choice *choice = (const struct ads1299_choice *)private;
	struct ads1299_state *st = iio_priv(indio_dev);
	int item, ret;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;

	/* In here, as what there is to choose from may depend on the data rate */
	item = ads1299_choice_find(st, choice, buf);
	ret = item < 0 ? item : ads1299_choice_set(st, choice, chan, item);
	ads1299_release(indio_dev);

	return ret ?: len;
}
