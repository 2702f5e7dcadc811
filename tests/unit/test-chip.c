/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The chip model against the data sheet (SBAS499C): every behaviour that the
 * driver and the tests above it rely on. Expected values are written out from
 * the data sheet's tables, not taken from the model or its header, where that
 * header could hide a mistake.
 */

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ads1299.h"
#include "kernel/sim/chip.h"
#include "suite.h"

#define VREF_NV 4500000000LL

static const unsigned gains[] = {1, 2, 4, 6, 8, 12, 24};
static const struct ads_chip_part *const parts[] = {&ads_chip_ads1299, &ads_chip_ads1299_6, &ads_chip_ads1299_4};
static const unsigned part_channels[] = {8, 6, 4};

static struct ads_chip chip;
static s64 input[ADS1299_MAX_CHANNELS];

/* --- what a microcontroller would do on the bus --------------------------- */

static void setup(void) {
        ads_chip_power_up(&chip, &ads_chip_ads1299);
        for (unsigned ch = 0; ch < ADS1299_MAX_CHANNELS; ch++)
                input[ch] = 0;
}

static u8 clock_byte(u8 din) {
        return ads_chip_exchange(&chip, din, 0);
}

static void command(u8 opcode) {
        ads_chip_select(&chip, true);
        clock_byte(opcode);
        ads_chip_select(&chip, false);
}

static void write_regs(u8 reg, unsigned n, const u8 *values) {
        ads_chip_select(&chip, true);
        clock_byte(0x40 | reg);
        clock_byte(n - 1);
        for (unsigned i = 0; i < n; i++)
                clock_byte(values[i]);
        ads_chip_select(&chip, false);
}

static void wreg(u8 reg, u8 value) {
        write_regs(reg, 1, &value);
}

static void read_regs(u8 reg, unsigned n, u8 *ret) {
        ads_chip_select(&chip, true);
        clock_byte(0x20 | reg);
        clock_byte(n - 1);
        for (unsigned i = 0; i < n; i++)
                ret[i] = clock_byte(0);
        ads_chip_select(&chip, false);
}

static u8 rreg(u8 reg) {
        u8 value;

        read_regs(reg, 1, &value);
        return value;
}

static void rdata(u8 *ret, unsigned n) {
        ads_chip_select(&chip, true);
        clock_byte(0x12);
        for (unsigned i = 0; i < n; i++)
                ret[i] = clock_byte(0);
        ads_chip_select(&chip, false);
}

static s32 get_s24(const u8 *p) {
        u32 v = (u32) p[0] << 16 | (u32) p[1] << 8 | p[2];

        return (s32) (v ^ 0x800000) - 0x800000;
}

static u32 frame_status(const u8 *frame) {
        return (u32) frame[0] << 16 | (u32) frame[1] << 8 | frame[2];
}

/* Complete a conversion and read the code of a channel */
static s32 convert(unsigned channel) {
        u8 frame[27];

        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, ads_chip_frame_bytes(&chip));
        ck_assert_uint_eq(frame_status(frame) >> 20, 0xc);
        return get_s24(frame + 3 + 3 * channel);
}

/* Internal reference on, all channels set alike, running */
static void run_with(u8 chset) {
        command(0x11);
        wreg(0x03, 0xe0);
        for (unsigned ch = 0; ch < chip.part->channels; ch++)
                wreg(0x05 + ch, chset);
        command(0x08);
}

/* --- registers ------------------------------------------------------------ */

START_TEST(id_tells_the_number_of_channels) {
        static const u8 ids[] = {0x3e, 0x3d, 0x3c};

        ads_chip_power_up(&chip, parts[_i]);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), ids[_i]);
        ck_assert_uint_eq(chip.part->channels, part_channels[_i]);
}
END_TEST

/* Table 11 */
static const u8 reset_values[24] = {
        0x3e, 0x96, 0xc0, 0x60, 0x00, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61,
        0x61, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00,
};

START_TEST(registers_have_reset_values_after_power_up) {
        u8 regs[24];

        command(0x11);
        read_regs(0, 24, regs);
        ck_assert_mem_eq(regs, reset_values, sizeof(regs));
}
END_TEST

START_TEST(header_has_the_reset_values) {
        ck_assert_uint_eq(ADS1299_NUM_REGS, 24);
        ck_assert_uint_eq(ADS1299_CONFIG1_RESET, reset_values[ADS1299_REG_CONFIG1]);
        ck_assert_uint_eq(ADS1299_CONFIG2_RESET, reset_values[ADS1299_REG_CONFIG2]);
        ck_assert_uint_eq(ADS1299_CONFIG3_RESET, reset_values[ADS1299_REG_CONFIG3]);
        ck_assert_uint_eq(ADS1299_GPIO_RESET, reset_values[ADS1299_REG_GPIO]);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_uint_eq(ADS1299_CHSET_RESET, reset_values[ADS1299_REG_CHSET(ch)]);
        ck_assert_uint_eq(reset_values[0] & ADS1299_ID_FIXED_MASK, ADS1299_ID_FIXED);
        ck_assert_uint_eq(ADS1299_CONFIG1_RESET & ADS1299_CONFIG1_FIXED_MASK, ADS1299_CONFIG1_FIXED);
        ck_assert_uint_eq(ADS1299_CONFIG2_RESET & ADS1299_CONFIG2_FIXED_MASK, ADS1299_CONFIG2_FIXED);
        ck_assert_uint_eq(ADS1299_CONFIG3_RESET & ADS1299_CONFIG3_FIXED_MASK, ADS1299_CONFIG3_FIXED);
}
END_TEST

START_TEST(reset_command_restores_registers) {
        u8 regs[24], ones[24];

        memset(ones, 0xff, sizeof(ones));
        command(0x11);
        write_regs(0, 24, ones);
        command(0x06);
        command(0x11);
        read_regs(0, 24, regs);
        ck_assert_mem_eq(regs, reset_values, sizeof(regs));
        ck_assert_uint_eq(chip.stats.resets, 1);
}
END_TEST

/* What each register reads after ff and after 00 is written: table 11, fixed and read-only bits */
START_TEST(fixed_and_read_only_bits_stay) {
        static const u8 after_ones[24] = {
                0x3e, 0xf7, 0xd7, 0xfe, 0xef, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x0f, 0x20, 0x00, 0x0a,
        };
        static const u8 after_zeros[24] = {
                [0x00] = 0x3e, [0x01] = 0x90, [0x02] = 0xc0, [0x03] = 0x60,
        };

        command(0x11);
        wreg(_i, 0xff);
        ck_assert_uint_eq(rreg(_i), after_ones[_i]);
        wreg(_i, 0x00);
        ck_assert_uint_eq(rreg(_i), after_zeros[_i]);
}
END_TEST

START_TEST(absent_channels_read_and_write_zero) {
        unsigned n = part_channels[_i];
        u8 present = (1u << n) - 1, ones[24], regs[24];

        memset(ones, 0xff, sizeof(ones));
        ads_chip_power_up(&chip, parts[_i]);
        command(0x11);
        for (unsigned ch = n; ch < 8; ch++)
                ck_assert_uint_eq(rreg(0x05 + ch), 0);
        write_regs(0, 24, ones);
        read_regs(0, 24, regs);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_uint_eq(regs[0x05 + ch], ch < n ? 0xff : 0);
        for (unsigned reg = 0x0d; reg <= 0x11; reg++)
                ck_assert_uint_eq(regs[reg], present);
}
END_TEST

START_TEST(upset_register_minds_no_fixed_bits) {
        run_with(0x60);
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_upset_reg(&chip, 0x02, 0x3f);
        ck_assert_uint_eq(rreg(0x02), 0x3f);
        ads_chip_upset_reg(&chip, 0x18, 0xff);
        ck_assert_uint_eq(rreg(0x18), 0);
        u32 epoch = chip.epoch;
        ads_chip_upset_reg(&chip, 0x01, 0x93); /* restarts the filter, as a write does */
        ck_assert_uint_ne(chip.epoch, epoch);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 4105);
}
END_TEST

START_TEST(wrong_id_until_it_is_taken_back) {
        command(0x11);
        chip.wrong_id = 0x9a;
        ck_assert_uint_eq(rreg(0x00), 0x9a);
        chip.wrong_id = 0;
        ck_assert_uint_eq(rreg(0x00), 0x3e);
}
END_TEST

