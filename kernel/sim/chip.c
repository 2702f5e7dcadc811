// SPDX-License-Identifier: GPL-2.0-only
/*
 * Behaviour of an ADS1299: see chip.h.
 *
 * Where the data sheet (SBAS499C) leaves something open or contradicts
 * itself, the model takes the reading that shows a mistake of a driver
 * soonest, and a comment says so. Not modelled: the digital filter (a
 * conversion is its input at that moment), noise, offset, start-up of the
 * reference, what the bias amplifier does to the body, and everything shorter
 * than one byte on the bus.
 */

#include "chip.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/string.h>
#else
#include <string.h>

/* 32-bit kernels have no 64-bit division operator, user space has no div_u64() */
static u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}
#endif

/* No input goes beyond that; keeps products of inputs within 64 bits */
#define ADS_CHIP_MAX_INPUT_NV	10000000000ULL

/* 31.25 us at the nominal clock (9.5.3.3) */
#define STANDBY_WAKE_CLOCKS	64

/* --- registers ------------------------------------------------------------ */

static u8 channel_mask(const struct ads_chip *chip)
{
	return (1u << chip->part->channels) - 1;
}

/* Bits that this part has: those of absent channels read and write 0 (table 11) */
static u8 existing_bits(const struct ads_chip *chip, u8 reg)
{
	if (reg >= ADS_REG_CHSET(chip->part->channels) &&
	    reg < ADS_REG_CHSET(ADS_MAX_CHANNELS))
		return 0;

	if (reg >= ADS_REG_BIAS_SENSP && reg <= ADS_REG_LOFF_STATN)
		return channel_mask(chip);

	return 0xff;
}

/* Of the supply, in thousandths, by LOFF.COMP_TH: the side for an input that is pulled up */
static const u16 lead_off_thresholds[8] = { 950, 925, 900, 875, 850, 800, 750, 700 };

static s64 supply_uv(const struct ads_chip *chip)
{
	return (s64)chip->board.avdd_uv - chip->board.avss_uv;
}

/* What the excitation current drops across an electrode that is on */
static s64 electrode_drop_nv(const struct ads_chip *chip)
{
	u8 code = (chip->regs[ADS_REG_LOFF] & ADS_LOFF_ILEAD_MASK) >> 2;

	return (s64)chip->part->lead_off_na[code] * chip->board.electrode_ohm;
}

/*
 * The comparators see an electrode only where they are on and asked to look:
 * it is off, or so bad that the current pulls it from mid-supply to beyond
 * the threshold.
 */
static u8 lead_off_status(const struct ads_chip *chip, u8 off, u8 sens_reg)
{
	u8 threshold = (chip->regs[ADS_REG_LOFF] & ADS_LOFF_COMP_TH_MASK) >> 5;
	u8 asked = chip->regs[sens_reg] & channel_mask(chip);

	if (!asked || !(chip->regs[ADS_REG_CONFIG4] & ADS_CONFIG4_PD_LOFF_COMP))
		return 0;

	/* A thousandth of a microvolt is a nanovolt */
	if (electrode_drop_nv(chip) > supply_uv(chip) * (lead_off_thresholds[threshold] - 500))
		return asked;

	return off & asked;
}

static u8 lead_off_p(const struct ads_chip *chip)
{
	return lead_off_status(chip, chip->board.p_off, ADS_REG_LOFF_SENSP);
}

static u8 lead_off_n(const struct ads_chip *chip)
{
	return lead_off_status(chip, chip->board.n_off, ADS_REG_LOFF_SENSN);
}

static u8 bias_status(const struct ads_chip *chip)
{
	if (!(chip->regs[ADS_REG_CONFIG3] & ADS_CONFIG3_BIAS_LOFF_SENS))
		return 0;

	return chip->board.bias_off ? ADS_CONFIG3_BIAS_STAT : 0;
}

/* Levels at the four GPIO pins: outputs as written, inputs as the board has them */
static u8 gpio_levels(const struct ads_chip *chip)
{
	u8 gpio = chip->regs[ADS_REG_GPIO];
	u8 inputs = gpio & ADS_GPIO_DIR_MASK;

	return ((gpio >> 4) & ~inputs) | (chip->board.gpio_pins & inputs);
}

/**
 * ads_chip_read_reg() - what RREG of a register would answer now
 * @chip: the chip
 * @reg: address
 *
 * Return: the value, 0 for an address without a register.
 */
