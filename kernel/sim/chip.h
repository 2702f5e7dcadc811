/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Behaviour of an ADS1299, ADS1299-6 or ADS1299-4: SPI bytes in, SPI bytes
 * out, analogue nanovolts in.
 *
 * Integer arithmetic only, no allocation, no locking, no idea of wall time:
 * the same code runs in the simulated hat (hard interrupt context) and in the
 * unit tests. Time is counted in periods of fCLK, and passes only when a
 * conversion is completed with ads_chip_convert(). The caller serialises all
 * calls for one chip.
 *
 * Section and table numbers are those of the data sheet SBAS499C.
 */
#ifndef ADS1299_SIM_CHIP_H
#define ADS1299_SIM_CHIP_H

#include <linux/types.h>

#include "datasheet.h"

#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
#endif

#define ADS_CHIP_MAX_REGS	32	/* what a RREG opcode can address */

struct ads_chip;

/**
 * struct ads_chip_reg - what a register holds and what of it can be written
 * @reset: value after power-up and RESET, fixed bits included
 * @writable: bits that WREG changes; the others keep their value
 */
struct ads_chip_reg {
	u8 reset;
	u8 writable;
};

/**
 * struct ads_chip_part - what tells one part of the family from another
 * @name: name of the part
 * @family: what a driver calls the family
 * @id: value of the ID register
 * @channels: number of channels
 * @num_regs: number of registers
 * @regs: description of the registers, @num_regs of them
 * @gains: gain by CHnSET.GAIN code, 8 of them; 0 marks a forbidden code
 * @vref_uv: reference voltage as programmed, 0 if there is none
 * @sample_clocks: periods of fCLK for one sample at the programmed rate, 0 for
 *	a reserved rate code: such a chip does not convert
 * @settling_clocks: periods of fCLK from START to the first sample
 * @lead_off_na: excitation current in nanoamperes by LOFF.ILEAD_OFF code
 * @lead_off_clocks: its period in periods of fCLK, a power of two; 0: direct
 *	current
 */
struct ads_chip_part {
	const char *name;
	const char *family;
	u8 id;
	u8 channels;
	u8 num_regs;
	const struct ads_chip_reg *regs;
	const u8 *gains;
	u32 (*vref_uv)(const struct ads_chip *chip);
	u32 (*sample_clocks)(const struct ads_chip *chip);
	u32 (*settling_clocks)(const struct ads_chip *chip);
	const u16 *lead_off_na;
	u32 (*lead_off_clocks)(const struct ads_chip *chip);
};

extern const struct ads_chip_part ads_chip_ads1299;
extern const struct ads_chip_part ads_chip_ads1299_6;
extern const struct ads_chip_part ads_chip_ads1299_4;
extern const struct ads_chip_part ads_chip_ads1298;
extern const struct ads_chip_part ads_chip_ads1296;
extern const struct ads_chip_part ads_chip_ads1294;

/**
 * struct ads_chip_board - what is soldered and taped to the chip
 * @external_vref_uv: voltage at VREFP when the internal reference is off
 * @avdd_uv: positive analogue supply
 * @avss_uv: negative analogue supply, 0 if unipolar
 * @dvdd_uv: digital supply
 * @temperature_mc: temperature of the die in thousandths of a degree Celsius
 * @bias_nv: BIASIN against BIASREF
 * @srb1_nv: the SRB1 pin, against what the negative inputs are at without it
 * @srb2_nv: the SRB2 pin, against the same
 * @electrode_ohm: impedance of each electrode that is on
 * @p_off: bit n set: the electrode at the positive input of channel n is off
 * @n_off: the same for the negative inputs
 * @bias_off: the bias electrode is off
 * @gpio_pins: level of the four GPIO pins where the chip does not drive them
 *
 * May be changed at any time between two calls.
 */
struct ads_chip_board {
	s32 external_vref_uv;
	s32 avdd_uv;
	s32 avss_uv;
	s32 dvdd_uv;
	s32 temperature_mc;
	s32 bias_nv;
	s32 srb1_nv;
	s32 srb2_nv;
	s32 electrode_ohm;
	u8 p_off;
	u8 n_off;
	u8 bias_off;
	u8 gpio_pins;
};

/**
 * struct ads_chip_stats - what happened in the chip: the truth for tests
 * @conversions: conversions completed
 * @frames_read: conversions that were shifted out to the last bit of the last
 *	chip of the chain; a second reading of the same one does not count
 * @frames_torn: frames overwritten in RDATAC mode while they were shifted out
 * @resets: RESET commands and calls of ads_chip_reset()
 * @power_ups: times that supplies or the PWDN line brought it back
 */
