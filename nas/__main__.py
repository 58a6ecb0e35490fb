"""``python -m nas``, which ``torchrun -m nas`` starts."""

import sys

from nas.cli import main

sys.exit(main())
