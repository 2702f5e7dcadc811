// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the model of the chip as the simulated hat runs it, with interrupts
 * off in a kernel. What the chip does is tests/unit/test-chip.c's business;
 * here it is that whatever comes over the bus does no harm, and that integer
 * arithmetic of the kernel gives the same codes.
 */

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "ads1299.h"
#include "../../kernel/sim/chip.c"
#include "../../kernel/sim/parts.c"

static const struct ads_chip_part * const parts[] = {
	&ads_chip_ads1299, &ads_chip_ads1299_6, &ads_chip_ads1299_4,
	&ads_chip_ads1298, &ads_chip_ads1296, &ads_chip_ads1294
};

static DEFINE_RAW_SPINLOCK(chip_test_lock);

static struct ads_chip *new_chip(struct kunit *test, const struct ads_chip_part *part)
{
	/* On the heap, so that KASAN has red zones around it */
	struct ads_chip *chip = kunit_kzalloc(test, sizeof(*chip), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chip);
	ads_chip_power_up(chip, part);
	return chip;
}

static void write_register(struct ads_chip *chip, u8 reg, u8 value)
{
	ads_chip_select(chip, true);
	ads_chip_exchange(chip, ADS1299_CMD_WREG | reg, 0);
	ads_chip_exchange(chip, 0, 0);
	ads_chip_exchange(chip, value, 0);
	ads_chip_select(chip, false);
}

static void send_command(struct ads_chip *chip, u8 opcode)
{
	ads_chip_select(chip, true);
	ads_chip_exchange(chip, opcode, 0);
	ads_chip_select(chip, false);
}

/* Equation 8, in another order of operations than the model's */
static s32 expected_code(s64 nv, unsigned int gain)
{
	s64 lsb_divisor = (s64)ADS1299_VREF_UV * 1000;
	s64 product = abs(nv) * gain << ADS1299_CODE_BITS;
	s64 code = div64_s64(product + lsb_divisor / 2, lsb_divisor);

	if (nv < 0)
		code = -code;
	return clamp_t(s64, code, ADS1299_CODE_MIN, ADS1299_CODE_MAX);
}

static void chip_codes(struct kunit *test)
{
	static const unsigned int gains[] = ADS1299_GAINS;
	struct ads_chip *chip = new_chip(test, &ads_chip_ads1299);
	struct rnd_state rnd;
	unsigned int g, i, ch;

	prandom_seed_state(&rnd, 1299);
	send_command(chip, ADS1299_CMD_SDATAC);
	write_register(chip, ADS1299_REG_CONFIG3,
		       ADS1299_CONFIG3_FIXED | ADS1299_CONFIG3_PD_REFBUF);
	send_command(chip, ADS1299_CMD_START);

	for (g = 0; g < ARRAY_SIZE(gains); g++) {
		s64 full_nv = div_s64((s64)ADS1299_VREF_UV * 1000, gains[g]);

		for (ch = 0; ch < ADS1299_MAX_CHANNELS; ch++)
			write_register(chip, ADS1299_REG_CHSET(ch), g << 4);

		for (i = 0; i < 2000; i++) {
			s64 nv[ADS1299_MAX_CHANNELS];

			/* Around both rails, around 0, and anywhere between */
			for (ch = 0; ch < ADS1299_MAX_CHANNELS; ch++)
				nv[ch] = ((s64)(ch % 3) - 1) * full_nv +
					 (s32)prandom_u32_state(&rnd) % (ch < 6 ? 2000 : full_nv);

			KUNIT_ASSERT_TRUE(test, ads_chip_convert(chip, nv));
			ads_chip_select(chip, true);
			ads_chip_exchange(chip, ADS1299_CMD_RDATA, 0);
			for (ch = 0; ch < ADS1299_STATUS_BYTES; ch++)
				ads_chip_exchange(chip, 0, 0);
			for (ch = 0; ch < ADS1299_MAX_CHANNELS; ch++) {
				u32 code = ads_chip_exchange(chip, 0, 0) << 16;

				code |= ads_chip_exchange(chip, 0, 0) << 8;
				code |= ads_chip_exchange(chip, 0, 0);
				KUNIT_ASSERT_EQ_MSG(test, sign_extend32(code, 23),
						    expected_code(nv[ch], gains[g]),
						    "gain %u, %lld nV", gains[g], nv[ch]);
			}
			ads_chip_select(chip, false);
		}
	}
}