START_TEST(several_registers_in_one_command) {
        static const u8 values[4] = {0x10, 0x20, 0x30, 0x40};
        u8 regs[6];

        command(0x11);
        write_regs(0x06, 4, values);
        read_regs(0x05, 6, regs);
        ck_assert_uint_eq(regs[0], 0x61);
        ck_assert_mem_eq(regs + 1, values, 4);
        ck_assert_uint_eq(regs[5], 0x61);
}
END_TEST

START_TEST(addresses_beyond_the_last_register) {
        u8 regs[32], values[8] = {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

        command(0x11);
        write_regs(0x17, 8, values);
        write_regs(0x1f, 8, values);
        read_regs(0x17, 32, regs);
        ck_assert_uint_eq(regs[0], 0x0a);
        for (unsigned i = 1; i < 32; i++)
                ck_assert_uint_eq(regs[i], 0);
        read_regs(0, 0x17, regs);
        ck_assert_mem_eq(regs, reset_values, 0x17);
}
END_TEST

START_TEST(count_uses_five_bits) {
        u8 out[3];

        command(0x11);
        ads_chip_select(&chip, true);
        clock_byte(0x21);
        clock_byte(0xe0); /* n - 1 = 0, the upper three bits do not count */
        for (unsigned i = 0; i < 3; i++)
                out[i] = clock_byte(0);
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(out[0], 0x96);
        ck_assert_uint_eq(out[1], 0);
        ck_assert_uint_eq(out[2], 0);
}
END_TEST

/* --- commands ------------------------------------------------------------- */

START_TEST(rreg_is_ignored_in_rdatac_mode) {
        ck_assert_uint_eq(rreg(0x00), 0);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), 0x3e);
        command(0x10);
        ck_assert_uint_eq(rreg(0x00), 0);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), 0x3e);
        command(0x06);
        ck_assert_uint_eq(rreg(0x00), 0);
}
END_TEST

START_TEST(wreg_is_ignored_in_rdatac_mode_with_its_data) {
        /* Were the data taken for commands, SDATAC and RESET would be among them */
        static const u8 values[3] = {0x11, 0x06, 0x08};

        write_regs(0x01, 3, values);
        ck_assert(!ads_chip_converting(&chip));
        ck_assert_uint_eq(chip.stats.resets, 0);
        ck_assert_uint_eq(rreg(0x00), 0);
        command(0x11);
        ck_assert_uint_eq(rreg(0x01), 0x96);
}
END_TEST

START_TEST(several_commands_while_selected) {
        ads_chip_select(&chip, true);
        clock_byte(0x11);
        clock_byte(0x41);
        clock_byte(0x00);
        clock_byte(0x93);
        clock_byte(0x08);
        clock_byte(0x21);
        clock_byte(0x00);
        ck_assert_uint_eq(clock_byte(0x00), 0x93);
        ads_chip_select(&chip, false);
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

START_TEST(cs_high_forgets_an_incomplete_command) {
        command(0x11);
        ads_chip_select(&chip, true);
        clock_byte(0x41);
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(rreg(0x01), 0x96);

        ads_chip_select(&chip, true);
        clock_byte(0x45);
        clock_byte(0x03);
        clock_byte(0x10);
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(rreg(0x05), 0x10); /* what was complete has been written */
        ck_assert_uint_eq(rreg(0x06), 0x61);
}
END_TEST

START_TEST(nothing_is_heard_without_cs) {
        ads_chip_exchange(&chip, 0x11, 0);
        ads_chip_exchange(&chip, 0x08, 0);
        ck_assert(!ads_chip_converting(&chip));
        ck_assert_uint_eq(rreg(0x00), 0);
}
END_TEST

START_TEST(other_opcodes_do_nothing) {
        u8 regs[24];

        command(0x11);
        for (unsigned opcode = 0; opcode < 256; opcode++) {
                bool known = opcode == 0x02 || opcode == 0x04 || opcode == 0x06 || opcode == 0x08 ||
                             opcode == 0x0a || opcode == 0x10 || opcode == 0x11 || opcode == 0x12 ||
                             (opcode >= 0x20 && opcode < 0x60);

                if (known)
                        continue;
                command(opcode);
                ck_assert(!ads_chip_converting(&chip));
        }
        read_regs(0, 24, regs);
        ck_assert_mem_eq(regs, reset_values, sizeof(regs));
}
END_TEST

START_TEST(standby_hears_wakeup_only) {
        run_with(0x00);
        ck_assert(ads_chip_converting(&chip));
        command(0x04);
        ck_assert(!ads_chip_converting(&chip));
        command(0x08);
        ck_assert(!ads_chip_converting(&chip));
        ck_assert_uint_eq(rreg(0x00), 0);
        command(0x06);
        ck_assert_uint_eq(chip.stats.resets, 0);
        command(0x02);
        ck_assert_uint_eq(rreg(0x00), 0x3e);
        ck_assert_uint_eq(rreg(0x03), 0xe0);
        ck_assert(!ads_chip_converting(&chip));
        command(0x08);
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

/* The bytes after an opcode of RREG or WREG are those that tSDECODE holds for */
START_TEST(register_commands_are_told_from_others) {
        command(0x11);
        ads_chip_select(&chip, true);
        ck_assert(!ads_chip_in_register_command(&chip));
        clock_byte(0x12);
        ck_assert(!ads_chip_in_register_command(&chip));
        clock_byte(0x41);
        ck_assert(ads_chip_in_register_command(&chip));
        clock_byte(0x00);
        ck_assert(ads_chip_in_register_command(&chip));
        clock_byte(0x96);
        ck_assert(!ads_chip_in_register_command(&chip));
        ads_chip_select(&chip, false);
}
END_TEST

/* --- conversions ---------------------------------------------------------- */

START_TEST(no_conversion_before_start) {
        ck_assert(!ads_chip_converting(&chip));
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 0);
        ck_assert(!ads_chip_convert(&chip, input));
        ck_assert(!chip.drdy);
        ck_assert_uint_eq(chip.stats.conversions, 0);
}
END_TEST

/* Table 7, and fDR = fCLK / 2 / (64 << DR) */
START_TEST(settling_and_period_of_each_rate) {
        static const u32 settling[] = {521, 1033, 2057, 4105, 8201, 16393, 32777};
        static const u32 hz[] = {16000, 8000, 4000, 2000, 1000, 500, 250};

        command(0x11);
        wreg(0x01, 0x90 | _i);
        ck_assert_uint_eq(ads_chip_rate_hz(&chip), hz[_i]);
        command(0x08);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), settling[_i]);
        for (unsigned i = 0; i < 3; i++) {
                ck_assert(ads_chip_convert(&chip, input));
                ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 2048000 / hz[_i]);
        }
        command(0x0a);
        ck_assert(ads_chip_convert(&chip, input));
        command(0x08);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), settling[_i]);
}
END_TEST

START_TEST(reserved_rate_does_not_convert) {
        command(0x11);
        wreg(0x01, 0x97);
        command(0x08);
        ck_assert(!ads_chip_converting(&chip));
        ck_assert_uint_eq(ads_chip_rate_hz(&chip), 0);
        ck_assert(!ads_chip_convert(&chip, input));
        wreg(0x01, 0x96);
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

START_TEST(stop_lets_the_conversion_complete) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        command(0x0a);
        ck_assert(ads_chip_converting(&chip));
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(!ads_chip_converting(&chip));
        ck_assert(!ads_chip_convert(&chip, input));
        command(0x0a);
        ck_assert(!ads_chip_converting(&chip));
        command(0x08);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

START_TEST(start_while_running_has_no_effect) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        u32 epoch = chip.epoch;
        command(0x08);
        ck_assert_uint_eq(chip.epoch, epoch);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 8192); /* 250 SPS */
}
END_TEST

START_TEST(start_takes_back_a_stop) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        command(0x0a);
        command(0x08);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 32777);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

START_TEST(single_shot_converts_once_per_start) {
        run_with(0x00);
        wreg(0x17, 0x08);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(!ads_chip_converting(&chip));
        for (unsigned i = 0; i < 3; i++) {
                command(0x08);
                ck_assert(!chip.drdy);
                ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 32777);
                ck_assert(ads_chip_convert(&chip, input));
                ck_assert(!ads_chip_converting(&chip));
        }
        ck_assert_uint_eq(chip.stats.conversions, 4);
}
END_TEST

