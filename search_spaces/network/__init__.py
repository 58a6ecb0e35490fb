"""One network: its values, trace, cost and identity."""
