/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a front end: its states, and when it is opened again. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "found.h"
#include "log.h"

/* Silence this long is "no-data"; after this long, or the present pause, the device is opened again. */
#define STALL_USEC (1 * USEC_PER_SEC)
#define SILENCE_USEC (5 * USEC_PER_SEC)
/* Pause before another attempt: it doubles with each that fails, until one is running. */
#define RETRY_FIRST_USEC (1 * USEC_PER_SEC)
#define RETRY_MAX_USEC (60 * USEC_PER_SEC)
/* udev opens the permissions some moments after the node is there. */
#define UDEV_USEC (3 * USEC_PER_SEC)
#define UDEV_STEP_USEC (200 * USEC_PER_MSEC)
/* Without a noise estimate (nothing connected) it counts as running all the same after this. */
#define SETTLED_USEC (5 * USEC_PER_SEC)
/* An opening this long is told once; a thread of a device that has gone is left to itself after this. */
#define OPENING_USEC (10 * USEC_PER_SEC)
#define LET_GO_USEC (1 * USEC_PER_SEC)
/* A check takes some 6 s, on the network a little more. */
#define CHECK_USEC (20 * USEC_PER_SEC)
/* Then the loop looks after everything else, too. */
#define FRAMES_AT_ONCE 1024u

static const char *const state_words[_MONITOR_STATE_MAX] = {
#define STATE_WORD(name, word) [MONITOR_##name] = word,
        TWITCHD_MONITOR_STATES(STATE_WORD)
#undef STATE_WORD
};

const char* monitor_state_to_string(MonitorState s) {
        return s < _MONITOR_STATE_MAX ? state_words[s] : NULL;
}

static bool set_state(Monitor *m, MonitorState s, int error) {
        if (m->state == s && m->error == error)
                return false;
        m->state = s;
        m->error = error;
        m->sinks.state_changed(m, m->sinks.userdata);
        return true;
}

/* --- attempts ----------------------------------------------------------------- */

static int on_wakeup(sd_event_source *es, int fd, uint32_t revents, void *userdata);

static void schedule(Monitor *m, usec_t usec) {
        (void) sd_event_source_set_time_relative(m->retry, usec);
        (void) sd_event_source_set_enabled(m->retry, SD_EVENT_ONESHOT);
}

static void pause_grows(Monitor *m) {
        m->retry_delay_usec = MIN(2 * m->retry_delay_usec, RETRY_MAX_USEC);
}

static void cancel(Monitor *m) {
        if (!m->source || m->cancelled_usec)
                return;
        m->cancelled_usec = now_usec();
        iio_source_cancel(m->source);
}

/* MonitorState of an attempt that ended so. */
static MonitorState classify(const Monitor *m, int error) {
        switch (-error) {
        case EBUSY:
                return MONITOR_BUSY;
        case EACCES:
        case EPERM:
                return MONITOR_NO_PERMISSION;
        case ENODEV:
                return MONITOR_GONE;
        case ECONNREFUSED:
        case ECONNRESET:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EPIPE:
        case ETIMEDOUT:
                return m->id ? MONITOR_FAILED : MONITOR_GONE;
        default:
                return MONITOR_FAILED;
        }
}

/* For a person: libiio says EPIPE of a server that is silent for too long, too. */
static const char* reason(int error) {
        return error == -EPIPE || error == -ETIMEDOUT ? "it does not answer" : strerror(-error);
}