u8 ads_chip_read_reg(const struct ads_chip *chip, u8 reg)
{
	if (reg >= chip->part->num_regs)
		return 0;
	if (reg && reg == chip->stuck_reg)
		return chip->stuck_value;

	switch (reg) {
	case ADS_REG_ID:
		if (chip->unreset)
			return 0;
		return chip->wrong_id ? chip->wrong_id : chip->part->id;
	case ADS_REG_CONFIG3:
		return chip->regs[reg] | bias_status(chip);
	case ADS_REG_LOFF_STATP:
		return lead_off_p(chip);
	case ADS_REG_LOFF_STATN:
		return lead_off_n(chip);
	case ADS_REG_GPIO:
		return (gpio_levels(chip) << 4) | (chip->regs[reg] & ADS_GPIO_DIR_MASK);
	default:
		return chip->regs[reg];
	}
}

/* (Re)start: the filter is empty, the first result comes after the settling time */
static void begin_conversions(struct ads_chip *chip)
{
	chip->converting = true;
	chip->settling = true;
	chip->stopping = false;
	chip->drdy = false;
	chip->epoch++;
}

/* A chip that comes back from whatever it was in converts if its START pin is high */
static void heed_start_pin(struct ads_chip *chip)
{
	if (chip->start_pin && !chip->down && !chip->standby)
		begin_conversions(chip);
}

static void end_conversions(struct ads_chip *chip)
{
	chip->started = false;
	if (!chip->converting)
		return;

	chip->converting = false;
	chip->stopping = false;
	chip->epoch++;
}

/* Changes the bits of @mask only */
static void change_reg(struct ads_chip *chip, u8 reg, u8 mask, u8 value)
{
	u8 old = chip->regs[reg];

	chip->regs[reg] = (old & ~mask) | (value & mask);

	/* A new value of CONFIG1 resets the digital filter (9.4.2) */
	if (reg == ADS_REG_CONFIG1 && chip->regs[reg] != old && chip->converting)
		begin_conversions(chip);
}

static void write_reg(struct ads_chip *chip, u8 reg, u8 value)
{
	u8 writable;

	if (reg >= chip->part->num_regs)
		return;

	writable = chip->part->regs[reg].writable & existing_bits(chip, reg);

	/* A data bit written to a pin that is an input has no effect */
	if (reg == ADS_REG_GPIO)
		writable &= ~((value & ADS_GPIO_DIR_MASK) << 4);

	change_reg(chip, reg, writable, value);
}

/**
 * ads_chip_upset_reg() - a register changes although nobody wrote it
 * @chip: the chip
 * @reg: address
 * @value: what is in it now: an electrostatic discharge minds no fixed bits
 */
void ads_chip_upset_reg(struct ads_chip *chip, u8 reg, u8 value)
{
	if (reg < chip->part->num_regs)
		change_reg(chip, reg, 0xff, value);
}

/**
 * ads_chip_reset() - the RESET command, the RESET pin, or a brown-out
 * @chip: the chip
 *
 * Registers at their reset values, RDATAC mode, no result to read: until the
 * first conversion frames are zero and fail the sync check. No conversions,
 * unless the START pin is high.
 */
void ads_chip_reset(struct ads_chip *chip)
{
	unsigned int reg;

	for (reg = 0; reg < chip->part->num_regs; reg++)
		chip->regs[reg] = chip->part->regs[reg].reset & existing_bits(chip, reg);

	end_conversions(chip);
	chip->unreset = false;
	chip->standby = false;
	chip->rdatac = true;
	chip->drdy = false;
	chip->decode = ADS_CHIP_OPCODE;
	chip->shifting = false;
	memset(chip->result, 0, sizeof(chip->result));
	chip->stats.resets++;
	chip->busy_clocks = ADS_RESET_CLOCKS;
	heed_start_pin(chip);
}

/* Whatever keeps a chip from doing anything leaves it at its reset values */
static void set_down(struct ads_chip *chip, u8 why, bool down)
{
	u8 old = chip->down;

	chip->down = down ? old | why : old & ~why;
	if (chip->down && !old)
		ads_chip_reset(chip);
	if (old & ADS_CHIP_NO_POWER && !(chip->down & ADS_CHIP_NO_POWER))
		chip->stats.power_ups++;
	if (!old || chip->down)
		return;

	chip->busy_clocks = old & ADS_CHIP_NO_POWER ? ADS_POR_CLOCKS : ADS_RESET_CLOCKS;
	heed_start_pin(chip);
}

