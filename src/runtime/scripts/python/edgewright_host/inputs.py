"""What does run() get of a request?"""

import functools
import inspect
import json
import logging

from .user_script import OBJECT, RAW
from .web import Request

logger = logging.getLogger("azmlinfsrv")


class InputError(Exception):
    """The request is not what the script's mode needs; it never reaches run()."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class NotForRun(Exception):
    """A preflight: answered without run()."""


def arguments(script, request):
    """The keyword arguments of run(). Raises InputError, NotForRun."""
    method, _path, _query, content_type = request.envelope
    if script.mode == RAW:
        found = {script.parameters[0].name: _raw_request(request)}
    elif method == "POST":
        if script.mode == OBJECT:
            found = _pick(script, _json_fields(content_type, request.body))
        else:
            found = {script.parameters[0].name: _text(content_type, request.body)}
    elif method == "GET":
        fields = _query_fields(Request(request))
        found = (
            _pick(script, fields)
            if script.mode == OBJECT
            else {script.parameters[0].name: json.dumps(fields)}
        )
    else:
        raise NotForRun
    if script.wants_headers:
        found["request_headers"] = {
            name.title(): value for name, value in request.headers.items()
        }
    return found


def _raw_request(request):
    from azureml_inference_server_http.api.aml_request import AMLRequest

    return AMLRequest(request)


def _query_fields(request):
    return {
        name: _value(values[0]) if len(values) == 1 else [_value(value) for value in values]
        for name, values in request.args.lists()
    }


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(content_type, body):
    kind = _mime_type(content_type)
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        logger.warning(
            "The request's content type is %s: run() gets an empty string, as a form is no JSON. "
            "Send the content type application/json.",
            kind,
        )
        return ""
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(400, "Input cannot be decoded as UTF-8: %s" % error) from None


@functools.lru_cache(maxsize=64)
def _mime_type(content_type):
    return content_type.split(";", 1)[0].strip().lower()


def _json_fields(content_type, body):
    kind = _mime_type(content_type)
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise InputError(415, "Expects Content-Type to be application/json")
    if not body:
        raise InputError(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        fields = json.loads(bytes(body))
    except ValueError as error:
        message = "POST body could not be decoded as JSON: %s" % error
        raise InputError(400, message) from None
    if not isinstance(fields, dict):
        raise InputError(400, "POST body should be a JSON dictionary.")
    return fields


def _pick(script, fields):
    found = {}
    for parameter in script.parameters:
        if parameter.name in fields:
            found[parameter.name] = fields[parameter.name]
        elif parameter.default is not inspect.Parameter.empty:
            found[parameter.name] = parameter.default
        else:
            raise InputError(
                400, "A value is not provided for the '%s' parameter." % parameter.name
            )
    return found
