"""`nas studies`: list, show or remove the studies of a folder."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.cli import output
from nas.cli.exits import DONE, FAILED
from nas.cli.parser import Parser, command
from nas.cli.report_text import print_study
from nas.storage import layout
from nas.study import open_study
from nas.text.numbers import rounded
from nas.text.scores import SCORE, TOP1
from search_spaces.errors import UserError

EXAMPLE = """
nas studies
nas studies show studies/mine
nas studies rm studies/mine --yes
"""

NO_BASE = dict.fromkeys(("top1", "score", "score_size", "macs", "size"))


def parser() -> Parser:
    """Options of `nas studies`."""
    p = command("studies", "List the studies under a folder, show one, or remove one for good.", EXAMPLE)
    p.add_argument("action", nargs="?", choices=("list", "show", "rm"), default="list", help="list unless given")
    p.add_argument("study", nargs="?", metavar="DIR", help="study folder, or its name under the root")
    p.add_argument("--root", type=Path, default=Path("studies"), metavar="DIR", help="where studies lie (studies)")
    p.add_argument("--yes", action="store_true", help="remove without asking")
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """List, show or remove."""
    if options.action == "list":
        if options.study is not None:
            raise UserError(f"`nas studies list` takes no folder, got {options.study!r}; did you mean `show`?")
        return _list(options.root, options.json)
    if options.study is None:
        raise UserError(f"`nas studies {options.action}` needs the folder of a study")
    folder = _folder(options.study, options.root)
    return _show(folder, options.json) if options.action == "show" else _remove(folder, options.yes)


def _folder(name: str, root: Path) -> Path:
    for folder in (Path(name), root / name):
        if _is_study(folder):
            return folder
    raise UserError(f"{name}: no study here (a folder with {layout.STUDY} and {layout.LOG}), nor under {root}")


def _is_study(folder: Path) -> bool:
    return (folder / layout.STUDY).is_file() and (folder / layout.LOG).is_file()


def _list(root: Path, as_json: bool) -> int:
    folders = sorted(path.parent for path in root.glob(f"*/{layout.STUDY}") if _is_study(path.parent))
    summaries = [_summary(folder) for folder in folders]
    if as_json:
        output.print_json(summaries)
    elif not summaries:
        print(f"no studies under {root}")
    else:
        rows = [
            (s["folder"], s["state"], s["trained"], _score(s), _px(s["score_size"]), rounded(s["macs"]), _px(s["size"]))
            for s in summaries
        ]
        base = "base top-1" if all(s["score"] is None for s in summaries) else "base"
        output.print_table(("study", "state", "trained", base, "at", "base MACs", "at"), rows, "llrrrrr")
    return DONE


def _summary(folder: Path) -> dict[str, Any]:
    try:
        study = open_study(folder, brief=True)
    except UserError as error:  # one unreadable study must not hide the others
        return {"folder": str(folder), "state": f"unreadable: {error}", "trained": None, **NO_BASE}
    if study.base is None:
        return {"folder": str(folder), "state": study.state, "trained": study.done, **NO_BASE}
    score, size = study.base.top1, study.size_of(study.base)
    if study.final is not None:  # the network that is handed over
        score, size = study.final.validation, study.final.image_size
    base = {
        **{study.definition.scale.key: score, "score_size": size},
        **{"macs": study.base.macs, "size": study.deployment_of(study.base)},
    }
    return {"folder": str(folder), "state": study.state, "trained": study.done, **NO_BASE, **base}


def _px(size: int | None) -> str | None:
    return None if size is None else f"{size} px"


def _score(summary: Mapping[str, Any]) -> str:
    """What the base reached: top-1, or the score of an evaluator."""
    return TOP1.marked(summary["top1"]) if summary["score"] is None else SCORE.marked(summary["score"])


def _show(folder: Path, as_json: bool) -> int:
    study = open_study(folder)
    for problem in study.problems:
        output.say(f"{folder}: {problem}")
    if as_json:
        output.print_json(study.to_data() | {"definition": study.definition.to_data()})
    else:
        print_study(study)
    return DONE


def _remove(folder: Path, sure: bool) -> int:
    from nas.storage.lock import locked

    if not sure and not _confirmed(folder):
        print("nothing removed")
        return FAILED
    try:
        with locked(folder):
            shutil.rmtree(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot remove ({error.strerror})") from error
    print(f"removed {folder}")
    return DONE


def _confirmed(folder: Path) -> bool:
    if not sys.stdin.isatty():
        raise UserError(f"removing {folder} for good needs --yes where nobody can be asked")
    return input(f"remove {folder} and all its weights for good? [y/N] ").strip().lower() in ("y", "yes")
