// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 clock output: the internal oscillator at the CLK pin, for the other
 * chips of a board (table 6; 10.1.4).
 *
 * That the pin is an output is wiring: CONFIG1.CLK_EN is set as long as the
 * driver is bound. To change it when a consumer comes would restart the digital
 * filter under a stream. A consumer only keeps the chip out of standby, where
 * the oscillator stops.
 */

#include <linux/clk-provider.h>
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/spi/spi.h>

#include "ads1299-priv.h"
#include "compat.h"

struct ads1299_clkout {
	struct clk_hw hw;
	struct ads1299_state *st;
};

static int ads1299_clkout_prepare(struct clk_hw *hw)
{
	return ads1299_wake(container_of(hw, struct ads1299_clkout, hw)->st);
}

static void ads1299_clkout_unprepare(struct clk_hw *hw)
{
	ads1299_rest(container_of(hw, struct ads1299_clkout, hw)->st);
}

static unsigned long ads1299_clkout_recalc_rate(struct clk_hw *hw, unsigned long parent_rate)
{
	return container_of(hw, struct ads1299_clkout, hw)->st->fclk_hz;
}

static const struct clk_ops ads1299_clkout_ops = {
	.prepare = ads1299_clkout_prepare,
	.unprepare = ads1299_clkout_unprepare,
	.recalc_rate = ads1299_clkout_recalc_rate,
};

/**
 * ads1299_clkout_init - offer the clock, where the firmware says that it is wired
 * @st: the device
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_clkout_init(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	struct clk_init_data init = {
		.ops = &ads1299_clkout_ops,
	};
	struct ads1299_clkout *clkout;
	int ret;

	if (!st->clock_output)
		return 0;

	clkout = devm_kzalloc(dev, sizeof(*clkout), GFP_KERNEL);
	if (!clkout)
		return -ENOMEM;
	init.name = devm_kasprintf(dev, GFP_KERNEL, "%s-clk", dev_name(dev));
	if (!init.name)
		return -ENOMEM;

	clkout->st = st;
	clkout->hw.init = &init;
	ret = devm_clk_hw_register(dev, &clkout->hw);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register the clock output\n");
	ret = devm_of_clk_add_hw_provider(dev, of_clk_hw_simple_get, &clkout->hw);
	if (ret)
		return dev_err_probe(dev, ret, "cannot offer the clock output\n");

	return 0;
}
