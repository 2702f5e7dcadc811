// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chips as firmware would describe them: software nodes in place of the
 * device tree, which PCs do not have.
 */

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/property.h>
#include <linux/spi/spi.h>

#include "sim.h"

#define SIM_MAX_CHANNELS	(SIM_MAX_DAISY * ADS1299_MAX_CHANNELS)

static bool bias_drive = true;
module_param(bias_drive, bool, 0444);
MODULE_PARM_DESC(bias_drive, "the BIAS electrode is wired (default Y)");

static bool bench_setup;
module_param(bench_setup, bool, 0444);
MODULE_PARM_DESC(bench_setup, "no person is connected (default N)");

static bool srb1;
module_param(srb1, bool, 0444);
MODULE_PARM_DESC(srb1, "SRB1 is the common reference of all inputs (default N)");

/* Where people twitch; those after the first eight are for larger hats */
static const char * const sim_labels[SIM_MAX_CHANNELS] = {
	"left calf", "right calf", "left thigh", "right thigh",
	"left upper arm", "right upper arm", "left hand", "left eyelid",
	"right hand", "right eyelid", "left shin", "right shin",
	"left hamstring", "right hamstring", "left forearm", "right forearm",
	"left triceps", "right triceps", "left shoulder", "right shoulder",
	"left foot", "right foot", "left buttock", "right buttock",
	"left back", "right back", "left chest", "right chest",
	"left cheek", "right cheek", "chin", "abdomen",
};

/**
 * struct sim_nodes - firmware nodes of the chips behind a chip select
 * @properties: of the device
 * @device: the device
 * @channel_properties: reg and label of each channel
 * @channel_names: channel@N
 * @channels: the channels
 * @group: all of them
 */
struct sim_nodes {
	struct property_entry properties[5];
	struct software_node device;
	struct property_entry channel_properties[SIM_MAX_CHANNELS][3];
	char channel_names[SIM_MAX_CHANNELS][sizeof("channel@31")];
	struct software_node channels[SIM_MAX_CHANNELS];
	const struct software_node *group[1 + SIM_MAX_CHANNELS + 1];
};

static void sim_fill_nodes(struct sim_nodes *nodes, const struct sim *sim)
{
	struct property_entry *p = nodes->properties;
	unsigned int ch;

	if (bias_drive)
		*p++ = PROPERTY_ENTRY_BOOL("ti,bias-drive");
	if (bench_setup)
		*p++ = PROPERTY_ENTRY_BOOL("ti,bench-setup");
	if (srb1)
		*p++ = PROPERTY_ENTRY_BOOL("ti,srb1");
	if (sim->num_chips > 1)
		*p++ = PROPERTY_ENTRY_U32("#daisy-chained-devices", sim->num_chips);

	nodes->device.name = sim->name;
	nodes->device.properties = nodes->properties;
	nodes->group[0] = &nodes->device;

	for (ch = 0; ch < sim->num_channels; ch++) {
		unsigned int site = sim->index * sim->num_channels + ch;

		p = nodes->channel_properties[ch];
		p[0] = PROPERTY_ENTRY_U32("reg", ch);
		p[1] = PROPERTY_ENTRY_STRING("label", sim_labels[site % SIM_MAX_CHANNELS]);

		sprintf(nodes->channel_names[ch], "channel@%u", ch);
		nodes->channels[ch].name = nodes->channel_names[ch];
		nodes->channels[ch].parent = &nodes->device;
		nodes->channels[ch].properties = p;
		nodes->group[1 + ch] = &nodes->channels[ch];
	}
}

static void sim_remove_nodes(void *data)
{
	struct sim_nodes *nodes = data;

	software_node_unregister_node_group(nodes->group);
}

static void sim_remove_spi_device(void *data)
{
	spi_unregister_device(data);
}

static int sim_add_spi_device(struct sim *sim)
{
	struct device *dev = sim->hat->dev;
	struct spi_board_info info = {
		.modalias = "ads1299",
		.irq = sim_map_irq(sim),
		.max_speed_hz = ADS1299_SCLK_MAX_HZ,
		.chip_select = sim->index,
		.mode = SPI_MODE_1,
	};
	struct sim_nodes *nodes;
	struct spi_device *spi;
	int ret;

	if (!info.irq)
		return -ENOMEM;

	nodes = devm_kzalloc(dev, sizeof(*nodes), GFP_KERNEL);
	if (!nodes)
		return -ENOMEM;

	sim_fill_nodes(nodes, sim);
	ret = software_node_register_node_group(nodes->group);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, sim_remove_nodes, nodes);
	if (ret)
		return ret;

	info.swnode = &nodes->device;
	spi = spi_new_device(sim->hat->host, &info);
	if (!spi)
		return -ENODEV;

	return devm_add_action_or_reset(dev, sim_remove_spi_device, spi);
}

int sim_add_spi_devices(struct sim_hat *hat)
{
	unsigned int i;
	int ret;

	for (i = 0; i < hat->num_sims; i++) {
		ret = sim_add_spi_device(hat->sims[i]);
		if (ret)
			return ret;
	}

	return 0;
}