START_TEST(start_pin_converts_while_it_is_high) {
        command(0x11);
        ads_chip_set_start_pin(&chip, true);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 32777);
        ck_assert(ads_chip_convert(&chip, input));
        u32 epoch = chip.epoch;
        ads_chip_set_start_pin(&chip, true);
        command(0x0a); /* STOP cannot end what the pin asks for */
        ck_assert_uint_eq(chip.epoch, epoch);
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_set_start_pin(&chip, false);
        ck_assert(ads_chip_convert(&chip, input)); /* the one in progress */
        ck_assert(!ads_chip_convert(&chip, input));
}
END_TEST

START_TEST(start_command_outlives_the_start_pin) {
        command(0x11);
        command(0x08);
        ads_chip_set_start_pin(&chip, true);
        ads_chip_set_start_pin(&chip, false);
        for (unsigned i = 0; i < 3; i++)
                ck_assert(ads_chip_convert(&chip, input));
        command(0x0a);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(!ads_chip_convert(&chip, input));
}
END_TEST

START_TEST(with_the_start_pin_high_a_reset_chip_converts_at_250_hz) {
        run_with(0x60);
        wreg(0x01, 0x94);
        ads_chip_set_start_pin(&chip, true);
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_reset(&chip);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 32777);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_eq(ads_chip_rate_hz(&chip), 250);
        ck_assert_uint_eq(rreg(0x01), 0); /* RDATAC: what comes is the frame, not the register */
        command(0x11);
        ck_assert_uint_eq(rreg(0x01), 0x96);
}
END_TEST

START_TEST(standby_waits_for_wakeup_whatever_the_start_pin) {
        command(0x11);
        ads_chip_set_start_pin(&chip, true);
        command(0x04);
        ck_assert(!ads_chip_converting(&chip));
        ads_chip_set_start_pin(&chip, false);
        ads_chip_set_start_pin(&chip, true);
        ck_assert(!ads_chip_converting(&chip));
        command(0x02);
        ck_assert(ads_chip_converting(&chip));
}
END_TEST

/* 0: RESET, 1: PWDN */
START_TEST(held_chip_does_nothing_and_comes_back_reset) {
        void (*hold)(struct ads_chip *, bool) = _i ? ads_chip_set_power_pin : ads_chip_set_reset_pin;

        run_with(0x60);
        wreg(0x0d, 0x55);
        ck_assert(ads_chip_convert(&chip, input));
        hold(&chip, !_i);
        ck_assert(!ads_chip_convert(&chip, input));
        ck_assert_uint_eq(rreg(0x0d), 0);
        command(0x11);
        command(0x08);
        ck_assert(!ads_chip_converting(&chip));
        ads_chip_set_start_pin(&chip, true);
        ck_assert(!ads_chip_converting(&chip));
        ads_chip_set_start_pin(&chip, false);
        hold(&chip, _i);
        ck_assert_uint_eq(chip.stats.resets, 1);
        ck_assert(!ads_chip_converting(&chip));
        command(0x11);
        ck_assert_uint_eq(rreg(0x0d), 0);
        ck_assert_uint_eq(rreg(0x05), 0x61);
}
END_TEST

START_TEST(chip_without_a_supply_starts_over) {
        run_with(0x60);
        ads_chip_set_supply(&chip, 0x01, false);
        ads_chip_set_supply(&chip, 0x02, false);
        ck_assert(!ads_chip_convert(&chip, input));
        ads_chip_set_supply(&chip, 0x01, true);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), 0);
        ck_assert(ads_chip_powered_down(&chip) == false); /* that is the pin */
        ads_chip_set_supply(&chip, 0x02, true);
        ck_assert_uint_eq(chip.busy_clocks, 1u << 18);
        command(0x11);
        ck_assert_uint_eq(rreg(0x05), 0x61);
}
END_TEST

START_TEST(held_twice_needs_letting_go_twice) {
        ads_chip_set_power_pin(&chip, false);
        ads_chip_set_reset_pin(&chip, true);
        ads_chip_set_power_pin(&chip, true);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), 0);
        ads_chip_set_reset_pin(&chip, false);
        command(0x11);
        ck_assert_uint_eq(rreg(0x00), 0x3e);
}
END_TEST

/* 18 tCLK after a reset, tPOR after power-up, 31.25 us after standby */
START_TEST(chip_tells_how_long_it_is_busy) {
        ck_assert_uint_eq(chip.busy_clocks, 0);
        command(0x11);
        command(0x06);
        ck_assert_uint_eq(chip.busy_clocks, 18);
        chip.busy_clocks = 0;
        ads_chip_set_reset_pin(&chip, true);
        chip.busy_clocks = 0;
        ads_chip_set_reset_pin(&chip, false);
        ck_assert_uint_eq(chip.busy_clocks, 18);
        ads_chip_set_power_pin(&chip, false);
        ads_chip_set_power_pin(&chip, true);
        ck_assert_uint_eq(chip.busy_clocks, 1u << 18);
        chip.busy_clocks = 0;
        command(0x02);
        ck_assert_uint_eq(chip.busy_clocks, 0); /* it was awake */
        command(0x04);
        command(0x02);
        ck_assert_uint_eq(chip.busy_clocks, 64);
}
END_TEST

START_TEST(new_value_of_config1_restarts_the_filter) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        u32 epoch = chip.epoch;
        wreg(0x01, 0x96);
        ck_assert_uint_eq(chip.epoch, epoch);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 8192);
        wreg(0x01, 0x94);
        ck_assert_uint_ne(chip.epoch, epoch);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 8201);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), 2048);
}
END_TEST

START_TEST(config1_does_not_start_conversions) {
        command(0x11);
        wreg(0x01, 0x94);
        ck_assert(!ads_chip_converting(&chip));
}
END_TEST

START_TEST(epoch_changes_with_start_and_end) {
        u32 epoch = chip.epoch;

        command(0x11);
        ck_assert_uint_eq(chip.epoch, epoch);
        command(0x08);
        ck_assert_uint_ne(chip.epoch, epoch);
        epoch = chip.epoch;
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_eq(chip.epoch, epoch);
        command(0x0a);
        ck_assert_uint_eq(chip.epoch, epoch);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_uint_ne(chip.epoch, epoch);
        command(0x08);
        epoch = chip.epoch;
        command(0x06);
        ck_assert_uint_ne(chip.epoch, epoch);
}
END_TEST

START_TEST(reset_ends_conversions_and_clears_the_result) {
        u8 frame[27], zero[27] = {};

        run_with(0x00);
        input[0] = 1000000;
        ck_assert(ads_chip_convert(&chip, input));
        command(0x06);
        ck_assert(!ads_chip_converting(&chip));
        ck_assert(!chip.drdy);
        command(0x11);
        rdata(frame, 27);
        ck_assert_mem_eq(frame, zero, 27);
}
END_TEST

/* --- DRDY ----------------------------------------------------------------- */

START_TEST(drdy_falls_with_the_conversion_and_rises_with_the_first_clock) {
        run_with(0x00);
        ck_assert(!chip.drdy);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(chip.drdy);
        ads_chip_select(&chip, true);
        ck_assert(chip.drdy);
        clock_byte(0x00);
        ck_assert(!chip.drdy);
}
END_TEST

START_TEST(drdy_rises_with_clocks_for_another_device) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        clock_byte(0x55);
        ck_assert(!chip.drdy);
}
END_TEST

START_TEST(drdy_falls_again_when_the_result_was_not_read) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(chip.drdy);
        ck_assert_uint_eq(chip.stats.conversions, 2);
        ck_assert_uint_eq(chip.stats.frames_read, 0);
}
END_TEST

START_TEST(drdy_stays_low_after_a_single_shot) {
        u8 frame[27];

        run_with(0x00);
        wreg(0x17, 0x08);
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert(chip.drdy);
        command(0x08);
        ck_assert(!chip.drdy);
}
END_TEST

/* --- frames --------------------------------------------------------------- */

START_TEST(frame_layout) {
        static const unsigned bytes[] = {27, 21, 15};
        u8 frame[30];

        ads_chip_power_up(&chip, parts[_i]);
        run_with(0x00);
        ck_assert_uint_eq(ads_chip_frame_bytes(&chip), bytes[_i]);
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = (ch & 1 ? -1 : 1) * 100000 * (s64) (ch + 1);
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 30);
        ck_assert_uint_eq(frame_status(frame), 0xc00000);
        for (unsigned ch = 0; ch < part_channels[_i]; ch++)
                ck_assert_int_eq(get_s24(frame + 3 + 3 * ch), llround(input[ch] * 8388608.0 / VREF_NV));
        for (unsigned i = bytes[_i]; i < 30; i++)
                ck_assert_uint_eq(frame[i], 0);
}
END_TEST

