/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The TI ADS1299, ADS1299-6 and ADS1299-4 in numbers.
 *
 * Read by the driver, by programs and by the tests. The simulated chip alone
 * has numbers of its own, kernel/sim/datasheet.h, so that it does not share the
 * driver's mistakes; tests/kernel/registers compares the two. Plain C:
 * fixed-width integers only, no kernel and no libc helpers. Masks are written so
 * that both FIELD_PREP() and a plain shift can use them.
 *
 * Section, table and equation numbers are those of the data sheet SBAS499C
 * (January 2017).
 */
#ifndef ADS1299_H
#define ADS1299_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/* Commands (table 10) */
#define ADS1299_CMD_WAKEUP		0x02
#define ADS1299_CMD_STANDBY		0x04
#define ADS1299_CMD_RESET		0x06
#define ADS1299_CMD_START		0x08
#define ADS1299_CMD_STOP		0x0a
#define ADS1299_CMD_RDATAC		0x10
#define ADS1299_CMD_SDATAC		0x11
#define ADS1299_CMD_RDATA		0x12
#define ADS1299_CMD_RREG		0x20	/* | register, then count - 1 */
#define ADS1299_CMD_WREG		0x40	/* | register, then count - 1 */
#define   ADS1299_CMD_REG_MASK		0x1f

/* Registers and their fields (table 11) */
#define ADS1299_REG_ID			0x00
#define   ADS1299_ID_REV_MASK		0xe0
#define   ADS1299_ID_FIXED_MASK		0x1c
#define   ADS1299_ID_FIXED		0x1c
#define   ADS1299_ID_NU_CH_MASK		0x03
#define     ADS1299_ID_NU_CH_4		0
#define     ADS1299_ID_NU_CH_6		1
#define     ADS1299_ID_NU_CH_8		2

#define ADS1299_REG_CONFIG1		0x01
#define   ADS1299_CONFIG1_FIXED_MASK	0x98
#define   ADS1299_CONFIG1_FIXED		0x90
#define   ADS1299_CONFIG1_DAISY_EN	0x40	/* 0: daisy chain, 1: multiple readback */
#define   ADS1299_CONFIG1_CLK_EN	0x20
#define   ADS1299_CONFIG1_DR_MASK	0x07
#define     ADS1299_DR_16000_HZ		0
#define     ADS1299_DR_8000_HZ		1
#define     ADS1299_DR_4000_HZ		2
#define     ADS1299_DR_2000_HZ		3
#define     ADS1299_DR_1000_HZ		4
#define     ADS1299_DR_500_HZ		5
#define     ADS1299_DR_250_HZ		6

#define ADS1299_REG_CONFIG2		0x02
#define   ADS1299_CONFIG2_FIXED_MASK	0xe8
#define   ADS1299_CONFIG2_FIXED		0xc0
#define   ADS1299_CONFIG2_INT_CAL	0x10
#define   ADS1299_CONFIG2_CAL_AMP	0x04	/* twice VREF / 2400 */
#define   ADS1299_CONFIG2_CAL_FREQ_MASK	0x03
#define     ADS1299_CAL_FREQ_FCLK_2_21	0
#define     ADS1299_CAL_FREQ_FCLK_2_20	1
#define     ADS1299_CAL_FREQ_DC		3

#define ADS1299_REG_CONFIG3		0x03
#define   ADS1299_CONFIG3_FIXED_MASK	0x60
#define   ADS1299_CONFIG3_FIXED		0x60
#define   ADS1299_CONFIG3_PD_REFBUF	0x80	/* 1: internal reference on */
#define   ADS1299_CONFIG3_BIAS_MEAS	0x10
#define   ADS1299_CONFIG3_BIASREF_INT	0x08
#define   ADS1299_CONFIG3_PD_BIAS	0x04	/* 1: bias amplifier on */
#define   ADS1299_CONFIG3_BIAS_LOFF_SENS 0x02
#define   ADS1299_CONFIG3_BIAS_STAT	0x01	/* read only, 1: not connected */

#define ADS1299_REG_LOFF		0x04
#define   ADS1299_LOFF_FIXED_MASK	0x10
#define   ADS1299_LOFF_FIXED		0x00
#define   ADS1299_LOFF_COMP_TH_MASK	0xe0
#define   ADS1299_LOFF_ILEAD_MASK	0x0c
#define     ADS1299_ILEAD_6_NA		0
#define     ADS1299_ILEAD_24_NA		1
#define     ADS1299_ILEAD_6_UA		2
#define     ADS1299_ILEAD_24_UA		3
#define   ADS1299_LOFF_FLEAD_MASK	0x03
#define     ADS1299_FLEAD_DC		0
#define     ADS1299_FLEAD_FCLK_2_18	1
#define     ADS1299_FLEAD_FCLK_2_16	2
#define     ADS1299_FLEAD_FDR_4		3

#define ADS1299_REG_CHSET(ch)		(0x05 + (ch))	/* ch from 0 */
#define   ADS1299_CHSET_PD		0x80
#define   ADS1299_CHSET_GAIN_MASK	0x70
#define   ADS1299_CHSET_SRB2		0x08
#define   ADS1299_CHSET_MUX_MASK	0x07
#define     ADS1299_MUX_NORMAL		0
#define     ADS1299_MUX_SHORTED		1
#define     ADS1299_MUX_BIAS_MEAS	2
#define     ADS1299_MUX_SUPPLY		3
#define     ADS1299_MUX_TEMPERATURE	4
#define     ADS1299_MUX_TEST_SIGNAL	5
#define     ADS1299_MUX_BIAS_DRP	6
#define     ADS1299_MUX_BIAS_DRN	7