/**
 * ads_chip_set_supply() - switch a supply
 * @chip: the chip
 * @supply: which one: a bit of ADS_CHIP_NO_SUPPLY
 * @on: it is on
 */
void ads_chip_set_supply(struct ads_chip *chip, u8 supply, bool on)
{
	set_down(chip, supply & ADS_CHIP_NO_SUPPLY, !on);
}

/**
 * ads_chip_set_vcap1() - the capacitor at VCAP1 is empty, or full enough
 * @chip: the chip
 * @up: it has 1.1 V
 *
 * Until then the chip does nothing, and afterwards nothing right before it is reset (11.1).
 */
void ads_chip_set_vcap1(struct ads_chip *chip, bool up)
{
	set_down(chip, ADS_CHIP_NO_VCAP1, !up);
	chip->unreset = true;
}

/**
 * ads_chip_set_power_pin() - drive the PWDN line
 * @chip: the chip
 * @on: true: PWDN is high, the chip has power
 *
 * The data sheet does not say that registers survive, so they do not.
 */
void ads_chip_set_power_pin(struct ads_chip *chip, bool on)
{
	set_down(chip, ADS_CHIP_POWER_DOWN, !on);
}

/**
 * ads_chip_set_reset_pin() - drive the RESET line
 * @chip: the chip
 * @asserted: true: RESET is low
 */
void ads_chip_set_reset_pin(struct ads_chip *chip, bool asserted)
{
	set_down(chip, ADS_CHIP_IN_RESET, asserted);
}

bool ads_chip_powered_down(const struct ads_chip *chip)
{
	return chip->down & ADS_CHIP_POWER_DOWN;
}

bool ads_chip_in_reset(const struct ads_chip *chip)
{
	return chip->down & ADS_CHIP_IN_RESET;
}

/**
 * ads_chip_set_start_pin() - drive the START line
 * @chip: the chip
 * @high: true: convert
 *
 * Going low it lets the conversion in progress complete, unless the START
 * command keeps conversions going.
 */
void ads_chip_set_start_pin(struct ads_chip *chip, bool high)
{
	if (chip->start_pin == high)
		return;

	chip->start_pin = high;
	if (!high)
		chip->stopping = chip->converting && !chip->started;
	else if (!chip->converting || chip->stopping)
		heed_start_pin(chip);
}

/**
 * ads_chip_power_up() - switch a chip on
 * @chip: where to put it
 * @part: which part it is
 *
 * The board is one with a unipolar 5 V and a 3.3 V supply, at 25 degrees, all
 * electrodes on, without an external reference.
 */
void ads_chip_power_up(struct ads_chip *chip, const struct ads_chip_part *part)
{
	memset(chip, 0, sizeof(*chip));
	chip->part = part;
	chip->chain = 1;
	chip->board.avdd_uv = 5000000;
	chip->board.dvdd_uv = 3300000;
	chip->board.temperature_mc = 25000;
	ads_chip_reset(chip);
	chip->stats.resets = 0;
	chip->busy_clocks = 0;	/* it has been on for long */
}

/* --- conversions ---------------------------------------------------------- */

/* Square wave counted in periods of fCLK; its sign is that of -(VREFP - VREFN) (CONFIG2) */
static s64 test_signal_nv(const struct ads_chip *chip)
{
	u8 config2 = chip->regs[ADS_REG_CONFIG2];
	s64 nv = (s64)chip->part->vref_uv(chip) * 1000;
	bool high;

	if (!(config2 & ADS_CONFIG2_INT_CAL))
		return 0;	/* driven from outside, and nothing is connected */

	/* A positive quantity below 2^33: divided in microvolts it would lose digits */
	nv = div_u64(nv, ADS_TEST_SIGNAL_DIVIDER);
	if (config2 & ADS_CONFIG2_CAL_AMP)
		nv *= 2;

	switch (config2 & ADS_CONFIG2_CAL_FREQ_MASK) {
	case ADS_CAL_FREQ_FCLK_2_21:
		high = (chip->clocks >> 20) & 1;
		break;
	case ADS_CAL_FREQ_FCLK_2_20:
		high = (chip->clocks >> 19) & 1;
		break;
	case ADS_CAL_FREQ_DC:
		high = false;
		break;
	default:
		return 0;	/* forbidden */
	}

	return high ? nv : -nv;
}