/* One clear line why it cannot be read now. */
static void say_why(Monitor *m, MonitorState s, int error, const char *what) {
        const char *trying = m->id ? "" : "; trying again until it is there";

        if (!what)
                what = "cannot be opened";
        if (s == MONITOR_BUSY)
                log_message(LOG_WARNING, TWITCHD_MESSAGE_DEVICE_BUSY, m->name,
                            "%s: %s; trying again until it is free.", m->name, what);
        else if (s == MONITOR_NO_PERMISSION)
                log_message_errno(LOG_ERR, TWITCHD_MESSAGE_DEVICE_DENIED, m->name, error,
                                  "%s: %s: %m; is the udev rule 60-twitchd.rules installed, and the "
                                "device plugged in after that (or `udevadm trigger -c add -s iio`)?",
                                m->name, what);
        else if (s == MONITOR_GONE && m->n_channels == 0)
                log_message(LOG_NOTICE, TWITCHD_MESSAGE_DEVICE_GONE, m->name, "%s: %s: %s%s.", m->name,
                            what, reason(error), trying);
        else if (s == MONITOR_GONE)
                log_message(LOG_NOTICE, TWITCHD_MESSAGE_DEVICE_GONE, m->name,
                            "%s: %s after %" PRIu64 " scans, %" PRIu64 " lost and %" PRIu64 " events%s.",
                           m->name, what, m->n_scans, monitor_lost_total(m), m->n_events, trying);
        else
                log_message_errno(LOG_ERR, TWITCHD_MESSAGE_DEVICE_FAILED, m->name, error,
                                  "%s: %s: %m; trying again from time to time.", m->name, what);
}

/*
 * Is it news? A fault that comes again with each attempt is told once, however far the attempt comes, until
 * the device is running.
 */
static bool tell_fault(Monitor *m, MonitorState s, int error) {
        if (m->told == s && (s != MONITOR_FAILED || m->told_error == error))
                return false;
        m->told = s;
        m->told_error = error;
        return true;
}

static void fail(Monitor *m, int error, const char *what) {
        MonitorState s = classify(m, error);

        if (tell_fault(m, s, error))
                say_why(m, s, error, what);
        (void) set_state(m, s, error);
        schedule(m, m->retry_delay_usec);
        pause_grows(m);
}

/* Whoever asked is told. */
static void end_check(Monitor *m, int error, const char *what) {
        MonitorChecked checked = m->checked;

        m->checked = NULL;
        m->checking = false;
        if (checked)
                checked(m, error, what, m->check, m->checked_userdata);
        free(m->check);
        m->check = NULL;
}

static void attempt(Monitor *m) {
        m->cancelled_usec = 0;
        m->hang_said = false;
        m->verdict = 0;
        m->attempt_usec = now_usec();
        m->checking = m->checked;
        if (m->checking)
                (void) set_state(m, MONITOR_CHECKING, 0);
        int r = iio_source_new(m->uri, m->id, &m->config, m->checking ? m->check : NULL, &m->source);
        if (r >= 0)
                r = sd_event_add_io(m->event, &m->wakeup, iio_source_fd(m->source), EPOLLIN, on_wakeup, m);
        if (r < 0) {
                cancel(m);
                m->source = iio_source_free(m->source);
                end_check(m, r, NULL);
                fail(m, r, "cannot start to read it");
        }
}

static int on_retry(sd_event_source *es, uint64_t usec, void *userdata) {
        Monitor *m = userdata;

        /* In the end it is tried all the same, for the sake of the error. */
        if (m->id && now_usec() - m->seen_usec < UDEV_USEC && !device_is_accessible(m->id))
                schedule(m, UDEV_STEP_USEC);
        else
                attempt(m);
        return 0;
}

/* --- a run -------------------------------------------------------------------- */

static void announce_changes(Monitor *m);
static void notice_channels(Monitor *m);

static void say_running(const Monitor *m) {
        log_message(LOG_INFO, TWITCHD_MESSAGE_DEVICE_RUNNING, m->name,
                    "%s: %u channels at %g samples a second, %g false alarms an hour and channel allowed.",
                    m->name, m->n_channels, m->info.rate_hz, m->config.false_alarms_per_hour);
}

/* What was told is over. */
static void say_recovered(Monitor *m) {
        if (m->told == MONITOR_NO_DATA)
                log_message(LOG_NOTICE, TWITCHD_MESSAGE_DEVICE_BACK, m->name, "%s: samples arrive again.",
                            m->name);
        else if (m->told != MONITOR_OPENING)
                say_running(m);
        m->told = MONITOR_OPENING;
        m->told_error = 0;
}

