/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Contact of the electrodes while they are measured with: an alternating current of a few nanoamperes flows
 * through the two electrodes of each channel (SBAS499C 9.3.2.4.3.2), with a quarter of the sampling rate as
 * its frequency. The voltage of that frequency is their impedance; and it is taken out of the samples.
 * Pure arithmetic: no I/O, no clock, no allocation.
 *
 * That frequency is exactly four samples long, as both are divided from one clock. So the tone is two
 * numbers, those of even and of odd samples, which change their sign every second sample. It is looked for in
 * half the difference of samples two apart, where the offset of an electrode is none.
 */
#pragma once

#include "config.h"

/* The smallest that the chip has: nothing is felt of it, and 20 kilo-ohm are 113 uV. */
#define CONTACT_CURRENT_NA 6
/*
 * What is seen of it: the current is switched to and fro, its fundamental is 4 / pi of it. Of that the
 * converter's sinc3 filter leaves 0.729 at a quarter of the rate, and from the third harmonic 0.012 fold onto
 * it (where samples and switching coincide, as in the chip, the amplitude of ++-- is 2/3 * sqrt(2)).
 */
#define CONTACT_TONE_OF_DROP 0.943
/*
 * Rates at which it is done. Below them a quarter of the rate lies amid the EMG; above them the capacitance
 * of a cable (150 pF) lets more current through than a bad electrode, and hides that it is off.
 */
#define CONTACT_RATE_MIN_HZ 1000
#define CONTACT_RATE_MAX_HZ 4000

/* How often it is told, and how long a sudden change can go unnoticed */
#define CONTACT_WINDOW_SEC 0.5
/*
 * Of the two electrodes of a channel together. 100 kilo-ohm are as much thermal noise in 20-450 Hz (0.85 uV) as
 * is half that of a relaxed muscle; skin that was cleaned has 5 to 50. An electrode in the air is what the
 * capacitance of its cable lets through, 2 to 6 megohm at 500 to 250 Hz. Raising the one tolerates drier
 * electrodes, raising the other notices fewer that are loose.
 */
#define CONTACT_POOR_OHM 100e3
#define CONTACT_OFF_OHM 500e3

typedef enum ContactState {
        CONTACT_NOT_MEASURED,
        CONTACT_GOOD,
        CONTACT_POOR,
        CONTACT_OFF,
        _CONTACT_STATE_MAX,
} ContactState;

const char* contact_state_to_string(ContactState s);

typedef struct ContactChannel {
        double lsb_uv;
        double tone[2];                 /* what is taken out, codes */
        uint64_t n;                     /* samples that tone[] was learnt from */
        int32_t before[2];              /* samples two apart */
        double sum[2], square;          /* of this window */
        unsigned n_rail;                /* of it, at the end of the range */
        unsigned n_poor;                /* windows so far */
        double ohm;                     /* of the last window; NAN: not known */
        ContactState state;
} ContactChannel;

typedef struct Contact {
        bool on;                        /* the current flows */
        unsigned n_channels, window;
        double forget;                  /* weight of a new sample */
        uint64_t position;              /* since the last gap */
        unsigned in_window;
        ContactChannel channels[DEVICE_CHANNELS_MAX];
} Contact;

void contact_init(Contact *c, double rate_hz, unsigned n_channels, bool on);
/* Samples are missing: the phase of the tone is not known any more. */
void contact_gap(Contact *c);
/*
 * One sample of each channel, codes of lsb_uv; the tone is taken out of them. True: a window is over, and ohm
 * and state of the channels are new.
 */
bool contact_push(Contact *c, int32_t *codes);
