"""A stored study, damaged at random: bytes that are cut or flipped, lines doubled, merged or lost, values of wrong
types under right checksums, texts that would be commands to a page or a terminal.

In its long form: ``python tests/nas/study/fuzz.py FOLDER 10000``, FOLDER being a study.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from nas.study import open_study
from nas.study.log import decode, encode
from search_spaces import UserError

SCRIPT = "<script>alert(1)</script>\x1b[2J"
VALUES = [None, True, -1, 0, 10**400, 1e308, "", SCRIPT, [], {}, [1, "a"], {"a": None}, "1", -0.5, [[]], "\ud800"]


def damaged(path, rng):
    """Change one file of a study."""
    data = bytearray(path.read_bytes())
    lines = bytes(data).split(b"\n")
    at = rng.randrange(len(data)) if data else 0
    match rng.randrange(8):
        case 0:
            del data[at:]
        case 1 if data:
            data[at] ^= 1 << rng.randrange(8)
        case 2:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            data = b"\n".join(lines)
        case 3:
            lines.pop(rng.randrange(len(lines)))
            data = b"\n".join(lines)
        case 4 if len(lines) > 2:
            index = rng.randrange(len(lines) - 1)
            lines[index : index + 2] = [lines[index] + lines[index + 1]]
            data = b"\n".join(lines)
        case 5:
            data[at:at] = rng.choice((b"\x00", b"\xff\xfe", b"\n\n", b"&a [*a]", b"!!python/object:os.system"))
        case _:
            data = retyped(lines, rng) if path.suffix == ".jsonl" else replaced(bytes(data), rng)
    path.write_bytes(bytes(data))


def retyped(lines, rng):
    """Another value in one event, under a checksum that is right."""
    index = rng.randrange(max(1, len(lines) - 1))
    try:
        event = decode(lines[index])
    except ValueError:
        return b"\n".join(lines)
    event.pop("crc", None)
    place = event
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            return b"\n".join(lines)
        key = rng.choice(list(keys))
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.8:
            place = place[key]
            continue
        place[key] = rng.choice(VALUES)
        break
    try:
        lines[index] = encode(event).rstrip(b"\n")
    except (ValueError, TypeError):
        return b"\n".join(lines)
    return b"\n".join(lines)


def replaced(data, rng):
    """Another value after one of the colons of a YAML file."""
    lines = data.split(b"\n")
    index = rng.randrange(len(lines))
    name, colon, _ = lines[index].partition(b": ")
    if colon:
        value = json.dumps(rng.choice(VALUES), ensure_ascii=True)
        lines[index] = name + b": " + value.encode()
    return b"\n".join(lines)


def check(folder, files, seed, page=None):
    """Damage a copy of a study and look at it: it is read, or refused in one line."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as there:
        copy = Path(there) / "study"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("checkpoints", "*.html", "lock"))
        for _ in range(rng.randrange(1, 4)):
            damaged(copy / rng.choice(files), rng)
        try:
            study = open_study(copy)
            study.to_data()
            study.trials()
            repr(study)
            html = study._repr_html_()
            if page is not None:
                html += page(study)
        except UserError as refusal:
            html, problem = "", str(refusal)
        else:
            problem = None
        assert "\n" not in (problem or "")
        assert SCRIPT not in html
        return problem is None


if __name__ == "__main__":
    read = 0
    for number in range(int(sys.argv[2])):
        try:
            read += check(Path(sys.argv[1]), ("log.jsonl", "study.yaml"), number)
        except Exception as error:
            print(number, type(error).__name__, str(error)[:200])
            if "-v" in sys.argv:
                raise
    print(f"{read} of {sys.argv[2]} were read, the others refused")
