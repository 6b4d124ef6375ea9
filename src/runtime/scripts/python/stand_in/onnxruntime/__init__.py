"""`import onnxruntime` where the Python package is not installed: the same library, over its C interface.

Only what scoring scripts use; anything else is refused by name. Threads and spinning are the
runtime's choice, since it knows what the deployment may use.
"""

from . import capi
from ._errors import NOT_OFFERED
from ._library import VERSION as __version__
from ._node import ModelMetadata, NodeArg
from ._options import ExecutionMode, GraphOptimizationLevel, RunOptions, SessionOptions
from ._session import InferenceSession
from ._tensor import TypedBuffer

__all__ = [
    "ExecutionMode",
    "GraphOptimizationLevel",
    "InferenceSession",
    "ModelMetadata",
    "NodeArg",
    "RunOptions",
    "SessionOptions",
    "TypedBuffer",
    "capi",
    "get_available_providers",
    "get_device",
    "set_default_logger_severity",
    "set_default_logger_verbosity",
]


def get_available_providers():
    return ["CPUExecutionProvider"]


def get_device():
    return "CPU"


def set_default_logger_severity(severity):
    """Errors alone are told, whatever is asked: what loads with a warning loads."""


def set_default_logger_verbosity(verbosity):
    """As above."""


def disable_telemetry_events():
    """It is always off."""


def __getattr__(name):
    raise AttributeError(NOT_OFFERED % ("onnxruntime." + name))
