"""Names of the files in the folder of a study and of a training."""

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

# A training
TRAINING = "train.yaml"  # what is trained, on what, how
NETWORK = "network.yaml"  # the network as trained
METRICS = "metrics.jsonl"  # one line an epoch
TENSORBOARD = "tensorboard"  # a folder
LAST = "last.ckpt"  # where it stands, to go on from
BEST = "best.safetensors"  # weights of the epoch with the best validation top-1
WEIGHTS = "weights.safetensors"  # weights at the end
SUMMARY = "summary.json"  # written last
