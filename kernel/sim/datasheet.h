/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ADS1299 as the data sheet SBAS499C (January 2017) has it, for the simulated
 * chip. A second reading: nothing here comes from include/ads1299.h, which the
 * driver uses, so that a slip in one of them is not a slip in both.
 * tests/unit/test-datasheet.c holds the two against each other.
 *
 * Written as the data sheet prints it: bits by their numbers, commands in binary.
 */
#ifndef ADS1299_SIM_DATASHEET_H
#define ADS1299_SIM_DATASHEET_H

#define CHIP_BIT(n)			(1u << (n))
#define CHIP_BITS(high, low)		((2u << (high)) - (1u << (low)))

/* Table 10: 0000 0010 and so on */
#define CHIP_CMD_WAKEUP			0b00000010
#define CHIP_CMD_STANDBY		0b00000100
#define CHIP_CMD_RESET			0b00000110
#define CHIP_CMD_START			0b00001000
#define CHIP_CMD_STOP			0b00001010
#define CHIP_CMD_RDATAC			0b00010000
#define CHIP_CMD_SDATAC			0b00010001
#define CHIP_CMD_RDATA			0b00010010
#define CHIP_CMD_RREG			0b00100000	/* 001r rrrr, 000n nnnn */
#define CHIP_CMD_WREG			0b01000000	/* 010r rrrr, 000n nnnn */
#define CHIP_CMD_REG_MASK		0b00011111

/* Table 11: addresses */
#define CHIP_REG_ID			0
#define CHIP_REG_CONFIG1		1
#define CHIP_REG_CONFIG2		2
#define CHIP_REG_CONFIG3		3
#define CHIP_REG_LOFF			4
#define CHIP_REG_CHSET(ch)		(5 + (ch))	/* CH1SET is that of ch 0 */
#define CHIP_REG_BIAS_SENSP		13
#define CHIP_REG_BIAS_SENSN		14
#define CHIP_REG_LOFF_SENSP		15
#define CHIP_REG_LOFF_SENSN		16
#define CHIP_REG_LOFF_FLIP		17
#define CHIP_REG_LOFF_STATP		18
#define CHIP_REG_LOFF_STATN		19
#define CHIP_REG_GPIO			20
#define CHIP_REG_MISC1			21
#define CHIP_REG_MISC2			22
#define CHIP_REG_CONFIG4		23
#define CHIP_NUM_REGS			24

/* ID: REV_ID[2:0] 1 DEV_ID[1:0] NU_CH[1:0] */
#define CHIP_ID_FIXED			(CHIP_BIT(4) | CHIP_BIT(3) | CHIP_BIT(2))
#define CHIP_ID_NU_CH_4			0
#define CHIP_ID_NU_CH_6			1
#define CHIP_ID_NU_CH_8			2

/* CONFIG1: 1 DAISY_EN CLK_EN 1 0 DR[2:0], reset 96h */
#define CHIP_CONFIG1_RESET		0x96
#define CHIP_CONFIG1_FIXED_MASK		(CHIP_BIT(7) | CHIP_BITS(4, 3))
#define CHIP_CONFIG1_DAISY_EN		CHIP_BIT(6)	/* 0: daisy chain, 1: multiple readback */
#define CHIP_CONFIG1_DR_MASK		CHIP_BITS(2, 0)

/* CONFIG2: 1 1 0 INT_CAL 0 CAL_AMP0 CAL_FREQ[1:0], reset C0h */
#define CHIP_CONFIG2_RESET		0xc0
#define CHIP_CONFIG2_FIXED_MASK		(CHIP_BITS(7, 5) | CHIP_BIT(3))
#define CHIP_CONFIG2_INT_CAL		CHIP_BIT(4)
#define CHIP_CONFIG2_CAL_AMP		CHIP_BIT(2)
#define CHIP_CONFIG2_CAL_FREQ_MASK	CHIP_BITS(1, 0)
#define CHIP_CAL_FREQ_FCLK_2_21		0
#define CHIP_CAL_FREQ_FCLK_2_20		1
#define CHIP_CAL_FREQ_DC		3

/*
 * CONFIG3: PD_REFBUF 1 1 BIAS_MEAS BIASREF_INT PD_BIAS BIAS_LOFF_SENS BIAS_STAT,
 * reset 60h. PD_REFBUF and PD_BIAS are on when set.
 */
#define CHIP_CONFIG3_RESET		0x60
#define CHIP_CONFIG3_FIXED_MASK		CHIP_BITS(6, 5)
#define CHIP_CONFIG3_PD_REFBUF		CHIP_BIT(7)
#define CHIP_CONFIG3_BIAS_MEAS		CHIP_BIT(4)
#define CHIP_CONFIG3_BIAS_LOFF_SENS	CHIP_BIT(1)
#define CHIP_CONFIG3_BIAS_STAT		CHIP_BIT(0)

