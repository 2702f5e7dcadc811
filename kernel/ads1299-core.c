// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299, ADS1299-6, ADS1299-4: 8, 6 and 4 channel, 24 bit, simultaneously
 * sampling analogue front end for biopotentials.
 *
 * Data sheet SBAS499C: https://www.ti.com/lit/gpn/ads1299
 *
 * Probe, power and registers. Data go through ads1299-capture.c, settings
 * through ads1299-channels.c.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/clk.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>
#include <linux/property.h>
#include <linux/regmap.h>
#include <linux/regulator/consumer.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_DR_DEFAULT		ADS1299_DR_1000_HZ
#define ADS1299_AUTOSUSPEND_MS		1000
/* How long a chip may take to answer after tPOR, and how often it is asked */
#define ADS1299_POWER_UP_MS		2000
#define ADS1299_POWER_UP_RETRY_MS	50
/* For capacitors at the supplies to discharge */
#define ADS1299_POWER_OFF_MS		100
/* 4.5 V are usual (7.3) */
#define ADS1299_VREF_MIN_UV		1000000
#define ADS1299_VREF_MAX_UV		5500000

/* By the number of channels in the ID register */
static const struct ads1299_chip_info ads1299_chips[] = {
	[ADS1299_ID_NU_CH_4] = { .name = "ads1299-4", .num_channels = 4 },
	[ADS1299_ID_NU_CH_6] = { .name = "ads1299-6", .num_channels = 6 },
	[ADS1299_ID_NU_CH_8] = { .name = "ads1299", .num_channels = 8 },
};

/* Rounded up */
static unsigned int ads1299_clocks_to_us(const struct ads1299_state *st, unsigned int clocks)
{
	return DIV_ROUND_UP_ULL((u64)clocks * USEC_PER_SEC, st->fclk_hz);
}

/**
 * ads1299_reg_speed_hz - SCLK for registers and commands
 * @st: the device
 *
 * At one bit per clock a byte takes 8 tCLK, so that no gap is needed for
 * tSDECODE of 4 tCLK between bytes (9.5.3.10), however far the internal
 * oscillator is off.
 *
 * Returns: its frequency.
 */
u32 ads1299_reg_speed_hz(const struct ads1299_state *st)
{
	return min_t(u32, st->fclk_hz, st->spi->max_speed_hz);
}

static void ads1299_transferred(void *done)
{
	complete(done);
}

/**
 * ads1299_sync_transfer - one transfer, by the thread of the SPI controller
 * @st: the device
 * @xfer: what to transfer
 *
 * On an idle bus spi_sync() would transfer in the context of its caller, and
 * hold the bus with a mutex that knows no priorities. A caller that has to wait
 * for the CPU there keeps the thread waiting that reads samples, of this chip
 * and of all others on the bus, for as long as other processes please. What is
 * queued is done by that thread itself, which has real-time priority.
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_sync_transfer(struct ads1299_state *st, struct spi_transfer *xfer)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct spi_message msg;
	int ret;

	spi_message_init_with_transfers(&msg, xfer, 1);
	msg.complete = ads1299_transferred;
	msg.context = &done;

	ret = spi_async(st->spi, &msg);
	/* Somebody else has locked the bus: that has an end, and who sleeps can await it */
	if (ret == -EBUSY)
		return spi_sync(st->spi, &msg);
	if (ret)
		return ret;

	wait_for_completion(&done);
	return msg.status;
}

static int ads1299_transfer(struct ads1299_state *st, unsigned int len)
{
	struct spi_transfer xfer = {
		.tx_buf = st->tx,
		.rx_buf = st->rx,
		.len = len,
		.speed_hz = ads1299_reg_speed_hz(st),
		.delay = st->decode_delay,
	};

	lockdep_assert_held(&st->lock);

	return ads1299_sync_transfer(st, &xfer);
}

/**
 * ads1299_command - send a command of one byte
 * @st: the device
 * @opcode: ADS1299_CMD_*
 *
 * Context: can sleep.
 * Returns: 0 when the chip had the time to decode it, or a negative error code.
 */
int ads1299_command(struct ads1299_state *st, u8 opcode)
{
	guard(mutex)(&st->lock);

	st->tx[0] = opcode;
	return ads1299_transfer(st, 1);
}

