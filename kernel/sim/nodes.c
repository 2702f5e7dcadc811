// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chips as firmware would describe them: software nodes in place of the
 * device tree, which PCs do not have.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/property.h>
#include <linux/spi/spi.h>
#include <linux/string.h>

#include "sim.h"

#define SIM_MAX_CHANNELS	(SIM_MAX_DAISY * ADS_MAX_CHANNELS)

static bool bias_drive = true;
module_param(bias_drive, bool, 0444);
MODULE_PARM_DESC(bias_drive, "the BIAS electrode is wired (default Y)");

static unsigned int speed_hz = ADS_SCLK_MAX_HZ;
module_param(speed_hz, uint, 0444);
MODULE_PARM_DESC(speed_hz, "spi-max-frequency (default 20000000)");

static bool bench_setup;
module_param(bench_setup, bool, 0444);
MODULE_PARM_DESC(bench_setup, "no person is connected (default N)");

static bool srb1;
module_param(srb1, bool, 0444);
MODULE_PARM_DESC(srb1, "SRB1 is the common reference of all inputs (default N)");

static bool bias_external_reference;
module_param(bias_external_reference, bool, 0444);
MODULE_PARM_DESC(bias_external_reference, "BIASREF is driven from outside (default N)");

static bool clock_output;
module_param(clock_output, bool, 0444);
MODULE_PARM_DESC(clock_output, "the CLK pin is an output: #clock-cells (default N)");

static unsigned int srb2;
module_param(srb2, uint, 0444);
MODULE_PARM_DESC(srb2, "bit mask of the channels whose positive input is SRB2 (default 0)");

static char *bias_sense[SIM_MAX_CHANNELS];
module_param_array(bias_sense, charp, NULL, 0444);
MODULE_PARM_DESC(bias_sense, "ti,bias-sense of each channel: none, positive, negative, both (default: the driver's)");

/* Where people twitch: after the first eight for larger hats; of 72 channels some have the same */
static const char * const sim_labels[] = {
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
 * @channel_properties: of each channel
 * @channel_names: channel@N
 * @channels: the channels
 * @group: all of them
 */
struct sim_nodes {
	struct property_entry properties[8];
	struct software_node device;
	struct property_entry channel_properties[SIM_MAX_CHANNELS][5];
	char channel_names[SIM_MAX_CHANNELS][sizeof("channel@31")];
	struct software_node channels[SIM_MAX_CHANNELS];
	const struct software_node *group[1 + SIM_MAX_CHANNELS + 1];
};

static void sim_fill_device(struct sim_nodes *nodes, const struct sim *sim)
{
	struct property_entry *p = nodes->properties;

	*p++ = PROPERTY_ENTRY_U32("#io-channel-cells", 1);
	if (bias_drive)
		*p++ = PROPERTY_ENTRY_BOOL("ti,bias-drive");
	if (bias_external_reference)
		*p++ = PROPERTY_ENTRY_BOOL("ti,bias-external-reference");
	if (bench_setup)
		*p++ = PROPERTY_ENTRY_BOOL("ti,bench-setup");
	if (srb1)
		*p++ = PROPERTY_ENTRY_BOOL("ti,srb1");
	if (clock_output)
		*p++ = PROPERTY_ENTRY_U32("#clock-cells", 0);
	if (sim->num_chips > 1)
		*p++ = PROPERTY_ENTRY_U32("#daisy-chained-devices", sim->num_chips);

	nodes->device.name = sim->name;
	nodes->device.properties = nodes->properties;
}

static void sim_fill_channel(struct sim_nodes *nodes, const struct sim *sim, unsigned int ch)
{
	unsigned int site = (sim->index * sim->num_channels + ch) % ARRAY_SIZE(sim_labels);
	struct property_entry *p = nodes->channel_properties[ch];

	*p++ = PROPERTY_ENTRY_U32("reg", ch);
	*p++ = PROPERTY_ENTRY_STRING("label", sim_labels[site]);
	if (ch < BITS_PER_TYPE(srb2) && srb2 & BIT(ch))
		*p++ = PROPERTY_ENTRY_BOOL("ti,srb2");
	if (bias_sense[ch])
		*p++ = PROPERTY_ENTRY_STRING("ti,bias-sense", bias_sense[ch]);

	sprintf(nodes->channel_names[ch], "channel@%u", ch);
	nodes->channels[ch].name = nodes->channel_names[ch];
	nodes->channels[ch].parent = &nodes->device;
	nodes->channels[ch].properties = nodes->channel_properties[ch];
}

static void sim_fill_nodes(struct sim_nodes *nodes, const struct sim *sim)
{
	unsigned int ch;

	sim_fill_device(nodes, sim);
	nodes->group[0] = &nodes->device;

	for (ch = 0; ch < sim->num_channels; ch++) {
		sim_fill_channel(nodes, sim, ch);
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
		.irq = sim_map_irq(sim),
		.max_speed_hz = speed_hz,
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

	strscpy(info.modalias, sim->chips[0].part->family, sizeof(info.modalias));
	ret = sim_wire_pins(sim);
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
