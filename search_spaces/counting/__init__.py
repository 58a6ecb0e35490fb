"""How many architectures of a space fit budgets, and fair draws of them.

Importing this needs no NumPy; :mod:`search_spaces.counting.feasible` does.
"""
