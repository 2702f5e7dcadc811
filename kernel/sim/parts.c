// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts that the model can be: see struct ads_chip_part.
 */

#include "chip.h"

/* --- ADS1299, ADS1299-6, ADS1299-4 ---------------------------------------- */

#define ADS1299_CHSET	{ ADS_CHSET_RESET, 0xff }

/* Table 11: reset values, and all bits that are neither fixed nor read-only */
static const struct ads_chip_reg ads1299_regs[ADS_NUM_REGS] = {
	[ADS_REG_ID] = { 0, 0 },	/* from the part */
	[ADS_REG_CONFIG1] = { ADS_CONFIG1_RESET, 0xff & ~ADS_CONFIG1_FIXED_MASK },
	[ADS_REG_CONFIG2] = { ADS_CONFIG2_RESET, 0xff & ~ADS_CONFIG2_FIXED_MASK },
	[ADS_REG_CONFIG3] = { ADS_CONFIG3_RESET,
		0xff & ~(ADS_CONFIG3_FIXED_MASK | ADS_CONFIG3_BIAS_STAT) },
	[ADS_REG_LOFF] = { 0, 0xff & ~ADS_LOFF_FIXED_MASK },
	[ADS_REG_CHSET(0)] = ADS1299_CHSET,
	[ADS_REG_CHSET(1)] = ADS1299_CHSET,
	[ADS_REG_CHSET(2)] = ADS1299_CHSET,
	[ADS_REG_CHSET(3)] = ADS1299_CHSET,
	[ADS_REG_CHSET(4)] = ADS1299_CHSET,
	[ADS_REG_CHSET(5)] = ADS1299_CHSET,
	[ADS_REG_CHSET(6)] = ADS1299_CHSET,
	[ADS_REG_CHSET(7)] = ADS1299_CHSET,
	[ADS_REG_BIAS_SENSP] = { 0, 0xff },
	[ADS_REG_BIAS_SENSN] = { 0, 0xff },
	[ADS_REG_LOFF_SENSP] = { 0, 0xff },
	[ADS_REG_LOFF_SENSN] = { 0, 0xff },
	[ADS_REG_LOFF_FLIP] = { 0, 0xff },
	[ADS_REG_LOFF_STATP] = { 0, 0 },
	[ADS_REG_LOFF_STATN] = { 0, 0 },
	[ADS_REG_GPIO] = { ADS_GPIO_RESET, 0xff },
	[ADS_REG_MISC1] = { 0, ADS_MISC1_SRB1 },
	[ADS_REG_MISC2] = { 0, 0 },
	[ADS_REG_CONFIG4] = { 0, ADS_CONFIG4_SINGLE_SHOT | ADS_CONFIG4_PD_LOFF_COMP },
};

static const u8 ads1299_gains[8] = ADS_GAINS;
static const u16 ads1299_lead_off_na[4] = { 6, 24, 6000, 24000 };
static const u32 ads1299_settling[ADS_NUM_RATES] = ADS_SETTLING_CLOCKS;

static u32 ads1299_vref_uv(const struct ads_chip *chip)
{
	if (chip->regs[ADS_REG_CONFIG3] & ADS_CONFIG3_PD_REFBUF)
		return ADS_VREF_UV;

	return chip->board.external_vref_uv;
}

static u32 ads1299_sample_clocks(const struct ads_chip *chip)
{
	u8 dr = chip->regs[ADS_REG_CONFIG1] & ADS_CONFIG1_DR_MASK;

	return dr < ADS_NUM_RATES ? ADS_CLOCKS_PER_SAMPLE(dr) : 0;
}

static u32 ads1299_settling_clocks(const struct ads_chip *chip)
{
	u8 dr = chip->regs[ADS_REG_CONFIG1] & ADS_CONFIG1_DR_MASK;

	return dr < ADS_NUM_RATES ? ads1299_settling[dr] : 0;
}

static u32 ads1299_lead_off_clocks(const struct ads_chip *chip)
{
	switch (chip->regs[ADS_REG_LOFF] & ADS_LOFF_FLEAD_MASK) {
	case ADS_FLEAD_FCLK_2_18:
		return 1u << 18;
	case ADS_FLEAD_FCLK_2_16:
		return 1u << 16;
	case ADS_FLEAD_FDR_4:
		return 4 * ads1299_sample_clocks(chip);
	case ADS_FLEAD_DC:
	default:
		return 0;
	}
}

/* REV_ID 001 is what 8-channel boards answer (0x3e) */
#define ADS1299_ID_REV	0x20

#define ADS1299_PART(_name, _channels, _nu_ch)			\
{								\
	.name = (_name),					\
	.family = "ads1299",					\
	.id = ADS1299_ID_REV | ADS_ID_FIXED | (_nu_ch),	\
	.channels = (_channels),				\
	.num_regs = ADS_NUM_REGS,				\
	.regs = ads1299_regs,					\
	.gains = ads1299_gains,					\
	.vref_uv = ads1299_vref_uv,				\
	.sample_clocks = ads1299_sample_clocks,			\
	.settling_clocks = ads1299_settling_clocks,		\
	.lead_off_na = ads1299_lead_off_na,			\
	.lead_off_clocks = ads1299_lead_off_clocks,		\
}

const struct ads_chip_part ads_chip_ads1299 = ADS1299_PART("ADS1299", 8, ADS_ID_NU_CH_8);
const struct ads_chip_part ads_chip_ads1299_6 = ADS1299_PART("ADS1299-6", 6, ADS_ID_NU_CH_6);
const struct ads_chip_part ads_chip_ads1299_4 = ADS1299_PART("ADS1299-4", 4, ADS_ID_NU_CH_4);

