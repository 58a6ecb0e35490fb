"""Studies whose processes are killed, stopped and signalled at random instants: whether they end as undisturbed ones.

    python benchmarks/kills.py DIR [--runs 50] [--first 0] [--earnest]

Each run is a study in a folder of its own below DIR, with one, two or four trainers. Its command is started three
times: twice it is ended by SIGINT, SIGTERM, SIGHUP or SIGKILL, while it loads, searches, retrains, trains and tests the
base, or writes its page; two of its trainers in all are killed (SIGKILL) or stopped for good (SIGSTOP); the third runs
to its end. Then it must have exactly the trainings that were asked for, none lost, doubled, stuck or failed, no process
left, and the same scores as an undisturbed study wherever both made the same training, bit for bit. Trainers pretend;
``--earnest`` trains on the digits, and the base in the end. Needs the extra ``[test]``. Prints a line a run.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "end_to_end"))
from disturbing import INSTANTS, Disturbed, scores
from test_kill import end, start

PRETENDED, EARNEST = (12, "impatient=30"), (4, "impatient=150")  # trials; seconds of silence that count as hanging


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="random seed of the first run")
    parser.add_argument("--earnest", action="store_true", help="train on the digits")
    options = parser.parse_args()
    (trials, patience), words = (EARNEST, ("real",)) if options.earnest else (PRETENDED, ())
    undisturbed = options.folder / "undisturbed"
    options.folder.mkdir(parents=True, exist_ok=True)
    code, message = end(start(undisturbed, 2, trials, *words))
    assert code == 0, message
    known, total, wrong = scores(undisturbed), Counter[str](), 0
    for seed in range(options.first, options.first + options.runs):
        rng = random.Random(seed)
        folder = options.folder / str(seed)
        study = Disturbed(folder, (1, 2, 4)[seed % 3], trials, (patience, *words), rng)
        begin = time.monotonic()
        instants = sorted(rng.sample(list(INSTANTS), 2), key=list(INSTANTS).index)
        try:
            study.run(*instants)
            common = study.assert_as(known)
        except Exception:
            wrong += 1
            outcome = "WRONG " + traceback.format_exc()
        else:
            outcome = f"as undisturbed, {common} trainings equal"
        total += study.count
        print(
            f"{seed}: {study.workers} trainers, {dict(study.count)}, {time.monotonic() - begin:.0f} s: {outcome}",
            flush=True,
        )
    print(f"{options.runs} runs, {wrong} of them wrong; {dict(total)}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
