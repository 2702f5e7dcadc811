// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that can be done with the hat: read every sample and throw it
 * away. What the simulated hat, the interrupt and the SPI core cost, so that
 * the benchmark can tell it from what a driver costs. Converts while loaded.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/spi/spi.h>

#include "ads1299.h"

static unsigned int dr = ADS1299_DR_1000_HZ;
module_param(dr, uint, 0444);
MODULE_PARM_DESC(dr, "code of the data rate in CONFIG1");

struct bare {
	struct spi_device *spi;
	struct spi_message msg;
	struct spi_transfer xfer;
	atomic_t busy;
	u8 command[3] ____cacheline_aligned;
	u8 tx[1 + ADS1299_MAX_FRAME_BYTES];
	u8 rx[1 + ADS1299_MAX_FRAME_BYTES];
};

static void bare_done(void *context)
{
	struct bare *bare = context;

	atomic_set(&bare->busy, 0);
}

static irqreturn_t bare_handler(int irq, void *dev_id)
{
	struct bare *bare = dev_id;

	if (!atomic_xchg(&bare->busy, 1) && spi_async(bare->spi, &bare->msg))
		atomic_set(&bare->busy, 0);

	return IRQ_HANDLED;
}

static int bare_send(struct bare *bare, const u8 *bytes, unsigned int n)
{
	struct spi_transfer xfer = {
		.tx_buf = bare->command,
		.len = n,
		/* slow enough for the chip to decode byte by byte */
		.speed_hz = ADS1299_FCLK_HZ,
		.delay = { .value = 2, .unit = SPI_DELAY_UNIT_USECS },
	};
	int ret;

	memcpy(bare->command, bytes, n);
	ret = spi_sync_transfer(bare->spi, &xfer, 1);
	usleep_range(20, 40);

	return ret;
}

static int bare_start(struct bare *bare)
{
	const u8 sdatac = ADS1299_CMD_SDATAC, start = ADS1299_CMD_START;
	const u8 config1[] = {
		ADS1299_CMD_WREG | ADS1299_REG_CONFIG1, 0, ADS1299_CONFIG1_FIXED | dr
	};

	return bare_send(bare, &sdatac, 1) ?: bare_send(bare, config1, sizeof(config1)) ?:
	       bare_send(bare, &start, 1);
}

static int bare_probe(struct spi_device *spi)
{
	struct bare *bare = devm_kzalloc(&spi->dev, sizeof(*bare), GFP_KERNEL);
	int ret;

	if (!bare)
		return -ENOMEM;

	bare->spi = spi;
	spi->mode = SPI_MODE_1;
	spi->rt = true;
	ret = spi_setup(spi);
	if (ret)
		return ret;

	bare->tx[0] = ADS1299_CMD_RDATA;
	bare->xfer = (struct spi_transfer) {
		.tx_buf = bare->tx,
		.rx_buf = bare->rx,
		.len = 1 + ADS1299_FRAME_BYTES(ADS1299_MAX_CHANNELS),
		.delay = { .value = 2, .unit = SPI_DELAY_UNIT_USECS },
	};
	spi_message_init_with_transfers(&bare->msg, &bare->xfer, 1);
	bare->msg.complete = bare_done;
	bare->msg.context = bare;
	spi_set_drvdata(spi, bare);

	ret = devm_request_irq(&spi->dev, spi->irq, bare_handler, IRQF_NO_AUTOEN, "ads1299-bare",
			       bare);
	if (ret)
		return ret;
	enable_irq(spi->irq);

	return bare_start(bare);
}

static void bare_remove(struct spi_device *spi)
{
	struct bare *bare = spi_get_drvdata(spi);
	const u8 stop = ADS1299_CMD_STOP;

	disable_irq(spi->irq);
	/* Comes after the last RDATA */
	bare_send(bare, &stop, 1);
}

static const struct spi_device_id bare_id[] = {
	{ .name = "ads1299" },
	{ }
};

static struct spi_driver bare_driver = {
	.driver = { .name = "ads1299-bare" },
	.probe = bare_probe,
	.remove = bare_remove,
	.id_table = bare_id,
};
module_spi_driver(bare_driver);

MODULE_DESCRIPTION("Reads an ADS1299 and throws the samples away");
MODULE_LICENSE("GPL");
