#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Man pages and completions, from what the programs themselves know: nothing is written twice.

    daemon/ctl/pages.py PAGE TWITCHCTL      to standard output

PAGE is twitchctl.1, twitchd.8, twitchd.conf.5, org.twitchd1.5, twitchctl.bash or _twitchctl. The verbs and options
come from `twitchctl help --json`, the settings from `twitchctl config --json`, the bus from daemon/bus/*.xml.
"""
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
NOT_MEDICAL = "Research and educational software; not a medical device. See the README for safety."


def ask(program, *words):
    out = subprocess.run([program, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


# --- roff ---------------------------------------------------------------------------------------

def esc(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha").replace("`", "\\(ga")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def paragraphs(text):
    """Lines that begin with a space stay as they are."""
    out, verbatim = [], False
    for line in text.split("\n"):
        if line.startswith(" ") != verbatim:
            out.append(".EE" if verbatim else ".EX")
            verbatim = not verbatim
        out.append(esc(line) if line else ".PP" if not verbatim else "")
    if verbatim:
        out.append(".EE")
    return "\n".join(out)


def page(name, section, summary, parts):
    out = [f'.\\" Made by daemon/ctl/pages.py\n.TH "{name.upper()}" "{section}" "" "twitch" ""',
           f".SH NAME\n{esc(name)} \\- {esc(summary)}"]
    out += [f".SH {title}\n{body}" for title, body in parts]
    return "\n".join(out) + "\n"


def option_text(o):
    value = o.get("value", "")
    value = "[=" + value[1:] if value.startswith("[") else "=" + value if value else ""
    short = f"\\fB\\-{o['letter']}\\fR, " if "letter" in o else ""
    return f".TP\n{short}\\fB\\-\\-{esc(o['name'])}\\fR\\fI{esc(value)}\\fR\n{esc(o['help'])}"


# --- twitchctl(1) -------------------------------------------------------------------------------

def verb_text(verb, path):
    args = " " + verb["args"] if verb["args"] else ""
    out = [f".SS \\fBtwitchctl {esc(path)}\\fR\\fI{esc(args)}\\fR", esc(verb["summary"]) + "."]
    if verb.get("text"):
        out += [".PP", paragraphs(verb["text"])]
    out += [option_text(o) for o in verb["options"]]
    return "\n".join(out + [verb_text(s, f"{path} {s['name']}") for s in verb["subs"]])


def twitchctl_1(program):
    verbs = ask(program, "help", "--json")
    common, verbs = verbs[0]["options"], verbs[1:]
    return page("twitchctl", "1", "ask twitchd about muscle twitches, or look for them in a recording", [
        ("SYNOPSIS", "\\fBtwitchctl\\fR [\\fIOPTION\\fR...] \\fIVERB\\fR [\\fIARGUMENT\\fR...]"),
        ("DESCRIPTION", "How a person talks to \\fBtwitchd\\fR(8). Options may stand before or behind the verb.\n.PP\n"
         + esc(NOT_MEDICAL)),
        ("VERBS", "\n".join(verb_text(v, v["name"]) for v in verbs)),
        ("OPTIONS OF MANY VERBS", "\n".join(map(option_text, common))),
        ("EXIT STATUS", "0, 1 if it did not work, 2 if it was called wrongly."),
        ("ENVIRONMENT", ".TP\n\\fBCOLUMNS\\fR\nWidth of tables, instead of the terminal's.\n"
         ".TP\n\\fBNO_COLOR\\fR\nNo colours. They never say what no word says."),
        ("SEE ALSO", "\\fBtwitchd\\fR(8), \\fBtwitchd.conf\\fR(5), \\fBorg.twitchd1\\fR(5)")])


# --- twitchd(8), twitchd.conf(5) ------------------------------------------------------------------

def twitchd_8(program):
    return page("twitchd", "8", "find muscle twitches in the signals of ADS1299 front ends", [
        ("SYNOPSIS", "\\fBtwitchd.service\\fR\n.PP\n\\fBtwitchd\\fR [\\fIOPTION\\fR...]"),
        ("DESCRIPTION", "A system service that reads every ADS1299 front end of the machine through the Industrial I/O "
         "subsystem, finds muscle twitches in its channels as they happen, keeps them, and tells programs over D\\-Bus. "
         "udev starts it when a front end appears; it ends by itself when the last one is gone.\n.PP\n"
         "When somebody's muscles twitch is health data: only root and members of the group \\fBtwitchd\\fR may call "
         "it or hear its signals.\n.PP\n" + esc(NOT_MEDICAL)),
        ("OPTIONS", ".TP\n\\fB\\-\\-config=\\fR\\fIFILE\\fR\nRead FILE and FILE.d/*.conf instead of what "
         "\\fBtwitchd.conf\\fR(5) names.\n.TP\n\\fB\\-\\-uri=\\fR\\fIURI\\fR\nRead the first ADS1299 of another IIO "
         "context than this machine's, ip:192.168.1.5 say. Unencrypted: a wire of your own only.\n"
         ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n.TQ\n\\fB\\-\\-version\\fR"),
        ("STOPPING IT", "udev starts it again with the next front end, and a call on the bus does, too. To keep it "
         "stopped:\n.EX\n  sudo systemctl mask \\-\\-now twitchd\n.EE\nand to undo that:\n.EX\n"
         "  sudo systemctl unmask twitchd\n  sudo udevadm trigger \\-c add \\-s iio\n.EE"),
        ("SIGNALS", ".TP\nSIGTERM, SIGINT\nStop: within two seconds, whatever the device does."),
        ("JOURNAL", "Messages that a person can do something about have advice: \\fBjournalctl \\-x \\-u twitchd\\fR. "
         "How much is said: \\fBsystemctl log\\-level twitchd debug\\fR."),
        ("FILES", "\\fI/var/lib/twitchd\\fR: the history. \\fI/etc/twitchd\\fR: settings."),
        ("SEE ALSO", "\\fBtwitchctl\\fR(1), \\fBtwitchd.conf\\fR(5), \\fBorg.twitchd1\\fR(5)")])


def twitchd_conf_5(program):
    settings = ask(program, "config", "--defaults", "--json")
    sections = list(dict.fromkeys(s["section"] for s in settings))
    parts = [
        ("SYNOPSIS", "\n.br\n".join(f"\\fI{esc(f)}\\fR" for f in (
            "/etc/twitchd/twitchd.conf", "/run/twitchd/twitchd.conf", "/usr/lib/twitchd/twitchd.conf",
            "/etc/twitchd/conf.d/*.conf", "/run/twitchd/conf.d/*.conf", "/usr/lib/twitchd/conf.d/*.conf"))),
        ("DESCRIPTION", "Of twitchd.conf the first there is is read; then the files in the three conf.d folders "
         "together, by name; of two of one name the one in /etc goes before that in /run, and that before that in "
         "/usr/lib; a link to /dev/null hides it. What comes later wins.\n.PP\nLines are \\fIsetting = value\\fR below a "
         "[section]; # and ; begin comments. A mistake is named in the journal by file and line and has no effect. "
         "\\fBtwitchctl config\\fR shows what is in effect, where it comes from, and all mistakes.\n.PP\nA change takes "
         "effect with \\fBsystemctl reload twitchd\\fR.")]
    for section in sections:
        numbered = any(s["section"] == section and s["per_channel"] for s in settings)
        parts.append((f"[{esc(section)}{' N' if numbered else ''}]",
                      ("N counts channels from 1: the input that boards call IN1 is [channel 1].\n" if numbered else "")
                      + "\n".join(f".TP\n\\fB{esc(s['setting'])}\\fR\n{esc(s['help'])} {esc(s['allowed'][0].upper())}"
                                  f"{esc(s['allowed'][1:])}." + (f" Default: {esc(s['value'])}." if s["value"] else "")
                                  for s in settings if s["section"] == section)))
    parts.append(("SEE ALSO", "\\fBtwitchd\\fR(8), \\fBtwitchctl\\fR(1)"))
    return page("twitchd.conf", "5", "settings of twitchd", parts)


# --- org.twitchd1(5) ------------------------------------------------------------------------------

def comment_text(text):
    blocks = re.split(r"\n\s*\n", text.strip())
    return "\n.PP\n".join(esc(" ".join(b.split())) for b in blocks)


def member_text(e):
    name, kind = e.get("name"), e.tag
    if kind == "property":
        return f".TP\n\\fB{name}\\fR \\fI{esc(e.get('type'))}\\fR (property, {e.get('access')})"
    args = {d: ", ".join(f"{a.get('type')} {a.get('name')}" for a in e.findall("arg") if a.get("direction", d) == d)
            for d in (("in", "out") if kind == "method" else ("",))}
    signature = f"({args['in']})" + (f" -> ({args['out']})" if args["out"] else "") if kind == "method" else f"({args['']})"
    return f".TP\n\\fB{name}\\fR \\fI{esc(signature)}\\fR ({kind})"


def interface_text(path):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(path.read_text(), parser)
    out, comment = [], ""
    for node in root:
        if node.tag is ElementTree.Comment:
            out.append(comment_text(node.text))
            continue
        # A comment speaks of what follows it, up to the next comment.
        for e in node:
            if e.tag is ElementTree.Comment:
                comment = e.text
                continue
            if e.tag == "annotation":
                continue
            out.append(member_text(e) + "\n" + (comment_text(comment) if comment else ""))
            comment = ""
    return "\n".join(out)


def errors_text():
    header = (TOP / "include/twitchd.h").read_text()
    rows = re.findall(r'X\(\w+, "(\w+)", \w+, +"((?:[^"\\]|\\.)*)"\)', header)
    return "\n".join(f".TP\n\\fBorg.twitchd1.Error.{name}\\fR\n" + esc(text.replace('\\"', '"')) for name, text in rows)


def org_twitchd1_5(program):
    files = sorted((TOP / "daemon/bus").glob("*.xml"))
    return page("org.twitchd1", "5", "the D-Bus interfaces of twitchd", [
        ("SYNOPSIS", "\\fBbusctl tree org.twitchd1\\fR"),
        ("DESCRIPTION", "What programs can ask \\fBtwitchd\\fR(8), on the system bus as \\fBorg.twitchd1\\fR. Only root and "
         "members of the group \\fBtwitchd\\fR may call it and hear its signals. Expect more members, details and words: "
         "ignore what you do not know."),
        *[(esc(f.stem).upper(), interface_text(f)) for f in files],
        ("ERRORS", "Arguments that cannot be are answered with org.freedesktop.DBus.Error.InvalidArgs.\n" + errors_text()),
        ("SEE ALSO", "\\fBtwitchd\\fR(8), \\fBtwitchctl\\fR(1), \\fBbusctl\\fR(1)")])


# --- completion -------------------------------------------------------------------------------------

def choices(value):
    """The words that "[yes|no]" allows; none if it is free."""
    return re.findall(r"[a-z0-9-]+", value) if "|" in value else []


def walk(verbs, path=()):
    for v in verbs:
        yield (*path, v["name"]), v
        yield from walk(v["subs"], (*path, v["name"]))


def table(program):
    verbs = ask(program, "help", "--json")
    common, verbs = verbs[0]["options"], verbs[1:]
    rows = {}
    for path, v in walk(verbs):
        own = v["options"] + [o for o in common if o["name"] not in ("json", "address") or v[{"json": "json", "address": "bus"}[o["name"]]]]
        rows[" ".join(path)] = {
            "options": ["--" + o["name"] + ("=" if o.get("value", "[")[0] != "[" else "") for o in own],
            "choices": {"--" + o["name"]: choices(o["value"]) for o in own if choices(o.get("value", ""))},
            "files": [("--" + o["name"]) for o in own if o.get("value") in ("FILE", "FOLDER")],
            "words": [s["name"] for s in v["subs"]] + ([x["name"] for x in verbs] if v["name"] == "help" else []),
            "takes_file": "FILE" in v["args"] or "FOLDER" in v["args"], "summary": v["summary"]}
    return rows


def bash(program):
    rows = table(program)
    top = [r for r in rows if " " not in r]
    out = ["# bash completion of twitchctl. Made by daemon/ctl/pages.py",
           "_twitchctl() {",
           "        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' words='' option='' w i",
           "        # bash takes = for a word of its own",
           "        if [ \"$current\" = = ]; then option=$previous current=",
           "        elif [ \"$previous\" = = ]; then option=${COMP_WORDS[COMP_CWORD-2]}; fi",
           "        for ((i = 1; i < COMP_CWORD; i++)); do",
           "                w=${COMP_WORDS[i]}",
           "                case \"${path:+$path }$w\" in",
           "                " + "|".join(f'"{r}"' for r in rows) + ") path=${path:+$path }$w ;;",
           "                esac",
           "        done",
           "        COMPREPLY=()",
           "        case \"$path $option\" in"]
    for r, v in rows.items():
        out += [f"        \"{r} {o}\") words=\"{' '.join(c)}\" ;;" for o, c in v["choices"].items()]
        out += [f"        \"{r} {o}\") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;" for o in v["files"]]
    out += ["        esac",
            "        [ -z \"$option\" ] || { mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\"); return; }",
            "        case \"$path\" in",
            f"        '') words=\"{' '.join(top)} --help --version\" ;;"]
    for r, v in rows.items():
        out.append(f"        \"{r}\") words=\"{' '.join(v['words'] + v['options'])}\" ;;")
    out += ["        esac",
            "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")",
            "        case \"${COMPREPLY[0]}\" in *=) compopt -o nospace ;; esac",
            "        case \"$path\" in"]
    out += [f"        \"{r}\") [ ${{#COMPREPLY[@]}} -gt 0 ] || {{ compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); }} ;;"
            for r, v in rows.items() if v["takes_file"]]
    out += ["        esac", "}", "complete -F _twitchctl twitchctl"]
    return "\n".join(out) + "\n"


def zsh(program):
    rows = table(program)

    def quoted(text):
        return "'" + text.replace("'", "'\\''") + "'"

    out = ["#compdef twitchctl", "# zsh completion of twitchctl. Made by daemon/ctl/pages.py", "local path_ w i",
           "for ((i = 2; i < CURRENT; i++)); do", "        w=${words[i]}", "        case \"${path_:+$path_ }$w\" in",
           "        " + "|".join(f'"{r}"' for r in rows) + ") path_=${path_:+$path_ }$w ;;", "        esac", "done",
           "case \"$path_\" in",
           "'') local -a verbs; verbs=(" + " ".join(quoted(f"{r}:{v['summary']}") for r, v in rows.items() if " " not in r)
           + "); _describe verb verbs ;;"]
    for r, v in rows.items():
        parts = [f"compadd -S '' -- {' '.join(o for o in v['options'] if o.endswith('='))}"] if any(o.endswith("=") for o in v["options"]) else []
        plain = [o for o in v["options"] if not o.endswith("=")]
        parts.append(f"compadd -- {' '.join(v['words'] + plain)}")
        if v["takes_file"]:
            parts.append("_files")
        out.append(f"\"{r}\") {'; '.join(parts)} ;;")
    return "\n".join(out + ["esac"]) + "\n"


PAGES = {"twitchctl.1": twitchctl_1, "twitchd.8": twitchd_8, "twitchd.conf.5": twitchd_conf_5,
         "org.twitchd1.5": org_twitchd1_5, "twitchctl.bash": bash, "_twitchctl": zsh}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in PAGES:
        sys.exit(__doc__)
    sys.stdout.write(PAGES[sys.argv[1]](sys.argv[2]))
