// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simulated hat: an SPI bus with ADS1299s on it, their DRDY interrupts, and
 * for each a device file into which a program writes the voltages at the
 * electrodes. For tests and for trying the software without hardware.
 *
 * Needs nothing of the kernel that a stock distribution kernel lacks: it
 * brings its own interrupt chip, and software nodes take the place of the
 * device tree. Where a device tree describes the hat, it takes that. What
 * there is to set and to see is in README.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "sim.h"

/* With high-resolution timers it is 1 ns, without them a tick of milliseconds */
#define SIM_TIMER_RESOLUTION_NS	10000

static unsigned int channels = ADS_MAX_CHANNELS;
module_param(channels, uint, 0444);
MODULE_PARM_DESC(channels, "channels of a chip: 8 (ADS1299), 6 or 4 (default 8)");

static unsigned int chips = 1;
module_param(chips, uint, 0444);
MODULE_PARM_DESC(chips, "chip selects, 1 to 4 (default 1)");

static unsigned int daisy = 1;
module_param(daisy, uint, 0444);
MODULE_PARM_DESC(daisy, "chips of a daisy chain behind each chip select, 1 to 9 (default 1)");

static char *part = "ads1299";
module_param(part, charp, 0444);
MODULE_PARM_DESC(part, "ads1299, or ads1298 for the mainline driver of that one (default ads1299)");

static const struct ads_chip_part *sim_part(void)
{
	static const struct ads_chip_part * const parts[] = {
		&ads_chip_ads1299, &ads_chip_ads1299_6, &ads_chip_ads1299_4,
		&ads_chip_ads1298, &ads_chip_ads1296, &ads_chip_ads1294,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i]->family, part) && parts[i]->channels == channels)
			return parts[i];

	return NULL;
}

static int sim_add(struct sim_hat *hat, unsigned int num_chips)
{
	const struct ads_chip_part *chip_part = sim_part();
	struct device *dev = hat->dev;
	struct sim *sim;
	unsigned int i;

	sim = devm_kzalloc(dev, sizeof(*sim), GFP_KERNEL);
	if (!sim)
		return -ENOMEM;

	sim->hat = hat;
	sim->index = hat->num_sims;
	sim->num_chips = num_chips;
	sim->frame_unit_nv = 1;
	sim->num_channels = num_chips * chip_part->channels;
	snprintf(sim->name, sizeof(sim->name), SIM_NAME "%u", sim->index);

	sim->queue = devm_kcalloc(dev, SIM_QUEUE_FRAMES * sim->num_channels, sizeof(*sim->queue),
				  GFP_KERNEL);
	if (!sim->queue)
		return -ENOMEM;

	raw_spin_lock_init(&sim->lock);
	for (i = 0; i < num_chips; i++) {
		ads_chip_power_up(&sim->chips[i], chip_part);
		sim->chips[i].chain = num_chips - i;
	}
	raw_spin_lock_irq(&sim->lock);
	sim_heed_power(sim);
	raw_spin_unlock_irq(&sim->lock);
	sim_init_queue(sim);
	sim_init_drdy(sim);
	sim_init_pacing(sim);
	hat->sims[hat->num_sims++] = sim;

	return 0;
}

/* A child node for each chip select, numbered without gaps */
static int sim_add_from_firmware(struct sim_hat *hat)
{
	struct device *dev = hat->dev;
	int ret;

	device_for_each_child_node_scoped(dev, child) {
		u32 cs, n = 1;

		ret = fwnode_property_read_u32(child, "reg", &cs);
		if (ret || cs != hat->num_sims || cs >= SIM_MAX_CHIPS)
			return dev_err_probe(dev, -EINVAL, "%s: reg must count up from 0 to %u\n",
					     fwnode_get_name(child), SIM_MAX_CHIPS - 1);

		fwnode_property_read_u32(child, "#daisy-chained-devices", &n);
		if (!n || n > SIM_MAX_DAISY)
			return dev_err_probe(dev, -EINVAL, "%s: chain of %u chips\n",
					     fwnode_get_name(child), n);

		ret = sim_add(hat, n);
		if (ret)
			return ret;
	}

	return hat->num_sims ? 0 : -ENODEV;
}

static int sim_add_from_parameters(struct sim_hat *hat)
{
	unsigned int i;
	int ret;

	for (i = 0; i < chips; i++) {
		ret = sim_add(hat, daisy);
		if (ret)
			return ret;
	}

	return 0;
}