static void begin_run(Monitor *m) {
        unsigned before = m->n_channels;

        m->info = *iio_source_info(m->source);
        int r = found_begin(m);
        if (r >= 0)
                r = sd_id128_randomize(&m->instance);
        if (r < 0) {
                m->verdict = r;
                m->verdict_what = "cannot set up the detector";
                cancel(m);
                return;
        }
        m->n_channels = m->info.n_channels;
        m->opened = true;
        m->streaming = false;
        m->last_frame_usec = now_usec();
        m->sinks.opened(m, before, m->sinks.userdata);
        if (m->told == MONITOR_OPENING)
                say_running(m);
}

static void end_run(Monitor *m, int error) {
        found_end(m);
        announce_changes(m);
        m->sinks.run_ended(m, error, m->sinks.userdata);
        m->opened = m->streaming = false;
        for (LostCause c = 0; c < _LOST_CAUSE_MAX; c++)
                m->lost_before[c] = m->lost[c];
}

static void take_frames(Monitor *m) {
        size_t n = found_take_frames(m, FRAMES_AT_ONCE);

        if (n == 0)
                return;
        if (n == FRAMES_AT_ONCE)
                (void) eventfd_write(iio_source_fd(m->source), 1);
        m->last_frame_usec = now_usec();
        if (!m->streaming) {
                m->streaming = true;
                m->first_frame_usec = m->last_frame_usec;
                m->sinks.streaming(m, m->sinks.userdata);
        }
        if (m->state != MONITOR_RUNNING)
                (void) set_state(m, MONITOR_SETTLING, 0);
        if (m->contact_is_new)
                notice_channels(m);
        if (m->n_standing >= (uint64_t) m->info.rate_hz && !m->cancelled_usec) {
                m->verdict = -EBADMSG;
                m->verdict_what = "its timestamps stand still";
                cancel(m);
        }
}

/* The thread has ended and is joined. */
static void ended(Monitor *m) {
        const char *what = NULL;
        int r = iio_source_error(m->source, &what);

        if (m->device_gone)
                r = -ENODEV;
        else if (m->verdict < 0) {
                r = m->verdict;
                what = m->verdict_what;
        }
        if (m->opened)
                end_run(m, r);
        m->wakeup = sd_event_source_disable_unref(m->wakeup);
        m->source = iio_source_free(m->source);
        bool checked = m->checking;
        if (checked)
                end_check(m, m->stopping || (m->cancelled_usec && r == 0) ? -ECANCELED : r, what);
        if (m->stopping)
                return;
        if (m->id && r == -ENODEV) {
                say_why(m, MONITOR_GONE, -ENODEV, "unplugged");
                (void) set_state(m, MONITOR_GONE, -ENODEV);
                m->sinks.gone(m, m->sinks.userdata);
        } else if (r == 0 || checked)
                schedule(m, 0);         /* it was silent, was checked, or has other settings now */
        else
                fail(m, r < 0 ? r : -EIO, what);
}

static int on_wakeup(sd_event_source *es, int fd, uint32_t revents, void *userdata) {
        Monitor *m = userdata;
        eventfd_t n;

        (void) eventfd_read(fd, &n);

        /* The state before the frames: behind SOURCE_ENDED there are none. */
        SourceState s = iio_source_state(m->source);
        if (iio_source_streamed(m->source) && !m->opened && !m->cancelled_usec)
                begin_run(m);
        if (m->opened)
                take_frames(m);
        if (s == SOURCE_ENDED && iio_source_join(m->source, USEC_PER_SEC) >= 0)
                ended(m);
        return 0;
}

/* --- once a second --------------------------------------------------------- */

