// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299: the four GPIO pins of the chip.
 *
 * They can be used while the buffer is enabled: between two reads of data the
 * chip takes register commands (9.5.3.9), only CONFIG1 disturbs conversions.
 *
 * In a daisy chain all chips are written the same, and the levels are those of
 * the first one.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/regmap.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_NUM_GPIOS	4

static u8 ads1299_gpio_data(unsigned int offset)
{
	return FIELD_PREP(ADS1299_GPIO_DATA_MASK, BIT(offset));
}

static u8 ads1299_gpio_direction(unsigned int offset)
{
	return FIELD_PREP(ADS1299_GPIO_DIR_MASK, BIT(offset));
}

/*
 * Either the chip is claimed, or the buffer is enabled and keeps it awake. If
 * that ends just now then the value waits in the cache for the next wake-up.
 */
static int ads1299_gpio_update(struct gpio_chip *gc, u8 mask, u8 value)
{
	struct iio_dev *indio_dev = gpiochip_get_data(gc);
	struct ads1299_state *st = iio_priv(indio_dev);
	int claimed, ret;

	claimed = ads1299_claim(indio_dev);
	if (claimed && claimed != -EBUSY)
		return claimed;
	ret = regmap_update_bits(st->regmap, ADS1299_REG_GPIO, mask, value);
	if (!claimed)
		ads1299_release(indio_dev);

	return ret;
}

static int ads1299_gpio_get_direction(struct gpio_chip *gc, unsigned int offset)
{
	struct ads1299_state *st = iio_priv(gpiochip_get_data(gc));
	int input;

	input = regmap_test_bits(st->regmap, ADS1299_REG_GPIO, ads1299_gpio_direction(offset));
	if (input < 0)
		return input;

	return input ? GPIO_LINE_DIRECTION_IN : GPIO_LINE_DIRECTION_OUT;
}

static int ads1299_gpio_direction_input(struct gpio_chip *gc, unsigned int offset)
{
	u8 direction = ads1299_gpio_direction(offset);

	return ads1299_gpio_update(gc, direction, direction);
}

static int ads1299_gpio_direction_output(struct gpio_chip *gc, unsigned int offset, int value)
{
	u8 direction = ads1299_gpio_direction(offset), data = ads1299_gpio_data(offset);

	return ads1299_gpio_update(gc, direction | data, value ? data : 0);
}

/* The register holds the levels of all pins, whatever their direction */
static int ads1299_gpio_get(struct gpio_chip *gc, unsigned int offset)
{
	struct iio_dev *indio_dev = gpiochip_get_data(gc);
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int gpio;
	int claimed, ret;

	claimed = ads1299_claim(indio_dev);
	if (claimed && claimed != -EBUSY)
		return claimed;
	ret = ads1299_reg_read(st, ADS1299_REG_GPIO, &gpio);
	if (!claimed)
		ads1299_release(indio_dev);
	if (ret)
		return ret;

	return !!(gpio & ads1299_gpio_data(offset));
}

static int ads1299_gpio_set(struct gpio_chip *gc, unsigned int offset, int value)
{
	u8 data = ads1299_gpio_data(offset);

	return ads1299_gpio_update(gc, data, value ? data : 0);
}

ADS1299_GPIO_SETTER(ads1299_gpio_setter, ads1299_gpio_set);

/**
 * ads1299_gpio_init - offer the pins
 * @indio_dev: the IIO device
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_gpio_init(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct device *dev = &st->spi->dev;
	struct gpio_chip *gc = &st->gpio;
	int ret;

	if (!IS_ENABLED(CONFIG_GPIOLIB))
		return 0;

	gc->label = dev_name(dev);
	gc->parent = dev;
	gc->owner = THIS_MODULE;
	gc->base = -1;
	gc->ngpio = ADS1299_NUM_GPIOS;
	gc->can_sleep = true;
	gc->get_direction = ads1299_gpio_get_direction;
	gc->direction_input = ads1299_gpio_direction_input;
	gc->direction_output = ads1299_gpio_direction_output;
	gc->get = ads1299_gpio_get;
	gc->set = ads1299_gpio_setter;

	ret = devm_gpiochip_add_data(dev, gc, indio_dev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot offer the GPIO pins\n");

	return 0;
}
