/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"
#include "ctl.h"
#include "twitchd.h"

#define CALL_TIMEOUT_USEC (10 * USEC_PER_SEC)

static int open_address(const char *address, sd_bus **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        if ((r = sd_bus_new(&bus)) < 0 ||
            (r = sd_bus_set_address(bus, address)) < 0 ||
            (r = sd_bus_set_bus_client(bus, true)) < 0 ||
            (r = sd_bus_start(bus)) < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

int bus_open(sd_bus **ret) {
        int r = arg_address ? open_address(arg_address, ret) : sd_bus_open_system(ret);

        if (r < 0)
                fprintf(stderr, "twitchctl: cannot reach %s%s: %s\n", arg_address ? "the bus at " : "the system bus",
                        arg_address ? arg_address : "", strerror(-r));
        return r;
}

int bus_new_call(sd_bus *bus, const char *path, const char *interface, const char *member, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if ((r = sd_bus_message_new_method_call(bus, &m, TWITCHD_BUS_NAME, path, interface, member)) < 0 ||
            (r = sd_bus_message_set_auto_start(m, false)) < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int bus_call(sd_bus *bus, sd_bus_message *call, sd_bus_error *ret_error, sd_bus_message **ret) {
        return sd_bus_call(bus, call, CALL_TIMEOUT_USEC, ret_error, ret);
}

bool bus_error_is_absent(const sd_bus_error *error) {
        return sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

int bus_complain(int r, const sd_bus_error *error) {
        if (bus_error_is_absent(error))
                fprintf(stderr, "twitchctl: twitchd is not running: see \"systemctl status twitchd\"; "
                        "is the hat plugged in?\n");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                fprintf(stderr, "twitchctl: access denied: you are not in the group twitchd; "
                        "\"sudo usermod -aG twitchd $USER\", then log in again\n");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                fprintf(stderr, "twitchctl: that takes an administrator: with sudo it works\n");
        else if (r == -ETIMEDOUT || sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT))
                fprintf(stderr, "twitchctl: twitchd does not answer: see \"journalctl -u twitchd\"\n");
        else
                fprintf(stderr, "twitchctl: twitchd: %s\n",
                        sd_bus_error_is_set(error) && error->message ? error->message : strerror(-r));
        return r;
}