START_TEST(codes_are_twos_complement_msb_first) {
        u8 frame[27];

        run_with(0x00);
        input[0] = -537; /* -1 LSB at gain 1 */
        input[1] = 537;
        input[2] = 65536 * VREF_NV / 8388608;
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert_mem_eq(frame + 3, "\xff\xff\xff\x00\x00\x01\x01\x00\x00", 9);
}
END_TEST

START_TEST(frame_before_the_first_conversion_fails_the_sync_check) {
        u8 frame[27];

        command(0x11);
        rdata(frame, 27);
        ck_assert_uint_ne(frame[0] >> 4, 0xc);
}
END_TEST

START_TEST(rdata_is_not_corrupted_by_a_new_conversion) {
        u8 frame[27], next[27];

        run_with(0x00);
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = 1000000;
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_select(&chip, true);
        clock_byte(0x12);
        for (unsigned i = 0; i < 27; i++) {
                if (i == (unsigned) _i) {
                        for (unsigned ch = 0; ch < 8; ch++)
                                input[ch] = -2000000;
                        ck_assert(ads_chip_convert(&chip, input));
                }
                frame[i] = clock_byte(0);
        }
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(frame_status(frame), 0xc00000);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(get_s24(frame + 3 + 3 * ch), 1864);
        ck_assert_uint_eq(chip.stats.frames_torn, 0);

        rdata(next, 27);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(get_s24(next + 3 + 3 * ch), -3728);
        ck_assert_uint_eq(chip.stats.frames_read, 2);
}
END_TEST

START_TEST(rdatac_frame_comes_without_a_command) {
        u8 frame[27];

        run_with(0x00);
        command(0x10);
        for (unsigned i = 1; i <= 3; i++) {
                input[7] = i * 1000000LL;
                ck_assert(ads_chip_convert(&chip, input));
                ads_chip_select(&chip, true);
                for (unsigned k = 0; k < 27; k++)
                        frame[k] = clock_byte(0);
                ads_chip_select(&chip, false);
                ck_assert_uint_eq(frame_status(frame), 0xc00000);
                ck_assert_int_eq(get_s24(frame + 24), llround(i * 1e6 * 8388608 / VREF_NV));
        }
        ck_assert_uint_eq(chip.stats.frames_read, 3);
}
END_TEST

START_TEST(rdatac_with_cs_low_all_the_time) {
        run_with(0x00);
        ads_chip_select(&chip, true);
        clock_byte(0x10);
        for (unsigned i = 1; i <= 3; i++) {
                u8 frame[27];

                input[0] = i * 1000000LL;
                ck_assert(ads_chip_convert(&chip, input));
                for (unsigned k = 0; k < 27; k++)
                        frame[k] = clock_byte(0);
                ck_assert_uint_eq(frame_status(frame), 0xc00000);
                ck_assert_int_eq(get_s24(frame + 3), llround(i * 1e6 * 8388608 / VREF_NV));
        }
        ck_assert_uint_eq(chip.stats.frames_torn, 0);
}
END_TEST

START_TEST(rdatac_frame_is_torn_by_a_conversion) {
        u8 frame[27];

        run_with(0x00);
        command(0x10);
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = 1000000;
        ck_assert(ads_chip_convert(&chip, input));
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = -1000000;
        ads_chip_select(&chip, true);
        for (unsigned i = 0; i < 27; i++) {
                if (i == 15)
                        ck_assert(ads_chip_convert(&chip, input));
                frame[i] = clock_byte(0);
        }
        ads_chip_select(&chip, false);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(get_s24(frame + 3 + 3 * ch), ch < 4 ? 1864 : -1864);
        ck_assert_uint_eq(chip.stats.frames_torn, 1);
}
END_TEST

START_TEST(sdatac_ends_continuous_data) {
        u8 byte;

        run_with(0x00);
        command(0x10);
        ck_assert(ads_chip_convert(&chip, input));
        command(0x11);
        ads_chip_select(&chip, true);
        byte = clock_byte(0);
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(byte, 0);
}
END_TEST

START_TEST(commands_are_decoded_while_data_shift_out) {
        u8 frame[27];

        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_select(&chip, true);
        clock_byte(0x12);
        for (unsigned i = 0; i < 27; i++)
                frame[i] = clock_byte(i == 10 ? 0x0a : 0x00); /* STOP */
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(frame_status(frame), 0xc00000);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(!ads_chip_converting(&chip));
}
END_TEST

START_TEST(rreg_ends_the_frame) {
        run_with(0x00);
        ck_assert(ads_chip_convert(&chip, input));
        ads_chip_select(&chip, true);
        clock_byte(0x12);
        ck_assert_uint_eq(clock_byte(0x20), 0xc0);
        clock_byte(0x00);
        ck_assert_uint_eq(clock_byte(0x00), 0x3e);
        ck_assert_uint_eq(clock_byte(0x00), 0x00);
        ads_chip_select(&chip, false);
        ck_assert_uint_eq(chip.stats.frames_read, 0);
}
END_TEST

START_TEST(multiple_readback_repeats_the_frame) {
        u8 frames[3 * 27];

        run_with(0x00);
        wreg(0x01, 0xd6);
        input[3] = 123456;
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frames, sizeof(frames));
        ck_assert_uint_eq(frames[0], 0xc0);
        ck_assert_int_ne(get_s24(frames + 12), 0);
        ck_assert_mem_eq(frames, frames + 27, 27);
        ck_assert_mem_eq(frames, frames + 54, 27);
        ck_assert_uint_eq(chip.stats.frames_read, 1); /* one conversion, however often it is read */
}
END_TEST

START_TEST(no_multiple_readback_in_daisy_chain_mode) {
        u8 frames[2 * 27], zero[27] = {};

        run_with(0x00);
        input[3] = 123456;
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frames, sizeof(frames));
        ck_assert_uint_eq(frames[0], 0xc0);
        ck_assert_mem_eq(frames + 27, zero, 27);
}
END_TEST

START_TEST(daisy_chain_of_two) {
        static const u8 setup_bytes[] = {0x11, 0x43, 0x00, 0xe0, 0x45, 0x00, 0x00, 0x08};
        struct ads_chip second;
        s64 second_input[8] = {-1000000};
        u8 out[54];

        ads_chip_power_up(&second, &ads_chip_ads1299);
        ads_chip_select(&chip, true);
        ads_chip_select(&second, true);
        for (unsigned i = 0; i < sizeof(setup_bytes); i++) {
                clock_byte(setup_bytes[i]);
                ads_chip_exchange(&second, setup_bytes[i], 0);
        }
        input[0] = 1000000;
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(ads_chip_convert(&second, second_input));
        clock_byte(0x12);
        ads_chip_exchange(&second, 0x12, 0);
        for (unsigned i = 0; i < 54; i++)
                out[i] = ads_chip_exchange(&chip, 0, ads_chip_exchange(&second, 0, 0));
        ck_assert_uint_eq(frame_status(out), 0xc00000);
        ck_assert_int_eq(get_s24(out + 3), 1864);
        ck_assert_uint_eq(frame_status(out + 27), 0xc00000);
        ck_assert_int_eq(get_s24(out + 30), -1864);
}
END_TEST

START_TEST(frames_read_counts_whole_frames_once) {
        u8 frame[27];

        run_with(0x00);
        ck_assert(!ads_chip_unread(&chip));
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 26);
        ck_assert_uint_eq(chip.stats.frames_read, 0);
        ck_assert(ads_chip_unread(&chip));
        rdata(frame, 27);
        ck_assert_uint_eq(chip.stats.frames_read, 1);
        ck_assert(!ads_chip_unread(&chip));
        rdata(frame, 27);
        ck_assert_uint_eq(chip.stats.frames_read, 1);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert_uint_eq(chip.stats.frames_read, 2);
        ck_assert_uint_eq(chip.stats.conversions, 3);
}
END_TEST

