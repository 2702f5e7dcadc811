// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 commands and registers.
 *
 * What is wanted of the chips is plain data (struct ads1299_settings).
 * ads1299_compute() alone knows which registers come of it, so that what
 * depends on each other (power, references, bias, lead-off) is in one place.
 */

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/spi/spi.h>
#include <linux/string.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/*
 * At one bit per clock a byte takes 8 tCLK, so that no gap is needed for
 * tSDECODE of 4 tCLK between bytes (9.5.3.10), however far the internal
 * oscillator is off.
 */
static int ads1299_transfer(struct ads1299_state *st, struct ads1299_select *select,
			    unsigned int len)
{
	struct spi_transfer xfer = {
		.tx_buf = st->tx,
		.rx_buf = st->rx,
		.len = len,
		.speed_hz = min_t(u32, st->fclk_hz, select->spi->max_speed_hz),
		.delay = st->decode_delay,
	};

	lockdep_assert_held(&st->lock);

	return spi_sync_transfer(select->spi, &xfer, 1);
}

/**
 * ads1299_command - send a command of one byte
 * @st: the device
 * @select: to what is behind that chip select
 * @opcode: ADS1299_CMD_*
 *
 * Context: can sleep.
 * Returns: 0 when the chip had the time to decode it, or a negative error code.
 */
int ads1299_command(struct ads1299_state *st, struct ads1299_select *select, u8 opcode)
{
	guard(mutex)(&st->lock);

	st->tx[0] = opcode;
	return ads1299_transfer(st, select, 1);
}

/**
 * ads1299_command_all - send a command to all chips, one chip select after the other
 * @st: the device
 * @opcode: ADS1299_CMD_*
 *
 * Context: can sleep.
 * Returns: 0 on success, or the first error: the others got it nevertheless.
 */
int ads1299_command_all(struct ads1299_state *st, u8 opcode)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < st->num_selects; i++)
		ret = ads1299_command(st, &st->selects[i], opcode) ?: ret;

	return ret;
}

static int ads1299_read_regs(struct ads1299_state *st, struct ads1299_select *select,
			     unsigned int first, unsigned int count)
{
	lockdep_assert_held(&st->lock);

	memset(st->tx, 0, sizeof(st->tx));
	st->tx[0] = ADS1299_CMD_RREG | first;
	st->tx[1] = count - 1;
	return ads1299_transfer(st, select, 2 + count);
}

/**
 * ads1299_reg_read - read a register of the (first) chip behind a chip select
 * @st: the device
 * @select: the chip select
 * @reg: ADS1299_REG_*
 * @val: its value
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_reg_read(struct ads1299_state *st, struct ads1299_select *select, unsigned int reg,
		     unsigned int *val)
{
	int ret;

	guard(mutex)(&st->lock);

	ret = ads1299_read_regs(st, select, reg, 1);
	if (ret)
		return ret;

	*val = st->rx[2];
	return 0;
}

static int ads1299_write_locked(struct ads1299_state *st, struct ads1299_select *select,
				unsigned int reg, unsigned int val)
{
	int ret;

	st->tx[0] = ADS1299_CMD_WREG | reg;
	st->tx[1] = 0;	/* one register */
	st->tx[2] = val;
	ret = ads1299_transfer(st, select, 3);
	/* It may have got through, in part */
	if (ret)
		select->unsure = true;
	else
		select->regs[reg] = val;

	return ret;
}

/**
 * ads1299_reg_write - write a register of all chips behind a chip select
 * @st: the device
 * @select: the chip select
 * @reg: ADS1299_REG_*
 * @val: its value
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_reg_write(struct ads1299_state *st, struct ads1299_select *select, unsigned int reg,
		      unsigned int val)
{
	guard(mutex)(&st->lock);

	return ads1299_write_locked(st, select, reg, val);
}

/**
 * ads1299_update_gpio - change bits of the GPIO register
 * @st: the device
 * @select: of what is behind that chip select
 * @mask: which bits
 * @value: what they are to be
 *
 * Between two reads of data the chip takes register commands (9.5.3.9), so that
 * this may be called under a stream. A chip in standby gets it when it wakes.
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_update_gpio(struct ads1299_state *st, struct ads1299_select *select, u8 mask, u8 value)
{
	guard(mutex)(&st->lock);

	select->gpio = (select->gpio & ~mask) | value;
	return st->asleep ? 0 : ads1299_write_locked(st, select, ADS1299_REG_GPIO, select->gpio);
}

/**
 * ads1299_standby - put the chips to sleep
 * @st: the device
 *
 * Nothing but WAKEUP is understood then (9.5.3.3). A chip that did not get it
 * stays awake, no worse.
 *
 * Context: can sleep; no conversion under way.
 */
