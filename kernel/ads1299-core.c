// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299, ADS1299-6, ADS1299-4: 8, 6 and 4 channel, 24 bit, simultaneously
 * sampling analogue front end for biopotentials.
 *
 * Data sheet SBAS499C: https://www.ti.com/lit/gpn/ads1299
 *
 * Probe, power and clocks. Data go through ads1299-capture.c, settings through
 * ads1299-channels.c and ads1299-registers.c.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/clk.h>
#include <linux/clk-provider.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>
#include <linux/property.h>
#include <linux/regulator/consumer.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

#define ADS1299_AUTOSUSPEND_MS		1000
/* How long a chip may take to answer after tPOR, how often it is asked, how long it is off */
#define ADS1299_POWER_UP_MS		2000
#define ADS1299_POWER_UP_RETRY_MS	50
#define ADS1299_POWER_OFF_MS		20
/* 4.5 V are usual (7.3) */
#define ADS1299_VREF_MIN_UV		1000000
#define ADS1299_VREF_MAX_UV		5500000

/* By the number of channels in the ID register */
static const struct ads1299_chip_info ads1299_chips[] = {
	[ADS1299_ID_NU_CH_4] = { .name = "ads1299-4", .num_channels = 4 },
	[ADS1299_ID_NU_CH_6] = { .name = "ads1299-6", .num_channels = 6 },
	[ADS1299_ID_NU_CH_8] = { .name = "ads1299", .num_channels = 8 },
};

/**
 * ads1299_clocks_to_us - how long so many periods of the chip's clock are
 * @st: the device
 * @clocks: how many
 *
 * Returns: microseconds, rounded up.
 */
unsigned int ads1299_clocks_to_us(const struct ads1299_state *st, unsigned int clocks)
{
	return DIV_ROUND_UP_ULL((u64)clocks * USEC_PER_SEC, st->fclk_hz);
}

/**
 * ads1299_wake - get the chips out of standby
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

/**
 * ads1299_claim - get the chips for settings and single conversions, awake
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
	/* What a transfer that failed has left undone */
	ret = ads1299_apply(st);
	if (ret)
		goto rest;

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
		ret = ads1299_command_all(st, ADS1299_CMD_WAKEUP);
		if (ret)
			return ret;
		fsleep(ADS1299_STANDBY_WAKE_US);
		ret = ads1299_command_all(st, ADS1299_CMD_SDATAC);
		if (ret)
			return ret;
		ret = ads1299_command_all(st, ADS1299_CMD_RESET);
		if (ret)
			return ret;
	}
	fsleep(ads1299_clocks_to_us(st, ADS1299_RESET_CLOCKS));
	ads1299_forget_registers(st);

	return ads1299_command_all(st, ADS1299_CMD_SDATAC);
}

/**
 * ads1299_reprogram - reset the chips and write their registers again
 * @st: the device
 *
 * Context: can sleep; no conversion under way.
 * Returns: 0 when the chips are as they were set, or a negative error code.
 */
int ads1299_reprogram(struct ads1299_state *st)
{
	int ret;

	ret = ads1299_reset(st);
	if (ret)
		return ret;
	ret = ads1299_apply(st);
	if (ret)
		return ret;
	ret = ads1299_regs_intact(st, true);
	if (ret <= 0)
		return ret ?: -EIO;

	if (st->internal_ref)
		fsleep(ADS1299_REF_STARTUP_US);

	return 0;
}

static bool ads1299_id_known(unsigned int id)
{
	return (id & ADS1299_ID_FIXED_MASK) == ADS1299_ID_FIXED &&
	       FIELD_GET(ADS1299_ID_NU_CH_MASK, id) < ARRAY_SIZE(ads1299_chips);
}

