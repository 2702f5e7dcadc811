/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bridges from the kernel API the driver is written to (the newest) down to
 * Linux 6.1. The only file that looks at the kernel's version: dropping it,
 * and its #include lines, is all it takes to move the driver into a tree.
 */
#ifndef ADS1299_COMPAT_H
#define ADS1299_COMPAT_H

#include <linux/version.h>

/* --- driver ---------------------------------------------------------------- */

#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/iio/events.h>
#include <linux/iio/iio.h>
#include <linux/regmap.h>
#include <linux/spi/spi.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define REGCACHE_MAPLE	REGCACHE_RBTREE
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
/* There was no such step: spi_async() checked the message every time */
static inline int devm_spi_optimize_message(struct device *dev,
					    struct spi_device *spi,
					    struct spi_message *msg)
{
	return 0;
}

static inline int spi_optimize_message(struct spi_device *spi, struct spi_message *msg)
{
	return 0;
}

static inline void spi_unoptimize_message(struct spi_message *msg)
{
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
static inline bool iio_device_claim_direct(struct iio_dev *indio_dev)
{
	return !iio_device_claim_direct_mode(indio_dev);
}

static inline void iio_device_release_direct(struct iio_dev *indio_dev)
{
	iio_device_release_direct_mode(indio_dev);
}
#endif

#ifndef IIO_DIFF_EVENT_CODE
#define IIO_DIFF_EVENT_CODE(chan_type, chan1, chan2, type, direction) \
	IIO_EVENT_CODE(chan_type, 1, 0, direction, type, 0, chan1, chan2)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define ads1299_event_state	int
#else
#define ads1299_event_state	bool
#endif

/*
 * The core had no name for these, so that no channel may offer them. Pushed,
 * they went nowhere.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define ADS1299_HAVE_OPENWIRE		0
#define IIO_EV_TYPE_FAULT		(IIO_EV_TYPE_GESTURE + 1)
#define IIO_EV_DIR_FAULT_OPENWIRE	(IIO_EV_DIR_DOUBLETAP + 1)
#else
#define ADS1299_HAVE_OPENWIRE		1
#endif

/* gpio_chip.set returned nothing */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define ADS1299_GPIO_SETTER(name, set)							\
	static void name(struct gpio_chip *gc, unsigned int offset, int value)		\
	{										\
		int ret = set(gc, offset, value);					\
											\
		if (ret)								\
			dev_err(gc->parent, "cannot set GPIO %u: %d\n", offset, ret);	\
	}
#else
#define ADS1299_GPIO_SETTER(name, set)							\
	static int (* const name)(struct gpio_chip *, unsigned int, int) = set
#endif

/* --- simulated hat -------------------------------------------------------- */

/* Since 6.10 the SPI core calls a device of a software node by the name of that, not "spi0.0" */
#define SIM_SPI_NAMED_BY_NODE	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0))

#include <linux/hrtimer.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif
