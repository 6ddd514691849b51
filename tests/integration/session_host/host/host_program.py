"""A session host as a process, with another worker program: `python host_program.py <worker command ...>`.

TEST_FIGURES_S: its figures come so often.
"""

from __future__ import annotations

import os
import sys

from session_host.__main__ import main
from session_host.host import figures

if __name__ == "__main__":
    figures.EVERY_S = float(os.environ.get("TEST_FIGURES_S") or figures.EVERY_S)
    main(sys.argv[1:])
