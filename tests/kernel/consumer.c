// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in the kernel that uses a channel of the hat, as a thermistor or a
 * battery gauge would: found by io-channels, read in microvolts or millionths
 * of a degree. What it got is in its parameters.
 */

#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/units.h>

#include <linux/iio/consumer.h>
#include <linux/iio/iio.h>

static unsigned int index;
module_param(index, uint, 0444);
MODULE_PARM_DESC(index, "which channel of the device");

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "name of the IIO device, as iio:device0");

static int processed_micro;
module_param(processed_micro, int, 0444);
MODULE_PARM_DESC(processed_micro, "what was read, in millionths of the unit of hwmon");

static int scales;
module_param(scales, int, 0444);
MODULE_PARM_DESC(scales, "how many scales there are to choose from");

static struct platform_device *consumer;

static int read_channel(struct device *dev)
{
	struct iio_channel *channel = iio_channel_get(dev, NULL);
	const int *values;
	int ret, type;

	if (IS_ERR(channel))
		return PTR_ERR(channel);

	ret = iio_read_channel_processed_scale(channel, &processed_micro, MILLI);
	if (ret >= 0) {
		ret = iio_read_avail_channel_attribute(channel, &values, &type, &scales,
						       IIO_CHAN_INFO_SCALE);
		/* Two numbers each */
		scales = ret < 0 ? 0 : scales / 2;
		ret = 0;
	}
	iio_channel_release(channel);

	return ret;
}

static int __init consumer_init(void)
{
	struct device *hat = bus_find_device_by_name(&iio_bus_type, NULL, device);
	const struct software_node *node;
	int ret;

	if (!hat)
		return -ENODEV;

	node = to_software_node(dev_fwnode(hat));
	if (node) {
		const struct property_entry properties[] = {
			PROPERTY_ENTRY_REF("io-channels", node, index),
			{ }
		};
		const struct platform_device_info info = {
			.name = "consumer",
			.properties = properties,
		};

		consumer = platform_device_register_full(&info);
	} else {
		consumer = ERR_PTR(-ENOENT);
	}
	put_device(hat);
	if (IS_ERR(consumer))
		return PTR_ERR(consumer);

	ret = read_channel(&consumer->dev);
	if (ret)
		platform_device_unregister(consumer);
	return ret;
}
module_init(consumer_init);

static void __exit consumer_exit(void)
{
	platform_device_unregister(consumer);
}
module_exit(consumer_exit);

MODULE_DESCRIPTION("A consumer of the simulated hat's channels");
MODULE_LICENSE("GPL");
