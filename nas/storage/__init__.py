"""Files that survive a kill, and folders with one owner."""
