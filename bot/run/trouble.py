"""What the operator can mend herself."""


class Trouble(Exception):
    """Its words are the one line that she reads: what is wrong, and how to mend it. No traceback is shown."""
