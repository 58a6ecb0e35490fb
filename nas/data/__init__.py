"""Data sets by name, folder or file."""

from nas.data.sets import DATA_SETS, FORMS, load_data
