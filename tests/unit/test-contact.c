/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contact of the electrodes, with the simulated chip and with voltages made up. */
#include <stdio.h>

#include "ads1299.h"
#include "contact.h"
#include "detect/detect.h"
#include "kernel/sim/chip.h"
#include "random.h"
#include "suite.h"

#define RATE_HZ 1000
#define LSB_UV (ADS1299_VREF_UV / 24.0 / (1 << ADS1299_CODE_BITS))
#define MUSCLE_UV 2.0

static Contact contact;
static double noise[65536];

static void begin(unsigned n_channels) {
        contact_init(&contact, RATE_HZ, n_channels, true);
        for (unsigned i = 0; i < n_channels; i++)
                contact.channels[i].lsb_uv = LSB_UV;
        seed(1);
        for (size_t i = 0; i < ELEMENTSOF(noise); i++)
                noise[i] = gaussian();
}

static double white(void) {
        return noise[(size_t) (uniform() * ELEMENTSOF(noise))];
}

static int32_t code_of(double uv) {
        return (int32_t) lround(fmax(ADS1299_CODE_MIN, fmin(ADS1299_CODE_MAX, uv / LSB_UV)));
}

/* The tone that so many ohms give, at this sample. */
static double tone_uv(uint64_t i, double ohm) {
        static const double shape[4] = { M_SQRT1_2, M_SQRT1_2, -M_SQRT1_2, -M_SQRT1_2 };

        return ohm * CONTACT_CURRENT_NA * 1e-3 * CONTACT_TONE_OF_DROP * shape[i % 4];
}

/* One sample of the first channel: what the muscle and the world do, and the current. */
static int32_t push(double uv, double ohm) {
        int32_t code = code_of(uv + tone_uv(contact.position, ohm));

        (void) contact_push(&contact, &code);
        return code;
}

static void run(double seconds, double ohm) {
        for (unsigned n = (unsigned) (seconds * RATE_HZ); n > 0; n--)
                (void) push(white() * MUSCLE_UV, ohm);
}

static ContactState state(void) {
        return contact.channels[0].state;
}

static double seconds_until(ContactState wanted, double ohm) {
        unsigned n = 0;

        for (; n < 10 * RATE_HZ && state() != wanted; n++)
                (void) push(white() * MUSCLE_UV, ohm);
        return (double) n / RATE_HZ;
}

/* --- the simulated chip ----------------------------------------------------- */

static struct ads_chip chip;

static void command(const uint8_t *bytes, size_t n) {
        ads_chip_select(&chip, true);
        for (size_t i = 0; i < n; i++)
                (void) ads_chip_exchange(&chip, bytes[i], 0);
        ads_chip_select(&chip, false);
}

static void write_register(uint8_t reg, uint8_t value) {
        command((const uint8_t[]) { (uint8_t) (ADS1299_CMD_WREG | reg), 0, value }, 3);
}

/* 1000 samples a second, gain 24, 6 nA at a quarter of the rate through both inputs of the first channel */
static void start_chip(void) {
        ads_chip_power_up(&chip, &ads_chip_ads1299);
        command((const uint8_t[]) { ADS1299_CMD_SDATAC }, 1);
        write_register(ADS1299_REG_CONFIG1, 0x94);
        write_register(ADS1299_REG_CONFIG3, 0xe0);
        write_register(ADS1299_REG_LOFF, 0x03);
        write_register(ADS1299_REG_CHSET(0), 0x60);
        write_register(ADS1299_REG_LOFF_SENSP, 0x01);
        write_register(ADS1299_REG_LOFF_SENSN, 0x01);
        command((const uint8_t[]) { ADS1299_CMD_START }, 1);
}

static void run_chip(double seconds) {
        static const s64 nothing[ADS1299_MAX_CHANNELS];

        for (unsigned n = (unsigned) (seconds * RATE_HZ); n > 0; n--) {
                uint8_t frame[32] = {};

                ck_assert(ads_chip_convert(&chip, nothing));
                ads_chip_select(&chip, true);
                (void) ads_chip_exchange(&chip, ADS1299_CMD_RDATA, 0);
                for (unsigned i = 0; i < ads_chip_frame_bytes(&chip); i++)
                        frame[i] = ads_chip_exchange(&chip, 0, 0);
                ads_chip_select(&chip, false);

                int32_t code = (int32_t) ((uint32_t) frame[3] << 24 | (uint32_t) frame[4] << 16 |
                                          (uint32_t) frame[5] << 8) >> 8;
                (void) contact_push(&contact, &code);
        }
}

START_TEST(the_chip_shows_its_electrodes) {
        begin(1);
        start_chip();
        for (int32_t ohm = 1000; ohm <= 200000; ohm *= 2) {
                chip.board.electrode_ohm = ohm;         /* of each of the two */
                run_chip(1);
                ck_assert_double_eq_tol(contact.channels[0].ohm, 2 * ohm, 0.1 * 2 * ohm);
        }
        chip.board.n_off = 1;
        run_chip(1);
        ck_assert_int_eq(state(), CONTACT_OFF);
}
END_TEST

/* --- voltages made up ------------------------------------------------------- */

START_TEST(impedance_within_a_tenth) {
        begin(1);
        for (double ohm = 2000; ohm <= 400e3; ohm *= 1.5) {
                run(2, ohm);
                ck_assert_double_eq_tol(contact.channels[0].ohm, ohm, 0.1 * ohm);
        }
}
END_TEST

