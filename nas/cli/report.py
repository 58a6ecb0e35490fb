"""``nas report``: the pages of studies, trainings and families, their tables as files, or all of it in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.cli import output, report_text
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command, natural
from nas.report.trainings_beside import read_beside
from nas.report.trials import Trials
from nas.storage import layout
from nas.study import Study, open_study
from search_spaces.errors import UserError

EXAMPLE = """
nas report studies/mine
nas report studies/mine --tables --figures
nas report studies/mine --trial 7 --out trial-7.yaml
nas report studies/mine --beside runs/resnet-18-fine-tuned
nas report studies/* --out all.html
nas report studies/mine --text
"""


def parser() -> Parser:
    """Options of ``nas report``."""
    from nas.report.figures import FIGURES

    figures = ", ".join(figure.title for figure in FIGURES.values())
    summary = (
        "Write report.html of a study, a training or a family; of several studies, with --out, one page of them side "
        f"by side. Figures of a study's page: {figures}."
    )
    p = command("report", summary, EXAMPLE)
    p.add_argument(
        "folders", nargs="+", metavar="DIR", help="folder of a study, of nas train, or of nas scale --family"
    )
    p.add_argument("--out", type=Path, metavar="FILE", help="write here; of several studies one page of them all")
    p.add_argument(
        "--text", action="store_true", help="print facts, a small plot and tables instead of writing the page"
    )
    p.add_argument("--json", action="store_true", help="print the trials as JSON instead of writing the page")
    p.add_argument("--trial", type=natural, metavar="N", help="print one trial; with --out write its network there")
    p.add_argument("--tables", action="store_true", help="also write tables/ as CSV, JSON and, with pyarrow, Parquet")
    p.add_argument(
        "--figures", action="store_true", help="also write figures/ as PNG and SVG; needs kaleido and a browser"
    )
    p.add_argument(
        "--dashboard", action="store_true", help="also write study.db for optuna-dashboard (a second for ten trials)"
    )
    p.add_argument(
        "--beside",
        nargs="+",
        default=[],
        metavar="TRAINING",
        help="show these folders of nas train, on the same images, beside the base: the fairest baseline is a "
        "pretrained network that was fine-tuned for as long",
    )
    p.add_argument("--watch", action="store_true", help="write the page anew while the study runs, until it ends")
    return p


def run(options: argparse.Namespace) -> int:
    """Write the pages, or print the tables."""
    folders = [Path(folder) for folder in options.folders]
    kinds = [_kind(folder) for folder in folders]  # refuse any wrong folder before writing one page
    if set(kinds) != {"study"}:
        _check(options, folders, kinds)
        for folder, kind in zip(folders, kinds, strict=True):
            (_training if kind == "training" else _family if kind == "family" else _study)(folder, options)
        return DONE
    studies = [open_study(folder) for folder in folders]
    for study in studies:
        for problem in study.problems:
            output.say(f"{study.folder}: {problem}")
    if options.beside and len(studies) > 1:
        raise UserError("--beside takes one study")
    if options.trial is not None:
        _trial(studies, options)
    elif options.json:
        output.print_json([study.to_data() for study in studies])
    elif len(studies) > 1 and (options.text or options.out):
        _several(studies, options)
    else:
        for study in studies:
            _study(study.folder, options)
    return DONE


def _kind(folder: Path) -> str:
    """``study``, ``training`` or ``family``. Raises UserError for what is none of them."""
    if (folder / layout.STUDY).is_file():
        return "study"
    if (folder / layout.TRAINING).is_file():
        return "training"
    from nas.report.family import read_family

    if folder.is_dir() and read_family(folder):
        return "family"
    raise UserError(
        f"{folder} is not a study: it has no {layout.STUDY}; nor a training ({layout.TRAINING}), nor a family of nas "
        "scale"
    )


def _check(options: argparse.Namespace, folders: Sequence[Path], kinds: Sequence[str]) -> None:
    """What only a study has is refused for others."""
    other = next(folder for folder, kind in zip(folders, kinds, strict=True) if kind != "study")
    given = [name for name in ("json", "tables", "figures", "dashboard", "beside", "watch") if getattr(options, name)]
    for name in [*given, *([] if options.trial is None else ["trial"])]:
        raise UserError(f"--{name} is for studies; {other} is none")
    if options.out is not None and len(folders) > 1:
        raise UserError("--out takes one training or family, or several studies")


def _study(folder: Path, options: argparse.Namespace) -> None:
    study = open_study(folder)
    if options.text:
        report_text.print_report(study, read_beside(study, options.beside))
    elif options.watch:
        _watch(folder, options)
    else:
        _write_study(study, options)


def _write_study(study: Study, options: argparse.Namespace, *, watched: bool = False) -> None:
    from nas.report.page import page

    beside = read_beside(study, options.beside)
    _write(options.out or study.folder / layout.REPORT, page(study, beside=beside, watched=watched))
    if options.dashboard:
        from nas.study.dashboard import write_dashboard

        print(write_dashboard(study))
    if options.tables:
        from nas.report.frames import write_frames

        paths, missing = write_frames(study, study.folder / layout.TABLES)
        print(f"{study.folder / layout.TABLES}: {', '.join(path.name for path in paths)}")
        for line in missing:
            output.say(line)
    if options.figures:
        from nas.report.pictures import write_pictures

        paths = write_pictures(study, study.folder / layout.FIGURES)
        print(f"{study.folder / layout.FIGURES}: {', '.join(path.name for path in paths)}")


def _watch(folder: Path, options: argparse.Namespace) -> None:
    """Write the page whenever the log has grown, until the study is over."""
    from nas.report.watch import changes

    for study in changes(folder):
        _write_study(study, options, watched=study.state == "running")
        output.say(f"{study.done} of {study.trials_wanted or 0} trials, {study.state}")


def _trial(studies: Sequence[Study], options: argparse.Namespace) -> None:
    if len(studies) > 1:
        raise UserError("--trial takes one study")
    trials, record = Trials(studies[0]), report_text.trial_of(studies[0], options.trial)
    if options.out is None:
        report_text.print_trial(trials, record)
        return
    network = trials.architecture(record)
    if network is None:
        raise UserError(
            f"trial {record.trial}: its network cannot be built here (are its blocks from outside missing?)"
        )
    from search_spaces import save

    if options.out.exists():
        raise UserError(f"--out {options.out}: this file exists")
    origin: dict[str, Any] = {"study": studies[0].name, "trial": record.trial, "digest": record.digest}
    print(save(network, options.out, origin))


def _several(studies: Sequence[Study], options: argparse.Namespace) -> None:
    if options.out is None:
        report_text.print_side_by_side(studies)
        for study in studies:
            print()
            report_text.print_report(study)
        return
    from nas.report.side_by_side import side_by_side

    _write(options.out, side_by_side(studies))


def _training(folder: Path, options: argparse.Namespace) -> None:
    from nas.report.training import read_training
    from nas.report.training_page import training_page

    training = read_training(folder)
    if options.text:
        report_text.print_training(training)
    else:
        _write(options.out or folder / layout.REPORT, training_page(training))


def _family(folder: Path, options: argparse.Namespace) -> None:
    from nas.report.family import read_family
    from nas.report.family_page import family_page

    members = read_family(folder)
    if options.text:
        report_text.print_family(folder, members)
    else:
        _write(options.out or folder / layout.REPORT, family_page(folder, members))


def _write(path: Path, page: str) -> None:
    from nas.storage.files import write_atomic

    try:
        write_atomic(path, page)
    except OSError as error:
        raise UserError(f"{path.parent}: cannot write {path.name} there ({error.strerror})") from error
    print(path)
