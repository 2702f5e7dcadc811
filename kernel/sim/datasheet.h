/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ADS1299, ADS1299-6 and ADS1299-4 in numbers, for the model alone.
 *
 * The driver has its own, in include/ads1299.h. These were written down a
 * second time, from the tables of the data sheet SBAS499C (January 2017) and in
 * their terms (bit numbers, times, frequencies), so that a slip of the pen in
 * one of the two shows as a driver and a chip that do not understand each
 * other. tests/kernel/registers compares them, name by name.
 */
#ifndef ADS_DATASHEET_H
#define ADS_DATASHEET_H

/* A field by the numbers of its highest and lowest bit, as table 11 prints it */
#define ADS_FIELD(high, low)	((2 << (high)) - (1 << (low)))
#define ADS_FLAG(bit)		(1 << (bit))

/* Table 10; RREG is 001r rrrr, WREG 010r rrrr, each followed by 000n nnnn */
#define ADS_CMD_WAKEUP		0x02
#define ADS_CMD_STANDBY		0x04
#define ADS_CMD_RESET		0x06
#define ADS_CMD_START		0x08
#define ADS_CMD_STOP		0x0a
#define ADS_CMD_RDATAC		0x10
#define ADS_CMD_SDATAC		0x11
#define ADS_CMD_RDATA		0x12
#define ADS_CMD_RREG		0x20
#define ADS_CMD_WREG		0x40
#define ADS_CMD_REG_MASK	ADS_FIELD(4, 0)

/* Table 11: addresses in their order */
#define ADS_REG_ID		0
#define ADS_REG_CONFIG1		1
#define ADS_REG_CONFIG2		2
#define ADS_REG_CONFIG3		3
#define ADS_REG_LOFF		4
#define ADS_REG_CHSET(ch)	(5 + (ch))	/* CH1SET is that of channel 0 */
#define ADS_REG_BIAS_SENSP	13
#define ADS_REG_BIAS_SENSN	14
#define ADS_REG_LOFF_SENSP	15
#define ADS_REG_LOFF_SENSN	16
#define ADS_REG_LOFF_FLIP	17
#define ADS_REG_LOFF_STATP	18
#define ADS_REG_LOFF_STATN	19
#define ADS_REG_GPIO		20
#define ADS_REG_MISC1		21
#define ADS_REG_MISC2		22
#define ADS_REG_CONFIG4		23
#define ADS_NUM_REGS		24

/* ID: REV_ID[2:0], 1, DEV_ID[1:0] = 11, NU_CH[1:0] */
#define ADS_ID_REV_MASK		ADS_FIELD(7, 5)
#define ADS_ID_FIXED_MASK	ADS_FIELD(4, 2)
#define ADS_ID_FIXED		(ADS_FLAG(4) | ADS_FLAG(3) | ADS_FLAG(2))
#define ADS_ID_NU_CH_MASK	ADS_FIELD(1, 0)
#define ADS_ID_NU_CH_4		0
#define ADS_ID_NU_CH_6		1
#define ADS_ID_NU_CH_8		2

/* CONFIG1: 1, DAISY_EN, CLK_EN, 1, 0, DR[2:0] */
#define ADS_CONFIG1_FIXED_MASK	(ADS_FLAG(7) | ADS_FIELD(4, 3))
#define ADS_CONFIG1_FIXED	(ADS_FLAG(7) | ADS_FLAG(4))
#define ADS_CONFIG1_DAISY_EN	ADS_FLAG(6)	/* 0: daisy chain, 1: multiple readback */
#define ADS_CONFIG1_CLK_EN	ADS_FLAG(5)
#define ADS_CONFIG1_DR_MASK	ADS_FIELD(2, 0)
#define ADS_CONFIG1_RESET	0x96

/* CONFIG2: 1, 1, 0, INT_CAL, 0, CAL_AMP, CAL_FREQ[1:0] */
#define ADS_CONFIG2_FIXED_MASK	(ADS_FIELD(7, 5) | ADS_FLAG(3))
#define ADS_CONFIG2_FIXED	ADS_FIELD(7, 6)
#define ADS_CONFIG2_INT_CAL	ADS_FLAG(4)
#define ADS_CONFIG2_CAL_AMP	ADS_FLAG(2)
#define ADS_CONFIG2_CAL_FREQ_MASK ADS_FIELD(1, 0)
#define ADS_CAL_FREQ_FCLK_2_21	0
#define ADS_CAL_FREQ_FCLK_2_20	1
#define ADS_CAL_FREQ_DC		3
#define ADS_CONFIG2_RESET	0xc0

/* CONFIG3: PD_REFBUF, 1, 1, BIAS_MEAS, BIASREF_INT, PD_BIAS, BIAS_LOFF_SENS, BIAS_STAT */
#define ADS_CONFIG3_PD_REFBUF	ADS_FLAG(7)	/* 1: the buffer is on */
#define ADS_CONFIG3_FIXED_MASK	ADS_FIELD(6, 5)
#define ADS_CONFIG3_FIXED	ADS_FIELD(6, 5)
#define ADS_CONFIG3_BIAS_MEAS	ADS_FLAG(4)
#define ADS_CONFIG3_BIASREF_INT	ADS_FLAG(3)
#define ADS_CONFIG3_PD_BIAS	ADS_FLAG(2)	/* 1: the amplifier is on */
#define ADS_CONFIG3_BIAS_LOFF_SENS ADS_FLAG(1)
#define ADS_CONFIG3_BIAS_STAT	ADS_FLAG(0)	/* read only, 1: not connected */
#define ADS_CONFIG3_RESET	0x60

