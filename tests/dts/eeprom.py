#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Check a text for eepmake (ID EEPROM of a Raspberry Pi HAT) against the HAT specification's rules,
and against the tree that the overlay makes:

    tests/dts/eeprom.py TEXT TREE.dtb NODE

NODE is the chip's. The pins that the text claims must be those of SPI0 and the node's DRDY.
"""
import re
import struct
import sys
import uuid

import libfdt

FUNCTIONS = ["INPUT", "OUTPUT"] + [f"ALT{i}" for i in range(6)]
PULLS = ["DEFAULT", "UP", "DOWN", "NONE"]
# Highest value of a setting of the GPIO bank; the specification reserves what is above
BANK_LIMITS = {"gpio_drive": 8, "gpio_slew": 2, "gpio_hysteresis": 2, "back_power": 2}
REQUIRED = ["product_uuid", "product_id", "product_ver", "vendor", "product", *BANK_LIMITS, "dt_blob"]
# GPIO 0 and 1 are those of the EEPROM itself; the header has no more than 27
GPIOS = range(2, 28)
# CE1, CE0, MISO, MOSI, SCLK (BCM2835 ARM Peripherals, table 6-31)
SPI0_PINS = [7, 8, 9, 10, 11]


def check_setting(name, value):
    if name == "product_uuid":
        uuid.UUID(value)
    elif name in ("product_id", "product_ver"):
        if not re.fullmatch(r"0x[0-9a-fA-F]{4}", value):
            raise ValueError(f"{name} {value}: not 16 bits in hexadecimal")
    elif name in ("vendor", "product", "dt_blob"):
        text = re.fullmatch(r'"([\x20-\x21\x23-\x7e]{1,255})"', value)
        if not text:
            raise ValueError(f"{name}: not a text of 1 to 255 ASCII characters in quotes")
    elif name in BANK_LIMITS:
        if not 0 <= int(value) <= BANK_LIMITS[name]:
            raise ValueError(f"{name} {value}: more than {BANK_LIMITS[name]} is reserved")
    else:
        raise ValueError(f"eepmake knows no {name}")


def parse(lines):
    settings, pins = {}, {}
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split(maxsplit=1)
        if not words:
            continue
        name, value = words[0], words[1].strip() if len(words) > 1 else ""
        try:
            if name == "setgpio":
                pin, function, pull = value.split()
                if int(pin) not in GPIOS or function not in FUNCTIONS or pull not in PULLS:
                    raise ValueError(f"setgpio {value}: not a pin, a function and a pull")
                if int(pin) in pins:
                    raise ValueError(f"GPIO {pin} is set twice")
                pins[int(pin)] = function
            else:
                if name in settings:
                    raise ValueError(f"{name} is set twice")
                check_setting(name, value)
                settings[name] = value
        except ValueError as e:
            raise ValueError(f"line {number}: {e}") from None
    missing = [name for name in REQUIRED if name not in settings]
    if missing:
        raise ValueError("missing: " + " ".join(missing))
    return settings, pins


def main():
    text, tree, node = sys.argv[1:]
    with open(text, encoding="ascii") as f:
        settings, pins = parse(f)
    with open(tree, "rb") as f:
        fdt = libfdt.FdtRo(f.read())
    drdy, _ = struct.unpack(">2I", bytes(fdt.getprop(fdt.path_offset(node), "interrupts")))
    wanted = {**{pin: "ALT0" for pin in SPI0_PINS}, drdy: "INPUT"}
    if pins != wanted:
        raise ValueError(f"its pins are {pins}, those of the overlay {wanted}")
    print(f"  {settings['product']}: {len(pins)} pins, overlay {settings['dt_blob']}")


if __name__ == "__main__":
    try:
        main()
    except ValueError as e:
        sys.exit(f"{sys.argv[1]}: {e}")
