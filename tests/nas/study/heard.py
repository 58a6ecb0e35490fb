"""A handler for executors that notes what it hears."""

from __future__ import annotations


class Heard:
    """Its answer after every epoch is `go`."""

    def __init__(self, go=True):
        self.go = go
        self.events = []
        self.causes = []

    def started(self, trial, attempt, where):
        self.events.append(("started", trial, attempt))

    def epoch(self, trial, epoch, metrics):
        self.events.append(("epoch", trial, epoch))
        return self.go

    def retried(self, trial, attempt, reason):
        self.events.append(("retried", trial, attempt, reason))

    def done(self, trial, result):
        self.events.append(("done", trial, result))

    def failed(self, trial, reason, cause="network"):
        self.causes.append(cause)
        self.events.append(("failed", trial, reason))

    def ended(self):
        return [event for event in self.events if event[0] in ("done", "failed")]
