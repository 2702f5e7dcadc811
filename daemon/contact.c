/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <math.h>

#include "contact.h"

/*
 * How fast the tone that is taken out follows the electrodes. Longer is a narrower hole in the spectrum, less
 * noise (half a sample in so many) and more of the tone left while an impedance changes.
 */
#define FOLLOW_SEC 2.0
/* A window that differs by so many standard errors from what is taken out has another electrode. */
#define JUMP_SIGMAS 8.0
/* Poor contact must stand out of the muscle's own activity by so many, and in so many windows. */
#define SURE_SIGMAS 5.0
#define POOR_WINDOWS 2u
/* Contact that was poor, or none, is good again below this part of the limit. */
#define HYSTERESIS 0.8

const char* contact_state_to_string(ContactState s) {
        static const char *const words[_CONTACT_STATE_MAX] = {
                [CONTACT_NOT_MEASURED] = "not-measured",
                [CONTACT_GOOD] = "good",
                [CONTACT_POOR] = "poor",
                [CONTACT_OFF] = "off",
        };

        return s < _CONTACT_STATE_MAX ? words[s] : NULL;
}

void contact_init(Contact *c, double rate_hz, unsigned n_channels, bool on) {
        assert(n_channels <= DEVICE_CHANNELS_MAX);

        *c = (Contact) {
                .on = on,
                .n_channels = n_channels,
                .window = (unsigned) (CONTACT_WINDOW_SEC * rate_hz),
                /* each of the two numbers learns from every second sample */
                .forget = 2 / (FOLLOW_SEC * rate_hz),
        };
        for (unsigned i = 0; i < n_channels; i++)
                c->channels[i].ohm = NAN;
}

static void begin_window(Contact *c) {
        c->in_window = 0;
        for (unsigned i = 0; i < c->n_channels; i++) {
                ContactChannel *k = &c->channels[i];

                k->sum[0] = k->sum[1] = k->square = 0;
                k->n_rail = 0;
        }
}

void contact_gap(Contact *c) {
        c->position = 0;
        for (unsigned i = 0; i < c->n_channels; i++)
                c->channels[i].n = 0;
        begin_window(c);
}

static bool at_rail(int32_t code) {
        return code <= ADS1299_CODE_MIN || code >= ADS1299_CODE_MAX;
}

/* What the channel's state is by a window whose tone has this amplitude, give or take sigma. */
static ContactState judge(ContactChannel *k, double amplitude, double sigma) {
        double back = k->state >= CONTACT_POOR ? HYSTERESIS : 1;

        if (k->ohm > CONTACT_OFF_OHM * (k->state == CONTACT_OFF ? HYSTERESIS : 1))
                return CONTACT_OFF;
        if (k->ohm <= CONTACT_POOR_OHM * back) {
                k->n_poor = 0;
                return CONTACT_GOOD;
        }
        if (amplitude < SURE_SIGMAS * sigma)
                return k->state == CONTACT_NOT_MEASURED ? CONTACT_GOOD : k->state;
        return ++k->n_poor >= POOR_WINDOWS || k->state == CONTACT_OFF ? CONTACT_POOR :
                k->state == CONTACT_NOT_MEASURED ? CONTACT_GOOD : k->state;
}

static void end_window_of(const Contact *c, ContactChannel *k) {
        double half = c->window / 2.0;
        double even = k->sum[0] / half, odd = k->sum[1] / half, amplitude = hypot(even, odd);
        /* a mean of half the samples, of what is not the tone */
        double rest = fmax(k->square / c->window - amplitude * amplitude / 2, 0);
        double sigma = sqrt(rest / half);
        double ohm = amplitude * k->lsb_uv * 1e-6 / (CONTACT_CURRENT_NA * 1e-9 * CONTACT_TONE_OF_DROP);

        /* One that stands at the end of the range shows nothing. */
        if (k->n_rail > c->window / 2 && ohm <= CONTACT_OFF_OHM) {
                k->ohm = NAN;
                k->state = CONTACT_NOT_MEASURED;
                k->n_poor = 0;
                return;
        }
        k->ohm = ohm;
        k->state = judge(k, amplitude, sigma);
        if (hypot(even - k->tone[0], odd - k->tone[1]) > JUMP_SIGMAS * sigma) {
                k->tone[0] = even;
                k->tone[1] = odd;
        }
}

/* The code without the tone. */
static int32_t push_channel(const Contact *c, ContactChannel *k, int32_t code) {
        unsigned which = c->position & 1;
        double sign = c->position & 2 ? -1 : 1;
        int32_t before = k->before[which];

        k->before[which] = code;
        if (c->position < 2)
                return code;

        double d = sign * ((double) code - before) / 2;
        bool rail = at_rail(code);

        k->sum[which] += d;
        k->square += d * d;
        k->n_rail += rail;
        if (rail)
                return code;
        if (!at_rail(before)) {
                double weight = fmax(c->forget, 1.0 / (double) (k->n++ / 2 + 1));

                k->tone[which] += weight * (d - k->tone[which]);
        }
        return (int32_t) lround(code - sign * k->tone[which]);
}

bool contact_push(Contact *c, int32_t *codes) {
        if (!c->on)
                return false;
        for (unsigned i = 0; i < c->n_channels; i++)
                codes[i] = push_channel(c, &c->channels[i], codes[i]);
        if (c->position++ < 2 || ++c->in_window < c->window)
                return false;
        for (unsigned i = 0; i < c->n_channels; i++)
                end_window_of(c, &c->channels[i]);
        begin_window(c);
        return true;
}
