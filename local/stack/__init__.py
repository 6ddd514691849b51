"""Runs the parts of the product on one machine: starts them in order, keeps them alive, stops them cleanly.

    settings -> Stack (folder, ports, keys) -> parts -> Supervisor -> Keeper per part -> a process

What is where: `part` says what a part is, `parts` lists those of this product; `process`, `keeper` and `supervisor`
know processes and nothing of the product.
"""