START_TEST(what_happens_is_told_within_two_seconds) {
        begin(1);
        ck_assert_int_eq(state(), CONTACT_NOT_MEASURED);
        ck_assert_double_le(seconds_until(CONTACT_GOOD, 20e3), 2);
        run(60, 20e3);
        ck_assert_double_le(seconds_until(CONTACT_OFF, 3e6), 2);        /* comes off */
        run(60, 3e6);
        ck_assert_double_le(seconds_until(CONTACT_GOOD, 30e3), 2);      /* another instead */
        run(60, 30e3);
        ck_assert_double_le(seconds_until(CONTACT_POOR, 150e3), 2);     /* dries */
        run(60, 150e3);
        ck_assert_double_le(seconds_until(CONTACT_OFF, 60e6), 2);       /* in the air, rail to rail */
}
END_TEST

/* Nothing is known of an electrode whose input is at the end of its range. */
START_TEST(a_rail_is_not_good_contact) {
        begin(1);
        run(5, 20e3);
        for (unsigned n = 0; n < 2 * RATE_HZ; n++)
                ck_assert_int_eq(push(1e6, 20e3), ADS1299_CODE_MAX);
        ck_assert_int_eq(state(), CONTACT_NOT_MEASURED);
        ck_assert_double_nan(contact.channels[0].ohm);
}
END_TEST

/* Whatever the offset of an electrode, a jump of it, or a gap */
START_TEST(nothing_of_the_tone_is_left) {
        static const double offsets_uv[] = { 0, 80e3, -100e3 };
        double sum = 0;
        unsigned n = 0;

        begin(1);
        for (size_t i = 0; i < ELEMENTSOF(offsets_uv); i++) {
                contact_gap(&contact);
                contact.position += i;          /* another phase */
                for (unsigned k = 0; k < 20 * RATE_HZ; k++) {
                        double uv = white() * MUSCLE_UV;
                        double left = push(uv + offsets_uv[i], 50e3) * LSB_UV - offsets_uv[i] - uv;

                        if (k < RATE_HZ)
                                continue;
                        sum += left * left;
                        n++;
                }
        }
        /* of 200 uV rms */
        ck_assert_double_le(sqrt(sum / n), 0.1 * MUSCLE_UV);
}
END_TEST

/* Ten hours: contractions up to 1 mV, an electrode that is moved, mains with its harmonics */
START_TEST(never_wrong_in_ten_hours) {
        const unsigned hours = 10;
        double contraction_uv = 0, offset_uv = 0;
        uint64_t wrong = 0;

        begin(1);
        for (uint64_t i = 0; i < (uint64_t) hours * 3600 * RATE_HZ; i++) {
                if (i % (5 * RATE_HZ) == 0)
                        contraction_uv = uniform() < 0.3 ? 1000 * uniform() : 0;
                if (i % (20 * RATE_HZ) == 0)
                        offset_uv = 100e3 * (uniform() - 0.5);
                double mains = 2 * M_PI * 50.02 * (double) (i % (50 * RATE_HZ)) / RATE_HZ;
                (void) push(offset_uv + white() * (MUSCLE_UV + contraction_uv) + 100 * sin(mains) +
                            5 * sin(5 * mains), 40e3);
                wrong += i > RATE_HZ && state() != CONTACT_GOOD;
        }
        ck_assert_uint_eq(wrong, 0);
}
END_TEST

static void measure(double ohm, double *ret_noise_uv, double *ret_floor_uv) {
        double lsb_uv = LSB_UV;
        int32_t code_min = ADS1299_CODE_MIN, code_max = ADS1299_CODE_MAX;
        DetectConfig config = {
                .rate_hz = RATE_HZ, .n_channels = 1, .lsb_uv = &lsb_uv, .code_min = &code_min,
                .code_max = &code_max, .sinc3 = true,
                .false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT,
        };
        DetectChannelStats stats;
        Detector *detector;

        ck_assert_int_eq(detector_new(&config, &detector), 0);
        begin(1);
        contact.on = ohm > 0;
        for (unsigned i = 0; i < 120 * RATE_HZ; i++) {
                int32_t code = code_of(white() * MUSCLE_UV + tone_uv(contact.position, ohm));
                uint8_t flags = 0;

                (void) contact_push(&contact, &code);
                detector_push(detector, &code, &flags, 1);
        }
        ck_assert_int_eq(detector_get_channel_stats(detector, 0, &stats), 0);
        *ret_noise_uv = stats.noise_uv;
        *ret_floor_uv = stats.floor_uv;
        detector_free(detector);
}

START_TEST(the_detector_does_not_notice) {
        double noise_off, floor_off, noise_on, floor_on;

        measure(0, &noise_off, &floor_off);
        measure(50e3, &noise_on, &floor_on);
        printf("noise %.3f uV without, %.3f uV with contact measured at 50 kOhm; floor %.2f and %.2f uV\n",
               noise_off, noise_on, floor_off, floor_on);
        ck_assert_double_eq_tol(noise_on, noise_off, 0.05 * noise_off);
        ck_assert_double_eq_tol(floor_on, floor_off, 0.05 * floor_off);
}
END_TEST

SUITE("contact", the_chip_shows_its_electrodes, impedance_within_a_tenth,
      what_happens_is_told_within_two_seconds, a_rail_is_not_good_contact, nothing_of_the_tone_is_left,
      never_wrong_in_ten_hours, the_detector_does_not_notice)
