/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "config.h"
#include "detect/detect.h"
#include "store/sites.h"
#include "utf8.h"

#define DEFAULT_RATE_HZ 1000u
#define DEFAULT_GAIN 24u
#define DEFAULT_RECORD_FREE_MB 500u     /* an hour of 8 channels at 1000/s is 97 MB */

void config_default(Config *c) {
        memset(c, 0, sizeof *c);        /* padding, too: config_equal_for_device() compares all bytes */
        c->rate_hz = DEFAULT_RATE_HZ;
        c->contact = true;
        c->false_alarms_per_hour = DETECT_FALSE_ALARMS_PER_HOUR_DEFAULT;
        c->record_free_mb = DEFAULT_RECORD_FREE_MB;
        for (unsigned i = 0; i < ELEMENTSOF(c->gain); i++)
                c->gain[i] = DEFAULT_GAIN;
}

/* What is of the whole service; of a device is all else. */
static void forget_service(Config *c) {
        memset(c->felt_input, 0, sizeof c->felt_input);
        memset(c->felt_site, 0, sizeof c->felt_site);
        c->felt_key = 0;
        c->record = RECORD_OFF;
        c->record_free_mb = 0;
        c->record_delete_oldest = false;
}

bool config_equal_for_device(const Config *a, const Config *b) {
        Config x, y;

        memcpy(&x, a, sizeof x);        /* with the padding */
        memcpy(&y, b, sizeof y);
        forget_service(&x);
        forget_service(&y);
        return memcmp(&x, &y, sizeof x) == 0;
}

/* --- kinds of values ------------------------------------------------------ */

static bool parse_unsigned(const char *s, unsigned *ret) {
        unsigned long v;
        char *end;

        errno = 0;
        v = strtoul(s, &end, 10);
        if (*s < '0' || *s > '9' || *end || errno || v > UINT32_MAX)
                return false;
        *ret = (unsigned) v;
        return true;
}

static void format_unsigned(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%u", *(const unsigned*) value);
}

static bool parse_rate_hz(const char *s, void *ret) {
        unsigned v;

        if (!parse_unsigned(s, &v))
                return false;
        for (unsigned dr = 0; dr < ADS1299_NUM_RATES; dr++)
                if (v == (unsigned) ADS1299_RATE_HZ(dr)) {
                        *(unsigned*) ret = v;
                        return true;
                }
        return false;
}

static bool parse_gain(const char *s, void *ret) {
        static const unsigned gains[ADS1299_NUM_GAINS] = ADS1299_GAINS;
        unsigned v;

        if (!parse_unsigned(s, &v))
                return false;
        for (unsigned i = 0; i < ELEMENTSOF(gains); i++)
                if (v == gains[i]) {
                        *(unsigned*) ret = v;
                        return true;
                }
        return false;
}

/* In the C locale, which this program never leaves. */
static bool parse_false_alarms(const char *s, void *ret) {
        char *end;
        double v = strtod(s, &end);

        if (end == s || *end ||
            !(v >= DETECT_FALSE_ALARMS_PER_HOUR_MIN && v <= DETECT_FALSE_ALARMS_PER_HOUR_MAX))
                return false;
        *(double*) ret = v;
        return true;
}

/* linux/input-event-codes.h: KEY_MAX */
static bool parse_key(const char *s, void *ret) {
        char *end;
        unsigned long v = strtoul(s, &end, 10);

        if (end == s || *end || s[0] == '-' || v > 0x2ff)
                return false;
        *(unsigned*) ret = (unsigned) v;
        return true;
}

#define NOTHING "none"

static bool parse_input(const char *s, void *ret) {
        size_t n = streq(s, NOTHING) ? 0 : strlen(s);
        char text[CONFIG_PATH_MAX] = "";

        if (n >= sizeof text || (n > 0 && s[0] != '/') || utf8_clean(text, sizeof text, s, n) != n)
                return false;
        memcpy(ret, text, sizeof text);
        return true;
}

static bool parse_site(const char *s, void *ret) {
        bool none = s[0] == 0 || streq(s, NOTHING);

        if (!none && !site_is_valid(s))
                return false;
        snprintf(ret, CONFIG_LABEL_MAX, "%s", none ? "" : s);
        return true;
}

static void format_or_none(const void *value, char *ret, size_t size) {
        const char *s = value;

        snprintf(ret, size, "%s", s[0] ? s : NOTHING);
}

static void format_double(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%g", *(const double*) value);
}

static const char *const record_words[_RECORD_MAX] = { [RECORD_OFF] = "off", [RECORD_SESSIONS] = "sessions", [RECORD_ALWAYS] = "always" };

static bool parse_record(const char *s, void *ret) {
        for (ConfigRecord i = 0; i < _RECORD_MAX; i++)
                if (streq(s, record_words[i])) {
                        *(ConfigRecord*) ret = i;
                        return true;
                }
        return false;
}

static bool parse_switch(const char *s, void *ret) {
        if (!streq(s, "on") && !streq(s, "off"))
                return false;
        *(bool*) ret = streq(s, "on");
        return true;
}

