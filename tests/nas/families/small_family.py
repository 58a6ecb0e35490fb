"""A study of four small networks, two of them the same, three seeds each, as a process that may be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from nas.families.conduct import conduct
from nas.families.member import Member
from nas.families.plan import plan
from nas.study.run_options import RunOptions
from nas.training.recipes import recipe_of
from search_spaces import Architecture, Conv, Stage


def network(width):
    return Architecture(image_size=8, stages=(Stage(Conv(), out=width, stride=2),))


WIDTHS = {"thin": 8, "middle": 16, "same": 16, "wide": 24}


def members(widths=None):
    recipe = recipe_of("plain")
    return [Member(name, network(width), recipe, {"w": str(width)}) for name, width in (widths or WIDTHS).items()]


def family_plan(out, seeds=3, widths=None, **options):
    return plan("family", network(8), members(widths), "digits", base_name="small", out=out, seeds=seeds, **options)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    conduct(family_plan(sys.argv[1]), RunOptions(workers=2, keep="none"), trainer="family_pretenders:slowly")
