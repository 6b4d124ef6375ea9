"""How does what run() returned become a status, headers and bytes?"""

import json

JSON = ("content-type", "application/json")
FAILED = "x-ms-run-function-failed"
RUN_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL = "An unexpected internal error occurred. Check the logs for more info."


class Answer:
    """`body` is bytes, or an iterator of bytes for a stream."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Result:
    """What run() returned, as JSON; how the runtime answers with it goes without saying."""

    __slots__ = ("run_ms", "body")

    def __init__(self, run_ms, body):
        self.run_ms = run_ms
        self.body = body


def fault(status, message, run_failed=False):
    body = json.dumps({"message": message}).encode()
    return Answer(status, [JSON, (FAILED, str(run_failed))], body)


def empty():
    """To a preflight; the headers of CORS are the front's."""
    return Answer(200, [("content-type", "text/html; charset=utf-8"), (FAILED, "False")], b"")


def answer(result, elapsed_ms):
    """Raises what the result raises when it is written down: it is no JSON."""
    kind = type(result)
    if kind not in _PLAIN and is_response(result):
        return _response(result, ("x-ms-run-fn-exec-ms", "%.3f" % elapsed_ms))
    return Result(b"%.3f" % elapsed_ms, _json(result).encode())


# Never a response; asking that of each would cost as much as writing it down.
_PLAIN = frozenset((dict, list, tuple, str, int, float, bool, type(None)))


# As json.dumps, which asks each time whether it is asked for anything else.
_encode = json.JSONEncoder().encode


def _json(result):
    return "{}" if result is None else _encode(result)


def is_response(result):
    """By its shape, so that neither Flask nor any other framework has to be there."""
    return (
        hasattr(result, "status_code")
        and hasattr(result, "headers")
        and (hasattr(result, "iter_encoded") or hasattr(result, "body"))
    )


def _response(result, timing):
    status = int(result.status_code)
    if not 200 <= status <= 999:
        raise ValueError("%d is no status that ends a request" % status)
    headers = [(str(name), str(value)) for name, value in result.headers.items()]
    if status >= 500:
        headers = [pair for pair in headers if pair[0].lower() != FAILED]
        headers.append((FAILED, "True"))
    headers.append(timing)
    if not hasattr(result, "iter_encoded"):
        body = result.body
        return Answer(status, headers, body.encode() if isinstance(body, str) else bytes(body))
    if getattr(result, "is_streamed", False):
        return Answer(status, headers, result.iter_encoded())
    return Answer(status, headers, b"".join(result.iter_encoded()))
