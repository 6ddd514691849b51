"""What issuing keys fails with."""


class KeyProblem(Exception):
    """A key could not be issued, found or revoked; the text is for the person who asked."""
