"""Pairing, in processes of its own.

What a pairing takes from the library is never given back: an expired or abandoned one keeps a thread for ever. So the
desk (desk.py, in the host) lets child processes (child.py) do it, several attempts each, and lets every child end once
it has served its number. They speak JSON lines (lines.py) over the child's standard input and output.
"""