/* Returns: 1 if all chips answer and are of the same part, 0 if not, or a negative error code */
static int ads1299_read_ids(struct ads1299_state *st, unsigned int *ret_id)
{
	unsigned int i, id, first = 0;
	int ret;

	for (i = 0; i < st->num_selects; i++) {
		ret = ads1299_reg_read(st, &st->selects[i], ADS1299_REG_ID, &id);
		if (ret)
			return ret;
		*ret_id = id;
		if (!i)
			first = id;
		if (!ads1299_id_known(id) || (id ^ first) & ADS1299_ID_NU_CH_MASK)
			return 0;
	}

	return 1;
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
		ret = ads1299_read_ids(st, &id);
		if (ret < 0)
			return dev_err_probe(dev, ret, "cannot read the ID\n");
		if (ret)
			break;
		if (time_after(jiffies, deadline))
			return dev_err_probe(dev, -ENODEV,
					     "ID 0x%02x is not that of an ADS1299, or of the others\n",
					     id);
		msleep(ADS1299_POWER_UP_RETRY_MS);
	}

	st->info = &ads1299_chips[FIELD_GET(ADS1299_ID_NU_CH_MASK, id)];
	st->num_chips = st->num_selects * st->chain;
	st->num_channels = st->num_chips * st->info->num_channels;
	if (expected && expected != st->info)
		dev_info(dev, "%s found instead of %s\n", st->info->name, expected->name);

	return 0;
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

	ads1299_standby(st);
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
	st->vref_uv = vref_uv;
	ads1299_init_tables(st);

	ads1299_await_power(st);

	return 0;
}

/* Wiring that is no line of its own */
static int ads1299_read_properties(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	u32 chain = 1;
	int ret;

	if (device_property_present(dev, "#daisy-chained-devices")) {
		ret = device_property_read_u32(dev, "#daisy-chained-devices", &chain);
		if (ret)
			return dev_err_probe(dev, ret, "bad #daisy-chained-devices\n");
	}
	if (!chain || chain * st->num_selects > ADS1299_MAX_CHIPS)
		return dev_err_probe(dev, -EINVAL, "%u x %u chips are not 1 to %u\n",
				     st->num_selects, chain, ADS1299_MAX_CHIPS);
	st->chain = chain;
	if (st->num_selects > 1 && !st->start_gpio)
		return dev_err_probe(dev, -EINVAL,
				     "chips that share DRDY start together by start-gpios only\n");

	st->clock_output = device_property_present(dev, "#clock-cells");
	if (st->clock_output && st->clk)
		return dev_err_probe(dev, -EINVAL, "the CLK pin cannot be input and output\n");

	return 0;
}

/* From here on claims and the buffer wake the chip. One whose clock others use never sleeps. */
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
	if (st->clock_output)
		pm_runtime_get_noresume(dev);

	return devm_pm_runtime_enable(dev);
}

/*
 * The internal oscillator at the CLK pin, for the other chips of a board (table 6;
 * 10.1.4). CONFIG1.CLK_EN is set as long as the driver is bound: to change it
 * when a consumer comes would restart the digital filter under a stream.
 */
static int ads1299_offer_clock(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev;
	struct clk_hw *hw;
	const char *name;
	int ret;

	if (!IS_ENABLED(CONFIG_COMMON_CLK) || !st->clock_output)
		return 0;

	name = devm_kasprintf(dev, GFP_KERNEL, "%s-clk", dev_name(dev));
	if (!name)
		return -ENOMEM;
	hw = devm_clk_hw_register_fixed_rate(dev, name, NULL, 0, st->fclk_hz);
	if (IS_ERR(hw))
		return dev_err_probe(dev, PTR_ERR(hw), "cannot register the clock output\n");
	ret = devm_of_clk_add_hw_provider(dev, of_clk_hw_simple_get, hw);

	return ret ? dev_err_probe(dev, ret, "cannot offer the clock output\n") : 0;
}

static int ads1299_setup_spi(struct spi_device *spi)
{
	spi->mode &= ~SPI_MODE_X_MASK;
	spi->mode |= SPI_MODE_1;	/* the only one (9.5.1) */
	spi->bits_per_word = 8;
	spi->max_speed_hz = min_not_zero(spi->max_speed_hz, (u32)ADS1299_SCLK_MAX_HZ);
	/* A sample is lost when the read starts later than one period after its edge */
	spi->rt = true;
	/* tCSH, for the slowest clock, unless the firmware knows of something slower */
	if (!spi->cs_inactive.value)
		spi->cs_inactive = (struct spi_delay) {
			.value = DIV_ROUND_UP(ADS1299_CS_HIGH_CLOCKS * NSEC_PER_SEC,
					      ADS1299_FCLK_MIN_HZ),
			.unit = SPI_DELAY_UNIT_NSECS,
		};

	return spi_setup(spi);
}

/* --- several chip selects --------------------------------------------------- */

/* A chip whose DRDY, START, RESET and PWDN are those of another one, which has it read */
static bool ads1299_is_follower(struct device *dev)
{
	return device_property_read_bool(dev, "ti,cascaded");
}