/* MVDD: channels 3 and 4 of the data sheet's count see DVDD / 4, the others mid-supply */
static s64 supply_nv(const struct ads_chip *chip, unsigned int channel)
{
	if (channel == 2 || channel == 3)
		return (s64)chip->board.dvdd_uv * 250;

	return ((s64)chip->board.avdd_uv + chip->board.avss_uv) * 500;
}

static s64 temperature_nv(const struct ads_chip *chip)
{
	return ADS_TEMP_OFFSET_UV * 1000LL +
		ADS_TEMP_UV_PER_CELSIUS *
		((s64)chip->board.temperature_mc - ADS_TEMP_OFFSET_CELSIUS * 1000);
}

/* Direction of the excitation current just now: P up and N down, or the other way round */
static bool lead_off_flipped(const struct ads_chip *chip, unsigned int channel)
{
	bool flipped = chip->regs[ADS_REG_LOFF_FLIP] & (1u << channel);
	u32 period = chip->part->lead_off_clocks(chip);

	return flipped != !!(chip->clocks & (period / 2));
}

/*
 * What the third-order sinc filter leaves of a square wave four conversions
 * long: the step response of the filter is done after three, so that each is
 * 1/6, 4/6 and 1/6 of the levels during them, two of which cancel. Slower ones
 * pass whole but for the conversions at their edges.
 */
static u64 lead_off_filtered_nv(const struct ads_chip *chip, u64 nv)
{
	bool fast = chip->part->lead_off_clocks(chip) == 4 * chip->part->sample_clocks(chip);

	return fast ? div_u64(2 * nv, 3) : nv;
}

/*
 * The excitation current goes through the electrodes of the inputs it is
 * switched to, and an input whose electrode is off is pulled to a supply. One
 * lost electrode is enough to saturate the channel (section 9.3.2.4.3).
 */
static s64 lead_off_nv(const struct ads_chip *chip, unsigned int channel, s64 nv)
{
	u8 p = chip->regs[ADS_REG_LOFF_SENSP] & (1u << channel);
	u8 n = chip->regs[ADS_REG_LOFF_SENSN] & (1u << channel);
	s64 pull_nv;

	if (!p && !n)
		return nv;

	if ((chip->board.p_off & p) | (chip->board.n_off & n)) {
		nv = 0;
		pull_nv = supply_uv(chip) * 1000;
	} else {
		pull_nv = lead_off_filtered_nv(chip, electrode_drop_nv(chip) * (!!p + !!n));
	}

	return lead_off_flipped(chip, channel) ? nv - pull_nv : nv + pull_nv;
}

/*
 * SRB2 is on the positive input of a channel in place of its electrode, SRB1
 * on the negative inputs of all of them (table 11, CHnSET and MISC1).
 */
static s64 electrode_nv(const struct ads_chip *chip, unsigned int channel, s64 nv)
{
	if (chip->regs[ADS_REG_CHSET(channel)] & ADS_CHSET_SRB2)
		nv = chip->board.srb2_nv;
	if (chip->regs[ADS_REG_MISC1] & ADS_MISC1_SRB1)
		nv -= chip->board.srb1_nv;

	return lead_off_nv(chip, channel, nv);
}

/* What the input multiplexer puts in front of the amplifier */
static s64 mux_nv(const struct ads_chip *chip, unsigned int channel, s64 electrode)
{
	switch (chip->regs[ADS_REG_CHSET(channel)] & ADS_CHSET_MUX_MASK) {
	case ADS_MUX_NORMAL:
		return electrode_nv(chip, channel, electrode);
	case ADS_MUX_BIAS_MEAS:
		if (!(chip->regs[ADS_REG_CONFIG3] & ADS_CONFIG3_BIAS_MEAS))
			return 0;
		return chip->board.bias_nv;
	case ADS_MUX_SUPPLY:
		return supply_nv(chip, channel);
	case ADS_MUX_TEMPERATURE:
		return temperature_nv(chip);
	case ADS_MUX_TEST_SIGNAL:
		return test_signal_nv(chip);
	case ADS_MUX_BIAS_DRP:
		return chip->board.bias_nv;
	case ADS_MUX_BIAS_DRN:
		return -(s64)chip->board.bias_nv;
	case ADS_MUX_SHORTED:
	default:
		return 0;
	}
}

