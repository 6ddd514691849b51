"""What commands fail with."""


class CommandError(Exception):
    """A command that could not be done; the text is for the person who typed it."""