/* --- ADS1298, ADS1296, ADS1294 -------------------------------------------- */

/*
 * So that the mainline driver of that family can be compared with ours. What
 * the two families share has the numbers of datasheet.h; the others are those of
 * the data sheet SBAS459. Not modelled: pace and respiration detection, the
 * Wilson terminal, and the 16-bit words of the fastest rate.
 */
#define ADS1298_NUM_REGS		26
#define ADS1298_CONFIG1_HR		0x80
#define ADS1298_CONFIG3_VREF_4V		0x20
#define ADS1298_VREF_UV			2400000
#define ADS1298_VREF_4V_UV		4000000
#define ADS1298_LOFF_FLEAD_FDR_4	1
#define ADS1298_ID			0x90
#define ADS1298_REG_WCT1		0x18
#define ADS1298_REG_WCT2		0x19

#define ADS1298_CHSET	{ 0x00, 0xf7 }

static const struct ads_chip_reg ads1298_regs[ADS1298_NUM_REGS] = {
	[ADS_REG_ID] = { 0, 0 },	/* from the part */
	[ADS_REG_CONFIG1] = { 0x06, 0xe7 },
	[ADS_REG_CONFIG2] = { 0x40, 0x37 },
	[ADS_REG_CONFIG3] = { 0x40, 0xbe },
	[ADS_REG_LOFF] = { 0, 0xff },
	[ADS_REG_CHSET(0)] = ADS1298_CHSET,
	[ADS_REG_CHSET(1)] = ADS1298_CHSET,
	[ADS_REG_CHSET(2)] = ADS1298_CHSET,
	[ADS_REG_CHSET(3)] = ADS1298_CHSET,
	[ADS_REG_CHSET(4)] = ADS1298_CHSET,
	[ADS_REG_CHSET(5)] = ADS1298_CHSET,
	[ADS_REG_CHSET(6)] = ADS1298_CHSET,
	[ADS_REG_CHSET(7)] = ADS1298_CHSET,
	[ADS_REG_BIAS_SENSP] = { 0, 0xff },		/* RLD_SENSP */
	[ADS_REG_BIAS_SENSN] = { 0, 0xff },
	[ADS_REG_LOFF_SENSP] = { 0, 0xff },
	[ADS_REG_LOFF_SENSN] = { 0, 0xff },
	[ADS_REG_LOFF_FLIP] = { 0, 0xff },
	[ADS_REG_LOFF_STATP] = { 0, 0 },
	[ADS_REG_LOFF_STATN] = { 0, 0 },
	[ADS_REG_GPIO] = { ADS_GPIO_RESET, 0xff },
	[ADS_REG_MISC1] = { 0, 0x1f },		/* PACE */
	[ADS_REG_MISC2] = { 0, 0xff },		/* RESP */
	[ADS_REG_CONFIG4] = { 0, 0xee },
	[ADS1298_REG_WCT1] = { 0, 0xff },
	[ADS1298_REG_WCT2] = { 0, 0xff },
};

static const u8 ads1298_gains[8] = { 6, 1, 2, 3, 4, 8, 12 };
static const u16 ads1298_lead_off_na[4] = { 6, 12, 18, 24 };

static u32 ads1298_vref_uv(const struct ads_chip *chip)
{
	u8 config3 = chip->regs[ADS_REG_CONFIG3];

	if (!(config3 & ADS_CONFIG3_PD_REFBUF))
		return chip->board.external_vref_uv;

	return config3 & ADS1298_CONFIG3_VREF_4V ? ADS1298_VREF_4V_UV : ADS1298_VREF_UV;
}

/* fMOD / (16 << DR), with fMOD = fCLK / 4 in high-resolution mode, else fCLK / 8 */
static u32 ads1298_sample_clocks(const struct ads_chip *chip)
{
	u8 config1 = chip->regs[ADS_REG_CONFIG1];
	u8 dr = config1 & ADS_CONFIG1_DR_MASK;

	if (dr >= ADS_NUM_RATES)
		return 0;

	return (config1 & ADS1298_CONFIG1_HR ? 64u : 128u) << dr;
}

/* Four and a half periods and eight clocks: 296, 584 ... 18440 in high-resolution mode */
static u32 ads1298_settling_clocks(const struct ads_chip *chip)
{
	u32 clocks = ads1298_sample_clocks(chip);

	return clocks ? clocks * 9 / 2 + 8 : 0;
}

static u32 ads1298_lead_off_clocks(const struct ads_chip *chip)
{
	u8 flead = chip->regs[ADS_REG_LOFF] & ADS_LOFF_FLEAD_MASK;

	return flead == ADS1298_LOFF_FLEAD_FDR_4 ? 4 * ads1298_sample_clocks(chip) : 0;
}

#define ADS1298_PART(_name, _channels, _id)			\
{								\
	.name = (_name),					\
	.family = "ads1298",					\
	.id = (_id),						\
	.channels = (_channels),				\
	.num_regs = ADS1298_NUM_REGS,				\
	.regs = ads1298_regs,					\
	.gains = ads1298_gains,					\
	.vref_uv = ads1298_vref_uv,				\
	.sample_clocks = ads1298_sample_clocks,			\
	.settling_clocks = ads1298_settling_clocks,		\
	.lead_off_na = ads1298_lead_off_na,			\
	.lead_off_clocks = ads1298_lead_off_clocks,		\
}

const struct ads_chip_part ads_chip_ads1298 = ADS1298_PART("ADS1298", 8, ADS1298_ID | 2);
const struct ads_chip_part ads_chip_ads1296 = ADS1298_PART("ADS1296", 6, ADS1298_ID | 1);
const struct ads_chip_part ads_chip_ads1294 = ADS1298_PART("ADS1294", 4, ADS1298_ID);
