"""What docs/scaling.md says of the published table is what the code has."""

from __future__ import annotations

from pathlib import Path

from scaling import VARIANTS, scale
from search_spaces import load

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


def test_the_published_table_is_that_of_the_code():
    table = PAGE.read_text().partition("| variant |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    base = load("efficientnet-b0")
    expected = []
    for name, published in VARIANTS.items():
        member = scale(base, variant=name)
        factors = [
            f"{number:g}" for number in (published.depth, published.width, published.image_size, published.dropout)
        ]
        ratios = [f"{member.ratio:.2f}", f"{member.nominal_ratio:.2f}"]
        expected.append([name, *factors, f"{member.cost.params:,}", f"{member.cost.macs:,}", *ratios])
    assert rows == expected


def test_phi_3_and_b3_cost_what_the_page_says():
    page, base = PAGE.read_text(), load("efficientnet-b0")
    three, b3 = scale(base, phi=3), scale(base, variant="b3")
    assert f"costs {three.nominal_ratio:.2f} times its base ({three.ratio:.2f} times B0" in page
    assert f"B3 {b3.nominal_ratio:.2f} times ({b3.ratio:.2f}" in page