/* LOFF: COMP_TH[2:0] 0 ILEAD_OFF[1:0] FLEAD_OFF[1:0] */
#define CHIP_LOFF_FIXED_MASK		CHIP_BIT(4)
#define CHIP_LOFF_COMP_TH_MASK		CHIP_BITS(7, 5)
#define CHIP_LOFF_ILEAD_MASK		CHIP_BITS(3, 2)
#define CHIP_LOFF_FLEAD_MASK		CHIP_BITS(1, 0)
#define CHIP_FLEAD_DC			0
#define CHIP_FLEAD_FCLK_2_18		1
#define CHIP_FLEAD_FCLK_2_16		2
#define CHIP_FLEAD_FDR_4		3

/* CHnSET: PDn GAINn[2:0] SRB2 MUXn[2:0], reset 61h */
#define CHIP_CHSET_RESET		0x61
#define CHIP_CHSET_PD			CHIP_BIT(7)
#define CHIP_CHSET_GAIN_MASK		CHIP_BITS(6, 4)
#define CHIP_CHSET_SRB2			CHIP_BIT(3)
#define CHIP_CHSET_MUX_MASK		CHIP_BITS(2, 0)
#define CHIP_MUX_NORMAL			0
#define CHIP_MUX_SHORTED		1
#define CHIP_MUX_BIAS_MEAS		2
#define CHIP_MUX_SUPPLY			3
#define CHIP_MUX_TEMPERATURE		4
#define CHIP_MUX_TEST_SIGNAL		5
#define CHIP_MUX_BIAS_DRP		6
#define CHIP_MUX_BIAS_DRN		7
#define CHIP_GAINS			{ 1, 2, 4, 6, 8, 12, 24 }

/* GPIO: GPIOD[4:1] GPIOC[4:1], reset 0Fh: inputs */
#define CHIP_GPIO_RESET			0x0f
#define CHIP_GPIO_DIR_MASK		CHIP_BITS(3, 0)

/* MISC1: 0 0 SRB1 0 0 0 0 0. CONFIG4: 0 0 0 0 SINGLE_SHOT 0 PD_LOFF_COMP 0 */
#define CHIP_MISC1_SRB1			CHIP_BIT(5)
#define CHIP_CONFIG4_SINGLE_SHOT	CHIP_BIT(3)
#define CHIP_CONFIG4_PD_LOFF_COMP	CHIP_BIT(1)	/* 1: on */

/* DR: fMOD / 64, 128 ... 4096 with fMOD = fCLK / 2; 111 is reserved. Settling: table 7 */
#define CHIP_NUM_RATES			7
#define CHIP_CLOCKS_PER_SAMPLE(dr)	(2u * (64u << (dr)))
#define CHIP_SETTLING_CLOCKS		{ 521, 1033, 2057, 4105, 8201, 16393, 32777 }

/* 7.3, 7.5 to 7.7, 9.4, 11.1 */
#define CHIP_FCLK_HZ			2048000
#define CHIP_VREF_UV			4500000
#define CHIP_SCLK_MAX_HZ		(1000000000 / 50)	/* tSCLK 50 ns */
#define CHIP_POR_CLOCKS			262144			/* tPOR 2^18 tCLK */
#define CHIP_RESET_CLOCKS		18
#define CHIP_DECODE_CLOCKS		4			/* tSDECODE, tSCCS */
#define CHIP_CS_HIGH_CLOCKS		2			/* tCSH */
#define CHIP_REF_STARTUP_US		150000

/* 9.4.4.2: 24 status bits (1100 + LOFF_STATP + LOFF_STATN + GPIO[7:4]), 24 bits a channel */
#define CHIP_MAX_CHANNELS		8
#define CHIP_FRAME_BYTES(channels)	((24 + 24 * (channels)) / 8)
#define CHIP_MAX_FRAME_BYTES		27			/* 216 SCLKs */
#define CHIP_STATUS_SYNC		(0xcu << 20)
#define CHIP_CODE_BITS			23
#define CHIP_CODE_MAX			0x7fffff
#define CHIP_CODE_MIN			(-0x800000)

/* CONFIG2: +-(VREFP - VREFN) / 2400. 9.3.1.1.2: (uV - 145300) / 490 + 25 degrees Celsius */
#define CHIP_TEST_SIGNAL_DIVIDER	2400
#define CHIP_TEMP_OFFSET_UV		145300
#define CHIP_TEMP_UV_PER_CELSIUS	490
#define CHIP_TEMP_OFFSET_CELSIUS	25

#endif
