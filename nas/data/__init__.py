"""Data sets by name, folder or file."""

from nas.data.by_name import DATA_SETS, FORMS, load_data