/* CHAIN chips that share DIN and CS, each one's DOUT in the DAISY_IN of the one before */
static u8 clock_chain(struct ads_chip *chain, unsigned n, u8 din) {
        u8 dout = 0;

        while (n-- > 0)
                dout = ads_chip_exchange(&chain[n], din, dout);
        return dout;
}

static void chain_up(struct ads_chip *chain, unsigned n, u8 config1) {
        const u8 setup_bytes[] = {0x11, 0x41, 0x00, config1, 0x43, 0x00, 0xe0, 0x45, 0x00, 0x00, 0x08};

        for (unsigned i = 0; i < n; i++) {
                ads_chip_power_up(&chain[i], &ads_chip_ads1299);
                chain[i].chain = n - i;
                ads_chip_select(&chain[i], true);
        }
        for (unsigned i = 0; i < sizeof(setup_bytes); i++)
                clock_chain(chain, n, setup_bytes[i]);
        for (unsigned i = 0; i < n; i++) {
                s64 volts[8] = {1000000 * (s64) (i + 1)};

                ck_assert(ads_chip_convert(&chain[i], volts));
        }
        clock_chain(chain, n, 0x12);
}

START_TEST(daisy_chain_comes_in_order) {
        struct ads_chip chain[4];
        unsigned n = _i;

        chain_up(chain, n, 0x96);
        for (unsigned i = 0; i < n; i++) {
                u8 frame[27];

                ck_assert(ads_chip_unread(&chain[0]));
                ck_assert_int_eq(ads_chip_data_byte(&chain[0]), 27 * i);
                for (unsigned b = 0; b < 27; b++)
                        frame[b] = clock_chain(chain, n, 0);
                ck_assert_uint_eq(frame_status(frame), 0xc00000);
                /* 1 mV at gain 1, reference 4.5 V */
                ck_assert_int_eq(get_s24(frame + 3), lround((i + 1) * 8388608e-3 / 4.5));
        }
        /* Read is what the last bit of the last chip has left */
        ck_assert(!ads_chip_unread(&chain[0]));
        ck_assert_uint_eq(chain[0].stats.frames_read, 1);
        ck_assert_uint_eq(clock_chain(chain, n, 0), 0);
}
END_TEST

START_TEST(multiple_readback_hides_the_rest_of_a_chain) {
        struct ads_chip chain[2];
        u8 frames[54];

        chain_up(chain, 2, 0xd6);
        for (unsigned b = 0; b < 54; b++)
                frames[b] = clock_chain(chain, 2, 0);
        ck_assert_uint_eq(frame_status(frames), 0xc00000);
        ck_assert_mem_eq(frames, frames + 27, 27);
}
END_TEST

START_TEST(registers_are_no_data_bytes) {
        run_with(0x60);
        ck_assert(ads_chip_convert(&chip, input));
        ck_assert_int_eq(ads_chip_data_byte(&chip), -1);
        ads_chip_select(&chip, true);
        ck_assert_int_eq(ads_chip_data_byte(&chip), -1);
        clock_byte(0x20);
        ck_assert_int_eq(ads_chip_data_byte(&chip), -1);
        clock_byte(0x00);
        ck_assert_int_eq(ads_chip_data_byte(&chip), -1);
        clock_byte(0x00);
        clock_byte(0x12);
        ck_assert_int_eq(ads_chip_data_byte(&chip), 0);
        clock_byte(0x00);
        ck_assert_int_eq(ads_chip_data_byte(&chip), 1);
}
END_TEST

/* --- amplifier and converter ---------------------------------------------- */

static s32 expected_code(s64 nv, unsigned gain, s64 vref_nv) {
        long double code = roundl((long double) nv * gain * 8388608.0L / vref_nv);

        return code > 8388607 ? 8388607 : code < -8388608 ? -8388608 : (s32) code;
}

START_TEST(codes_over_the_whole_range_of_each_gain) {
        s64 full_scale = VREF_NV / gains[_i], step = full_scale / 997;

        run_with(_i << 4);
        for (s64 nv = -full_scale - 3 * step; nv <= full_scale + 3 * step; nv += step) {
                input[5] = nv;
                ck_assert_int_eq(convert(5), expected_code(nv, gains[_i], VREF_NV));
        }
}
END_TEST

START_TEST(rails_of_each_gain) {
        s64 full_scale = VREF_NV / gains[_i];
        s64 lsb = VREF_NV / gains[_i] / 8388608 + 1; /* rounded up */

        run_with(_i << 4);
        input[0] = full_scale;
        ck_assert_int_eq(convert(0), 0x7fffff);
        input[0] = full_scale + lsb;
        ck_assert_int_eq(convert(0), 0x7fffff);
        input[0] = full_scale - 2 * lsb;
        ck_assert_int_lt(convert(0), 0x7fffff);
        ck_assert_int_gt(convert(0), 0x7fffff - 4);
        input[0] = -full_scale;
        ck_assert_int_eq(convert(0), -0x800000);
        input[0] = -full_scale - lsb;
        ck_assert_int_eq(convert(0), -0x800000);
        input[0] = -full_scale + 2 * lsb;
        ck_assert_int_gt(convert(0), -0x800000);
        ck_assert_int_lt(convert(0), -0x800000 + 4);
}
END_TEST

START_TEST(absurd_inputs_clip) {
        run_with(_i << 4);
        input[0] = INT64_MAX;
        ck_assert_int_eq(convert(0), 0x7fffff);
        input[0] = INT64_MIN;
        ck_assert_int_eq(convert(0), -0x800000);
}
END_TEST

START_TEST(codes_are_rounded_to_nearest) {
        run_with(0x00); /* LSB 536.4418 nV */
        input[0] = 268;
        ck_assert_int_eq(convert(0), 0);
        input[0] = 269;
        ck_assert_int_eq(convert(0), 1);
        input[0] = -268;
        ck_assert_int_eq(convert(0), 0);
        input[0] = -269;
        ck_assert_int_eq(convert(0), -1);
}
END_TEST

START_TEST(channels_have_their_own_gain) {
        u8 frame[27];

        run_with(0x00);
        for (unsigned ch = 0; ch < 7; ch++) {
                wreg(0x05 + ch, ch << 4);
                input[ch] = 1000000;
        }
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        for (unsigned ch = 0; ch < 7; ch++)
                ck_assert_int_eq(get_s24(frame + 3 + 3 * ch), expected_code(1000000, gains[ch], VREF_NV));
}
END_TEST

START_TEST(powered_down_channel_reads_zero) {
        run_with(0x00);
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = 1000000;
        wreg(0x06, 0x81);
        ck_assert_int_eq(convert(1), 0);
        wreg(0x06, 0x80);
        ck_assert_int_eq(convert(1), 0);
        ck_assert_int_eq(convert(2), 1864);
}
END_TEST

START_TEST(forbidden_gain_reads_zero) {
        run_with(0x70);
        input[0] = 1000000;
        ck_assert_int_eq(convert(0), 0);
}
END_TEST

START_TEST(without_a_reference_every_voltage_clips) {
        run_with(0x00);
        wreg(0x03, 0x60);
        input[0] = 1;
        input[1] = -1;
        ck_assert_int_eq(convert(0), 0x7fffff);
        ck_assert_int_eq(convert(1), -0x800000);
        ck_assert_int_eq(convert(2), 0);
}
END_TEST

START_TEST(external_reference) {
        run_with(0x60);
        wreg(0x03, 0x60);
        chip.board.external_vref_uv = 4096000;
        input[0] = 12345678;
        ck_assert_int_eq(convert(0), expected_code(12345678, 24, 4096000000LL));
        wreg(0x03, 0xe0); /* the internal one takes over */
        ck_assert_int_eq(convert(0), expected_code(12345678, 24, VREF_NV));
}
END_TEST

/* --- input multiplexer ---------------------------------------------------- */

START_TEST(inputs_are_shorted_after_reset) {
        command(0x11);
        wreg(0x03, 0xe0);
        command(0x08);
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = 1000000;
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(convert(ch), 0);
}
END_TEST

START_TEST(supply_input) {
        run_with(0x03);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(convert(ch),
                                 expected_code(ch == 2 || ch == 3 ? 825000000 : 2500000000LL, 1, VREF_NV));
        chip.board.avdd_uv = 2500000; /* bipolar: the printed sum is nothing */
        chip.board.avss_uv = -2500000;
        ck_assert_int_eq(convert(0), 0);
}
END_TEST