/* That there are driver data tells that it is bound */
static int ads1299_probe_follower(struct spi_device *spi)
{
	spi_set_drvdata(spi, spi);
	return ads1299_setup_spi(spi);
}

static int ads1299_add_select(struct ads1299_state *st, struct spi_device *spi)
{
	struct ads1299_select *select = &st->selects[st->num_selects];

	if (st->num_selects == ADS1299_MAX_SELECTS)
		return dev_err_probe(&st->spi->dev, -EINVAL, "more than %u chip selects\n",
				     ADS1299_MAX_SELECTS);
	select->st = st;
	select->spi = spi;
	select->index = st->num_selects++;

	return 0;
}

static void ads1299_put_device(void *data)
{
	put_device(data);
}

/* They are bound first, and taken away after this one */
static int ads1299_find_followers(struct ads1299_state *st)
{
	struct device *dev = &st->spi->dev, *follower;
	struct fwnode_reference_args args;
	unsigned int i;
	int ret;

	for (i = 0; !fwnode_property_get_reference_args(dev_fwnode(dev), "ti,cascade", NULL, 0, i,
							&args); i++) {
		follower = bus_find_device_by_fwnode(&spi_bus_type, args.fwnode);
		fwnode_handle_put(args.fwnode);
		if (!follower)
			return -EPROBE_DEFER;
		ret = devm_add_action_or_reset(dev, ads1299_put_device, follower);
		if (ret)
			return ret;
		if (follower->driver != dev->driver || !dev_get_drvdata(follower))
			return -EPROBE_DEFER;
		if (!ads1299_is_follower(follower))
			return dev_err_probe(dev, -EINVAL, "%s has no ti,cascaded\n",
					     dev_name(follower));
		if (!device_link_add(dev, follower, DL_FLAG_AUTOREMOVE_CONSUMER))
			return dev_err_probe(dev, -EINVAL, "cannot depend on %s\n",
					     dev_name(follower));
		ret = ads1299_add_select(st, to_spi_device(follower));
		if (ret)
			return ret;
	}

	return 0;
}

static int ads1299_probe(struct spi_device *spi)
{
	struct device *dev = &spi->dev;
	struct iio_dev *indio_dev;
	struct ads1299_state *st;
	int ret;

	if (ads1299_is_follower(dev))
		return ads1299_probe_follower(spi);

	indio_dev = devm_iio_device_alloc(dev, sizeof(*st));
	if (!indio_dev)
		return -ENOMEM;

	st = iio_priv(indio_dev);
	st->spi = spi;
	spi_set_drvdata(spi, indio_dev);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;
	ret = ads1299_add_select(st, spi);
	if (ret)
		return ret;
	ret = ads1299_find_followers(st);
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
	ret = ads1299_identify(st);
	if (ret)
		return ret;

	indio_dev->name = st->info->name;
	indio_dev->modes = INDIO_DIRECT_MODE;
	ret = ads1299_init_channels(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_reprogram(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot write the registers\n");

	ret = ads1299_capture_init(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_find_speed(indio_dev);
	if (ret)
		return ret;
	ret = ads1299_enable_runtime_pm(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable runtime power management\n");
	ret = ads1299_offer_clock(st);
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

	ads1299_standby(st);
	return 0;
}

static int ads1299_runtime_resume(struct device *dev)
{
	struct ads1299_state *st = iio_priv(dev_get_drvdata(dev));
	int ret;

	ret = ads1299_command_all(st, ADS1299_CMD_WAKEUP);
	if (ret)
		return ret;
	fsleep(ADS1299_STANDBY_WAKE_US);
	st->asleep = false;
	ret = ads1299_apply(st);
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
	int ret;

	if (ads1299_is_follower(dev))
		return 0;
	/*
	 * User space is frozen: nobody enables or disables the buffer meanwhile.
	 * An error is that of STOP, which standby is, too.
	 */
	if (iio_buffer_enabled(indio_dev))
		ads1299_capture_stop(indio_dev);

	ret = pm_runtime_force_suspend(dev);
	if (ret)
		return ret;
	ads1299_power_off(iio_priv(indio_dev));

	return 0;
}

static int ads1299_resume(struct device *dev)
{
	struct iio_dev *indio_dev = dev_get_drvdata(dev);
	struct ads1299_state *st;
	int ret;

	if (ads1299_is_follower(dev))
		return 0;

	st = iio_priv(indio_dev);
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
