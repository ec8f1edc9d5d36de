"""Bringing in what exists: from a platform into git, and from one environment into another.

    naming.py     which resources were meant
    running.py    what runs, as files that the reader takes
    importing.py  `import`: onto a branch of its own
    starting.py   `init --adopt`: into a new repository
    copying.py    `copy`: between folders of the working tree

Nothing here writes to a platform.
"""