/**
 * ads1299_reg_read - read a register of the chip, past the cache
 * @context: the device
 * @reg: ADS1299_REG_*
 * @val: its value
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_reg_read(void *context, unsigned int reg, unsigned int *val)
{
	struct ads1299_state *st = context;
	int ret;

	guard(mutex)(&st->lock);

	st->tx[0] = ADS1299_CMD_RREG | reg;
	st->tx[1] = 0;	/* one register */
	st->tx[2] = 0;
	ret = ads1299_transfer(st, 3);
	if (ret)
		return ret;

	*val = st->rx[2];
	return 0;
}

/* All registers but ID at once. RREG of several is decoded like RREG of one. */
static int ads1299_read_all(struct ads1299_state *st, u8 *values)
{
	int ret;

	guard(mutex)(&st->lock);

	memset(st->tx, 0, sizeof(st->tx));
	st->tx[0] = ADS1299_CMD_RREG | ADS1299_REG_CONFIG1;
	st->tx[1] = ADS1299_REG_LAST - ADS1299_REG_CONFIG1;
	ret = ads1299_transfer(st, sizeof(st->tx));
	if (ret)
		return ret;

	memcpy(values + ADS1299_REG_CONFIG1, st->rx + 2, ADS1299_REG_LAST);
	return 0;
}

static int ads1299_reg_write(void *context, unsigned int reg, unsigned int val)
{
	struct ads1299_state *st = context;
	int ret;

	guard(mutex)(&st->lock);

	st->tx[0] = ADS1299_CMD_WREG | reg;
	st->tx[1] = 0;	/* one register */
	st->tx[2] = val;
	ret = ads1299_transfer(st, 3);
	/* regmap has it in its cache already, and would not write it again */
	if (ret)
		WRITE_ONCE(st->registers_unsure, true);

	return ret;
}

static const struct regmap_range ads1299_writeable_ranges[] = {
	regmap_reg_range(ADS1299_REG_CONFIG1, ADS1299_REG_LOFF_FLIP),
	regmap_reg_range(ADS1299_REG_GPIO, ADS1299_REG_CONFIG4),
};

static const struct regmap_access_table ads1299_writeable = {
	.yes_ranges = ads1299_writeable_ranges,
	.n_yes_ranges = ARRAY_SIZE(ads1299_writeable_ranges),
};

/*
 * CONFIG3.BIAS_STAT and the levels of GPIO pins are volatile as well, but the
 * rest of their registers has to be cached: ads1299_reg_read() gets them.
 */
static const struct regmap_range ads1299_volatile_ranges[] = {
	regmap_reg_range(ADS1299_REG_ID, ADS1299_REG_ID),
	regmap_reg_range(ADS1299_REG_LOFF_STATP, ADS1299_REG_LOFF_STATN),
};

static const struct regmap_access_table ads1299_volatile = {
	.yes_ranges = ads1299_volatile_ranges,
	.n_yes_ranges = ARRAY_SIZE(ads1299_volatile_ranges),
};

static const struct reg_default ads1299_reg_defaults[] = {
	{ ADS1299_REG_CONFIG1, ADS1299_CONFIG1_RESET },
	{ ADS1299_REG_CONFIG2, ADS1299_CONFIG2_RESET },
	{ ADS1299_REG_CONFIG3, ADS1299_CONFIG3_RESET },
	{ ADS1299_REG_LOFF, 0 },
	{ ADS1299_REG_CHSET(0), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(1), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(2), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(3), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(4), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(5), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(6), ADS1299_CHSET_RESET },
	{ ADS1299_REG_CHSET(7), ADS1299_CHSET_RESET },
	{ ADS1299_REG_BIAS_SENSP, 0 },
	{ ADS1299_REG_BIAS_SENSN, 0 },
	{ ADS1299_REG_LOFF_SENSP, 0 },
	{ ADS1299_REG_LOFF_SENSN, 0 },
	{ ADS1299_REG_LOFF_FLIP, 0 },
	{ ADS1299_REG_GPIO, ADS1299_GPIO_RESET },
	{ ADS1299_REG_MISC1, 0 },
	{ ADS1299_REG_MISC2, 0 },
	{ ADS1299_REG_CONFIG4, 0 },
};