/*
 * code = round(nv * gain * 2^23 / VREF), clipped at the rails (equation 8).
 * Without a reference any voltage is infinitely many times it, and so clips:
 * a driver that forgets to switch the reference on sees it at once.
 */
static s32 quantise(s64 nv, u8 gain, u32 vref_uv)
{
	u64 magnitude = nv < 0 ? -(u64)nv : (u64)nv;
	u32 divisor = vref_uv * 125;	/* both sides of the fraction divided by 2^3 */

	if (!magnitude || !gain)
		return 0;

	if (magnitude > ADS_CHIP_MAX_INPUT_NV)
		magnitude = ADS_CHIP_MAX_INPUT_NV;

	if (divisor)
		magnitude = div_u64(((magnitude * gain) << (ADS_CODE_BITS - 3)) + divisor / 2,
				    divisor);
	else
		magnitude = ADS_CHIP_MAX_INPUT_NV;

	if (nv < 0)
		return magnitude > -(s64)ADS_CODE_MIN ? ADS_CODE_MIN : -(s32)magnitude;

	return magnitude > ADS_CODE_MAX ? ADS_CODE_MAX : (s32)magnitude;
}

static s32 channel_code(const struct ads_chip *chip, unsigned int channel, s64 electrode,
			u32 vref_uv)
{
	u8 chset = chip->regs[ADS_REG_CHSET(channel)];

	if (chset & ADS_CHSET_PD)
		return 0;

	return quantise(mux_nv(chip, channel, electrode),
			chip->part->gains[(chset & ADS_CHSET_GAIN_MASK) >> 4], vref_uv);
}

static void put_be24(u8 *p, u32 value)
{
	p[0] = value >> 16;
	p[1] = value >> 8;
	p[2] = value;
}

static u32 status_word(const struct ads_chip *chip)
{
	return ADS_STATUS_SYNC | (u32)lead_off_p(chip) << 12 | (u32)lead_off_n(chip) << 4 |
	       gpio_levels(chip);
}

/**
 * ads_chip_frame_bytes() - length of a frame
 * @chip: the chip
 *
 * Return: status and channels in bytes: 27, 21 or 15.
 */
u32 ads_chip_frame_bytes(const struct ads_chip *chip)
{
	return ADS_FRAME_BYTES(chip->part->channels);
}

static void load_shift_register(struct ads_chip *chip)
{
	memcpy(chip->shift, chip->result, sizeof(chip->shift));
	chip->shift_head = 0;
	chip->frames_out = 0;
	chip->shift_conversion = chip->stats.conversions;
	chip->shifting = true;
}

/*
 * In RDATAC mode a result goes to the output at once. Whoever is reading the
 * previous one gets the rest of it from the new one: data clocks must stay
 * out of the update (9.5.3.7). RDATA has latched its frame and is safe.
 */
static void update_continuous_output(struct ads_chip *chip)
{
	u8 head = chip->shift_head;

	if (!chip->selected || !chip->shifting || !head) {
		load_shift_register(chip);
		chip->shifting = chip->selected;
		return;
	}

	memcpy(chip->shift + head, chip->result + head, sizeof(chip->shift) - head);
	chip->stats.frames_torn++;
}

/**
 * ads_chip_converting() - is a conversion under way?
 * @chip: the chip
 *
 * Return: true between START and the end of the last conversion, unless a
 * reserved data rate is programmed.
 */
bool ads_chip_converting(const struct ads_chip *chip)
{
	return ads_chip_clocks_to_conversion(chip) != 0;
}

/**
 * ads_chip_clocks_to_conversion() - duration of the conversion under way
 * @chip: the chip
 *
 * Return: periods of fCLK from the previous conversion to the next, or from
 * the start to the first one (table 7); 0 when not converting.
 */
u32 ads_chip_clocks_to_conversion(const struct ads_chip *chip)
{
	if (!chip->converting)
		return 0;

	return chip->settling ? chip->part->settling_clocks(chip) : chip->part->sample_clocks(chip);
}

/**
 * ads_chip_rate_hz() - nominal data rate
 * @chip: the chip
 *
 * Return: samples per second at the nominal clock, whether the chip is
 * converting or not; 0 for a reserved setting.
 */
