// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 internal test signal: a square wave of VREF / 2400 or twice that
 * to either side (CONFIG2), on the channels whose multiplexer asks for it.
 */

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>

#include "ads1299-priv.h"
#include "compat.h"

static int ads1299_test_amplitude(const struct ads1299_state *st, unsigned int item,
				  u64 *ret_micro)
{
	u64 scaled = mul_u32_u32(st->vref_uv, ADS1299_MICRO * (item + 1));

	*ret_micro = DIV_ROUND_CLOSEST_ULL(scaled, ADS1299_TEST_SIGNAL_DIVIDER);
	return 0;
}

const struct ads1299_choice ads1299_test_amplitude_choice = {
	.number = ads1299_test_amplitude,
	.num_items = 2,
	.reg = ADS1299_REG_CONFIG2,
	.mask = ADS1299_CONFIG2_CAL_AMP,
};

static const u8 ads1299_test_frequency_codes[] = {
	ADS1299_CAL_FREQ_DC, ADS1299_CAL_FREQ_FCLK_2_21, ADS1299_CAL_FREQ_FCLK_2_20
};

static int ads1299_test_frequency(const struct ads1299_state *st, unsigned int item,
				  u64 *ret_micro)
{
	/* fCLK / 2^21 or twice that */
	*ret_micro = DIV_ROUND_CLOSEST_ULL(mul_u32_u32(st->fclk_hz, ADS1299_MICRO * item), BIT(21));
	return 0;
}

const struct ads1299_choice ads1299_test_frequency_choice = {
	.number = ads1299_test_frequency,
	.num_items = ARRAY_SIZE(ads1299_test_frequency_codes),
	.reg = ADS1299_REG_CONFIG2,
	.mask = ADS1299_CONFIG2_CAL_FREQ_MASK,
	.codes = ads1299_test_frequency_codes,
};
