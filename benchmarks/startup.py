"""How long commands take from the shell: median of several runs on a warm disk, Python's own start included; and what
a study costs beside its trainings: one training of a fifth of a second on the digits.

Run `python benchmarks/startup.py`; it exits with 1 where a limit is passed.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from search_spaces import Architecture, Conv, Space, Stage, choice, save

RUNS = 15
LIMITS = {  # seconds; None: shown only
    "--help": 0.1,
    "cost efficientnet-b7": 0.3,
    "cost senet-154 --layers": 1.0,
    "cost efficientnet-l2": 1.0,
    "search --help": None,
    "scale efficientnet-b0 --phi 3": None,
    "networks": None,
    "spaces": None,
}
STUDY_RUNS, STUDY_CPU, FIRST = 5, 5.0, 4.0  # seconds: of all processes; until the first candidate has ended
STUDY = "--data digits --recipe proxy --epochs 1 --trials 1 --workers 1 --sampler random --retrain 0 --final none"
ENTRY = "import sys; from nas.cli import main; sys.exit(main(sys.argv[1:]))"


def seconds(words: list[str]) -> float:
    """Wall time of one command."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", ENTRY, *words], check=True, capture_output=True)
    return time.perf_counter() - start


def study(folder: Path) -> tuple[float, float]:
    """CPU seconds of a search of one trial and all its processes, and wall seconds until that has ended."""
    stages = (Stage(Conv(), out=16), Stage(Conv(), out=choice(24, 32), stride=2))
    save(Space("tiny", Architecture(image_size=8, classes=10, stages=stages)), folder / "tiny.yaml")
    words = ["search", "--space", str(folder / "tiny.yaml"), "--budget", "1MFLOPs", "--out", str(folder / "study")]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    seconds([*words, *STUDY.split()])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    events = [json.loads(line) for line in (folder / "study" / "log.jsonl").read_text().splitlines()]
    first = next(event["time"] for event in events if event["event"] == "finished")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, first - began


def studies() -> bool:
    """Measure studies, and compare with the limits."""
    runs = []
    for _ in range(STUDY_RUNS + 1):  # the first keeps the images and their reference
        with tempfile.TemporaryDirectory() as folder:
            runs.append(study(Path(folder)))
    cpu, first = (sorted(times) for times in zip(*runs[1:], strict=True))
    for name, times, limit in (("CPU time", cpu, STUDY_CPU), ("first candidate", first, FIRST)):
        median = statistics.median(times)
        print(
            f"a study of one short training, {name}: median {median:.1f} s, "
            f"slowest {times[-1]:.1f} s (limit {limit:.0f} s)"
        )
    return statistics.median(cpu) <= STUDY_CPU and statistics.median(first) <= FIRST


def main() -> int:
    """Measure every command and a study, and compare with their limits."""
    passed = studies()
    for command, limit in LIMITS.items():
        runs = sorted(seconds(command.split()) for _ in range(RUNS + 1))[:RUNS]  # the first warms the disk
        median = statistics.median(runs)
        passed = passed and (limit is None or median <= limit)
        shown = "" if limit is None else f"  (limit {limit:.1f} s)"
        print(f"nas {command:<32} median {median:.3f} s, slowest {runs[-1]:.3f} s{shown}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
