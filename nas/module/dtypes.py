"""The number formats of a forward pass by torch's names, told without torch."""

DTYPES = ("float32", "bfloat16", "float16")