START_TEST(temperature_input) {
        run_with(0x04);
        ck_assert_int_eq(convert(0), expected_code(145300000, 1, VREF_NV));
        s32 at_25 = convert(7);
        chip.board.temperature_mc = 26000;
        ck_assert_int_eq(convert(7) - at_25, 913); /* codes a degree at gain 1 */
        chip.board.temperature_mc = -40000;
        ck_assert_int_eq(convert(7), expected_code(145300000 - 65 * 490000, 1, VREF_NV));
}
END_TEST

static void test_signal_range(s32 *ret_low, s32 *ret_high, unsigned *ret_changes) {
        s32 low = INT32_MAX, high = INT32_MIN, last = 0;
        unsigned changes = 0;

        /* 2^22 periods of fCLK: two of the slower square wave */
        for (unsigned i = 0; i < 512; i++) {
                s32 code = convert(0);

                changes += i && code != last;
                last = code;
                low = code < low ? code : low;
                high = code > high ? code : high;
        }
        *ret_low = low;
        *ret_high = high;
        *ret_changes = changes;
}

/* gain * 2^23 / 1200 codes peak to peak: 6990 (1x, gain 1), 13981 (2x, gain 1), 167772 (1x, gain 24) */
START_TEST(test_signal_has_its_size) {
        s32 low, high;
        unsigned changes;

        for (unsigned amplitude = 1; amplitude <= 2; amplitude++) {
                double ideal = amplitude * gains[_i] * 8388608.0 / 1200;

                run_with(_i << 4 | 0x05);
                wreg(0x02, amplitude == 2 ? 0xd4 : 0xd0);
                test_signal_range(&low, &high, &changes);
                ck_assert_int_eq(low, -high);
                ck_assert(fabs(high - low - ideal) <= 1); /* each end is rounded */
        }
}
END_TEST

START_TEST(test_signal_sizes_of_the_data_sheet) {
        s32 low, high;
        unsigned changes;

        run_with(0x05);
        wreg(0x02, 0xd0);
        test_signal_range(&low, &high, &changes);
        ck_assert_int_eq(high - low, 6990);
        wreg(0x02, 0xd4);
        test_signal_range(&low, &high, &changes);
        ck_assert_int_le(abs(high - low - 13981), 1);
        run_with(0x65);
        wreg(0x02, 0xd0);
        test_signal_range(&low, &high, &changes);
        ck_assert_int_eq(high - low, 167772);
}
END_TEST

START_TEST(test_signal_period_is_counted_in_clocks) {
        static const u32 periods[] = {1u << 21, 1u << 20};
        s32 first, code;
        u64 clocks = 0;
        unsigned changes = 0;
        u64 change_at[5];

        run_with(0x05);
        wreg(0x01, 0x90); /* 128 clocks a sample */
        wreg(0x02, 0xd0 | _i);
        first = convert(0);
        while (changes < 5) {
                clocks += ads_chip_clocks_to_conversion(&chip);
                code = convert(0);
                if (code != first) {
                        change_at[changes++] = clocks;
                        first = code;
                }
        }
        for (unsigned i = 1; i < 5; i++)
                ck_assert_uint_eq(change_at[i] - change_at[i - 1], periods[_i] / 2);
}
END_TEST

START_TEST(test_signal_at_direct_current_is_negative) {
        run_with(0x05);
        wreg(0x02, 0xd3);
        for (unsigned i = 0; i < 300; i++)
                ck_assert_int_eq(convert(0), -3495);
        wreg(0x02, 0xd7);
        ck_assert_int_eq(convert(0), -6991);
}
END_TEST

START_TEST(test_signal_is_off_without_int_cal) {
        run_with(0x05);
        wreg(0x02, 0xc4);
        for (unsigned i = 0; i < 300; i++)
                ck_assert_int_eq(convert(0), 0);
}
END_TEST

START_TEST(forbidden_test_signal_frequency_is_quiet) {
        run_with(0x05);
        wreg(0x02, 0xd2);
        for (unsigned i = 0; i < 300; i++)
                ck_assert_int_eq(convert(0), 0);
}
END_TEST

START_TEST(test_signal_follows_the_reference) {
        run_with(0x05);
        chip.board.external_vref_uv = 4096000;
        wreg(0x03, 0x60);
        wreg(0x02, 0xd3);
        ck_assert_int_eq(convert(0), -3495); /* in codes it is the same whatever VREF */
}
END_TEST

START_TEST(bias_measurement_input) {
        run_with(0x02);
        chip.board.bias_nv = -2000000;
        ck_assert_int_eq(convert(0), 0);
        wreg(0x03, 0xf0);
        ck_assert_int_eq(convert(0), -3728);
}
END_TEST

START_TEST(bias_drive_inputs) {
        chip.board.bias_nv = 2000000;
        run_with(0x06);
        ck_assert_int_eq(convert(0), 3728);
        run_with(0x07);
        ck_assert_int_eq(convert(0), -3728);
}
END_TEST

/* --- electrodes ----------------------------------------------------------- */

START_TEST(lead_off_needs_sense_bits_and_comparators) {
        u8 frame[27];

        run_with(0x60);
        chip.board.p_off = 0xff;
        chip.board.n_off = 0x0f;
        for (unsigned i = 0; i < 8; i++) {
                u8 sens_p = i & 1 ? 0xa5 : 0, sens_n = i & 2 ? 0x3c : 0;
                bool comparators = i & 4;
                u8 stat_p = comparators ? sens_p : 0, stat_n = comparators ? sens_n & 0x0f : 0;

                wreg(0x0f, sens_p);
                wreg(0x10, sens_n);
                wreg(0x17, comparators ? 0x02 : 0x00);
                ck_assert_uint_eq(rreg(0x12), stat_p);
                ck_assert_uint_eq(rreg(0x13), stat_n);
                ck_assert(ads_chip_convert(&chip, input));
                rdata(frame, 27);
                ck_assert_uint_eq(frame_status(frame), 0xc00000u | (u32) stat_p << 12 | (u32) stat_n << 4);
        }
}
END_TEST

START_TEST(lead_off_status_belongs_to_the_conversion) {
        u8 frame[27];

        run_with(0x60);
        wreg(0x0f, 0xff);
        wreg(0x17, 0x02);
        ck_assert(ads_chip_convert(&chip, input));
        chip.board.p_off = 0x01;
        rdata(frame, 27);
        ck_assert_uint_eq(frame_status(frame), 0xc00000);
        ck_assert_uint_eq(rreg(0x12), 0x01); /* the register is of now */
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert_uint_eq(frame_status(frame), 0xc01000);
}
END_TEST

START_TEST(lost_electrode_saturates_where_a_current_flows) {
        run_with(0x60);
        input[0] = input[1] = 1000000;
        s32 normal = convert(0);
        chip.board.p_off = 0x01;
        ck_assert_int_eq(convert(0), normal); /* no current */
        wreg(0x0f, 0x01);
        ck_assert_int_eq(convert(0), 0x7fffff);
        ck_assert_int_eq(convert(1), normal);
        wreg(0x11, 0x01);
        ck_assert_int_eq(convert(0), -0x800000);
        wreg(0x11, 0x00);
        chip.board.p_off = 0;
        ck_assert_int_eq(convert(0), normal);
        chip.board.n_off = 0x01;
        wreg(0x10, 0x01);
        ck_assert_int_eq(convert(0), 0x7fffff);
        wreg(0x05, 0x61); /* shorted inside */
        ck_assert_int_eq(convert(0), 0);
}
END_TEST

START_TEST(absent_channels_have_no_lead_off) {
        u8 frame[15];

        ads_chip_power_up(&chip, &ads_chip_ads1299_4);
        run_with(0x60);
        chip.board.p_off = chip.board.n_off = 0xff;
        wreg(0x0f, 0xff);
        wreg(0x10, 0xff);
        wreg(0x17, 0x02);
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 15);
        ck_assert_uint_eq(frame_status(frame), 0xc0f0f0);
}
END_TEST

START_TEST(bias_status_needs_its_sense_bit) {
        command(0x11);
        chip.board.bias_off = true;
        ck_assert_uint_eq(rreg(0x03), 0x60);
        wreg(0x03, 0xe2);
        ck_assert_uint_eq(rreg(0x03), 0xe3);
        chip.board.bias_off = false;
        ck_assert_uint_eq(rreg(0x03), 0xe2);
}
END_TEST

