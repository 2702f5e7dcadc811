#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Set parameters of a Raspberry Pi overlay, as the firmware does before it applies one:

    tests/dts/parameters.py OVERLAY.dtbo RESULT.dtbo [NAME[=VALUE]...]

Knows the forms of __overrides__ that ours uses: <0>,"+N" makes fragment N count; <&node>,"property:N"
writes a cell at byte N; <&node>,"property?" is there or not; <&node>,"property" is a string.
"""
import struct
import sys

import libfdt


def enable(tree, number):
    tree.set_name(tree.path_offset(f"/fragment@{number}/__dormant__"), "__overlay__")
    local = tree.path_offset(f"/__local_fixups__/fragment@{number}/__dormant__", [libfdt.NOTFOUND])
    if local >= 0:
        tree.set_name(local, "__overlay__")


def apply(tree, phandle, target, value):
    node = tree.node_offset_by_phandle(phandle)
    if target.endswith("?"):
        tree.setprop(node, target[:-1], b"")
    elif ":" in target:
        name, at = target.split(":")
        cells = bytearray(tree.getprop(node, name))
        struct.pack_into(">I", cells, int(at), int(value, 0))
        tree.setprop(node, name, bytes(cells))
    else:
        tree.setprop_str(node, target, value)


def override(tree, name, value):
    try:
        actions = bytes(tree.getprop(tree.path_offset("/__overrides__"), name))
    except libfdt.FdtException:
        sys.exit(f"the overlay has no parameter {name}")
    enabled = []
    while actions:
        phandle, = struct.unpack_from(">I", actions)
        target, _, actions = actions[4:].partition(b"\0")
        if phandle:
            apply(tree, phandle, target.decode(), value)
        else:
            for number in target.decode().lstrip("+").split("+"):
                enable(tree, int(number))
                enabled.append(number)
    return enabled


def main():
    source, result, *parameters = sys.argv[1:]
    with open(source, "rb") as f:
        tree = libfdt.Fdt(f.read())
    tree.resize(tree.totalsize() + 4096)
    enabled = []
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        enabled += override(tree, name, value)
    # A label of a fragment gives it a phandle, which is not to become that of the node it is merged into
    for number in enabled:
        overlay = tree.path_offset(f"/fragment@{number}/__overlay__")
        if tree.get_phandle(overlay):
            tree.delprop(overlay, "phandle")
    data = bytes(tree.as_bytearray())
    # References and labels are listed by path. The two names are of one length. A label of the fragment itself
    # stays out of it: fdtoverlay has no place for that
    for number in enabled:
        for end in ":/":
            old, new = (f"/fragment@{number}/{name}{end}".encode() for name in ("__dormant__", "__overlay__"))
            data = data.replace(old, new)
    with open(result, "wb") as f:
        f.write(data)


if __name__ == "__main__":
    main()
