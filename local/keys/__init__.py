"""API keys of a deployment or of the stack on this machine: made, listed, rotated, revoked.

KeyProblem      what a person can mend: the tenant is unknown, the key is not there, another run was at work
"""