void ads1299_standby(struct ads1299_state *st)
{
	scoped_guard(mutex, &st->lock)
		st->asleep = true;
	ads1299_command_all(st, ADS1299_CMD_STANDBY);
}

/* Channels of the chip, or of any chip of the chain, that somebody looks at */
static u8 ads1299_powered(const struct ads1299_state *st, const struct ads1299_select *select)
{
	unsigned int n = st->info->num_channels;
	unsigned int first = select->index * st->chain * n;
	unsigned int i;
	u8 powered = 0;

	for (i = 0; i < st->chain * n; i++)
		if (test_bit(first + i, st->powered_channels))
			powered |= BIT(i % n);

	return powered;
}

/* A channel that is powered down has its input shorted (table 11, CHnSET) and is off SRB2 */
static u8 ads1299_compute_channel(const struct ads1299_input *input, bool powered)
{
	u8 chset = FIELD_PREP(ADS1299_CHSET_GAIN_MASK, input->gain);

	if (!powered)
		return chset | ADS1299_CHSET_PD | ADS1299_MUX_SHORTED;

	return chset | FIELD_PREP(ADS1299_CHSET_SRB2, input->srb2) |
	       FIELD_PREP(ADS1299_CHSET_MUX_MASK, input->mux);
}

/*
 * Bias: an electrode that SRB1 or SRB2 connects to many inputs is not sensed, for
 * it would count as often, and all channels would be driven to a rail.
 *
 * Lead-off: through such an electrode goes one current, that of one input
 * (10.2.2), not the sum of all.
 */
static void ads1299_compute_electrodes(const struct ads1299_state *st,
				       const struct ads1299_select *select, u8 *regs)
{
	const struct ads1299_settings *set = &st->settings;
	const struct ads1299_input *input = &set->inputs[select->index * st->info->num_channels];
	u8 powered = ads1299_powered(st, select);
	u8 srb2 = 0, sense_p = 0, sense_n = 0;
	unsigned int i;

	for (i = 0; i < st->info->num_channels; i++) {
		regs[ADS1299_REG_CHSET(i)] = ads1299_compute_channel(&input[i], powered & BIT(i));
		srb2 |= input[i].srb2 ? BIT(i) : 0;
		sense_p |= input[i].bias_sense & ADS1299_SENSE_P ? BIT(i) : 0;
		sense_n |= input[i].bias_sense & ADS1299_SENSE_N ? BIT(i) : 0;
	}
	srb2 &= powered;

	regs[ADS1299_REG_BIAS_SENSP] = sense_p & powered & ~srb2;
	regs[ADS1299_REG_BIAS_SENSN] = set->srb1 ? 0 : sense_n & powered;
	regs[ADS1299_REG_MISC1] = FIELD_PREP(ADS1299_MISC1_SRB1, set->srb1);
	if (!set->leadoff_current || !powered)
		return;

	regs[ADS1299_REG_LOFF_SENSP] = (powered & ~srb2) | (srb2 & -srb2);
	/* The SRB1 pins of several chips are one electrode, too */
	if (!set->srb1)
		regs[ADS1299_REG_LOFF_SENSN] = powered;
	else if (!select->index)
		regs[ADS1299_REG_LOFF_SENSN] = powered & -powered;
}

/* Comparators tell of direct current, and would report the peaks of an alternating one */
static bool ads1299_leadoff_dc(const struct ads1299_settings *set)
{
	return set->leadoff_current && set->leadoff_frequency == ADS1299_FLEAD_DC;
}

