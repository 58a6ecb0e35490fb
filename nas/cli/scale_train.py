"""`nas scale --family --train`: the members of a family trained alike, as a study."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nas.cli import output
from nas.cli.exits import DONE
from nas.cli.family_study import asked_recipe, closing_lines, planned, print_results, row_data, trained

if TYPE_CHECKING:
    from scaling import Scaled
    from search_spaces import Architecture


def train_family(options: argparse.Namespace, name: str, base: Architecture, scaled: Sequence[Scaled]) -> int:
    """Train what is missing, and print the family by accuracy."""
    from nas.families.make import beside, family_members
    from nas.families.member import grown_recipe
    from nas.study.members import results

    recipe = asked_recipe(options)
    recipes = [grown_recipe(recipe, base, s.architecture) if options.grow else recipe for s in scaled]
    members = family_members(base, scaled, recipe, recipes)
    members += beside(options.beside.split(",") if options.beside else [], base.image_size, recipe)
    study_plan = planned("family", base, name, members, options)
    study = trained(study_plan, options, keep="base")
    outcome = results(study.records)
    if options.json:
        output.print_json({"study": str(study.folder), "rows": list(map(row_data, outcome.rows))})
        return DONE
    print_results(outcome)
    print("", *closing_lines(study), sep="\n")
    return DONE
