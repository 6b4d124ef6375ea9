"""The library's C interface: a table of functions that only ever grows at its end.

Source of the order: microsoft/onnxruntime, include/onnxruntime/core/session/onnxruntime_c_api.h.
"""

import os
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint32,
    c_void_p,
    cast,
)

from ._errors import error_of

_API_VERSION = 17

if "EDGEWRIGHT_ONNXRUNTIME" not in os.environ:
    raise ImportError(
        "onnxruntime is not installed, and outside of a scoring script's process nothing stands in "
        "for it"
    )


class _ApiBase(Structure):
    _fields_ = [
        ("get_api", CFUNCTYPE(c_void_p, c_uint32)),
        ("get_version", CFUNCTYPE(c_char_p)),
    ]


_library = CDLL(os.environ["EDGEWRIGHT_ONNXRUNTIME"])
_library.OrtGetApiBase.restype = POINTER(_ApiBase)
_base = _library.OrtGetApiBase().contents
VERSION = _base.get_version().decode()
_table = cast(_base.get_api(_API_VERSION), POINTER(c_void_p))

P, PP = c_void_p, POINTER(c_void_p)
_SIZE = POINTER(c_size_t)
_INT64S = POINTER(c_int64)
_INT = POINTER(c_int)


def _function(index, *arguments, result=c_void_p):
    return CFUNCTYPE(result, *arguments)(_table[index])


_get_error_code = _function(1, P, result=c_int)
_get_error_message = _function(2, P, result=c_char_p)
_release_status = _function(93, P, result=None)

create_env = _function(3, c_int, c_char_p, PP)
disable_telemetry = _function(6, P)
create_session = _function(7, P, c_char_p, P, PP)
create_session_from_array = _function(8, P, c_char_p, c_size_t, P, PP)
run = _function(9, P, P, P, P, c_size_t, P, c_size_t, P)
create_session_options = _function(10, PP)
set_optimized_model_path = _function(11, P, c_char_p)
set_execution_mode = _function(13, P, c_int)
enable_profiling = _function(14, P, c_char_p)
disable_memory_pattern = _function(17, P)
disable_cpu_arena = _function(19, P)
set_session_log_id = _function(20, P, c_char_p)
set_session_log_verbosity = _function(21, P, c_int)
set_session_log_severity = _function(22, P, c_int)
set_optimization_level = _function(23, P, c_int)
set_intra_threads = _function(24, P, c_int)
set_inter_threads = _function(25, P, c_int)
register_custom_ops = _function(29, P, c_char_p, PP)
counts = {
    "input": _function(30, P, _SIZE),
    "output": _function(31, P, _SIZE),
    "initializer": _function(32, P, _SIZE),
}
types = {
    "input": _function(33, P, c_size_t, PP),
    "output": _function(34, P, c_size_t, PP),
    "initializer": _function(35, P, c_size_t, PP),
}
names = {
    "input": _function(36, P, c_size_t, P, PP),
    "output": _function(37, P, c_size_t, P, PP),
    "initializer": _function(38, P, c_size_t, P, PP),
}
create_run_options = _function(39, PP)
run_set_verbosity = _function(40, P, c_int)
run_set_severity = _function(41, P, c_int)
run_set_tag = _function(42, P, c_char_p)
run_set_terminate = _function(46, P)
create_tensor = _function(48, P, _INT64S, c_size_t, c_int, PP)
create_tensor_with_data = _function(49, P, P, c_size_t, P, c_size_t, c_int, PP)
get_tensor_data = _function(51, P, PP)
fill_strings = _function(52, P, POINTER(c_char_p), c_size_t)
get_strings_length = _function(53, P, _SIZE)
get_strings = _function(54, P, P, c_size_t, _SIZE, c_size_t)
cast_to_tensor_info = _function(55, P, PP)
get_onnx_type = _function(56, P, _INT)
get_element_type = _function(60, P, _INT)
get_dimension_count = _function(61, P, _SIZE)
get_dimensions = _function(62, P, _INT64S, c_size_t)
get_symbols = _function(63, P, POINTER(c_char_p), c_size_t)
get_type_and_shape = _function(65, P, PP)
get_value_type = _function(67, P, _INT)
create_cpu_memory_info = _function(69, c_int, c_int, PP)
allocator_free = _function(76, P, P)
get_allocator = _function(78, PP)
override_by_denotation = _function(79, P, c_char_p, c_int64)
get_value = _function(80, P, c_int, P, PP)
get_value_count = _function(81, P, _SIZE)
create_value = _function(82, PP, c_size_t, c_int, PP)
release_session = _function(95, P, result=None)
release_value = _function(96, P, result=None)
release_run_options = _function(97, P, result=None)
release_type = _function(98, P, result=None)
release_type_and_shape = _function(99, P, result=None)
release_session_options = _function(100, P, result=None)
cast_to_map = _function(103, P, PP)
cast_to_sequence = _function(104, P, PP)
get_map_key_type = _function(105, P, _INT)
get_map_value_type = _function(106, P, PP)
get_sequence_type = _function(107, P, PP)
end_profiling = _function(110, P, P, PP)
get_model_metadata = _function(111, P, PP)
metadata_texts = {
    "producer_name": _function(112, P, P, PP),
    "graph_name": _function(113, P, P, PP),
    "domain": _function(114, P, P, PP),
    "description": _function(115, P, P, PP),
    "graph_description": _function(158, P, P, PP),
}
metadata_lookup = _function(116, P, P, c_char_p, PP)
metadata_version = _function(117, P, _INT64S)
release_metadata = _function(118, P, result=None)
metadata_keys = _function(123, P, P, POINTER(P), _INT64S)
override_by_name = _function(124, P, c_char_p, c_int64)
add_config_entry = _function(130, P, c_char_p, c_char_p)


def check(status):
    """Raises what a status stands for."""
    if status:
        code, message = _get_error_code(status), _get_error_message(status)
        _release_status(status)
        raise error_of(code, message.decode("utf-8", "replace"))


def pointer(function, *arguments):
    """What a function gives through its last argument."""
    found = c_void_p()
    check(function(*arguments, byref(found)))
    return found.value


def number(function, kind, *arguments):
    found = kind()
    check(function(*arguments, byref(found)))
    return found.value


ALLOCATOR = pointer(get_allocator)
# An allocator of the arena kind, and the default memory of the device.
MEMORY = pointer(create_cpu_memory_info, 1, 0)
# Errors alone: no line of the library belongs among the script's.
ENV = pointer(create_env, 3, b"onnxruntime")
check(disable_telemetry(ENV))


def text(function, *arguments):
    """A text that the library allocated."""
    found = pointer(function, *arguments, ALLOCATOR)
    return owned_text(found)


def owned_text(address):
    if not address:
        return ""
    value = cast(address, c_char_p).value or b""
    check(allocator_free(ALLOCATOR, address))
    return value.decode("utf-8", "replace")