static void notice_silence(Monitor *m) {
        usec_t silent = now_usec() - m->last_frame_usec;
        char path[128];

        if (silent < STALL_USEC || m->cancelled_usec)
                return;
        iio_source_refresh_lost(m->source);
        if (m->state != MONITOR_NO_DATA) {
                if (tell_fault(m, MONITOR_NO_DATA, 0))
                        log_message(LOG_WARNING, TWITCHD_MESSAGE_DEVICE_SILENT, m->name,
                                    "%s: no samples for a second.", m->name);
                (void) set_state(m, MONITOR_NO_DATA, 0);
        }
        /* Should the news of the node's removal have been missed */
        snprintf(path, sizeof(path), "/sys/bus/iio/devices/%s", m->id ? m->id : "");
        if (m->id && access(path, F_OK) < 0)
                monitor_device_gone(m);
        else if (silent >= MAX(SILENCE_USEC, m->retry_delay_usec)) {
                pause_grows(m);
                cancel(m);
        }
}

static void notice_settled(Monitor *m) {
        if (m->state != MONITOR_SETTLING)
                return;

        bool settled = now_usec() - m->first_frame_usec >= SETTLED_USEC;
        for (unsigned i = 0; i < m->n_channels && !settled; i++) {
                DetectChannelStats s;

                monitor_channel_stats(m, i, &s);
                settled = !isnan(s.noise_uv);
        }
        if (settled) {
                m->retry_delay_usec = RETRY_FIRST_USEC;
                say_recovered(m);
                (void) set_state(m, MONITOR_RUNNING, 0);
        }
}

static void notice_lost(Monitor *m) {
        bool known = iio_source_lost_is_known(m->source), changed = known != m->lost_known;

        m->lost_known = known;
        for (LostCause c = 0; c < _LOST_CAUSE_MAX; c++) {
                uint64_t n = m->lost_before[c] + iio_source_lost(m->source, c);

                changed = changed || n != m->lost[c];
                m->lost[c] = n;
        }
        if (changed)
                m->sinks.lost_changed(m, m->sinks.userdata);
}

static ContactState contact_of(const Monitor *m, const MonitorChannel *c) {
        if (!m->detector || m->info.contact == SOURCE_CONTACT_NONE)
                return CONTACT_NOT_MEASURED;
        if (c->flags)
                return CONTACT_OFF;
        return m->info.contact == SOURCE_CONTACT_DC ? CONTACT_GOOD : m->contact.channels[c->index].state;
}

/* The electrode that this channel shares is on: another that has it, too, is measured through it. */
static bool shared_is_on(const Monitor *m, unsigned channel) {
        for (unsigned i = 0; i < m->n_channels; i++)
                if (i != channel && m->info.channels[i].shared == m->info.channels[channel].shared) {
                        ContactState contact = contact_of(m, &m->channels[i]);

                        if (contact == CONTACT_GOOD || contact == CONTACT_POOR)
                                return true;
                }
        return false;
}

/*
 * Direct current trips a comparator of each electrode. Alternating current shows the sum of both impedances:
 * then it is known only where one of the two is that of another channel, too.
 */
static const char* electrodes_off_of(const Monitor *m, const MonitorChannel *c, ContactState contact) {
        bool p = c->flags & ADS1299_FLAG_P_OFF, n = c->flags & ADS1299_FLAG_N_OFF;
        SourceShared shared = m->info.channels[c->index].shared;

        if (contact != CONTACT_OFF)
                return contact == CONTACT_NOT_MEASURED ? "unknown" : "none";
        if (p || n)
                return p && n ? "both" : p ? "positive" : "negative";
        if (shared == SOURCE_SHARED_NONE || shared == SOURCE_SHARED_BOTH || !shared_is_on(m, c->index))
                return "some";
        return shared == SOURCE_SHARED_NEGATIVE ? "positive" : "negative";
}