/* All registers of the chips behind a chip select, from what is wanted of them */
static void ads1299_compute(const struct ads1299_state *st, const struct ads1299_select *select,
			    u8 *regs)
{
	const struct ads1299_settings *set = &st->settings;
	const struct ads1299_input *input = &set->inputs[select->index * st->info->num_channels];
	bool test = false, bias_meas = false;
	unsigned int i;

	memset(regs, 0, ADS1299_NUM_REGS);
	ads1299_compute_electrodes(st, select, regs);

	/* The test signal and the bias measurement run while a channel wants them */
	for (i = 0; i < st->info->num_channels; i++) {
		test |= input[i].mux == ADS1299_MUX_TEST_SIGNAL;
		bias_meas |= input[i].mux == ADS1299_MUX_BIAS_MEAS;
	}

	/* A frame may be read twice, except in a chain (9.4.4.2) */
	regs[ADS1299_REG_CONFIG1] = ADS1299_CONFIG1_FIXED |
				    FIELD_PREP(ADS1299_CONFIG1_DAISY_EN, st->chain == 1) |
				    FIELD_PREP(ADS1299_CONFIG1_CLK_EN,
					       st->clock_output && !select->index) |
				    FIELD_PREP(ADS1299_CONFIG1_DR_MASK, set->dr);
	regs[ADS1299_REG_CONFIG2] = ADS1299_CONFIG2_FIXED | set->test |
				    FIELD_PREP(ADS1299_CONFIG2_INT_CAL, test);
	/* Of several chips the first one drives the bias electrode (10.1.4) */
	regs[ADS1299_REG_CONFIG3] = ADS1299_CONFIG3_FIXED |
				    FIELD_PREP(ADS1299_CONFIG3_PD_REFBUF, st->internal_ref) |
				    FIELD_PREP(ADS1299_CONFIG3_BIAS_MEAS, bias_meas) |
				    FIELD_PREP(ADS1299_CONFIG3_BIASREF_INT,
					       !st->bias_external_reference) |
				    FIELD_PREP(ADS1299_CONFIG3_PD_BIAS,
					       set->bias_drive && !select->index) |
				    FIELD_PREP(ADS1299_CONFIG3_BIAS_LOFF_SENS,
					       set->bias_electrode_sense && !select->index);
	regs[ADS1299_REG_LOFF] = FIELD_PREP(ADS1299_LOFF_COMP_TH_MASK, set->leadoff_threshold) |
				 FIELD_PREP(ADS1299_LOFF_ILEAD_MASK,
					    max(set->leadoff_current, 1) - 1) |
				 FIELD_PREP(ADS1299_LOFF_FLEAD_MASK, set->leadoff_frequency);
	regs[ADS1299_REG_GPIO] = select->gpio;
	regs[ADS1299_REG_CONFIG4] = FIELD_PREP(ADS1299_CONFIG4_PD_LOFF_COMP,
					       ads1299_leadoff_dc(set) ||
					       set->bias_electrode_sense);
}

/*
 * From the last to the first: what the bias amplifier senses before it is
 * switched on, and CONFIG1, which restarts the digital filter, at the end.
 */
