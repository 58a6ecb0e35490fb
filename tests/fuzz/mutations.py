"""Hostile inputs from sound ones, by a seeded random generator: bytes that are cut, flipped or put in; lines doubled,
merged or lost; values of wrong types, keys that are missing; texts that would be commands to a page or a terminal."""

from __future__ import annotations

import copy
import json
import os
from contextlib import suppress

from nas.study.log import decode, encode

SCRIPT = "<script>alert(1)</script>\x1b[2J"
VALUES = [None, True, -1, 0, 10**400, 1e308, "", SCRIPT, [], {}, [1, "a"], {"a": None}, "1", -0.5, [[]], "\ud800"]
TEXTS = (
    "",
    " ",
    "nan",
    "-1",
    "0",
    "1e999",
    "9" * 400,
    "a" * 5000,
    SCRIPT,
    "\u202edcba",
    "a\nb",
    "a\tb",
    "\x00",
    "é" * 9,
)
TEXTS += (
    "../..",
    "/dev/null",
    "/proc/self/mem",
    "%s%n",
    "${HOME}",
    "*",
    "~nobody",
    "--help",
    "-",
    ":",
    "=",
    "١٢",
    "1_0",
)
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\n\n",
    b"&a [*a]",
    b"!!python/object:os.system",
    b"{",
    b"]",
    b"\x1b]0;x\x07",
    b"9" * 500,
)


def broken(data, rng):
    """Other bytes: cut, one bit flipped, a stretch lost, doubled, or something put in."""
    at, length = (rng.randrange(len(data)), rng.randrange(1, 64)) if data else (0, 0)
    match rng.randrange(6):
        case 0:
            return data[:at]
        case 1 if data:
            return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        case 2:
            return data[:at] + data[at + length :]
        case 3:
            return data[: at + length] + data[at:]
        case 4:
            return data[:at] + rng.randbytes(length) + data[at + length :]
        case _:
            return data[:at] + rng.choice(PIECES) + data[at:]


def cut_in_last_lines(data, rng):
    """Any byte of the last three lines is the last one."""
    start = 0
    for _ in range(4):
        start = data.rfind(b"\n", 0, start - 1 if start else len(data))
    return data[: rng.randrange(max(0, start), len(data) + 1)]


def relined(data, rng):
    """A line doubled, lost, merged with the next one, or in another place."""
    lines = data.split(b"\n")
    index = rng.randrange(max(1, len(lines) - 1))
    match rng.randrange(4):
        case 0:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        case 1:
            lines.pop(index)
        case 2 if len(lines) > 2:
            lines[index : index + 2] = [b"".join(lines[index : index + 2])]
        case _:
            rng.shuffle(lines)
    return b"\n".join(lines)


def retyped(value, rng, values=VALUES):
    """Plain data with another value somewhere, or a key that is missing or new."""
    value = copy.deepcopy(value)
    place = value
    while isinstance(place, dict | list) and place:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.85:
            place = place[key]
            continue
        match rng.randrange(8):
            case 0:
                del place[key]
            case 1 if isinstance(place, dict):
                place[rng.choice(TEXTS)] = place.pop(key)
            case 2 if isinstance(place, list):
                place *= rng.choice((2, 50))
            case _:
                place[key] = rng.choice(values) if rng.random() < 0.7 else rng.choice(TEXTS)
        return value
    return rng.choice(values)


def as_json(data):
    """YAML and JSON at once, in ASCII."""
    return json.dumps(data, ensure_ascii=True).encode()


def event_retyped(data, rng):
    """Another value in one event of a log, under a checksum that is right."""
    lines = data.split(b"\n")
    index = rng.randrange(max(1, len(lines) - 1))
    with suppress(ValueError, TypeError, AttributeError):  # damaged already, or nothing that a log can hold
        event = retyped({k: v for k, v in decode(lines[index]).items() if k != "crc"}, rng)
        lines[index] = encode(event).rstrip(b"\n")
    return b"\n".join(lines)


def line_retyped(data, rng):
    """Another value in one line of JSON."""
    lines = data.split(b"\n")
    index = rng.randrange(max(1, len(lines) - 1))
    with suppress(ValueError):
        lines[index] = as_json(retyped(json.loads(lines[index]), rng))
    return b"\n".join(lines)


def replace_by_other(path, rng):
    """In place of a file a pipe, a folder, or a link that leads nowhere or to itself."""
    path.unlink()
    match rng.randrange(4):
        case 0:
            os.mkfifo(path)
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to("nowhere")
        case _:
            path.symlink_to(path.name)


def damage(path, rng, read=None):
    """Change one file; ``read`` gives the plain data in a YAML file."""
    if rng.random() < 0.05:
        replace_by_other(path, rng)
    if not path.is_file():
        return
    data = path.read_bytes()
    mutators = [broken, relined, cut_in_last_lines]
    if path.suffix == ".jsonl":
        mutators += 2 * [event_retyped if path.name == "log.jsonl" else line_retyped]
    elif read is not None:
        mutators += 3 * [lambda data, rng: as_json(retyped(read(path), rng))]
    path.write_bytes(rng.choice(mutators)(data, rng))