static void notice_channel(Monitor *m, unsigned channel) {
        MonitorChannel *c = &m->channels[channel];
        DetectChannelStats s;

        monitor_channel_stats(m, channel, &s);
        ContactState contact = contact_of(m, c);
        const char *electrodes_off = electrodes_off_of(m, c, contact);
        const char *status = !m->detector ? "unknown" : s.lead_off ? "lead-off" : s.saturated ? "saturated" :
                             s.flat ? "flat" : contact == CONTACT_NOT_MEASURED ? "not-measured" :
                             contact == CONTACT_POOR ? "poor-contact" : "ok";
        if (c->lead_off == s.lead_off && c->contact == contact && streq(c->status, status) &&
            streq(c->electrodes_off, electrodes_off))
                return;
        c->lead_off = s.lead_off;
        c->contact = contact;
        c->electrodes_off = electrodes_off;
        c->status = status;
        m->sinks.channel_changed(m, channel, m->sinks.userdata);
}

static void notice_channels(Monitor *m) {
        m->contact_is_new = false;
        for (unsigned i = 0; i < m->n_channels; i++)
                notice_channel(m, i);
}

static void announce_changes(Monitor *m) {
        found_announce(m);
        notice_settled(m);
        notice_lost(m);
        notice_channels(m);
}

/* What hangs in the kernel cannot be helped, but it can be told. */
static void notice_hang(Monitor *m) {
        usec_t now = now_usec();

        if (m->device_gone && now - m->cancelled_usec >= LET_GO_USEC) {
                m->wakeup = sd_event_source_disable_unref(m->wakeup);
                m->source = iio_source_free(m->source);
                if (m->checking)
                        m->check = NULL;        /* its thread may still write there */
                (void) set_state(m, MONITOR_GONE, -ENODEV);
                m->sinks.gone(m, m->sinks.userdata);
                return;
        }
        if (m->checking && !m->cancelled_usec && now - m->attempt_usec >= CHECK_USEC) {
                m->verdict = -ETIMEDOUT;
                m->verdict_what = "the check does not end";
                cancel(m);
        }
        if (m->checking || m->hang_said || (m->opened && !m->cancelled_usec) ||
            now - MAX(m->attempt_usec, m->cancelled_usec) < OPENING_USEC)
                return;
        m->hang_said = true;
        log_message(LOG_WARNING, TWITCHD_MESSAGE_DEVICE_FAILED, m->name, "%s: the device does not %s.",
                    m->name,
                    m->cancelled_usec ? "let go" : "answer while it is being opened");
}

void monitor_tick(Monitor *m) {
        if (!m->source)
                return;
        if (m->opened) {
                notice_silence(m);
                announce_changes(m);
        }
        notice_hang(m);
}

/* --- from outside ------------------------------------------------------------- */