/* Conversions may go on for as long as there are interrupts to raise */
static void sim_stop(void *data)
{
	struct sim_hat *hat = data;
	unsigned int i;

	for (i = 0; i < hat->num_sims; i++) {
		sim_stop_pacing(hat->sims[i]);
		irq_work_sync(&hat->sims[i]->wake);
		sim_stop_drdy(hat->sims[i]);
	}
}

static int sim_add_files(struct sim_hat *hat)
{
	unsigned int i;
	int ret;

	for (i = 0; i < hat->num_sims; i++) {
		ret = sim_add_debugfs(hat->sims[i]);
		if (ret)
			return ret;
		ret = sim_add_misc(hat->sims[i]);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * Everything goes in the reverse order of its coming: first the SPI devices,
 * by which their driver lets go of bus and interrupts, then the device files,
 * which nobody has open any more (that would keep the module), then the bus,
 * and only then the timers and the interrupts they ran on.
 */
static int sim_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct sim_hat *hat;
	int ret;

	/* Seen in virtual machines whose host was busy while the timer was calibrated */
	if (hrtimer_resolution > SIM_TIMER_RESOLUTION_NS)
		dev_warn(dev, "timers tick every %u us only: conversions will be late\n",
			 hrtimer_resolution / 1000);

	hat = devm_kzalloc(dev, sizeof(*hat), GFP_KERNEL);
	if (!hat)
		return -ENOMEM;
	hat->dev = dev;
	hat->clock_fs = SIM_CLOCK_FS(ADS_FCLK_HZ);

	ret = dev_fwnode(dev) ? sim_add_from_firmware(hat) : sim_add_from_parameters(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the chips\n");

	ret = sim_add_irqs(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the DRDY interrupts\n");

	ret = devm_add_action_or_reset(dev, sim_stop, hat);
	if (ret)
		return ret;

	ret = sim_add_files(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the device files\n");

	ret = sim_add_pins(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the pins\n");

	ret = sim_add_spi_host(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the SPI controller\n");

	/* The children of a device tree node have come with the controller */
	if (dev_fwnode(dev))
		return 0;

	ret = sim_add_supplies(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add supplies and clock\n");

	ret = sim_add_spi_devices(hat);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the SPI devices\n");

	return 0;
}

static const struct of_device_id sim_of_match[] = {
	{ .compatible = "twitchd,ads1299-sim" },
	{ }
};
MODULE_DEVICE_TABLE(of, sim_of_match);

static struct platform_driver sim_driver = {
	.driver = {
		.name = SIM_NAME,
		.of_match_table = sim_of_match,
		/* A device file may be open: only rmmod, which minds it, takes the hat away */
		.suppress_bind_attrs = true,
	},
	.probe = sim_probe,
};

static struct platform_device *sim_device;

static bool sim_described_by_firmware(void)
{
	struct device_node *node = of_find_matching_node(NULL, sim_of_match);

	of_node_put(node);

	return node;
}

static int __init sim_init(void)
{
	if (!sim_part()) {
		pr_err(SIM_NAME ": part=%s channels=%u: must be ads1299 or ads1298, 8, 6 or 4\n",
		       part, channels);
		return -EINVAL;
	}
	if (!chips || chips > SIM_MAX_CHIPS) {
		pr_err(SIM_NAME ": chips=%u: must be 1 to %u\n", chips, SIM_MAX_CHIPS);
		return -EINVAL;
	}
	if (!daisy || daisy > SIM_MAX_DAISY) {
		pr_err(SIM_NAME ": daisy=%u: must be 1 to %u\n", daisy, SIM_MAX_DAISY);
		return -EINVAL;
	}
	if (!sim_check_clock_ppm())
		return -EINVAL;

	if (sim_described_by_firmware())
		return platform_driver_register(&sim_driver);

	sim_device = platform_create_bundle(&sim_driver, sim_probe, NULL, 0, NULL, 0);

	return PTR_ERR_OR_ZERO(sim_device);
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	if (sim_device)
		platform_device_unregister(sim_device);
	platform_driver_unregister(&sim_driver);
}
module_exit(sim_exit);

MODULE_DESCRIPTION("Simulated ADS1299 hat: SPI bus, chips and electrodes");
MODULE_LICENSE("GPL");
