"""What can go wrong with an encrypted message.

SignalError
|-- UnreadableError      not the shape of a message
|-- NoSessionError       no session of ours opens it: the sender must encrypt it anew
`-- DuplicateError       its key is used up: it was read before
"""


class SignalError(Exception):
    """A message that could not be opened."""


class UnreadableError(SignalError):
    pass


class NoSessionError(SignalError):
    pass


class DuplicateError(SignalError):
    pass