int monitor_new(sd_event *event, const char *uri, const char *id, const DevicePlace *place,
                const Config *config, const MonitorSinks *sinks, Monitor **ret) {
        assert(event);
        assert(place);
        assert(sinks);
        assert(ret);

        _cleanup_(monitor_freep) Monitor *m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->event = sd_event_ref(event);
        m->uri = strdup(uri);
        m->id = id ? strdup(id) : NULL;
        if (!m->uri || (id && !m->id))
                return -ENOMEM;
        m->config = *config;
        m->sinks = *sinks;
        m->place = *place;
        m->name = m->place.name;
        m->seen_usec = now_usec();
        m->retry_delay_usec = RETRY_FIRST_USEC;
        /* a device elsewhere cannot be asked */
        m->sinc3 = id && streq(uri, IIO_LOCAL_URI) && device_has_sinc3(id);
        for (unsigned i = 0; i < DEVICE_CHANNELS_MAX; i++)
                m->channels[i] = (MonitorChannel) {
                        .monitor = m, .index = i, .status = "unknown", .electrodes_off = "unknown",
                        .before = { .noise_uv = NAN, .floor_uv = NAN },
                };

        int r = sd_id128_randomize(&m->instance);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &m->retry, CLOCK_MONOTONIC, 0, 0, on_retry, m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

Monitor* monitor_free(Monitor *m) {
        if (!m)
                return NULL;
        cancel(m);
        if (m->source && m->checking && iio_source_join(m->source, USEC_PER_SEC) < 0)
                m->check = NULL;                /* its thread hangs and may still write there */
        end_check(m, -ECANCELED, NULL);
        sd_event_source_disable_unref(m->wakeup);
        sd_event_source_disable_unref(m->retry);
        iio_source_free(m->source);
        detector_free(m->detector);
        sd_event_unref(m->event);
        free(m->uri);
        free(m->id);
        free(m);
        return NULL;
}

void monitor_configure(Monitor *m, const Config *config) {
        bool same = config_equal_for_device(&m->config, config);

        m->config = *config;
        if (same)
                return;
        m->retry_delay_usec = RETRY_FIRST_USEC;
        if (m->source)
                cancel(m);
        else
                schedule(m, 0);
}

int monitor_check(Monitor *m, MonitorChecked checked, void *userdata) {
        if (m->checked || m->stopping || m->device_gone)
                return -EBUSY;
        m->check = calloc(1, sizeof *m->check);
        if (!m->check)
                return -ENOMEM;
        m->checked = checked;
        m->checked_userdata = userdata;
        if (m->source)
                cancel(m);
        else
                schedule(m, 0);
        return 0;
}

void monitor_cancel(Monitor *m) {
        m->stopping = true;
        m->retry = sd_event_source_disable_unref(m->retry);
        cancel(m);
}

int monitor_finish(Monitor *m, usec_t timeout_usec) {
        if (!m->source)
                return 0;
        int r = iio_source_join(m->source, timeout_usec);
        if (r < 0)
                return r;
        ended(m);
        return 0;
}

void monitor_device_gone(Monitor *m) {
        m->device_gone = true;
        if (!m->source) {
                (void) set_state(m, MONITOR_GONE, -ENODEV);
                m->sinks.gone(m, m->sinks.userdata);
                return;
        }
        m->cancelled_usec = 0;          /* once more, now that it is known */
        cancel(m);
}

/* --- for the sinks ---------------------------------------------------------- */

double monitor_channel_ohm(const Monitor *m, unsigned channel) {
        return m->detector && m->info.contact == SOURCE_CONTACT_AC ? m->contact.channels[channel].ohm : NAN;
}

const char* monitor_contact_method(const Monitor *m) {
        static const char *const words[] = {
                [SOURCE_CONTACT_NONE] = "none", [SOURCE_CONTACT_DC] = "dc", [SOURCE_CONTACT_AC] = "ac",
        };

        return words[m->opened ? m->info.contact : SOURCE_CONTACT_NONE];
}

const char* monitor_bias_electrode(const Monitor *m) {
        static const char *const words[] = {
                [SOURCE_BIAS_UNKNOWN] = "not-measured", [SOURCE_BIAS_OFF] = "off",
                [SOURCE_BIAS_CONNECTED] = "connected",
        };

        return words[m->opened ? m->info.bias : SOURCE_BIAS_UNKNOWN];
}

double monitor_nominal_rate_hz(const Monitor *m) {
        return m->n_channels > 0 ? m->info.rate_hz : m->config.rate_hz;
}

const SourceChannel* monitor_channel_info(const Monitor *m, unsigned channel) {
        assert(channel < m->n_channels);
        return &m->info.channels[channel];
}

void monitor_channel_stats(const Monitor *m, unsigned channel, DetectChannelStats *ret) {
        const DetectChannelStats *before = &m->channels[channel].before;

        if (!m->detector || detector_get_channel_stats(m->detector, channel, ret) < 0) {
                *ret = *before;
                return;
        }
        ret->exposure_s += before->exposure_s;
        ret->events += before->events;
        ret->minutes += before->minutes;
        ret->voluntary_minutes += before->voluntary_minutes;
        ret->rest_s += before->rest_s;
        ret->rest_twitches += before->rest_twitches;
}

bool monitor_lost_is_known(const Monitor *m, LostCause c) {
        return m->lost_known || !lost_cause_is_told_by_device(c);
}

uint64_t monitor_lost_total(const Monitor *m) {
        uint64_t n = 0;

        for (LostCause c = 0; c < _LOST_CAUSE_MAX; c++)
                if (monitor_lost_is_known(m, c))
                        n += m->lost[c];
        return n;
}
