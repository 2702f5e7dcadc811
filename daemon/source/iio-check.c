/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "contact.h"
#include "iio-check.h"
#include "iio-internal.h"

/* Samples that are thrown away after the input was switched: the filter, and what the amplifier needs */
#define SETTLE_SEC 0.1
#define SHORTED_SEC 1.0
/* Two periods of the faster test signal are 1.02 s. */
#define TEST_SIGNAL_SEC 1.6
#define TEST_SIGNAL_HZ "1.953125"
#define TEST_SIGNAL_UV "1875"
#define DC_SEC 0.5
#define AC_SEC 1.0

/*
 * Input-referred noise with shorted inputs, uV rms, typical at 25 degrees: SBAS499C tables 1 to 4, by data rate
 * (16000 ... 250) and gain (1, 2, 4, 6, 8, 12, 24). A board may have NOISE_TIMES as much.
 */
#define NOISE_TIMES 2
static const double typical_noise_uv[ADS1299_NUM_RATES][ADS1299_NUM_GAINS] = {
        { 21.70, 10.85, 5.60, 3.87, 3.05, 2.27, 1.66 }, { 6.93, 3.65, 1.98, 1.31, 1.11, 0.92, 0.80 },
        { 4.33, 2.28, 1.24, 0.93, 0.79, 0.65, 0.56 },   { 3.06, 1.61, 0.88, 0.66, 0.56, 0.46, 0.40 },
        { 2.17, 1.14, 0.62, 0.46, 0.39, 0.32, 0.28 },   { 1.53, 0.81, 0.44, 0.33, 0.28, 0.23, 0.20 },
        { 1.08, 0.57, 0.31, 0.23, 0.20, 0.16, 0.14 },
};

/* Section 7.5: the offset is 60 uV typically, the test signal good for 2 %, the gain for 0.5 %. */
#define OFFSET_MAX_UV 500
#define TEST_SIGNAL_TOLERANCE 0.05
/* Its period in samples: both come from one clock. */
#define TEST_PERIOD_TOLERANCE 0.01

typedef struct Sums {
        double n, sum, square;
        double high, low, n_high, n_low; /* of a square wave around 0, without its edges */
        int side;
        unsigned since;                 /* samples on this side */
        unsigned n_edges, first_edge, last_edge;
        uint8_t flags;                  /* of the latest scan */
} Sums;

typedef struct Measurement {
        unsigned n_channels, skip, n;   /* scans to throw away; scans so far */
        Sums channels[DEVICE_CHANNELS_MAX];
        Contact contact;
} Measurement;

static void add_code(Sums *s, unsigned n, double code) {
        int side = code < 0 ? -1 : 1;

        s->n++;
        s->sum += code;
        s->square += code * code;
        if (side != s->side) {
                if (s->side != 0) {
                        if (s->n_edges++ == 0)
                                s->first_edge = n;
                        s->last_edge = n;
                }
                s->side = side;
                s->since = 0;
        }
        /* the filter is done with a step after three samples */
        if (++s->since <= 4)
                return;
        if (side > 0) {
                s->high += code;
                s->n_high++;
        } else {
                s->low += code;
                s->n_low++;
        }
}

static void on_frame(const Frame *f, void *userdata) {
        int32_t codes[DEVICE_CHANNELS_MAX];
        Measurement *m = userdata;

        if (m->n++ < m->skip)
                return;
        for (unsigned i = 0; i < m->n_channels; i++) {
                codes[i] = (int32_t) f->words[i] >> 8;
                m->channels[i].flags = (uint8_t) f->words[i];
                add_code(&m->channels[i], m->n, codes[i]);
        }
        (void) contact_push(&m->contact, codes);
}

static int measure(IioSource *s, double seconds, Measurement *m) {
        *m = (Measurement) { .n_channels = s->info.n_channels, .skip = (unsigned) (SETTLE_SEC * s->info.rate_hz) };
        contact_init(&m->contact, s->info.rate_hz, m->n_channels, true);
        for (unsigned i = 0; i < m->n_channels; i++)
                m->contact.channels[i].lsb_uv = s->info.channels[i].lsb_uv;
        return iio_source_read(s, m->skip + (size_t) (seconds * s->info.rate_hz), on_frame, m);
}

