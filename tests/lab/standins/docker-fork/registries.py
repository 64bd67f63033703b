# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of atomic-registries (/usr/libexec/registries) that is written down in
# README.md beside this file. Python 2.7 only.
"""Turns registries.conf (TOML v1, else YAML v0) into one environment variable with the flags of the daemon."""

import argparse
import os
import re
import sys
import syslog

CONF = "/etc/containers/registries.conf"
# in the order of the output: table of v1, key of v0, flag
WORDS = (("search", "registries", "--add-registry"),
         ("insecure", "insecure_registries", "--insecure-registry"),
         ("block", "block_registries", "--block-registry"))

# what the generator's library does with a key that has dots: it makes no table of it
_DOTTED = re.compile(r"^[ \t]*registries[ \t]*\.[ \t]*\w+[ \t]*\.", re.MULTILINE)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_TABLE = re.compile(r"\[\[?[ \t]*((?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'|[ \t]*\.[ \t]*)+)[ \t]*\]\]?")
_KEY = re.compile(r"((?:[A-Za-z0-9_.-]+|\"[^\"\n]*\"|'[^'\n]*'))[ \t]*=[ \t]*")
_SCALAR = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)'|(true|false|[-+]?[0-9][0-9_.:TZ-]*)")
_YAML_KEY = re.compile(r"""(["']?)([A-Za-z0-9_-]+)\1[ ]*:(?:[ ]+(.*))?$""")


def read_toml(text):
    """{table: {key: value}}, the part of TOML that such files use. Raises ValueError."""
    tables, table, at = {"": {}}, "", 0
    while True:
        at = _SPACE.match(text, at).end()
        if at == len(text):
            return tables
        header = _TABLE.match(text, at)
        if header:
            table, at = re.sub(r"[\"' \t]", "", header.group(1)), header.end()
            if table in tables and not header.group(0).startswith("[["):
                raise ValueError("the table %s is there twice" % table)
            tables.setdefault(table, {})
            continue
        key = _KEY.match(text, at)
        if not key:
            raise ValueError("not TOML near %r" % text[at:at + 30])
        name = key.group(1).strip("\"'")
        if name in tables[table] and not table_repeats(text, table):
            raise ValueError("the key %s is there twice" % name)
        tables[table][name], at = toml_value(text, key.end())


def table_repeats(text, table):
    """Whether it is an array of tables, each of which may have the same keys."""
    return re.search(r"\[\[[ \t]*%s[ \t]*\]\]" % re.escape(table), text) is not None


def toml_value(text, at):
    """(value, position after it)."""
    if not text.startswith("[", at):
        scalar = _SCALAR.match(text, at)
        if not scalar:
            raise ValueError("not a TOML value near %r" % text[at:at + 30])
        quoted, literal, _bare = scalar.groups()
        bare = scalar.group(3)
        number = int(bare) if bare and re.match(r"[-+]?[0-9]+\Z", bare) else bare
        return (quoted if quoted is not None else literal if literal is not None else number), scalar.end()
    items, at = [], _SPACE.match(text, at + 1).end()
    while not text.startswith("]", at):
        item, at = toml_value(text, at)
        items.append(item)
        at = _SPACE.match(text, at).end()
        if text.startswith(",", at):
            at = _SPACE.match(text, at + 1).end()
        elif not text.startswith("]", at):
            raise ValueError("not a TOML list near %r" % text[at:at + 30])
    return items, at + 1


def read_yaml(text):
    """{key: list, str or None}, a list or a str: the part of YAML that such files use. Raises ValueError."""
    lines = [re.sub(r"(^|[ ])#.*$", "", line).rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line and line != "---"]
    if lines and lines[0].startswith("- "):
        return [line[2:] for line in lines]
    if len(lines) == 1 and re.match(r"[A-Za-z0-9._-]+\Z", lines[0]):
        return lines[0]
    found, key = {}, None
    for line in lines:
        item = re.match(r"[ ]*-[ ]+(.*)$", line)
        if item and key is not None:
            found[key] = (found[key] or []) + [item.group(1).strip().strip("\"'")]
            continue
        top = _YAML_KEY.match(line)
        if not top:
            raise ValueError("not YAML: %r" % line)
        key, value = top.group(2), (top.group(3) or "").strip()
        flow = re.match(r"\[(.*)\]$|{(.*)}$", value)
        if flow:
            parts = (flow.group(1) if flow.group(1) is not None else flow.group(2)).split(",")
            found[key] = [part.partition(": ")[0].strip().strip("\"'") for part in parts if part.strip()]
        elif value[:1] in ("[", "{"):
            raise ValueError("not YAML: %r" % line)
        else:
            found[key] = value.strip("\"'") or None
    return found


def load(text):
    """[[names] for each of WORDS]. Raises ValueError or KeyError when it is neither format."""
    try:
        tables = read_toml(text)
        if _DOTTED.search(text):
            raise TypeError("string indices must be integers, not str")
        # a table without its list is an error, a missing table is an empty list
        return [tables["registries." + table]["registries"] if "registries." + table in tables else []
                for table, _key, _flag in WORDS]
    except (ValueError, KeyError):
        values = read_yaml(text)
        syslog.syslog(syslog.LOG_NOTICE, "registries.conf in YAML is deprecated, use TOML")
        known = values if isinstance(values, dict) else {}
        return [known.get(key, []) for _table, key, _flag in WORDS]


def line_of(variable, lists):
    """The one line of the file; a null is not caught and a string goes letter by letter, as in the original."""
    flags = ["%s %s " % (flag, name.rstrip("/")) for (_t, _k, flag), names in zip(WORDS, lists) for name in names]
    return '%s="%s"' % (variable, "".join(flags))


def main():
    """Write the variable to the file of -o; where that fails, an older file stays."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-i", "--input", default=CONF)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("-V", "--variable", required=True)
    args = parser.parse_args()
    with open(args.input) as handle:
        text = handle.read()
    try:
        lists = load(text)
    except (ValueError, KeyError):
        sys.stderr.write("Unable to load and parse %s\n." % args.input)
        return 1
    line = line_of(args.variable, lists)
    if not os.path.isdir(os.path.dirname(args.output)):
        os.makedirs(os.path.dirname(args.output))
    with open(args.output, "w") as handle:
        handle.write(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