static const struct regmap_config ads1299_regmap_config = {
	.reg_bits = 8,
	.val_bits = 8,
	.reg_read = ads1299_reg_read,
	.reg_write = ads1299_reg_write,
	.max_register = ADS1299_REG_LAST,
	.wr_table = &ads1299_writeable,
	.volatile_table = &ads1299_volatile,
	.reg_defaults = ads1299_reg_defaults,
	.num_reg_defaults = ARRAY_SIZE(ads1299_reg_defaults),
	.cache_type = REGCACHE_MAPLE,
};

/**
 * ads1299_reg_checked_bits - bits that the chip has to have as they were written
 * @st: the device
 * @reg: ADS1299_REG_*
 *
 * Not what the chip changes by itself, not GPIO, which may be written while a
 * comparison is under way, and not what the chip has not: fixed bits (table
 * 11) and absent channels, which may be written through debugfs.
 *
 * Returns: a mask.
 */
u8 ads1299_reg_checked_bits(const struct ads1299_state *st, unsigned int reg)
{
	unsigned int n = st->info->num_channels;

	switch (reg) {
	case ADS1299_REG_CONFIG1:
		return U8_MAX & ~ADS1299_CONFIG1_FIXED_MASK;
	case ADS1299_REG_CONFIG2:
		return U8_MAX & ~ADS1299_CONFIG2_FIXED_MASK;
	case ADS1299_REG_CONFIG3:
		return U8_MAX & ~(ADS1299_CONFIG3_FIXED_MASK | ADS1299_CONFIG3_BIAS_STAT);
	case ADS1299_REG_LOFF:
		return U8_MAX & ~ADS1299_LOFF_FIXED_MASK;
	case ADS1299_REG_CHSET(0) ... ADS1299_REG_CHSET(ADS1299_MAX_CHANNELS - 1):
		return reg < ADS1299_REG_CHSET(n) ? U8_MAX : 0;
	case ADS1299_REG_BIAS_SENSP ... ADS1299_REG_LOFF_FLIP:
		return GENMASK(n - 1, 0);
	case ADS1299_REG_MISC1:
		return ADS1299_MISC1_SRB1;
	case ADS1299_REG_CONFIG4:
		return ADS1299_CONFIG4_SINGLE_SHOT | ADS1299_CONFIG4_PD_LOFF_COMP;
	default:
		return 0;
	}
}

/* Returns: a register that has not what was written to it, or 0 */
static unsigned int ads1299_find_difference(struct ads1299_state *st, const u8 *values)
{
	unsigned int reg, value;

	for (reg = ADS1299_REG_CONFIG1; reg <= ADS1299_REG_LAST; reg++) {
		u8 checked = ads1299_reg_checked_bits(st, reg);

		if (!checked || regmap_read(st->regmap, reg, &value))
			continue;
		if ((values[reg] ^ value) & checked)
			return reg;
	}

	return 0;
}

static void ads1299_complain_of(struct ads1299_state *st, unsigned int reg, u8 reads)
{
	unsigned int written;

	if (!regmap_read(st->regmap, reg, &written))
		dev_err_ratelimited(&st->spi->dev,
				    "register 0x%02x reads 0x%02x, not 0x%02x as written\n",
				    reg, reads, written);
}

/**
 * ads1299_regs_intact - does the chip have what was written to it?
 * @st: the device
 * @complain: say which register is not as it should be
 *
 * A bit may flip on the bus: it is asked twice before it is found wanting. Of
 * a daisy chain the first chip answers.
 *
 * Context: can sleep.
 * Returns: 1 if it has, 0 if not, or a negative error code.
 */
int ads1299_regs_intact(struct ads1299_state *st, bool complain)
{
	u8 values[ADS1299_NUM_REGS];
	unsigned int tries, reg = 0;
	int ret;

	for (tries = 0; tries < 2; tries++) {
		ret = ads1299_read_all(st, values);
		if (ret)
			return ret;
		reg = ads1299_find_difference(st, values);
		if (!reg)
			return 1;
	}

	if (complain)
		ads1299_complain_of(st, reg, values[reg]);

	return 0;
}

/**
 * ads1299_wake - get the chip out of standby
 * @st: the device
 *
 * Context: can sleep.
 * Returns: 0 when ads1299_rest() is due, or a negative error code.
 */
