/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two readings of one data sheet: what the driver goes by (include/ads1299.h) and what the simulated chip does
 * (kernel/sim/datasheet.h). Where they differ, one of them is wrong.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ads1299.h"
#include "kernel/sim/chip.h"
#include "kernel/sim/datasheet.h"

#define SAME(name) ck_assert_msg((int64_t) ADS1299_##name == (int64_t) CHIP_##name, \
                                 #name ": %#llx for the driver, %#llx for the chip", \
                                 (long long) ADS1299_##name, (long long) CHIP_##name)

START_TEST(names_have_the_same_number) {
        SAME(CMD_WAKEUP);
        SAME(CMD_STANDBY);
        SAME(CMD_RESET);
        SAME(CMD_START);
        SAME(CMD_STOP);
        SAME(CMD_RDATAC);
        SAME(CMD_SDATAC);
        SAME(CMD_RDATA);
        SAME(CMD_RREG);
        SAME(CMD_WREG);
        SAME(CMD_REG_MASK);
        SAME(REG_ID);
        SAME(REG_CONFIG1);
        SAME(REG_CONFIG2);
        SAME(REG_CONFIG3);
        SAME(REG_LOFF);
        SAME(REG_BIAS_SENSP);
        SAME(REG_BIAS_SENSN);
        SAME(REG_LOFF_SENSP);
        SAME(REG_LOFF_SENSN);
        SAME(REG_LOFF_FLIP);
        SAME(REG_LOFF_STATP);
        SAME(REG_LOFF_STATN);
        SAME(REG_GPIO);
        SAME(REG_MISC1);
        SAME(REG_MISC2);
        SAME(REG_CONFIG4);
        SAME(NUM_REGS);
        SAME(ID_FIXED);
        SAME(ID_NU_CH_4);
        SAME(ID_NU_CH_6);
        SAME(ID_NU_CH_8);
        SAME(CONFIG1_RESET);
        SAME(CONFIG1_FIXED_MASK);
        SAME(CONFIG1_DAISY_EN);
        SAME(CONFIG1_DR_MASK);
        SAME(CONFIG2_RESET);
        SAME(CONFIG2_FIXED_MASK);
        SAME(CONFIG2_INT_CAL);
        SAME(CONFIG2_CAL_AMP);
        SAME(CONFIG2_CAL_FREQ_MASK);
        SAME(CAL_FREQ_FCLK_2_21);
        SAME(CAL_FREQ_FCLK_2_20);
        SAME(CAL_FREQ_DC);
        SAME(CONFIG3_RESET);
        SAME(CONFIG3_FIXED_MASK);
        SAME(CONFIG3_PD_REFBUF);
        SAME(CONFIG3_BIAS_MEAS);
        SAME(CONFIG3_BIAS_LOFF_SENS);
        SAME(CONFIG3_BIAS_STAT);
        SAME(LOFF_FIXED_MASK);
        SAME(LOFF_COMP_TH_MASK);
        SAME(LOFF_ILEAD_MASK);
        SAME(LOFF_FLEAD_MASK);
        SAME(FLEAD_DC);
        SAME(FLEAD_FCLK_2_18);
        SAME(FLEAD_FCLK_2_16);
        SAME(FLEAD_FDR_4);
        SAME(CHSET_RESET);
        SAME(CHSET_PD);
        SAME(CHSET_GAIN_MASK);
        SAME(CHSET_SRB2);
        SAME(CHSET_MUX_MASK);
        SAME(MUX_NORMAL);
        SAME(MUX_SHORTED);
        SAME(MUX_BIAS_MEAS);
        SAME(MUX_SUPPLY);
        SAME(MUX_TEMPERATURE);
        SAME(MUX_TEST_SIGNAL);
        SAME(MUX_BIAS_DRP);
        SAME(MUX_BIAS_DRN);
        SAME(GPIO_RESET);
        SAME(GPIO_DIR_MASK);
        SAME(MISC1_SRB1);
        SAME(CONFIG4_SINGLE_SHOT);
        SAME(CONFIG4_PD_LOFF_COMP);
        SAME(NUM_RATES);
        SAME(FCLK_HZ);
        SAME(VREF_UV);
        SAME(SCLK_MAX_HZ);
        SAME(POR_CLOCKS);
        SAME(RESET_CLOCKS);
        SAME(DECODE_CLOCKS);
        SAME(CS_HIGH_CLOCKS);
        SAME(REF_STARTUP_US);
        SAME(MAX_CHANNELS);
        SAME(MAX_FRAME_BYTES);
        SAME(STATUS_SYNC);
        SAME(CODE_BITS);
        SAME(CODE_MAX);
        SAME(CODE_MIN);
        SAME(TEST_SIGNAL_DIVIDER);
        SAME(TEMP_OFFSET_UV);
        SAME(TEMP_UV_PER_CELSIUS);
        SAME(TEMP_OFFSET_CELSIUS);
}
END_TEST

