"""`@rawhttp` and the request that such a script gets."""

from edgewright_host.web import Request

# Of the whole process: the first decoration switches it, whichever function it stands on.
rawhttp_triggered = False


class AMLRequest(Request):
    """The raw request."""


def rawhttp(function):
    """The decorated run() gets the request itself instead of its body's text."""
    global rawhttp_triggered
    rawhttp_triggered = True
    return function