int ads1299_wake(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	ret = pm_runtime_resume_and_get(dev);
	if (ret < 0) {
		/* The core would refuse for good after one transfer that failed */
		pm_runtime_set_suspended(dev);
		return ret;
	}

	return 0;
}

/**
 * ads1299_rest - end what ads1299_wake() began
 * @st: the device
 */
void ads1299_rest(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;

	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

/* After a write that failed, which leaves the chip behind the cache */
static int ads1299_rewrite(struct ads1299_state *st)
{
	unsigned int reg, value;
	int ret;

	WRITE_ONCE(st->registers_unsure, false);
	for (reg = ADS1299_REG_CONFIG1; reg <= ADS1299_REG_LAST; reg++) {
		if (!regmap_reg_in_ranges(reg, ads1299_writeable_ranges,
					  ARRAY_SIZE(ads1299_writeable_ranges)))
			continue;
		ret = regmap_read(st->regmap, reg, &value);
		if (ret)
			return ret;
		ret = regmap_write(st->regmap, reg, value);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * ads1299_claim - get the chip for settings and single conversions, awake
 * @indio_dev: the IIO device
 *
 * Context: can sleep.
 * Returns: 0 when ads1299_release() is due, -EBUSY while the buffer is enabled,
 * or an error of the bus.
 */
int ads1299_claim(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;

	ret = ads1299_wake(st);
	if (ret)
		goto release_direct;

	if (READ_ONCE(st->registers_unsure)) {
		ret = ads1299_rewrite(st);
		/* A wiring that was not taken is not in force: the cache has half of it */
		if (!ret)
			ret = ads1299_route(st);
		if (ret)
			goto rest;
	}

	return 0;

rest:
	ads1299_rest(st);
release_direct:
	iio_device_release_direct(indio_dev);
	return ret;
}

/**
 * ads1299_release - end what ads1299_claim() began
 * @indio_dev: the IIO device
 */
void ads1299_release(struct iio_dev *indio_dev)
{
	ads1299_rest(iio_priv(indio_dev));
	iio_device_release_direct(indio_dev);
}

/* Reads the chip, never the cache */
int ads1299_debugfs_reg_access(struct iio_dev *indio_dev, unsigned int reg,
			       unsigned int writeval, unsigned int *readval)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	if (reg > ADS1299_REG_LAST)
		return -EINVAL;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	if (readval)
		ret = ads1299_reg_read(st, reg, readval);
	else
		ret = regmap_write(st->regmap, reg, writeval);
	ads1299_release(indio_dev);

	return ret;
}

/*
 * To a defined state from any other: just powered, converting, sending frames
 * on its own (RDATAC, the state after reset, in which registers cannot be
 * read), or in standby.
 */
static int ads1299_reset(struct ads1299_state *st)
{
	int ret;

	if (st->reset_gpio) {
		gpiod_set_value_cansleep(st->reset_gpio, 1);
		fsleep(ads1299_clocks_to_us(st, ADS1299_RESET_PULSE_CLOCKS));
		gpiod_set_value_cansleep(st->reset_gpio, 0);
	} else {
		/* Nothing but WAKEUP is understood in standby, nothing but SDATAC in RDATAC */
		ret = ads1299_command(st, ADS1299_CMD_WAKEUP);
		if (ret)
			return ret;
		fsleep(ADS1299_STANDBY_WAKE_US);
		ret = ads1299_command(st, ADS1299_CMD_SDATAC);
		if (ret)
			return ret;
		ret = ads1299_command(st, ADS1299_CMD_RESET);
		if (ret)
			return ret;
	}
	fsleep(ads1299_clocks_to_us(st, ADS1299_RESET_CLOCKS));

	return ads1299_command(st, ADS1299_CMD_SDATAC);
}

/**
 * ads1299_reprogram - reset the chip and write its registers again
 * @st: the device
 *
 * Context: can sleep; no conversion under way.
 * Returns: 0 when the chip is as it was set, or a negative error code.
 */
int ads1299_reprogram(struct ads1299_state *st)
{
	int ret;

	ret = ads1299_reset(st);
	if (ret)
		return ret;

	regcache_cache_only(st->regmap, false);
	regcache_mark_dirty(st->regmap);
	ret = regcache_sync(st->regmap);
	if (ret)
		return ret;

	ret = ads1299_regs_intact(st, true);
	if (ret <= 0)
		return ret ?: -EIO;

	if (st->internal_ref)
		fsleep(ADS1299_REF_STARTUP_US);

	return 0;
}

/**
 * ads1299_conversions_start - by pin where it is wired, otherwise by command
 * @st: the device
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_conversions_start(struct ads1299_state *st)
{
	if (!st->start_gpio)
		return ads1299_command(st, ADS1299_CMD_START);

	gpiod_set_value_cansleep(st->start_gpio, 1);
	return 0;
}

/**
 * ads1299_conversions_stop - end conversions, the one under way completes
 * @st: the device
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_conversions_stop(struct ads1299_state *st)
{
	if (!st->start_gpio)
		return ads1299_command(st, ADS1299_CMD_STOP);

	gpiod_set_value_cansleep(st->start_gpio, 0);
	return 0;
}

static bool ads1299_id_known(unsigned int id)
{
	return (id & ADS1299_ID_FIXED_MASK) == ADS1299_ID_FIXED &&
	       FIELD_GET(ADS1299_ID_NU_CH_MASK, id) < ARRAY_SIZE(ads1299_chips);
}

/*
 * A reset counts only when VCAP1 has 1.1 V (11.1), which a large capacitor may
 * delay for longer than tPOR: boards took 500 ms, and the ID was 0 until then.
 */
static int ads1299_identify(struct ads1299_state *st)
{
	const struct ads1299_chip_info *expected = spi_get_device_match_data(st->spi);
	unsigned long deadline = jiffies + msecs_to_jiffies(ADS1299_POWER_UP_MS);
	struct device *dev = &st->spi->dev;
	unsigned int id;
	int ret;

	for (;;) {
		ret = ads1299_reset(st);
		if (ret)
			return dev_err_probe(dev, ret, "cannot reset the chip\n");
		ret = regmap_read(st->regmap, ADS1299_REG_ID, &id);
		if (ret)
			return dev_err_probe(dev, ret, "cannot read the ID\n");
		if (ads1299_id_known(id))
			break;
		if (time_after(jiffies, deadline))
			return dev_err_probe(dev, -ENODEV,
					     "ID 0x%02x is not that of an ADS1299\n", id);
		msleep(ADS1299_POWER_UP_RETRY_MS);
	}

	st->info = &ads1299_chips[FIELD_GET(ADS1299_ID_NU_CH_MASK, id)];
	st->num_channels = st->num_chips * st->info->num_channels;
	if (expected && expected != st->info)
		dev_info(dev, "%s found instead of %s\n", st->info->name, expected->name);

	return 0;
}

static int ads1299_configure(struct ads1299_state *st)
{
	int ret;

	if (st->internal_ref) {
		ret = regmap_write(st->regmap, ADS1299_REG_CONFIG3,
				   ADS1299_CONFIG3_FIXED | ADS1299_CONFIG3_PD_REFBUF);
		if (ret)
			return ret;
		fsleep(ADS1299_REF_STARTUP_US);
	}

	/* Without DAISY_EN, which is "multiple readback" and not for chains (9.4.4.2) */
	ret = regmap_write(st->regmap, ADS1299_REG_CONFIG1,
			   ADS1299_CONFIG1_FIXED |
			   (st->clock_output ? ADS1299_CONFIG1_CLK_EN : 0) |
			   FIELD_PREP(ADS1299_CONFIG1_DR_MASK, ADS1299_DR_DEFAULT));
	if (ret)
		return ret;
	ret = regmap_write(st->regmap, ADS1299_REG_CONFIG2, ADS1299_CONFIG2_FIXED);
	if (ret)
		return ret;

	return ads1299_configure_channels(st);
}

/* Figure 67: all inputs are low until supplies are up */
static int ads1299_get_lines(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;

	st->reset_gpio = devm_gpiod_get_optional(dev, "reset", GPIOD_OUT_HIGH);
	if (IS_ERR(st->reset_gpio))
		return dev_err_probe(dev, PTR_ERR(st->reset_gpio), "cannot get the reset line\n");

	st->powerdown_gpio = devm_gpiod_get_optional(dev, "powerdown", GPIOD_OUT_HIGH);
	if (IS_ERR(st->powerdown_gpio))
		return dev_err_probe(dev, PTR_ERR(st->powerdown_gpio),
				     "cannot get the powerdown line\n");

	st->start_gpio = devm_gpiod_get_optional(dev, "start", GPIOD_OUT_LOW);
	if (IS_ERR(st->start_gpio))
		return dev_err_probe(dev, PTR_ERR(st->start_gpio), "cannot get the start line\n");

	return 0;
}

static int ads1299_get_supplies(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	st->supplies[0].supply = "avdd";
	st->supplies[1].supply = "dvdd";
	ret = devm_regulator_bulk_get(dev, ARRAY_SIZE(st->supplies), st->supplies);
	if (ret)
		return dev_err_probe(dev, ret, "cannot get the supplies\n");

	st->vref = devm_regulator_get_optional(dev, "vref");
	if (PTR_ERR(st->vref) == -ENODEV)
		st->vref = NULL;
	if (IS_ERR(st->vref))
		return dev_err_probe(dev, PTR_ERR(st->vref), "cannot get the vref supply\n");
	st->internal_ref = !st->vref;

	st->clk = devm_clk_get_optional(dev, NULL);
	if (IS_ERR(st->clk))
		return dev_err_probe(dev, PTR_ERR(st->clk), "cannot get the clock\n");

	return 0;
}

static void ads1299_power_off(struct ads1299_state *st)
{
	if (!st->powered)
		return;

	st->powered = false;
	gpiod_set_value_cansleep(st->reset_gpio, 1);
	gpiod_set_value_cansleep(st->powerdown_gpio, 1);
	clk_disable_unprepare(st->clk);
	if (st->vref)
		regulator_disable(st->vref);
	regulator_bulk_disable(ARRAY_SIZE(st->supplies), st->supplies);
}

/* The caller waits for tPOR, and releases the reset line */
static int ads1299_power_on(struct ads1299_state *st)
{
	int ret;

	ret = regulator_bulk_enable(ARRAY_SIZE(st->supplies), st->supplies);
	if (ret)
		return ret;
	if (st->vref) {
		ret = regulator_enable(st->vref);
		if (ret)
			goto disable_supplies;
	}
	ret = clk_prepare_enable(st->clk);
	if (ret)
		goto disable_vref;

	gpiod_set_value_cansleep(st->powerdown_gpio, 0);
	st->powered = true;
	return 0;

disable_vref:
	if (st->vref)
		regulator_disable(st->vref);
disable_supplies:
	regulator_bulk_disable(ARRAY_SIZE(st->supplies), st->supplies);
	return ret;
}

/* tPOR, from the moment when supplies and clock are good, by an oscillator as slow as it may be */
static void ads1299_await_power(const struct ads1299_state *st)
{
	fsleep(ads1299_clocks_to_us(st, ADS1299_POR_CLOCKS + ADS1299_POR_CLOCKS / 32));
}

/**
 * ads1299_power_cycle - switch power off and on, as far as it is the chip's own
 * @st: the device
 *
 * Context: can sleep; no conversion under way.
 * Returns: 0 when the chip may be reset, or a negative error code.
 */
int ads1299_power_cycle(struct ads1299_state *st)
{
	int ret;

	ads1299_power_off(st);
	msleep(ADS1299_POWER_OFF_MS);
	ret = ads1299_power_on(st);
	if (ret)
		return ret;
	ads1299_await_power(st);

	return 0;
}

/* The end of the driver: where supplies stay on the chip is quiet at least */
static void ads1299_shut_down(void *data)
{
	struct ads1299_state *st = data;

	ads1299_command(st, ADS1299_CMD_STANDBY);
	ads1299_power_off(st);
}

static int ads1299_power_up(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret, vref_uv = ADS1299_VREF_UV;

	ret = ads1299_get_lines(st);
	if (ret)
		return ret;
	ret = ads1299_get_supplies(st);
	if (ret)
		return ret;

	ret = ads1299_power_on(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot switch supplies and clock on\n");
	ret = devm_add_action_or_reset(dev, ads1299_shut_down, st);
	if (ret)
		return ret;

	if (st->vref)
		vref_uv = regulator_get_voltage(st->vref);
	if (vref_uv < 0)
		return dev_err_probe(dev, vref_uv, "cannot read the voltage of the vref supply\n");
	if (vref_uv < ADS1299_VREF_MIN_UV || vref_uv > ADS1299_VREF_MAX_UV)
		return dev_err_probe(dev, -EINVAL, "a reference of %d uV is none\n", vref_uv);

	st->fclk_hz = st->clk ? clk_get_rate(st->clk) : ADS1299_FCLK_HZ;
	if (st->fclk_hz < ADS1299_FCLK_MIN_HZ || st->fclk_hz > ADS1299_FCLK_MAX_HZ)
		return dev_err_probe(dev, -EINVAL, "clock of %lu Hz is not within %u to %u Hz\n",
				     st->fclk_hz, ADS1299_FCLK_MIN_HZ, ADS1299_FCLK_MAX_HZ);

	st->decode_delay.value = DIV_ROUND_UP_ULL((u64)ADS1299_DECODE_CLOCKS * NSEC_PER_SEC,
						  st->fclk_hz);
	st->decode_delay.unit = SPI_DELAY_UNIT_NSECS;
	ads1299_init_tables(st, vref_uv);

	ads1299_await_power(st);

	return 0;
}

/* Wiring that is no line of its own */
static int ads1299_read_properties(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	u32 chips = 1;
	int ret;

	if (device_property_present(dev, "#daisy-chained-devices")) {
		ret = device_property_read_u32(dev, "#daisy-chained-devices", &chips);
		if (ret)
			return dev_err_probe(dev, ret, "bad #daisy-chained-devices\n");
	}
	if (!chips || chips > ADS1299_MAX_CHIPS)
		return dev_err_probe(dev, -EINVAL, "a chain of %u chips is not within 1 to %u\n",
				     chips, ADS1299_MAX_CHIPS);
	st->num_chips = chips;

	st->clock_output = device_property_present(dev, "#clock-cells");
	if (st->clock_output && st->clk)
		return dev_err_probe(dev, -EINVAL, "the CLK pin cannot be input and output\n");

	return 0;
}

/* From here on claims and the buffer wake the chip */
static int ads1299_enable_runtime_pm(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	ret = pm_runtime_set_active(dev);
	if (ret)
		return ret;
	pm_runtime_mark_last_busy(dev);
	pm_runtime_set_autosuspend_delay(dev, ADS1299_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);

	return devm_pm_runtime_enable(dev);
}

static int ads1299_setup_spi(struct spi_device *spi)
{
	spi->mode &= ~SPI_MODE_X_MASK;
	spi->mode |= SPI_MODE_1;	/* the only one (9.5.1) */
	spi->bits_per_word = 8;
	spi->max_speed_hz = min_not_zero(spi->max_speed_hz, (u32)ADS1299_SCLK_MAX_HZ);
	/* A sample is lost when the read starts later than one period after its edge */
	spi->rt = true;

	return spi_setup(spi);
}

static int ads1299_probe(struct spi_device *spi)
{
	struct device *dev = &spi->dev;
	struct iio_dev *indio_dev;
	struct ads1299_state *st;
	int ret;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*st));
	if (!indio_dev)
		return -ENOMEM;

	st = iio_priv(indio_dev);
	st->spi = spi;
	spi_set_drvdata(spi, indio_dev);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;

	ret = ads1299_setup_spi(spi);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up the SPI mode\n");

	ret = ads1299_power_up(st);
	if (ret)
		return ret;
	ret = ads1299_read_properties(st);
	if (ret)
		return ret;

	st->regmap = devm_regmap_init(dev, NULL, st, &ads1299_regmap_config);
	if (IS_ERR(st->regmap))
		return dev_err_probe(dev, PTR_ERR(st->regmap), "cannot set up the registers\n");

	ret = ads1299_identify(st);
	if (ret)
		return ret;

	indio_dev->name = st->info->name;
	indio_dev->modes = INDIO_DIRECT_MODE;
	ret = ads1299_init_channels(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_configure(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot write the registers\n");

	ret = ads1299_capture_init(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_enable_runtime_pm(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable runtime power management\n");
	ret = ads1299_clkout_init(st);
	if (ret)
		return ret;
	ret = ads1299_gpio_init(indio_dev);
	if (ret)
		return ret;

	ret = devm_iio_device_register(dev, indio_dev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register the IIO device\n");

	return 0;
}

static int ads1299_runtime_suspend(struct device *dev)
{
	struct ads1299_state *st = iio_priv(dev_get_drvdata(dev));

	/* Nothing but WAKEUP is understood in standby (9.5.3.3) */
	regcache_cache_only(st->regmap, true);
	/* A chip that did not get it stays awake, no worse */
	ads1299_command(st, ADS1299_CMD_STANDBY);

	return 0;
}

static int ads1299_runtime_resume(struct device *dev)
{
	struct ads1299_state *st = iio_priv(dev_get_drvdata(dev));
	int ret;

	ret = ads1299_command(st, ADS1299_CMD_WAKEUP);
	if (ret)
		return ret;
	fsleep(ADS1299_STANDBY_WAKE_US);

	regcache_cache_only(st->regmap, false);
	ret = regcache_sync(st->regmap);
	if (ret)
		return ret;

	/* Registers survive standby, but a brown-out does not announce itself */
	ret = ads1299_regs_intact(st, false);
	if (ret)
		return min(ret, 0);

	dev_warn_ratelimited(dev, "registers were lost and are written again\n");
	return ads1299_reprogram(st);
}

static int ads1299_suspend(struct device *dev)
{
	struct iio_dev *indio_dev = dev_get_drvdata(dev);
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	/*
	 * User space is frozen: nobody enables or disables the buffer meanwhile.
	 * An error is that of STOP, which standby is, too.
	 */
	if (iio_buffer_enabled(indio_dev))
		ads1299_capture_stop(indio_dev);

	ret = pm_runtime_force_suspend(dev);
	if (ret)
		return ret;
	ads1299_power_off(st);

	return 0;
}

static int ads1299_resume(struct device *dev)
{
	struct iio_dev *indio_dev = dev_get_drvdata(dev);
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	ret = ads1299_power_on(st);
	if (ret)
		return ret;
	ads1299_await_power(st);
	ret = ads1299_reprogram(st);
	if (ret)
		dev_err(dev, "cannot write the registers: %d\n", ret);

	/* As it was when power went off; what is in use is woken from there */
	ads1299_runtime_suspend(dev);
	ret = pm_runtime_force_resume(dev);
	if (ret)
		return ret;

	return iio_buffer_enabled(indio_dev) ? ads1299_capture_resume(indio_dev) : 0;
}

static const struct dev_pm_ops ads1299_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(ads1299_suspend, ads1299_resume)
	RUNTIME_PM_OPS(ads1299_runtime_suspend, ads1299_runtime_resume, NULL)
};

static const struct of_device_id ads1299_of_match[] = {
	{ .compatible = "ti,ads1299", .data = &ads1299_chips[ADS1299_ID_NU_CH_8] },
	{ .compatible = "ti,ads1299-6", .data = &ads1299_chips[ADS1299_ID_NU_CH_6] },
	{ .compatible = "ti,ads1299-4", .data = &ads1299_chips[ADS1299_ID_NU_CH_4] },
	{ }
};
MODULE_DEVICE_TABLE(of, ads1299_of_match);

static const struct spi_device_id ads1299_id[] = {
	{ .name = "ads1299", .driver_data = (kernel_ulong_t)&ads1299_chips[ADS1299_ID_NU_CH_8] },
	{ .name = "ads1299-6", .driver_data = (kernel_ulong_t)&ads1299_chips[ADS1299_ID_NU_CH_6] },
	{ .name = "ads1299-4", .driver_data = (kernel_ulong_t)&ads1299_chips[ADS1299_ID_NU_CH_4] },
	{ }
};
MODULE_DEVICE_TABLE(spi, ads1299_id);

static struct spi_driver ads1299_driver = {
	.driver = {
		.name = "ads1299",
		.of_match_table = ads1299_of_match,
		.pm = pm_ptr(&ads1299_pm_ops),
		/* Power-up sleeps for 0.3 s */
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
	.probe = ads1299_probe,
	.id_table = ads1299_id,
};
module_spi_driver(ads1299_driver);

MODULE_DESCRIPTION("TI ADS1299 biopotential analogue front end");
MODULE_LICENSE("GPL");