static int ads1299_apply_select(struct ads1299_state *st, struct ads1299_select *select)
{
	u8 regs[ADS1299_NUM_REGS];
	bool all = select->unsure;
	unsigned int reg;
	int ret;

	ads1299_compute(st, select, regs);
	select->unsure = false;
	for (reg = ADS1299_REG_LAST; reg >= ADS1299_REG_CONFIG1; reg--) {
		if (reg == ADS1299_REG_LOFF_STATP || reg == ADS1299_REG_LOFF_STATN ||
		    (!all && regs[reg] == select->regs[reg]))
			continue;
		ret = ads1299_write_locked(st, select, reg, regs[reg]);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * ads1299_apply - bring all registers in line with what is wanted
 * @st: the device: its settings, the wiring, or the channels powered have changed
 *
 * Context: can sleep; no conversion under way, or nothing but GPIO has changed.
 * Returns: 0 on success, or a negative error code: the next call writes all.
 */
int ads1299_apply(struct ads1299_state *st)
{
	unsigned int i;
	u32 mask = 0;
	int ret;

	guard(mutex)(&st->lock);

	/* Flags mean nothing until all is written */
	st->leadoff_status_mask = 0;
	for (i = 0; i < st->num_selects; i++) {
		ret = ads1299_apply_select(st, &st->selects[i]);
		if (ret)
			return ret;
		mask |= ads1299_leadoff_mask(&st->selects[i]);
	}
	if (ads1299_leadoff_dc(&st->settings))
		st->leadoff_status_mask = mask;

	return 0;
}

/**
 * ads1299_forget_registers - the chips have been reset
 * @st: the device; ads1299_apply() is to follow
 */
void ads1299_forget_registers(struct ads1299_state *st)
{
	unsigned int i;

	for (i = 0; i < st->num_selects; i++)
		st->selects[i].unsure = true;
}

/*
 * Bits that the chip has to have as they were written. Not what the chip changes
 * by itself, not GPIO, which may be written while a comparison is under way, and
 * not what the chip has not: fixed bits (table 11) and absent channels.
 */
static u8 ads1299_reg_checked_bits(const struct ads1299_state *st, unsigned int reg)
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

/* Returns: a register that is not as it was written, or 0. What it is instead is in st->rx */
static unsigned int ads1299_find_difference(const struct ads1299_state *st,
					    const struct ads1299_select *select)
{
	unsigned int reg;

	for (reg = ADS1299_REG_CONFIG1; reg <= ADS1299_REG_LAST; reg++)
		if ((st->rx[1 + reg] ^ select->regs[reg]) & ads1299_reg_checked_bits(st, reg))
			return reg;

	return 0;
}

static int ads1299_select_intact(struct ads1299_state *st, struct ads1299_select *select,
				 bool complain)
{
	unsigned int tries, reg = 0;
	int ret;

	guard(mutex)(&st->lock);

	/* A bit may flip on the bus: the chip is asked twice before it is found wanting */
	for (tries = 0; tries < 2; tries++) {
		ret = ads1299_read_regs(st, select, ADS1299_REG_CONFIG1, ADS1299_REG_LAST);
		if (ret)
			return ret;
		reg = ads1299_find_difference(st, select);
		if (!reg)
			return 1;
	}

	if (complain)
		dev_err_ratelimited(&select->spi->dev,
				    "register 0x%02x reads 0x%02x, not 0x%02x as written\n", reg,
				    st->rx[1 + reg], select->regs[reg]);
	return 0;
}

/**
 * ads1299_regs_intact - do the chips have what was written to them?
 * @st: the device
 * @complain: say which register is not as it should be
 *
 * Of a daisy chain the first chip answers.
 *
 * Context: can sleep.
 * Returns: 1 if they have, 0 if not, or a negative error code.
 */
int ads1299_regs_intact(struct ads1299_state *st, bool complain)
{
	unsigned int i;
	int ret;

	for (i = 0; i < st->num_selects; i++) {
		ret = ads1299_select_intact(st, &st->selects[i], complain);
		if (ret <= 0)
			return ret;
	}

	return 1;
}

/*
 * Of the first chip select; those that follow have the addresses from 0x20, 0x40
 * and 0x60 on. For experts: the next setting brings all in line again.
 */
int ads1299_debugfs_reg_access(struct iio_dev *indio_dev, unsigned int reg,
			       unsigned int writeval, unsigned int *readval)
{
	unsigned int index = reg / (ADS1299_CMD_REG_MASK + 1);
	struct ads1299_state *st = iio_priv(indio_dev);
	int ret;

	reg &= ADS1299_CMD_REG_MASK;
	if (reg > ADS1299_REG_LAST || index >= st->num_selects)
		return -EINVAL;

	ret = ads1299_claim(indio_dev);
	if (ret)
		return ret;
	if (readval)
		ret = ads1299_reg_read(st, &st->selects[index], reg, readval);
	else
		ret = ads1299_reg_write(st, &st->selects[index], reg, writeval);
	ads1299_release(indio_dev);

	return ret;
}