static void one_random_act(struct ads_chip *chip, struct rnd_state *rnd)
{
	static const u8 opcodes[] = {
		ADS1299_CMD_WAKEUP, ADS1299_CMD_SDATAC, ADS1299_CMD_SDATAC, ADS1299_CMD_START,
		ADS1299_CMD_START, ADS1299_CMD_STOP, ADS1299_CMD_RDATA, ADS1299_CMD_RDATA,
		ADS1299_CMD_RDATAC, ADS1299_CMD_STANDBY, ADS1299_CMD_RESET, 0
	};
	u32 r = prandom_u32_state(rnd);
	s64 nv[ADS1299_MAX_CHANNELS];
	unsigned int ch;
	u8 byte = r >> 8;

	switch (r % 16) {
	case 0:
		ads_chip_select(chip, r & BIT(16));
		break;
	case 1:
	case 2:
		for (ch = 0; ch < ADS1299_MAX_CHANNELS; ch++)
			nv[ch] = (s64)((u64)prandom_u32_state(rnd) << 32 | r) >> (r >> 26);
		ads_chip_convert(chip, nv);
		break;
	case 3:
		chip->board.p_off = byte;
		chip->board.n_off = ~byte;
		chip->board.bias_off = byte & 1;
		chip->board.gpio_pins = byte;
		chip->board.temperature_mc = (s32)r;
		chip->board.external_vref_uv = r >> 9;
		chip->board.electrode_ohm = r >> (1 + byte % 31);
		chip->board.srb1_nv = (s32)r;
		chip->board.srb2_nv = (s32)~r;
		break;
	case 4 ... 6:
		ads_chip_exchange(chip, opcodes[byte % ARRAY_SIZE(opcodes)], 0);
		break;
	case 7:
		ads_chip_exchange(chip, ADS1299_CMD_RREG | byte, 0);
		break;
	case 8:
		ads_chip_exchange(chip, ADS1299_CMD_WREG | (byte & ADS1299_CMD_REG_MASK), 0);
		break;
	case 9:
		/* Rarely down, or nothing else would happen */
		ads_chip_set_supply(chip, byte % 4, r & 0x70000);
		ads_chip_set_power_pin(chip, byte % 8);
		ads_chip_set_reset_pin(chip, byte / 8 % 8 == 7);
		ads_chip_set_start_pin(chip, byte & BIT(6));
		break;
	default:
		ads_chip_exchange(chip, byte, r >> 16);
	}
}

/* Whatever was sent: read-only and fixed bits are as they were, the numbers are sane */
static void check_invariants(struct kunit *test, const struct ads_chip *chip)
{
	u8 reg;

	KUNIT_ASSERT_EQ(test, ads_chip_read_reg(chip, ADS1299_REG_ID), chip->part->id);
	for (reg = 0; reg < chip->part->num_regs; reg++) {
		u8 fixed = ~chip->part->regs[reg].writable;

		KUNIT_ASSERT_EQ(test, chip->regs[reg] & fixed & existing_bits(chip, reg),
				chip->part->regs[reg].reset & fixed & existing_bits(chip, reg));
		KUNIT_ASSERT_EQ(test, chip->regs[reg] & ~existing_bits(chip, reg), 0);
	}
	for (; reg < ADS_CHIP_MAX_REGS; reg++)
		KUNIT_ASSERT_EQ(test, ads_chip_read_reg(chip, reg), 0);
	KUNIT_ASSERT_LT(test, chip->shift_head, ads_chip_frame_bytes(chip));
	KUNIT_ASSERT_LE(test, chip->stats.frames_read, chip->stats.conversions);
	if (chip->standby || chip->down)
		KUNIT_ASSERT_FALSE(test, ads_chip_converting(chip));
}

/* As in the hat: under a raw spinlock, with interrupts off. Whatever sleeps is reported. */
static void chip_noise_on_the_bus(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned long flags;
	unsigned int p, i, j;

	prandom_seed_state(&rnd, 4711);
	for (p = 0; p < ARRAY_SIZE(parts); p++) {
		struct ads_chip *chip = new_chip(test, parts[p]);

		for (i = 0; i < 4000; i++) {
			raw_spin_lock_irqsave(&chip_test_lock, flags);
			for (j = 0; j < 50; j++)
				one_random_act(chip, &rnd);
			raw_spin_unlock_irqrestore(&chip_test_lock, flags);
			check_invariants(test, chip);
			cond_resched();
		}
		KUNIT_EXPECT_GT(test, chip->stats.conversions, 100);
		KUNIT_EXPECT_GT(test, chip->stats.resets, 100);
	}
}

/* A chip of which nothing is known is brought to a known state by three commands */
static void chip_recovers(struct kunit *test)
{
	struct ads_chip *chip = new_chip(test, &ads_chip_ads1299);
	struct rnd_state rnd;
	unsigned int i, j;
	u8 reg;

	prandom_seed_state(&rnd, 42);
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < 100; j++)
			one_random_act(chip, &rnd);
		ads_chip_select(chip, false);
		ads_chip_set_supply(chip, ADS_CHIP_NO_SUPPLY, true);
		ads_chip_set_power_pin(chip, true);
		ads_chip_set_reset_pin(chip, false);
		ads_chip_set_start_pin(chip, false);
		send_command(chip, ADS1299_CMD_WAKEUP);
		send_command(chip, ADS1299_CMD_SDATAC);
		send_command(chip, ADS1299_CMD_RESET);
		send_command(chip, ADS1299_CMD_SDATAC);
		for (reg = 0; reg < ADS1299_NUM_REGS; reg++)
			KUNIT_ASSERT_EQ(test, chip->regs[reg], ads1299_regs[reg].reset);
		KUNIT_ASSERT_FALSE(test, ads_chip_converting(chip));
		KUNIT_ASSERT_FALSE(test, chip->standby);
		KUNIT_ASSERT_FALSE(test, chip->rdatac);
	}
}

static struct kunit_case chip_cases[] = {
	KUNIT_CASE(chip_codes),
	KUNIT_CASE(chip_noise_on_the_bus),
	KUNIT_CASE(chip_recovers),
	{ }
};

static struct kunit_suite chip_suite = {
	.name = "ads1299-chip",
	.test_cases = chip_cases,
};

kunit_test_suite(chip_suite);

MODULE_DESCRIPTION("KUnit tests of the model of the ADS1299");
MODULE_LICENSE("GPL");
