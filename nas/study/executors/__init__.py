"""Where trainings run. Every executor has the interface of ``protocol``; the table of them stands in ``table``."""