/* --- results -------------------------------------------------------------------- */

bool source_check_item_is_right(const SourceCheckItem *i) {
        return i->value >= i->min && i->value <= i->max;
}

static void add(SourceCheck *c, const char *name, int channel, const char *unit, double value, double min, double max) {
        if (c->n < SOURCE_CHECK_MAX)
                c->items[c->n++] = (SourceCheckItem) { name, unit, channel, value, min, max };
}

static double typical_noise(const IioSource *s, unsigned channel) {
        static const unsigned gains[ADS1299_NUM_GAINS] = ADS1299_GAINS;
        unsigned rate = 0, gain = 0;

        while (rate + 1 < ADS1299_NUM_RATES && s->info.rate_hz < 0.9 * ADS1299_RATE_HZ(rate))
                rate++;
        while (gain + 1 < ADS1299_NUM_GAINS && gains[gain] < s->info.channels[channel].gain)
                gain++;
        return typical_noise_uv[rate][gain];
}

/* --- the inputs ------------------------------------------------------------------- */

void iio_source_measure_electrodes(IioSource *s, unsigned channel) {
        char mux[32];

        if (iio_channel_attr_read(s->channels[channel], "mux", mux, sizeof mux) >= 0 &&
            (streq(mux, "shorted") || streq(mux, "test")))
                (void) iio_channel_attr_write(s->channels[channel], "mux", "normal");
}

static int connect_inputs(IioSource *s, const char *mux) {
        for (unsigned i = 0; i < s->info.n_channels; i++) {
                ssize_t n = iio_channel_attr_write(s->channels[i], "mux", mux);

                if (n < 0)
                        return iio_source_fail(s, (int) n, "cannot switch its inputs (mux)");
        }
        return 0;
}

static int check_shorted(IioSource *s, SourceCheck *c, Measurement *m) {
        int r = connect_inputs(s, "shorted");
        if (r >= 0)
                r = measure(s, SHORTED_SEC, m);
        for (unsigned i = 0; i < m->n_channels && r >= 0; i++) {
                const Sums *k = &m->channels[i];
                double mean = k->sum / k->n, lsb_uv = s->info.channels[i].lsb_uv;

                add(c, "noise", (int) i, "uV", sqrt(fmax(k->square / k->n - mean * mean, 0)) * lsb_uv, 0,
                    NOISE_TIMES * typical_noise(s, i));
                add(c, "offset", (int) i, "uV", mean * lsb_uv, -OFFSET_MAX_UV, OFFSET_MAX_UV);
        }
        return r;
}

static int check_test_signal(IioSource *s, SourceCheck *c, Measurement *m) {
        double wanted_uv = 2 * strtod(TEST_SIGNAL_UV, NULL), wanted_hz = strtod(TEST_SIGNAL_HZ, NULL);

        int r = connect_inputs(s, "test");
        ssize_t n = r < 0 ? r : iio_device_attr_write(s->device, "test_signal_frequency", TEST_SIGNAL_HZ);
        if (n >= 0)
                n = iio_device_attr_write(s->device, "test_signal_microvolt", TEST_SIGNAL_UV);
        if (n < 0)
                return r < 0 ? r : iio_source_fail(s, (int) n, "cannot switch the test signal on");
        r = measure(s, TEST_SIGNAL_SEC, m);
        for (unsigned i = 0; i < m->n_channels && r >= 0; i++) {
                const Sums *k = &m->channels[i];
                double half = k->n_edges > 1 ? (k->last_edge - k->first_edge) / (k->n_edges - 1.0) : NAN;

                add(c, "test-signal", (int) i, "uV",
                    (k->high / k->n_high - k->low / k->n_low) * s->info.channels[i].lsb_uv,
                    wanted_uv * (1 - TEST_SIGNAL_TOLERANCE), wanted_uv * (1 + TEST_SIGNAL_TOLERANCE));
                add(c, "test-frequency", (int) i, "Hz", s->info.rate_hz / (2 * half),
                    wanted_hz * (1 - TEST_PERIOD_TOLERANCE), wanted_hz * (1 + TEST_PERIOD_TOLERANCE));
        }
        return r;
}

