"""Colours are told apart by the colour-blind, and text is read, on the light page and on the dark one."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from nas.report.figures import colours

SEEN = {
    "all colours": np.eye(3),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
"""How linear RGB is seen (Machado et al. 2009, severity 1)."""
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]  # sRGB, D65
WHITE = np.array([0.95047, 1.0, 1.08883])
JUST_SEEN = 2.3  # CIE76, Mahy et al. 1994
APART = 4 * JUST_SEEN
MEANINGS = ("TRAINED", "KNOWN", "REUSED", "RETRAINED", "BASE", "BUDGET", "REFERENCE")


def linear(colour):
    """Linear RGB of ``#rrggbb``."""
    share = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB of linear RGB."""
    xyz = np.array(TO_XYZ) @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one, other, eyes):
    """CIE76 distance of two colours as eyes see them."""
    return np.linalg.norm(np.subtract(*(lab(np.array(SEEN[eyes]) @ linear(colour)) for colour in (one, other))))


def contrast(one, other):
    """WCAG 2.2, from 1 to 21."""
    low, high = sorted(float(np.array(TO_XYZ[1]) @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def themes():
    """The page's variables, light and dark."""
    css = files("nas.report").joinpath("assets", "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{([^}]*)\}", css)[:2]
    light, dark = (dict(re.findall(r"--(\w[\w-]*): (#\w{6});", block)) for block in blocks)
    return {"light": light, "dark": {**light, **dark}}


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_of_other_meaning_are_told_apart(eyes):
    palette = {name: getattr(colours, name) for name in MEANINGS}
    near = {pair: apart(palette[pair[0]], palette[pair[1]], eyes) for pair in combinations(palette, 2)}
    assert {pair: distance for pair, distance in near.items() if distance < APART} == {}
    near = {pair: apart(*pair, eyes) for pair in combinations(colours.CYCLE, 2)}
    assert {pair: distance for pair, distance in near.items() if distance < APART} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_text_stand_out_of_what_they_lie_on(theme):
    seen = themes()[theme]
    for name in MEANINGS:
        assert contrast(getattr(colours, name), seen["back"]) >= 3, name
    for text, ground in (
        ("text", "back"),
        ("text", "card"),
        ("text", "picked"),
        ("soft", "back"),
        ("soft", "card"),
        ("base", "back"),
        ("base", "card"),
        ("wrong", "back"),
        ("warn-text", "warn"),
        ("back", "accent"),
    ):
        assert contrast(seen[text], seen[ground]) >= 4.5, (text, ground)


def test_the_measure_knows_what_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx([53.2, 80.1, 67.2], abs=0.3)
    red, green = "#b05050", "#6f7a3a"
    assert apart(red, green, "no green cones") < apart(red, green, "all colours") / 3