u32 ads_chip_rate_hz(const struct ads_chip *chip)
{
	u32 clocks = chip->part->sample_clocks(chip);

	return clocks ? ADS_FCLK_HZ / clocks : 0;
}

/**
 * ads_chip_convert() - complete the conversion under way
 * @chip: the chip
 * @input_nv: differential voltage at the electrodes of each channel
 *
 * The time of ads_chip_clocks_to_conversion() passes, the result is ready and
 * DRDY falls (if it was low still, it was high for 4 tCLK just before).
 *
 * Return: true if DRDY fell, false if the chip is not converting.
 */
bool ads_chip_convert(struct ads_chip *chip, const s64 *input_nv)
{
	u32 clocks = ads_chip_clocks_to_conversion(chip);
	u32 vref_uv = chip->part->vref_uv(chip);
	unsigned int ch;

	if (!clocks)
		return false;

	chip->clocks += clocks;
	chip->settling = false;
	chip->stats.conversions++;

	put_be24(chip->result, status_word(chip));
	for (ch = 0; ch < chip->part->channels; ch++)
		put_be24(chip->result + ADS_FRAME_BYTES(ch),
			 (u32)channel_code(chip, ch, input_nv[ch], vref_uv));

	if (chip->rdatac)
		update_continuous_output(chip);

	if (chip->stopping || chip->regs[ADS_REG_CONFIG4] & ADS_CONFIG4_SINGLE_SHOT)
		end_conversions(chip);

	chip->drdy = true;

	return true;
}

/**
 * ads_chip_unread() - is the newest conversion still to be read?
 * @chip: the chip
 *
 * Return: true from a conversion until it has been shifted out to the end.
 */
bool ads_chip_unread(const struct ads_chip *chip)
{
	return chip->last_read_conversion < chip->stats.conversions;
}

/* --- serial interface ----------------------------------------------------- */

static void start_command(struct ads_chip *chip)
{
	/*
	 * While running 9.5.3.5 says "no effect", table 10 "restart". The
	 * model follows the former, except that a START takes back a STOP.
	 */
	if (!chip->converting || chip->stopping)
		begin_conversions(chip);
	chip->started = true;
}

static void register_command(struct ads_chip *chip, u8 opcode)
{
	chip->reading = (opcode & 0xe0) == ADS_CMD_RREG;
	chip->reg = opcode & ADS_CMD_REG_MASK;
	chip->decode = ADS_CHIP_COUNT;
	/*
	 * SDATAC must come first (9.5.3.7). The data sheet says so of RREG
	 * only; the model ignores WREG too, and in both cases does not take
	 * the bytes that belong to it for commands.
	 */
	chip->ignored = chip->rdatac;
	if (!chip->ignored)
		chip->shifting = false;
}

static void decode_opcode(struct ads_chip *chip, u8 opcode)
{
	/* In standby only WAKEUP counts (9.5.3.3) */
	if (chip->standby && opcode != ADS_CMD_WAKEUP)
		return;

	switch (opcode) {
	case ADS_CMD_WAKEUP:
		if (chip->standby) {
			chip->standby = false;
			chip->busy_clocks = STANDBY_WAKE_CLOCKS;
			heed_start_pin(chip);
		}
		return;
	case ADS_CMD_STANDBY:
		/* Whether conversions go on after WAKEUP is left open: they do not */
		end_conversions(chip);
		chip->standby = true;
		return;
	case ADS_CMD_RESET:
		ads_chip_reset(chip);
		return;
	case ADS_CMD_START:
		start_command(chip);
		return;
	case ADS_CMD_STOP:
		/* The conversion in progress completes (9.5.3.6): one more DRDY follows */
		chip->stopping = chip->converting && !chip->start_pin;
		chip->started = false;
		return;
	case ADS_CMD_RDATAC:
		if (!chip->rdatac)
			load_shift_register(chip);
		chip->rdatac = true;
		return;
	case ADS_CMD_SDATAC:
		if (chip->rdatac)
			chip->shifting = false;
		chip->rdatac = false;
		return;
	case ADS_CMD_RDATA:
		if (!chip->rdatac)
			load_shift_register(chip);
		return;
	}

	switch (opcode & 0xe0) {
	case ADS_CMD_RREG:
	case ADS_CMD_WREG:
		register_command(chip, opcode);
		return;
	}

	/* 00 is what a driver sends to read data; anything else is not a command */
}

