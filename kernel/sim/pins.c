// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RESET, PWDN and START lines of the chips as GPIOs of the hat, for a
 * driver that has reset-gpios, powerdown-gpios and start-gpios.
 *
 * Software nodes cannot refer to GPIOs before Linux 6.2, so a lookup table
 * tells which lines belong to which chip.
 */

#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/kconfig.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/property.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>

#include "../compat.h"
#include "sim.h"

static bool pins;
module_param(pins, bool, 0444);
MODULE_PARM_DESC(pins, "RESET, PWDN and START are wired to GPIOs (default N)");

/* Lines of each chip select, one after another; the first two are active low */
enum sim_pin {
	SIM_PIN_RESET,
	SIM_PIN_POWER_DOWN,
	SIM_PIN_START,
	SIM_NUM_PINS
};

static struct sim *sim_of_line(struct gpio_chip *gc, unsigned int offset)
{
	struct sim_hat *hat = gpiochip_get_data(gc);

	return hat->sims[offset / SIM_NUM_PINS];
}

static bool sim_line_is_high(struct sim *sim, enum sim_pin pin)
{
	lockdep_assert_held(&sim->lock);

	switch (pin) {
	case SIM_PIN_RESET:
		return !ads_chip_in_reset(&sim->chips[0]);
	case SIM_PIN_POWER_DOWN:
		return !ads_chip_powered_down(&sim->chips[0]);
	default:
		return sim->start_pin;
	}
}

/* The chips of a chain share their lines */
static void sim_drive_line(struct sim *sim, enum sim_pin pin, bool high)
{
	unsigned int i;

	lockdep_assert_held(&sim->lock);

	for (i = 0; i < sim->num_chips; i++) {
		switch (pin) {
		case SIM_PIN_RESET:
			ads_chip_set_reset_pin(&sim->chips[i], !high);
			break;
		case SIM_PIN_POWER_DOWN:
			ads_chip_set_power_pin(&sim->chips[i], high);
			break;
		default:
			ads_chip_set_start_pin(&sim->chips[i], high);
			sim->start_pin = high;
		}
	}
	sim_heed_power(sim);
	sim_heed_busy_chip(sim);
	sim_follow_chip(sim);
}

static int sim_pin_get(struct gpio_chip *gc, unsigned int offset)
{
	struct sim *sim = sim_of_line(gc, offset);
	unsigned long flags;
	bool high;

	raw_spin_lock_irqsave(&sim->lock, flags);
	high = sim_line_is_high(sim, offset % SIM_NUM_PINS);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return high;
}

static int sim_pin_set(struct gpio_chip *gc, unsigned int offset, int value)
{
	struct sim *sim = sim_of_line(gc, offset);
	unsigned long flags;

	raw_spin_lock_irqsave(&sim->lock, flags);
	sim_drive_line(sim, offset % SIM_NUM_PINS, value);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return 0;
}

ADS1299_GPIO_SETTER(sim_pin_setter, sim_pin_set);

/* Nobody drives the line: resistors let the chip run, but not convert */
static int sim_pin_release(struct gpio_chip *gc, unsigned int offset)
{
	return sim_pin_set(gc, offset, offset % SIM_NUM_PINS != SIM_PIN_START);
}

static void sim_remove_lookup(void *data)
{
	gpiod_remove_lookup_table(data);
}

static int sim_add_lookup(struct sim *sim)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} lines[SIM_NUM_PINS] = {
		[SIM_PIN_RESET] = { "reset", GPIO_ACTIVE_LOW },
		[SIM_PIN_POWER_DOWN] = { "powerdown", GPIO_ACTIVE_LOW },
		[SIM_PIN_START] = { "start", GPIO_ACTIVE_HIGH },
	};
	struct device *dev = sim->hat->dev;
	struct gpiod_lookup_table *table;
	unsigned int i;

	/* The last entry ends it */
	table = devm_kzalloc(dev, struct_size(table, table, SIM_NUM_PINS + 1), GFP_KERNEL);
	if (!table)
		return -ENOMEM;

	table->dev_id = sim_spi_name(sim);
	if (!table->dev_id)
		return -ENOMEM;

	for (i = 0; i < SIM_NUM_PINS; i++)
		table->table[i] = GPIO_LOOKUP(SIM_NAME, sim->index * SIM_NUM_PINS + i,
					      lines[i].name, lines[i].flags);
	gpiod_add_lookup_table(table);

	return devm_add_action_or_reset(dev, sim_remove_lookup, table);
}

/**
 * sim_add_pins() - offer the lines, if a parameter or the firmware asks for it
 * @hat: the hat
 *
 * Return: 0 or a negative error code.
 */
int sim_add_pins(struct sim_hat *hat)
{
	struct gpio_chip *gc;

	if (!pins && !device_property_present(hat->dev, "gpio-controller"))
		return 0;
	if (!IS_ENABLED(CONFIG_GPIOLIB))
		return -EOPNOTSUPP;

	gc = devm_kzalloc(hat->dev, sizeof(*gc), GFP_KERNEL);
	if (!gc)
		return -ENOMEM;

	/*
	 * Neither parent nor owner: lines in use would keep the module, but it
	 * can go, and the devices that use them go first.
	 */
	gc->label = SIM_NAME;
	gc->fwnode = dev_fwnode(hat->dev);
	gc->base = -1;
	gc->ngpio = hat->num_sims * SIM_NUM_PINS;
	gc->get = sim_pin_get;
	gc->set = sim_pin_setter;
	gc->direction_input = sim_pin_release;
	gc->direction_output = sim_pin_set;

	return devm_gpiochip_add_data(hat->dev, gc, hat);
}

/**
 * sim_wire_pins() - tell which lines are those of a chip select
 * @sim: the chip select
 *
 * Return: 0 or a negative error code.
 */
int sim_wire_pins(struct sim *sim)
{
	if (!pins || !IS_ENABLED(CONFIG_GPIOLIB))
		return 0;

	return sim_add_lookup(sim);
}
