// SPDX-License-Identifier: GPL-2.0-only
/*
 * Supplies, reference and clock of the chips as regulators and a clock of the
 * hat, for a driver that switches them. A chip whose supply was off is as it
 * was powered up.
 */

#include <linux/clk-provider.h>
#include <linux/clkdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/moduleparam.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/machine.h>
#include <linux/spinlock.h>

#include "sim.h"

static bool supplies;
module_param(supplies, bool, 0444);
MODULE_PARM_DESC(supplies, "avdd and dvdd are regulators, off until somebody switches them on (default N)");

static int vref_says_uv = -1;
module_param(vref_says_uv, int, 0444);
MODULE_PARM_DESC(vref_says_uv, "what that regulator says it gives (default: what it gives)");

static unsigned int external_vref_uv;
module_param(external_vref_uv, uint, 0444);
MODULE_PARM_DESC(external_vref_uv, "voltage of a reference at VREFP, a regulator (default 0: none)");

static unsigned int external_clock_hz;
module_param(external_clock_hz, uint, 0444);
MODULE_PARM_DESC(external_clock_hz, "rate of a clock at the CLK pin (default 0: none)");

enum sim_rail_id {
	SIM_RAIL_AVDD,
	SIM_RAIL_DVDD,
	SIM_RAIL_VREF,
};

#define SIM_CLOCK_MIN_HZ	100000
#define SIM_CLOCK_MAX_HZ	10000000

/**
 * struct sim_rail - one of the supplies, common to all chips
 * @hat: the hat
 * @desc: what it is
 * @init_data: who may use it
 * @consumers: all chips
 * @voltage_uv: its voltage
 * @on: it has been switched on
 */
struct sim_rail {
	struct sim_hat *hat;
	struct regulator_desc desc;
	struct regulator_init_data init_data;
	struct regulator_consumer_supply consumers[SIM_MAX_CHIPS];
	int voltage_uv;
	bool on;
};

/* With @sim->lock held. The reference is no supply of the chip */
static void sim_switch_rail(struct sim *sim, const struct sim_rail *rail)
{
	unsigned int i;

	for (i = 0; i < sim->num_chips; i++) {
		struct ads_chip *chip = &sim->chips[i];

		if (rail->desc.id == SIM_RAIL_VREF)
			chip->board.external_vref_uv = rail->on ? rail->voltage_uv : 0;
		else
			ads_chip_set_supply(chip, BIT(rail->desc.id), rail->on);
	}
	sim_heed_power(sim);
	sim_heed_busy_chip(sim);
	sim_follow_chip(sim);
}

static void sim_set_rail(struct sim_rail *rail, bool on)
{
	unsigned long flags;
	unsigned int i;

	rail->on = on;
	for (i = 0; i < rail->hat->num_sims; i++) {
		struct sim *sim = rail->hat->sims[i];

		raw_spin_lock_irqsave(&sim->lock, flags);
		sim_switch_rail(sim, rail);
		raw_spin_unlock_irqrestore(&sim->lock, flags);
	}
}

static int sim_rail_enable(struct regulator_dev *rdev)
{
	sim_set_rail(rdev_get_drvdata(rdev), true);

	return 0;
}

static int sim_rail_disable(struct regulator_dev *rdev)
{
	sim_set_rail(rdev_get_drvdata(rdev), false);

	return 0;
}

static int sim_rail_is_enabled(struct regulator_dev *rdev)
{
	struct sim_rail *rail = rdev_get_drvdata(rdev);

	return rail->on;
}

static int sim_rail_voltage_uv(struct regulator_dev *rdev)
{
	struct sim_rail *rail = rdev_get_drvdata(rdev);

	if (rail->desc.id == SIM_RAIL_VREF && vref_says_uv >= 0)
		return vref_says_uv;
	return rail->voltage_uv;
}

static const struct regulator_ops sim_rail_ops = {
	.enable = sim_rail_enable,
	.disable = sim_rail_disable,
	.is_enabled = sim_rail_is_enabled,
	.get_voltage = sim_rail_voltage_uv,
};

