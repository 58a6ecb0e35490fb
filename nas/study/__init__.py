"""Studies: a folder that holds a question, every trial that was made for it, and its answer.

Reading a study needs neither torch nor optuna; ``nas.study.search`` runs one.
"""

from nas.study.errors import StudyError
from nas.study.records import Record
from nas.study.study import Study, open_study
