"""What the library's error codes are as exceptions."""

NOT_OFFERED = (
    "%s is not offered here: this onnxruntime is edgewright's own over the library of the runtime; "
    "docs/scripts.md lists what it has"
)


class OrtException(Exception):
    """What the library says went wrong."""


class Fail(OrtException):
    """Code 1."""


class InvalidArgument(OrtException):
    """Code 2."""


class NoSuchFile(OrtException):
    """Code 3."""


class NoModel(OrtException):
    """Code 4."""


class EngineError(OrtException):
    """Code 5."""


class RuntimeException(OrtException):
    """Code 6."""


class InvalidProtobuf(OrtException):
    """Code 7."""


class ModelLoaded(OrtException):
    """Code 8."""


class NotImplemented(OrtException):  # noqa: A001  the package's own name
    """Code 9."""


class InvalidGraph(OrtException):
    """Code 10."""


class EPFail(OrtException):
    """Code 11."""


_BY_CODE = {
    1: (Fail, "FAIL"),
    2: (InvalidArgument, "INVALID_ARGUMENT"),
    3: (NoSuchFile, "NO_SUCHFILE"),
    4: (NoModel, "NO_MODEL"),
    5: (EngineError, "ENGINE_ERROR"),
    6: (RuntimeException, "RUNTIME_EXCEPTION"),
    7: (InvalidProtobuf, "INVALID_PROTOBUF"),
    8: (ModelLoaded, "MODEL_LOADED"),
    9: (NotImplemented, "NOT_IMPLEMENTED"),
    10: (InvalidGraph, "INVALID_GRAPH"),
    11: (EPFail, "EP_FAIL"),
}


def error_of(code, message):
    kind, name = _BY_CODE.get(code, (OrtException, "UNKNOWN"))
    return kind("[ONNXRuntimeError] : %d : %s : %s" % (code, name, message))