#define ADS1299_REG_BIAS_SENSP		0x0d
#define ADS1299_REG_BIAS_SENSN		0x0e
#define ADS1299_REG_LOFF_SENSP		0x0f
#define ADS1299_REG_LOFF_SENSN		0x10
#define ADS1299_REG_LOFF_FLIP		0x11
#define ADS1299_REG_LOFF_STATP		0x12	/* read only */
#define ADS1299_REG_LOFF_STATN		0x13	/* read only */

#define ADS1299_REG_GPIO		0x14
#define   ADS1299_GPIO_DATA_MASK	0xf0
#define   ADS1299_GPIO_DIR_MASK		0x0f	/* 1: input */

#define ADS1299_REG_MISC1		0x15
#define   ADS1299_MISC1_SRB1		0x20
#define ADS1299_REG_MISC2		0x16

#define ADS1299_REG_CONFIG4		0x17
#define   ADS1299_CONFIG4_SINGLE_SHOT	0x08
#define   ADS1299_CONFIG4_PD_LOFF_COMP	0x02	/* 1: comparators on */

#define ADS1299_REG_LAST		ADS1299_REG_CONFIG4
#define ADS1299_NUM_REGS		(ADS1299_REG_LAST + 1)

/* Values after power-up or reset (table 11); ID depends on the part */
#define ADS1299_CONFIG1_RESET		0x96
#define ADS1299_CONFIG2_RESET		0xc0
#define ADS1299_CONFIG3_RESET		0x60
#define ADS1299_CHSET_RESET		0x61	/* gain 24, inputs shorted */
#define ADS1299_GPIO_RESET		0x0f

/* Gains by CHnSET.GAIN code 0..6; code 7 is forbidden */
#define ADS1299_NUM_GAINS		7
#define ADS1299_GAINS			{ 1, 2, 4, 6, 8, 12, 24 }

/* Data rates: fMOD / (64 << DR), fMOD = fCLK / 2 (table 11, CONFIG1) */
#define ADS1299_NUM_RATES		7
#define ADS1299_RATE_HZ(dr)		(16000 >> (dr))	/* 250, 500 ... exact at 2.048 MHz */
#define ADS1299_CLOCKS_PER_SAMPLE(dr)	(128u << (dr))

/* Settling after START, in periods of fCLK, by DR code (table 7) */
#define ADS1299_SETTLING_CLOCKS		{ 521, 1033, 2057, 4105, 8201, 16393, 32777 }

/* Clock, reference and timing (sections 7.5 to 7.7, 9.4, 9.5) */
#define ADS1299_FCLK_HZ			2048000
#define ADS1299_FCLK_MIN_HZ		1500000
#define ADS1299_FCLK_MAX_HZ		2250000
#define ADS1299_VREF_UV			4500000
#define ADS1299_POR_CLOCKS		(1u << 18)	/* tPOR, 128 ms */
#define ADS1299_REF_STARTUP_US		150000
#define ADS1299_RESET_CLOCKS		18	/* RESET to next command */
#define ADS1299_RESET_PULSE_CLOCKS	2	/* tRST */
#define ADS1299_DECODE_CLOCKS		4	/* tSDECODE, tSCCS */
#define ADS1299_SCLK_MAX_HZ		20000000
#define ADS1299_STANDBY_WAKE_US		32	/* 31.25 us */

/*
 * Frame (section 9.4.4.2): 24 status bits, then 24 bits a channel, most
 * significant bit first, two's complement, clipped at the rails.
 * status = 1100 | LOFF_STATP[7:0] | LOFF_STATN[7:0] | GPIOD[4:1]
 */
#define ADS1299_MAX_CHANNELS		8
#define ADS1299_STATUS_BYTES		3
#define ADS1299_SAMPLE_BYTES		3
#define ADS1299_FRAME_BYTES(channels)	(ADS1299_STATUS_BYTES + ADS1299_SAMPLE_BYTES * (channels))
#define ADS1299_MAX_FRAME_BYTES		ADS1299_FRAME_BYTES(ADS1299_MAX_CHANNELS)
#define ADS1299_STATUS_SYNC_MASK	0xf00000
#define ADS1299_STATUS_SYNC		0xc00000
#define ADS1299_STATUS_LOFF_P_MASK	0x0ff000
#define ADS1299_STATUS_LOFF_N_MASK	0x000ff0
#define ADS1299_STATUS_GPIO_MASK	0x00000f

#define ADS1299_CODE_MAX		8388607		/* 0x7fffff */
#define ADS1299_CODE_MIN		(-8388608)	/* 0x800000 */
/* One LSB is VREF / gain / 2^23 (equation 8) */
#define ADS1299_CODE_BITS		23

/* Internal test signal: +-VREF / 2400, or twice that (CONFIG2) */
#define ADS1299_TEST_SIGNAL_DIVIDER	2400

/* Temperature sensor: T = (uV - 145300) / 490 + 25 degrees Celsius (section 9.3.2.4) */
#define ADS1299_TEMP_OFFSET_UV		145300
#define ADS1299_TEMP_UV_PER_CELSIUS	490
#define ADS1299_TEMP_OFFSET_CELSIUS	25

/*
 * What the driver puts into the 8 spare bits of a 32-bit buffer sample
 * (le:s24/32>>8): an ordinary consumer shifts them away.
 */
#define ADS1299_FLAG_P_OFF		0x01	/* positive electrode is off */
#define ADS1299_FLAG_N_OFF		0x02	/* negative electrode is off */
#define ADS1299_FLAG_LOST		0x04	/* scans were lost just before this one */

#endif