/* LOFF: COMP_TH[2:0], 0, ILEAD_OFF[1:0], FLEAD_OFF[1:0] */
#define ADS_LOFF_COMP_TH_MASK	ADS_FIELD(7, 5)
#define ADS_LOFF_FIXED_MASK	ADS_FLAG(4)
#define ADS_LOFF_ILEAD_MASK	ADS_FIELD(3, 2)
#define ADS_LOFF_FLEAD_MASK	ADS_FIELD(1, 0)
#define ADS_FLEAD_DC		0
#define ADS_FLEAD_FCLK_2_18	1
#define ADS_FLEAD_FCLK_2_16	2
#define ADS_FLEAD_FDR_4		3

/* CHnSET: PDn, GAINn[2:0], SRB2, MUXn[2:0] */
#define ADS_CHSET_PD		ADS_FLAG(7)
#define ADS_CHSET_GAIN_MASK	ADS_FIELD(6, 4)
#define ADS_CHSET_SRB2		ADS_FLAG(3)
#define ADS_CHSET_MUX_MASK	ADS_FIELD(2, 0)
#define ADS_MUX_NORMAL		0
#define ADS_MUX_SHORTED		1
#define ADS_MUX_BIAS_MEAS	2
#define ADS_MUX_SUPPLY		3
#define ADS_MUX_TEMPERATURE	4
#define ADS_MUX_TEST_SIGNAL	5
#define ADS_MUX_BIAS_DRP	6
#define ADS_MUX_BIAS_DRN	7
#define ADS_CHSET_RESET		0x61
#define ADS_NUM_GAINS		7
#define ADS_GAINS		{ 1, 2, 4, 6, 8, 12, 24 }

/* GPIO: GPIOD[4:1], GPIOC[4:1] (1: input) */
#define ADS_GPIO_DATA_MASK	ADS_FIELD(7, 4)
#define ADS_GPIO_DIR_MASK	ADS_FIELD(3, 0)
#define ADS_GPIO_RESET		0x0f

#define ADS_MISC1_SRB1		ADS_FLAG(5)

#define ADS_CONFIG4_SINGLE_SHOT	ADS_FLAG(3)
#define ADS_CONFIG4_PD_LOFF_COMP ADS_FLAG(1)	/* 1: comparators are on */

/* Times, in periods of a clock of 2.048 MHz (7.5 to 7.7, 9.4.2, 9.5.3) */
#define ADS_FCLK_HZ		2048000
#define ADS_POR_CLOCKS		262144u		/* tPOR, 2^18 */
#define ADS_RESET_CLOCKS	18		/* RESET to the next command */
#define ADS_DECODE_CLOCKS	4		/* tSDECODE */
#define ADS_SCLK_MAX_HZ		(1000000000 / 50)	/* tSCLK is 50 ns at least */

/* fDR = fMOD / (64 << DR), fMOD = fCLK / 2; DR = 111 is reserved. Settling: table 7 */
#define ADS_NUM_RATES		7
#define ADS_CLOCKS_PER_SAMPLE(dr) (2 * (64u << (dr)))
#define ADS_SETTLING_CLOCKS	{ 521, 1033, 2057, 4105, 8201, 16393, 32777 }

/* What comes out (9.4.4.2): 24 bits of status, which begin with 1100, and 24 of each channel */
#define ADS_MAX_CHANNELS	8
#define ADS_FRAME_BYTES(channels) ((24 + 24 * (channels)) / 8)
#define ADS_MAX_FRAME_BYTES	ADS_FRAME_BYTES(ADS_MAX_CHANNELS)
#define ADS_STATUS_SYNC_MASK	ADS_FIELD(23, 20)
#define ADS_STATUS_SYNC		(ADS_FLAG(23) | ADS_FLAG(22))
#define ADS_STATUS_LOFF_P_MASK	ADS_FIELD(19, 12)
#define ADS_STATUS_LOFF_N_MASK	ADS_FIELD(11, 4)
#define ADS_STATUS_GPIO_MASK	ADS_FIELD(3, 0)

/* Two's complement, clipped; 1 LSB = (2 VREF / gain) / 2^24 (equation 8) */
#define ADS_CODE_BITS		(24 - 1)
#define ADS_CODE_MAX		0x7fffff
#define ADS_CODE_MIN		(-0x800000)
#define ADS_VREF_UV		4500000

/* CAL_AMP: 1 or 2 times (VREFP - VREFN) / 2400 */
#define ADS_TEST_SIGNAL_DIVIDER	2400

/* Temperature sensor: degrees Celsius = (reading in uV - 145300) / 490 + 25 */
#define ADS_TEMP_OFFSET_UV	145300
#define ADS_TEMP_UV_PER_CELSIUS	490
#define ADS_TEMP_OFFSET_CELSIUS	25

#endif