/* Off, until a driver switches it on */
static int sim_add_rail(struct sim_hat *hat, enum sim_rail_id id, const char *name,
			unsigned int voltage_uv)
{
	struct device *dev = hat->dev;
	struct regulator_config config = { .dev = dev };
	struct sim_rail *rail;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_REGULATOR))
		return -EOPNOTSUPP;

	rail = devm_kzalloc(dev, sizeof(*rail), GFP_KERNEL);
	if (!rail)
		return -ENOMEM;

	rail->hat = hat;
	rail->desc.id = id;
	rail->voltage_uv = voltage_uv;
	sim_set_rail(rail, false);

	/* Without an owner: a driver that has it must not keep the module, see pins.c */
	rail->desc.type = REGULATOR_VOLTAGE;
	rail->desc.ops = &sim_rail_ops;
	rail->desc.name = devm_kasprintf(dev, GFP_KERNEL, SIM_NAME "-%s", name);
	if (!rail->desc.name)
		return -ENOMEM;

	for (i = 0; i < hat->num_sims; i++) {
		rail->consumers[i].supply = name;
		rail->consumers[i].dev_name = sim_spi_name(hat->sims[i]);
		if (!rail->consumers[i].dev_name)
			return -ENOMEM;
	}
	rail->init_data.constraints.valid_ops_mask = REGULATOR_CHANGE_STATUS;
	rail->init_data.consumer_supplies = rail->consumers;
	rail->init_data.num_consumer_supplies = hat->num_sims;

	config.init_data = &rail->init_data;
	config.driver_data = rail;

	return PTR_ERR_OR_ZERO(devm_regulator_register(dev, &rail->desc, &config));
}

#ifdef CONFIG_COMMON_CLK
static void sim_remove_clock(void *data)
{
	clk_hw_unregister_fixed_rate(data);
}

static void sim_remove_clock_lookup(void *data)
{
	clkdev_drop(data);
}

static int sim_add_clock(struct sim_hat *hat)
{
	struct clk_lookup *lookup;
	struct clk_hw *clock;
	unsigned int i;
	int ret;

	if (external_clock_hz < SIM_CLOCK_MIN_HZ || external_clock_hz > SIM_CLOCK_MAX_HZ)
		return -EINVAL;

	/* Of no device, which would own it: see above */
	clock = clk_hw_register_fixed_rate(NULL, SIM_NAME, NULL, 0, external_clock_hz);
	if (IS_ERR(clock))
		return PTR_ERR(clock);
	ret = devm_add_action_or_reset(hat->dev, sim_remove_clock, clock);
	if (ret)
		return ret;

	for (i = 0; i < hat->num_sims; i++) {
		const char *name = sim_spi_name(hat->sims[i]);

		lookup = name ? clkdev_hw_create(clock, NULL, "%s", name) : NULL;
		if (!lookup)
			return -ENOMEM;
		ret = devm_add_action_or_reset(hat->dev, sim_remove_clock_lookup, lookup);
		if (ret)
			return ret;
	}

	hat->clock_fs = SIM_CLOCK_FS(external_clock_hz);

	return 0;
}
#else
static int sim_add_clock(struct sim_hat *hat)
{
	return -EOPNOTSUPP;
}
#endif

/**
 * sim_add_supplies() - offer those that the parameters ask for
 * @hat: the hat, whose SPI controller has its number
 *
 * Return: 0 or a negative error code.
 */
int sim_add_supplies(struct sim_hat *hat)
{
	int ret;

	if (supplies) {
		ret = sim_add_rail(hat, SIM_RAIL_AVDD, "avdd", 5000000);
		if (ret)
			return ret;
		ret = sim_add_rail(hat, SIM_RAIL_DVDD, "dvdd", 3300000);
		if (ret)
			return ret;
	}
	if (external_vref_uv) {
		ret = sim_add_rail(hat, SIM_RAIL_VREF, "vref", external_vref_uv);
		if (ret)
			return ret;
	}
	if (external_clock_hz)
		return sim_add_clock(hat);

	return 0;
}