static void format_switch(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%s", *(const bool*) value ? "on" : "off");
}

static void format_record(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%s", record_words[*(const ConfigRecord*) value]);
}

static bool parse_megabytes(const char *s, void *ret) {
        unsigned v;

        if (!parse_unsigned(s, &v) || v > 1000000)
                return false;
        *(unsigned*) ret = v;
        return true;
}

static bool parse_yes(const char *s, void *ret) {
        if (!streq(s, "yes") && !streq(s, "no"))
                return false;
        *(bool*) ret = streq(s, "yes");
        return true;
}

static void format_yes(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%s", *(const bool*) value ? "yes" : "no");
}

/* Not cut: who writes it is there to be told. */
static bool parse_label(const char *s, void *ret) {
        char text[CONFIG_LABEL_MAX] = "";
        size_t n = strlen(s);

        if (utf8_clean(text, sizeof text, s, n) != n || memcmp(text, s, n) != 0)
                return false;
        memcpy(ret, text, sizeof text);
        return true;
}

static void format_text(const void *value, char *ret, size_t size) {
        snprintf(ret, size, "%s", (const char*) value);
}

/* --- the settings ----------------------------------------------------------- */

#define FIELD(f) .offset = offsetof(Config, f), .size = sizeof(((Config*) NULL)->f)

const Setting config_settings[] = {
        { "device", "rate_hz", false, "250, 500, 1000, 2000, 4000, 8000 or 16000",
          "Samples a second. 1000 is right for twitches, 2000 for research; more costs power and finds "
          "nothing more.",
          parse_rate_hz, format_unsigned, FIELD(rate_hz) },
        { "device", "gain", false, "1, 2, 4, 6, 8, 12 or 24",
          "Amplification of all channels. 24 has the least noise and takes 187 mV at either side; lower "
          "it where a channel runs into its limits.",
          parse_gain, format_unsigned, FIELD(gain[0]) },
        { "device", "contact", false, "on or off",
          "Whether the contact of the electrodes is measured all the time, with a current of 6 nA that "
          "nobody feels: at 1000 to 4000 samples a second their impedance, else only whether one is off.",
          parse_switch, format_switch, FIELD(contact) },
        { "channel", "gain", true, "1, 2, 4, 6, 8, 12 or 24",
          "Amplification of this channel.",
          parse_gain, format_unsigned, FIELD(gain[0]) },
        { "channel", "label", true, "at most 63 bytes of UTF-8 text",
          "What the channel is called, instead of what the device says.",
          parse_label, format_text, FIELD(label[0]) },
        { "detector", "false_alarms_per_hour", false, "a number from 0.001 to 3600",
          "Allowed false alarms per hour and channel: the one knob for sensitivity. The fewer, the larger "
          "a twitch must be to be found.",
          parse_false_alarms, format_double, FIELD(false_alarms_per_hour) },
        { "felt", "input", false, "none, or the path of a device, at most 95 bytes",
          "An input device of which a key marks a felt twitch, e.g. in /dev/input/by-id. It is read along and never taken from "
          "others. twitchd needs a drop-in with DeviceAllow=char-input r and SupplementaryGroups=input.",
          parse_input, format_or_none, FIELD(felt_input) },
        { "felt", "key", false, "0 to 767",
          "The code of that key, as \"evtest\" shows it; 0: any key of the device.",
          parse_key, format_unsigned, FIELD(felt_key) },
        { "felt", "site", false, "none, or a site as in \"twitchctl help felt\"",
          "Where what the key marks is felt.",
          parse_site, format_or_none, FIELD(felt_site) },
        { "recording", "when", false, "off, sessions or always",
          "When all samples go to BDF+ files, an hour each (97 MB for 8 channels at 1000 a second): never, while a session is under "
          "way that was begun with twitchctl session start, or always. twitchctl record start does it for now.",
          parse_record, format_record, FIELD(record) },
        { "recording", "free_mb", false, "a whole number from 0 to 1000000",
          "Megabytes that stay free on the disk: with less, nothing is recorded.",
          parse_megabytes, format_unsigned, FIELD(record_free_mb) },
        { "recording", "delete_oldest", false, "yes or no",
          "Whether the oldest recordings are deleted when less than free_mb is free, for new ones to have room.",
          parse_yes, format_yes, FIELD(record_delete_oldest) },
        {},
};

const Setting* config_find_setting(const char *section, const char *name) {
        for (const Setting *s = config_settings; s->name; s++)
                if (streq(s->section, section) && streq(s->name, name))
                        return s;
        return NULL;
}

void* config_value(Config *c, const Setting *s, unsigned channel) {
        assert(channel < (s->per_channel ? DEVICE_CHANNELS_MAX : 1));
        return (char*) c + s->offset + channel * s->size;
}

const char* config_value_text(const Config *c, const Setting *s, unsigned channel,
                              char ret[static CONFIG_TEXT_MAX]) {
        Config copy = *c;

        s->format(config_value(&copy, s, channel), ret, CONFIG_TEXT_MAX);
        return ret;
}