/* --- the electrodes ----------------------------------------------------------------- */

static int set_current(IioSource *s, const char *frequency) {
        ssize_t n = iio_device_attr_write(s->device, "leadoff_frequency", frequency);
        int r = n < 0 ? (int) n :
                iio_device_attr_write_longlong(s->device, "leadoff_current_nanoamp", CONTACT_CURRENT_NA);

        return r < 0 ? iio_source_fail(s, r, "cannot switch the lead-off current on") : 0;
}

static int check_electrodes(IioSource *s, SourceCheck *c, Measurement *m) {
        char tone[64];
        int r = connect_inputs(s, "normal");

        if (r >= 0)
                r = set_current(s, "0");
        if (r >= 0)
                r = measure(s, DC_SEC, m);
        for (unsigned i = 0; i < m->n_channels && r >= 0; i++) {
                add(c, "positive-electrode", (int) i, "", !(m->channels[i].flags & ADS1299_FLAG_P_OFF), 1, 1);
                add(c, "negative-electrode", (int) i, "", !(m->channels[i].flags & ADS1299_FLAG_N_OFF), 1, 1);
        }
        /* The tone is a quarter of the rate, as while it runs. */
        if (r < 0 || !iio_source_choose_tone(s, tone, sizeof tone))
                return r;
        r = set_current(s, tone);
        if (r >= 0)
                r = measure(s, AC_SEC, m);
        for (unsigned i = 0; i < m->n_channels && r >= 0; i++)
                add(c, "impedance", (int) i, "kOhm", m->contact.channels[i].ohm / 1e3, 0, CONTACT_POOR_OHM / 1e3);
        return r;
}

/* --- the chip ------------------------------------------------------------------------- */

/* NAN: there is no such channel, or it cannot be read */
static double read_measured(IioSource *s, const char *wanted) {
        for (unsigned i = 0; i < iio_device_get_channels_count(s->device); i++) {
                struct iio_channel *c = iio_device_get_channel(s->device, i);
                double scale, offset = 0;
                char label[32];
                long long raw;

                if (iio_channel_attr_read(c, "label", label, sizeof label) < 0 || !streq(label, wanted))
                        continue;
                if (iio_channel_attr_read_longlong(c, "raw", &raw) < 0 ||
                    iio_channel_attr_read_double(c, "scale", &scale) < 0)
                        return NAN;
                (void) iio_channel_attr_read_double(c, "offset", &offset);
                return ((double) raw + offset) * scale / 1e3;
        }
        return NAN;
}

static void check_chip(IioSource *s, SourceCheck *c) {
        double avdd = read_measured(s, "avdd"), dvdd = read_measured(s, "dvdd"), die = read_measured(s, "die");
        uint64_t lost = 0;

        /* Section 7.3; of a symmetrical supply the chip shows the middle, 0 V */
        if (fabs(avdd) > 0.25)
                add(c, "supply-analogue", -1, "V", avdd, 4.75 * 0.98, 5.25 * 1.02);
        else
                add(c, "supply-analogue", -1, "V", avdd, -0.25, 0.25);
        add(c, "supply-digital", -1, "V", dvdd, 1.8 * 0.98, 3.6 * 1.02);
        add(c, "temperature", -1, "C", die, -10, 70);
        if (s->info.bias != SOURCE_BIAS_UNKNOWN)
                add(c, "bias-electrode", -1, "", s->info.bias == SOURCE_BIAS_CONNECTED, 1, 1);
        for (LostCause l = 0; l < _LOST_CAUSE_MAX; l++)
                lost += iio_source_lost(s, l);
        add(c, "lost", -1, "scans", (double) lost, 0, 0);
}

int iio_source_check(IioSource *s, SourceCheck *ret) {
        Measurement *m = calloc(1, sizeof *m);
        if (!m)
                return -ENOMEM;

        ret->n = 0;
        int r = check_shorted(s, ret, m);
        if (r >= 0)
                r = check_test_signal(s, ret, m);
        int r2 = connect_inputs(s, "normal");
        if (r >= 0)
                r = r2;
        if (r >= 0)
                r = check_electrodes(s, ret, m);
        if (r >= 0)
                check_chip(s, ret);
        free(m);
        return r;
}