struct ads_chip_stats {
	u64 conversions;
	u64 frames_read;
	u64 frames_torn;
	u64 resets;
	u64 power_ups;
};

/* Why a chip does nothing at all */
#define ADS_CHIP_NO_SUPPLY	0x03	/* one bit for each of AVDD and DVDD */
#define ADS_CHIP_POWER_DOWN	0x04
#define ADS_CHIP_IN_RESET	0x08
#define ADS_CHIP_NO_VCAP1	0x10

#define ADS_CHIP_NO_POWER	(ADS_CHIP_NO_SUPPLY | ADS_CHIP_POWER_DOWN)

/* How the next byte at DIN is understood */
enum ads_chip_decode {
	ADS_CHIP_OPCODE,
	ADS_CHIP_COUNT,		/* second byte of RREG and WREG */
	ADS_CHIP_REG_DATA,
};

/**
 * struct ads_chip - the chip
 * @part: which part it is
 * @board: what is connected to it
 * @chain: how many chips' data pass through its DOUT: itself, and those that
 *	follow it in a daisy chain
 * @wrong_id: what it answers as its ID, 0: the true one
 * @stuck_reg: a register that always reads @stuck_value, 0: none
 * @stuck_value: see @stuck_reg
 * @stats: what it did
 * @epoch: changes whenever conversions start, restart or stop, so that the
 *	caller knows that the next conversion is due at another time
 * @busy_clocks: not 0: for so many periods of fCLK from now on it is not to be
 *	talked to (9.4.2, 9.5.3, table 30). For the caller, who knows the time, to
 *	set to 0
 * @drdy: true: the DRDY line is low, a conversion is waiting to be read
 *
 * The members above are for the caller, the others are private.
 */
struct ads_chip {
	const struct ads_chip_part *part;
	struct ads_chip_board board;
	u8 chain;
	u8 wrong_id;
	u8 stuck_reg;
	u8 stuck_value;
	struct ads_chip_stats stats;
	u32 epoch;
	u32 busy_clocks;
	bool drdy;

	/* private: */
	u8 regs[ADS_CHIP_MAX_REGS];

	/* Pins */
	u8 down;		/* ADS_CHIP_NO_SUPPLY, _POWER_DOWN, _IN_RESET, _NO_VCAP1 */
	bool unreset;		/* powered up, but not reset since VCAP1 was high enough */
	bool start_pin;

	/* Serial interface */
	bool selected;
	bool rdatac;
	bool standby;
	enum ads_chip_decode decode;
	bool reading;		/* RREG, otherwise WREG */
	bool ignored;		/* a register command in RDATAC mode */
	u8 reg;
	u8 regs_left;

	/* Output shift register: a ring, the head is what comes next */
	u8 shift[ADS_MAX_FRAME_BYTES];
	u8 shift_head;
	bool shifting;
	u32 frames_out;		/* how often it went round */
	u64 shift_conversion;
	u64 last_read_conversion;

	/* Converter */
	bool started;		/* by the START command */
	bool converting;
	bool settling;
	bool stopping;
	u64 clocks;
	u8 result[ADS_MAX_FRAME_BYTES];
};

void ads_chip_power_up(struct ads_chip *chip, const struct ads_chip_part *part);
void ads_chip_reset(struct ads_chip *chip);
void ads_chip_set_supply(struct ads_chip *chip, u8 supply, bool on);
void ads_chip_set_power_pin(struct ads_chip *chip, bool on);
void ads_chip_set_reset_pin(struct ads_chip *chip, bool asserted);
void ads_chip_set_start_pin(struct ads_chip *chip, bool high);
void ads_chip_set_vcap1(struct ads_chip *chip, bool up);
bool ads_chip_powered_down(const struct ads_chip *chip);
bool ads_chip_in_reset(const struct ads_chip *chip);

void ads_chip_select(struct ads_chip *chip, bool selected);
u8 ads_chip_exchange(struct ads_chip *chip, u8 din, u8 daisy_in);
bool ads_chip_in_register_command(const struct ads_chip *chip);
int ads_chip_data_byte(const struct ads_chip *chip);

bool ads_chip_converting(const struct ads_chip *chip);
u32 ads_chip_clocks_to_conversion(const struct ads_chip *chip);
u32 ads_chip_rate_hz(const struct ads_chip *chip);
bool ads_chip_convert(struct ads_chip *chip, const s64 *input_nv);
bool ads_chip_unread(const struct ads_chip *chip);

u8 ads_chip_read_reg(const struct ads_chip *chip, u8 reg);
void ads_chip_upset_reg(struct ads_chip *chip, u8 reg, u8 value);
u32 ads_chip_frame_bytes(const struct ads_chip *chip);

#endif