/* 6 nA through 50 kilohm are 0.3 mV, and through two electrodes 0.6 mV */
START_TEST(excitation_current_drops_across_the_electrodes) {
        run_with(0x60);
        chip.board.electrode_ohm = 50000;
        ck_assert_int_eq(convert(0), 0);
        wreg(0x0f, 0x01);
        ck_assert_int_eq(convert(0), lround(0.3e-3 * 24 * 8388608 / 4.5));
        wreg(0x10, 0x01);
        ck_assert_int_eq(convert(0), lround(0.6e-3 * 24 * 8388608 / 4.5));
        wreg(0x11, 0x01);
        ck_assert_int_eq(convert(0), lround(-0.6e-3 * 24 * 8388608 / 4.5));
        wreg(0x11, 0x00);
        wreg(0x04, 0x04); /* 24 nA */
        ck_assert_int_eq(convert(0), lround(2.4e-3 * 24 * 8388608 / 4.5));
        ck_assert_int_eq(convert(1), 0);
}
END_TEST

/*
 * FLEAD_OFF 1: fCLK / 2^18, 2: fCLK / 2^16, 3: fDR / 4; at 16 kSPS a sample is 128 clocks. Of the last one the
 * sinc filter leaves (1 + 4 - 1) / 6.
 */
START_TEST(alternating_excitation_is_seen_in_the_signal) {
        static const unsigned samples_per_period[] = {0, 2048, 512, 4};
        unsigned half = samples_per_period[_i] / 2, since = 0, periods = 0;
        s32 last = 0;

        run_with(0x00);
        wreg(0x01, 0x90);
        chip.board.electrode_ohm = 1000000;
        wreg(0x0f, 0x01);
        wreg(0x04, _i);
        for (unsigned i = 0; i < 3 * samples_per_period[_i]; i++) {
                s32 code = convert(0);

                ck_assert_int_eq(abs(code), lround((_i == 3 ? 4e-3 : 6e-3) * 8388608 / 4.5));
                since++;
                if (last && (code < 0) != (last < 0)) {
                        if (periods++)
                                ck_assert_uint_eq(since, half);
                        since = 0;
                }
                last = code;
        }
        ck_assert_uint_ge(periods, 4);
}
END_TEST

/* 24 nA through 80 megohm pull an input 1.92 V away from mid-supply, to 88.4 % of 5 V */
START_TEST(bad_electrode_is_off_beyond_the_threshold) {
        static const bool off[] = {false, false, false, true, true, true, true, true};

        command(0x11);
        wreg(0x0f, 0xff);
        wreg(0x10, 0x0f);
        wreg(0x17, 0x02);
        chip.board.electrode_ohm = 80000000;
        wreg(0x04, _i << 5 | 0x04);
        ck_assert_uint_eq(rreg(0x12), off[_i] ? 0xff : 0);
        ck_assert_uint_eq(rreg(0x13), off[_i] ? 0x0f : 0);
        wreg(0x04, _i << 5); /* 6 nA do not reach it */
        ck_assert_uint_eq(rreg(0x12), 0);
        wreg(0x17, 0x00);
        wreg(0x04, _i << 5 | 0x04);
        ck_assert_uint_eq(rreg(0x12), 0);
}
END_TEST

START_TEST(srb1_is_the_reference_of_all_channels) {
        run_with(0x00);
        chip.board.srb1_nv = 400000;
        for (unsigned ch = 0; ch < 8; ch++)
                input[ch] = 1000000;
        ck_assert_int_eq(convert(7), 1864);
        wreg(0x15, 0x20);
        for (unsigned ch = 0; ch < 8; ch++)
                ck_assert_int_eq(convert(ch), lround(0.6e-3 * 8388608 / 4.5));
}
END_TEST

START_TEST(srb2_is_the_positive_input_of_its_channel) {
        run_with(0x00);
        chip.board.srb2_nv = -500000;
        input[0] = input[1] = 1000000;
        wreg(0x06, 0x08);
        ck_assert_int_eq(convert(0), 1864);
        ck_assert_int_eq(convert(1), lround(-0.5e-3 * 8388608 / 4.5));
}
END_TEST

/* --- ADS1298: what the driver of the older family relies on (SBAS459) ------ */

static const struct ads_chip_part *const older_parts[] = {&ads_chip_ads1298, &ads_chip_ads1296, &ads_chip_ads1294};

START_TEST(ads1298_registers) {
        static const u8 ids[] = {0x92, 0x91, 0x90};
        static const u8 reset[5] = {0, 0x06, 0x40, 0x40, 0x00};
        u8 regs[26];

        ads_chip_power_up(&chip, older_parts[_i]);
        ck_assert_uint_eq(ads_chip_frame_bytes(&chip), 27 - 6 * _i);
        command(0x11);
        read_regs(0, 26, regs);
        ck_assert_uint_eq(regs[0], ids[_i]);
        ck_assert_mem_eq(regs + 1, reset + 1, 4);
        for (unsigned reg = 5; reg < 26; reg++)
                ck_assert_uint_eq(regs[reg], reg == 0x14 ? 0x0f : 0);
        wreg(0x19, 0xff);
        ck_assert_uint_eq(rreg(0x19), 0xff);
}
END_TEST

/* High resolution: 32 kSPS >> DR, low power: half of it */
START_TEST(ads1298_rates) {
        ads_chip_power_up(&chip, &ads_chip_ads1298);
        command(0x11);
        wreg(0x01, 0x80 | _i);
        ck_assert_uint_eq(ads_chip_rate_hz(&chip), _i < 7 ? 32000u >> _i : 0);
        wreg(0x01, _i);
        ck_assert_uint_eq(ads_chip_rate_hz(&chip), _i < 7 ? 16000u >> _i : 0);
        command(0x08);
        ck_assert_uint_eq(ads_chip_clocks_to_conversion(&chip), _i < 7 ? (576u << _i) + 8 : 0);
}
END_TEST

START_TEST(ads1298_gains_and_references) {
        static const unsigned older_gains[] = {6, 1, 2, 3, 4, 8, 12};

        ads_chip_power_up(&chip, &ads_chip_ads1298);
        command(0x11);
        command(0x08);
        input[0] = 1000000;
        wreg(0x05, _i << 4);
        wreg(0x03, 0xc0);
        ck_assert_int_eq(convert(0), lround(1e-3 * older_gains[_i] * 8388608 / 2.4));
        wreg(0x03, 0xe0);
        ck_assert_int_eq(convert(0), lround(1e-3 * older_gains[_i] * 8388608 / 4.0));
        wreg(0x03, 0x40);
        ck_assert_int_eq(convert(0), 0x7fffff); /* no reference */
}
END_TEST

START_TEST(ads1298_lead_off_codes_differ) {
        ads_chip_power_up(&chip, &ads_chip_ads1298);
        command(0x11);
        command(0x08);
        wreg(0x03, 0xe0);
        wreg(0x05, 0x10);
        wreg(0x01, 0x85);
        chip.board.electrode_ohm = 1000000;
        wreg(0x0f, 0x01);
        wreg(0x04, 0x0b); /* 18 nA, dc */
        for (unsigned i = 0; i < 8; i++)
                ck_assert_int_eq(convert(0), lround(18e-3 * 8388608 / 4.0));
        wreg(0x04, 0x09); /* 18 nA, fDR / 4 */
        int sum = 0;
        for (unsigned i = 0; i < 8; i++)
                sum += convert(0);
        ck_assert_int_eq(sum, 0);
}
END_TEST

/* --- GPIO ----------------------------------------------------------------- */

START_TEST(gpio_inputs_show_the_pins) {
        u8 frame[27];

        run_with(0x00);
        chip.board.gpio_pins = 0x0a;
        ck_assert_uint_eq(rreg(0x14), 0xaf);
        wreg(0x14, 0x5f); /* data written to inputs have no effect */
        ck_assert_uint_eq(rreg(0x14), 0xaf);
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert_uint_eq(frame_status(frame), 0xc0000a);
}
END_TEST

