"""Names of the files in the folder of a study and of a training, and who writes those of a study."""

LOCK = "lock"  # in both: held while a process writes

# A study
STUDY = "study.yaml"  # what is asked
LOG = "log.jsonl"  # all that happened, in order
DAMAGED_LOG = "log.damaged"  # ends of lines that a kill cut short
RECORDS = "records.jsonl"  # one line a trial, made from the log
BASE = "base.yaml"  # the chosen network
REPORT = "report.html"
DASHBOARD = "study.db"  # for optuna-dashboard, made from the records
PROXIES = "proxies.json"  # of each network that was trained, by its training key
TABLES = "tables"  # a folder: the tables of the report as files
FIGURES = "figures"  # a folder: its figures as pictures
CHECKPOINTS = "checkpoints"  # a folder
BASELINE = "baseline"  # a folder: the study of random search
FINAL = "final"  # a folder of trainings of the base
WORKERS_LOG = "workers.log"  # what trainers print
JOINED = "trainers"  # a folder: by which trainers of slurm and the driver speak (nas.study.executors.mailbox)
SLURM = "slurm"  # a folder: what these trainers print

DRIVER, TRAINER, ASKED = "driver", "trainer", "asked"
WRITERS = {
    LOCK: {DRIVER},
    STUDY: {DRIVER},
    LOG: {DRIVER},
    DAMAGED_LOG: {DRIVER},
    RECORDS: {DRIVER},
    BASE: {DRIVER},
    REPORT: {DRIVER, ASKED},
    DASHBOARD: {ASKED},
    PROXIES: {ASKED},
    TABLES: {ASKED},
    FIGURES: {ASKED},
    CHECKPOINTS: {TRAINER},
    BASELINE: {DRIVER},
    FINAL: {DRIVER},
    WORKERS_LOG: {DRIVER, TRAINER},
    JOINED: {DRIVER, TRAINER},
    SLURM: {DRIVER, TRAINER},
}
"""Who writes which file of a study, or the files in which folder: the driver, which holds the lock; the trainer that a
training is given to, one for each checkpoint (those of a cluster's trainers the driver puts there, and it removes what
is not kept); a command that is asked for just this. Two write the page, each whole; the driver opens the file that
trainers print to; in ``trainers`` each file has one of both, which nas.study.executors.mailbox names. No other process
writes anything there."""

# A training
TRAINING = "train.yaml"  # what is trained, on what, how
NETWORK = "network.yaml"  # the network as trained
METRICS = "metrics.jsonl"  # one line an epoch
TENSORBOARD = "tensorboard"  # a folder
LAST = "last.ckpt"  # where it stands, to go on from
BEST = "best.safetensors"  # weights of the epoch with the best validation top-1
WEIGHTS = "weights.safetensors"  # weights at the end
SUMMARY = "summary.json"  # written last
