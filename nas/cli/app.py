"""``nas``: finds the command, runs it, and turns its outcome into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from nas.cli.exits import DONE, FAILED, WRONG_USAGE, complain
from nas.cli.parser import Parser
from nas.cli.signals import ending_in_order
from nas.cli.streams import prepare_streams, visible_output

COMMANDS = {
    "search": "search a space under a budget on your images, and choose a base",
    "scale": "grow a base into a larger network or a whole family",
    "scale-fit": "fit the coefficients of compound scaling to a base on your images",
    "scale-compare": "train a base scaled by depth, width, image size and all together",
    "train": "train a network on your images, or fine-tune it",
    "evaluate": "accuracy of trained weights on a split, by class, and what is confused",
    "predict": "the most likely classes of image files",
    "export": "write a network as ONNX, compared with torch",
    "latency": "time and memory of a forward pass",
    "cost": "parameters, MACs and memory of a network, without building it",
    "spaces": "list the ready spaces, describe one, draw networks from it",
    "networks": "list the known networks, or show the rows of one",
    "cache": "list or remove the decoded images that are kept on this machine",
    "studies": "list, show or remove studies",
    "report": "write the page of a study again, or print its table",
}

SUMMARY = "Search a convolutional image classifier under a compute budget, then grow it into a family."

EXAMPLE = """\
example:
  nas search --space mbconv --budget 400MFLOPs && nas scale --phi 3

exit codes: 0 done, 1 failed, 2 wrong usage; 130, 143, 129 interrupted by Ctrl-C, SIGTERM, SIGHUP
`nas COMMAND --help` shows the options of a command and an example.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``nas`` with these arguments (the process's own by default) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if os.name != "posix":
        return complain(f"nas runs on Linux and macOS (on Windows: in WSL), not on {sys.platform}", FAILED)
    with ending_in_order() as ending:
        try:
            prepare_streams()
            with visible_output():
                return _outcome(arguments)
        except KeyboardInterrupt as stop:
            return complain(str(stop) or "interrupted", ending.code)


def _outcome(arguments: list[str]) -> int:
    """Run the command; its exit code, where it is not interrupted."""
    try:
        return _dispatch(arguments)
    except ValueError as error:
        from search_spaces.errors import UserError  # a tenth of a second that `nas --help` does without

        if not isinstance(error, UserError):
            raise
        return complain(error, WRONG_USAGE)
    except BrokenPipeError:  # `nas networks | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # a full disk, a folder that may not be written
        return complain(error, FAILED)
    except SystemExit as stop:  # argparse after --help, --version or a wrong option
        return stop.code if isinstance(stop.code, int) else DONE


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        return _top(arguments)
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        from search_spaces.errors import did_you_mean

        line = f"unknown command {name!r}{did_you_mean(name, COMMANDS)}; `nas --help` lists the commands"
        return complain(line, WRONG_USAGE)
    command = importlib.import_module(f"nas.cli.{name.replace('-', '_')}")
    options = command.parser().parse_args(rest)
    code: int = command.run(options)
    return code


def _top(arguments: list[str]) -> int:
    lines = "\n".join(f"  {name:<14}{text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="nas",
        usage="nas COMMAND [options]",
        description=f"{SUMMARY}\n\ncommands:\n{lines}",
        epilog=EXAMPLE,
    )
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    options = parser.parse_args(arguments)
    print(f"nas {_version()}" if options.version else parser.format_help(), end="\n" if options.version else "")
    return DONE


def _version() -> str:
    from importlib import metadata

    return metadata.version("nas-and-scaling")
