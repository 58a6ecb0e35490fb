"""Where trainings run. Every executor has the interface of ``base``."""