START_TEST(gpio_outputs_show_what_was_written) {
        u8 frame[27];

        run_with(0x00);
        chip.board.gpio_pins = 0x0a;
        wreg(0x14, 0x53); /* 1 and 2 inputs, 4..3 outputs at 01 */
        ck_assert_uint_eq(rreg(0x14), 0x63);
        ck_assert(ads_chip_convert(&chip, input));
        rdata(frame, 27);
        ck_assert_uint_eq(frame_status(frame), 0xc00006);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *add_case(Suite *s, const char *name) {
        TCase *tc = tcase_create(name);

        tcase_add_checked_fixture(tc, setup, NULL);
        suite_add_tcase(s, tc);
        return tc;
}

static void add_registers(Suite *s) {
        TCase *tc = add_case(s, "registers");

        tcase_add_loop_test(tc, id_tells_the_number_of_channels, 0, 3);
        tcase_add_test(tc, registers_have_reset_values_after_power_up);
        tcase_add_test(tc, header_has_the_reset_values);
        tcase_add_test(tc, reset_command_restores_registers);
        tcase_add_loop_test(tc, fixed_and_read_only_bits_stay, 0, 24);
        tcase_add_loop_test(tc, absent_channels_read_and_write_zero, 0, 3);
        tcase_add_test(tc, several_registers_in_one_command);
        tcase_add_test(tc, addresses_beyond_the_last_register);
        tcase_add_test(tc, count_uses_five_bits);
        tcase_add_test(tc, upset_register_minds_no_fixed_bits);
        tcase_add_test(tc, wrong_id_until_it_is_taken_back);
}

static void add_commands(Suite *s) {
        TCase *tc = add_case(s, "commands");

        tcase_add_test(tc, rreg_is_ignored_in_rdatac_mode);
        tcase_add_test(tc, wreg_is_ignored_in_rdatac_mode_with_its_data);
        tcase_add_test(tc, several_commands_while_selected);
        tcase_add_test(tc, cs_high_forgets_an_incomplete_command);
        tcase_add_test(tc, nothing_is_heard_without_cs);
        tcase_add_test(tc, other_opcodes_do_nothing);
        tcase_add_test(tc, standby_hears_wakeup_only);
        tcase_add_test(tc, register_commands_are_told_from_others);
}

static void add_conversions(Suite *s) {
        TCase *tc = add_case(s, "conversions");

        tcase_add_test(tc, no_conversion_before_start);
        tcase_add_loop_test(tc, settling_and_period_of_each_rate, 0, 7);
        tcase_add_test(tc, reserved_rate_does_not_convert);
        tcase_add_test(tc, stop_lets_the_conversion_complete);
        tcase_add_test(tc, start_while_running_has_no_effect);
        tcase_add_test(tc, start_takes_back_a_stop);
        tcase_add_test(tc, single_shot_converts_once_per_start);
        tcase_add_test(tc, start_pin_converts_while_it_is_high);
        tcase_add_test(tc, start_command_outlives_the_start_pin);
        tcase_add_test(tc, with_the_start_pin_high_a_reset_chip_converts_at_250_hz);
        tcase_add_test(tc, standby_waits_for_wakeup_whatever_the_start_pin);
        tcase_add_loop_test(tc, held_chip_does_nothing_and_comes_back_reset, 0, 2);
        tcase_add_test(tc, chip_without_a_supply_starts_over);
        tcase_add_test(tc, held_twice_needs_letting_go_twice);
        tcase_add_test(tc, chip_tells_how_long_it_is_busy);
        tcase_add_test(tc, new_value_of_config1_restarts_the_filter);
        tcase_add_test(tc, config1_does_not_start_conversions);
        tcase_add_test(tc, epoch_changes_with_start_and_end);
        tcase_add_test(tc, reset_ends_conversions_and_clears_the_result);
        tcase_add_test(tc, drdy_falls_with_the_conversion_and_rises_with_the_first_clock);
        tcase_add_test(tc, drdy_rises_with_clocks_for_another_device);
        tcase_add_test(tc, drdy_falls_again_when_the_result_was_not_read);
        tcase_add_test(tc, drdy_stays_low_after_a_single_shot);
}

static void add_frames(Suite *s) {
        TCase *tc = add_case(s, "frames");

        tcase_add_loop_test(tc, frame_layout, 0, 3);
        tcase_add_test(tc, codes_are_twos_complement_msb_first);
        tcase_add_test(tc, frame_before_the_first_conversion_fails_the_sync_check);
        tcase_add_loop_test(tc, rdata_is_not_corrupted_by_a_new_conversion, 0, 27);
        tcase_add_test(tc, rdatac_frame_comes_without_a_command);
        tcase_add_test(tc, rdatac_with_cs_low_all_the_time);
        tcase_add_test(tc, rdatac_frame_is_torn_by_a_conversion);
        tcase_add_test(tc, sdatac_ends_continuous_data);
        tcase_add_test(tc, commands_are_decoded_while_data_shift_out);
        tcase_add_test(tc, rreg_ends_the_frame);
        tcase_add_test(tc, multiple_readback_repeats_the_frame);
        tcase_add_test(tc, no_multiple_readback_in_daisy_chain_mode);
        tcase_add_test(tc, daisy_chain_of_two);
        tcase_add_loop_test(tc, daisy_chain_comes_in_order, 1, 5);
        tcase_add_test(tc, multiple_readback_hides_the_rest_of_a_chain);
        tcase_add_test(tc, registers_are_no_data_bytes);
        tcase_add_test(tc, frames_read_counts_whole_frames_once);
}

static void add_analogue(Suite *s) {
        TCase *tc = add_case(s, "analogue");

        tcase_add_loop_test(tc, codes_over_the_whole_range_of_each_gain, 0, 7);
        tcase_add_loop_test(tc, rails_of_each_gain, 0, 7);
        tcase_add_loop_test(tc, absurd_inputs_clip, 0, 7);
        tcase_add_test(tc, codes_are_rounded_to_nearest);
        tcase_add_test(tc, channels_have_their_own_gain);
        tcase_add_test(tc, powered_down_channel_reads_zero);
        tcase_add_test(tc, forbidden_gain_reads_zero);
        tcase_add_test(tc, without_a_reference_every_voltage_clips);
        tcase_add_test(tc, external_reference);
        tcase_add_test(tc, inputs_are_shorted_after_reset);
        tcase_add_test(tc, supply_input);
        tcase_add_test(tc, temperature_input);
        tcase_add_loop_test(tc, test_signal_has_its_size, 0, 7);
        tcase_add_test(tc, test_signal_sizes_of_the_data_sheet);
        tcase_add_loop_test(tc, test_signal_period_is_counted_in_clocks, 0, 2);
        tcase_add_test(tc, test_signal_at_direct_current_is_negative);
        tcase_add_test(tc, test_signal_is_off_without_int_cal);
        tcase_add_test(tc, forbidden_test_signal_frequency_is_quiet);
        tcase_add_test(tc, test_signal_follows_the_reference);
        tcase_add_test(tc, bias_measurement_input);
        tcase_add_test(tc, bias_drive_inputs);
}

static void add_electrodes(Suite *s) {
        TCase *tc = add_case(s, "electrodes and pins");

        tcase_add_test(tc, lead_off_needs_sense_bits_and_comparators);
        tcase_add_test(tc, lead_off_status_belongs_to_the_conversion);
        tcase_add_test(tc, lost_electrode_saturates_where_a_current_flows);
        tcase_add_test(tc, absent_channels_have_no_lead_off);
        tcase_add_test(tc, bias_status_needs_its_sense_bit);
        tcase_add_test(tc, excitation_current_drops_across_the_electrodes);
        tcase_add_loop_test(tc, alternating_excitation_is_seen_in_the_signal, 1, 4);
        tcase_add_loop_test(tc, bad_electrode_is_off_beyond_the_threshold, 0, 8);
        tcase_add_test(tc, srb1_is_the_reference_of_all_channels);
        tcase_add_test(tc, srb2_is_the_positive_input_of_its_channel);
        tcase_add_test(tc, gpio_inputs_show_the_pins);
        tcase_add_test(tc, gpio_outputs_show_what_was_written);
}

static void add_older_family(Suite *s) {
        TCase *tc = add_case(s, "ADS1298");

        tcase_add_loop_test(tc, ads1298_registers, 0, 3);
        tcase_add_loop_test(tc, ads1298_rates, 0, 8);
        tcase_add_loop_test(tc, ads1298_gains_and_references, 0, 7);
        tcase_add_test(tc, ads1298_lead_off_codes_differ);
}

int main(void) {
        Suite *s = suite_create("chip");

        add_registers(s);
        add_commands(s);
        add_conversions(s);
        add_frames(s);
        add_analogue(s);
        add_electrodes(s);
        add_older_family(s);
        return suite_done(s);
}