START_TEST(what_takes_an_argument_is_the_same) {
        static const unsigned driver_gains[] = ADS1299_GAINS, chip_gains[] = CHIP_GAINS;
        static const unsigned driver_settling[] = ADS1299_SETTLING_CLOCKS, chip_settling[] = CHIP_SETTLING_CLOCKS;

        for (unsigned i = 0; i < ADS1299_MAX_CHANNELS; i++)
                ck_assert_uint_eq(ADS1299_REG_CHSET(i), CHIP_REG_CHSET(i));
        for (unsigned n = 4; n <= 8; n += 2)
                ck_assert_uint_eq(ADS1299_FRAME_BYTES(n), CHIP_FRAME_BYTES(n));
        for (unsigned dr = 0; dr < ADS1299_NUM_RATES; dr++)
                ck_assert_uint_eq(ADS1299_CLOCKS_PER_SAMPLE(dr), CHIP_CLOCKS_PER_SAMPLE(dr));
        ck_assert_uint_eq(sizeof(driver_gains), sizeof(chip_gains));
        ck_assert_int_eq(memcmp(driver_gains, chip_gains, sizeof(chip_gains)), 0);
        ck_assert_uint_eq(sizeof(driver_settling), sizeof(chip_settling));
        ck_assert_int_eq(memcmp(driver_settling, chip_settling, sizeof(chip_settling)), 0);
}
END_TEST

/* --- where the data sheet can be read in two ways the chip takes the harder one, if told to --- */

static struct ads_chip chip;
static s64 input[CHIP_MAX_CHANNELS];

static void send(const u8 *din, unsigned n, u8 *dout) {
        ads_chip_select(&chip, true);
        for (unsigned i = 0; i < n; i++) {
                u8 byte = ads_chip_exchange(&chip, din ? din[i] : i == 0 ? 0x12 : 0, 0);
                if (dout)
                        dout[i] = byte;
        }
        ads_chip_select(&chip, false);
}

static void command(u8 opcode) {
        send(&opcode, 1, NULL);
}

static void write_reg(u8 reg, u8 value) {
        send((const u8[]) {0x40 | reg, 0, value}, 3, NULL);
}

static void start_strictly(u8 strict) {
        ads_chip_power_up(&chip, &ads_chip_ads1299);
        chip.strict = strict;
        command(0x11);
        write_reg(0x03, 0xe0);
        command(0x08);
        ck_assert(ads_chip_convert(&chip, input));
}

/* RDATA a second time: zeros, unless DAISY_EN says "multiple readback" */
START_TEST(a_sample_is_read_once) {
        u8 frame[28];

        start_strictly(ADS_CHIP_STRICT_ONCE);
        send(NULL, sizeof(frame), frame);
        ck_assert_uint_eq(frame[1] & 0xf0, 0xc0);
        send(NULL, sizeof(frame), frame);
        ck_assert_uint_eq(frame[1], 0);
        write_reg(0x01, 0xd6);
        ck_assert(ads_chip_convert(&chip, input));
        for (unsigned i = 0; i < 2; i++) {
                send(NULL, sizeof(frame), frame);
                ck_assert_uint_eq(frame[1] & 0xf0, 0xc0);
        }
}
END_TEST

START_TEST(start_restarts) {
        start_strictly(ADS_CHIP_STRICT_START);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 8192);
        command(0x08);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 32777);
}
END_TEST

/* An input step takes three periods; START empties the filter */
START_TEST(a_change_of_an_input_takes_three_results) {
        start_strictly(0);
        write_reg(0x05, 0x60);
        for (unsigned i = 0; i < 5; i++)
                ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_eq(chip.stats.unsettled, 3);
        command(0x0a);
        ck_assert(ads_chip_convert(&chip, input));
        write_reg(0x05, 0x65);
        command(0x08);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_eq(chip.stats.unsettled, 3);
}
END_TEST

/* 11.1: the reset has to come when VCAP1 is up */
START_TEST(a_chip_without_vcap1_does_nothing_until_it_is_reset) {
        u8 answer[3];

        ads_chip_power_up(&chip, &ads_chip_ads1299);
        ads_chip_set_vcap1(&chip, false);
        command(0x11);
        send((const u8[]) {0x20, 0, 0}, 3, answer);
        ck_assert_uint_eq(answer[2], 0);
        ads_chip_set_vcap1(&chip, true);
        command(0x11);
        send((const u8[]) {0x20, 0, 0}, 3, answer);
        ck_assert_uint_eq(answer[2], 0);
        command(0x06);
        command(0x11);
        send((const u8[]) {0x20, 0, 0}, 3, answer);
        ck_assert_uint_eq(answer[2], 0x3e);
}
END_TEST

int main(void) {
        Suite *s = suite_create("datasheet");
        TCase *c = tcase_create("two readings");

        tcase_add_test(c, names_have_the_same_number);
        tcase_add_test(c, what_takes_an_argument_is_the_same);
        tcase_add_test(c, a_sample_is_read_once);
        tcase_add_test(c, start_restarts);
        tcase_add_test(c, a_change_of_an_input_takes_three_results);
        tcase_add_test(c, a_chip_without_vcap1_does_nothing_until_it_is_reset);
        suite_add_tcase(s, c);

        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_NORMAL);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
