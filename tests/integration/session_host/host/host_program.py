"""A session host as a process, with another worker program: `python host_program.py <worker command ...>`."""

from __future__ import annotations

import sys

from session_host.__main__ import main

if __name__ == "__main__":
    main(sys.argv[1:])