static void decode_din(struct ads_chip *chip, u8 din)
{
	switch (chip->decode) {
	case ADS_CHIP_OPCODE:
		decode_opcode(chip, din);
		return;
	case ADS_CHIP_COUNT:
		chip->regs_left = (din & 0x1f) + 1;
		/* An ignored RREG takes no data clocks of its own */
		chip->decode = chip->reading && chip->ignored ? ADS_CHIP_OPCODE : ADS_CHIP_REG_DATA;
		return;
	case ADS_CHIP_REG_DATA:
		if (!chip->reading && !chip->ignored)
			write_reg(chip, chip->reg, din);
		chip->reg++;
		if (!--chip->regs_left)
			chip->decode = ADS_CHIP_OPCODE;
		return;
	}
}

/*
 * With DAISY_EN (multiple readback) the frame goes round, without it what is
 * clocked in at DAISY_IN follows it (9.4.4.2).
 */
static u8 shift_out(struct ads_chip *chip, u8 daisy_in)
{
	u8 *head = &chip->shift[chip->shift_head];
	u8 dout = *head;

	if (!(chip->regs[ADS_REG_CONFIG1] & ADS_CONFIG1_DAISY_EN))
		*head = daisy_in;

	if (++chip->shift_head < ads_chip_frame_bytes(chip))
		return dout;

	chip->shift_head = 0;
	if (++chip->frames_out == chip->chain &&
	    chip->shift_conversion > chip->last_read_conversion) {
		chip->last_read_conversion = chip->shift_conversion;
		chip->stats.frames_read++;
	}

	return dout;
}

/**
 * ads_chip_select() - drive the chip select line
 * @chip: the chip
 * @selected: true: CS is low
 *
 * CS high resets the serial interface, and only that: an incomplete command
 * or read-out is forgotten, conversions and registers go on (9.5.1).
 */
void ads_chip_select(struct ads_chip *chip, bool selected)
{
	if (chip->selected == selected)
		return;

	chip->selected = selected;
	chip->decode = ADS_CHIP_OPCODE;
	chip->shifting = false;

	if (selected && chip->rdatac && !chip->standby)
		load_shift_register(chip);
}

/**
 * ads_chip_in_register_command() - does the next byte belong to RREG or WREG?
 * @chip: the chip
 *
 * Return: true if the byte after must not come earlier than tSDECODE.
 */
bool ads_chip_in_register_command(const struct ads_chip *chip)
{
	return chip->decode != ADS_CHIP_OPCODE;
}

/**
 * ads_chip_data_byte() - is the next byte at DOUT one of a data frame?
 * @chip: the chip
 *
 * Return: which byte of it, counted from 0 on through those of the chips that
 * follow in a chain; -1 if DOUT has something else, or nothing.
 */
int ads_chip_data_byte(const struct ads_chip *chip)
{
	if (!chip->selected || !chip->shifting)
		return -1;
	if (chip->decode == ADS_CHIP_REG_DATA && chip->reading)
		return -1;

	return chip->frames_out * ads_chip_frame_bytes(chip) + chip->shift_head;
}

/**
 * ads_chip_exchange() - eight periods of SCLK
 * @chip: the chip
 * @din: byte at DIN
 * @daisy_in: byte at DAISY_IN: what the next chip of a daisy chain shifted
 *	out in the same eight periods, 0 without one
 *
 * DIN is decoded while data shift out; a command takes effect at the end of
 * its byte.
 *
 * Return: byte at DOUT; 0 when the chip does not drive it.
 */
u8 ads_chip_exchange(struct ads_chip *chip, u8 din, u8 daisy_in)
{
	u8 dout = 0;

	/*
	 * The first SCLK takes DRDY back, whether CS is low or not and
	 * whatever is sent (9.4.4.1), but not after a single shot (9.4.4.3).
	 */
	if (!(chip->regs[ADS_REG_CONFIG4] & ADS_CONFIG4_SINGLE_SHOT))
		chip->drdy = false;

	if (!chip->selected || chip->down)
		return 0;

	if (chip->decode == ADS_CHIP_REG_DATA && chip->reading)
		dout = ads_chip_read_reg(chip, chip->reg);
	else if (chip->shifting)
		dout = shift_out(chip, daisy_in);

	decode_din(chip, din);

	return dout;
}
