"""A model that is loaded and can be run."""

import os
import warnings
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p

from . import _library as lib
from ._errors import NOT_OFFERED, InvalidArgument
from ._node import MAP, SEQUENCE, TENSOR, ModelMetadata, nodes
from ._options import SessionOptions
from ._tensor import from_value, plain_values, to_value

CPU = "CPUExecutionProvider"


class InferenceSession:
    """`run` answers like the Python package: a list of arrays, in the order of the asked names."""

    def __init__(
        self, path_or_bytes, sess_options=None, providers=None, provider_options=None, **kwargs
    ):
        self._handle = None
        for name in kwargs:
            if name not in ("disabled_optimizers", "enable_fallback"):
                raise TypeError(NOT_OFFERED % ("InferenceSession(%s=…)" % name))
        _check_providers(providers)
        self._options = SessionOptions() if sess_options is None else sess_options
        self._handle = _create(path_or_bytes, self._options)
        self._inputs = nodes(self._handle, "input")
        self._outputs = nodes(self._handle, "output")
        self._initializers = nodes(self._handle, "initializer")
        self._by_name = {each.name: each for each in [*self._inputs, *self._initializers]}
        self._required = [each.name for each in self._inputs]
        self._names = {}

    def run(self, output_names, input_feed, run_options=None):
        given = tuple(input_feed)
        for name in self._required:
            if name not in input_feed:
                raise ValueError(
                    "Required inputs (%s) are missing from input feed (%s)."
                    % ([n for n in self._required if n not in input_feed], list(input_feed))
                )
        asked = tuple(output_names) if output_names else tuple(n.name for n in self._outputs)
        in_names, out_names = self._name_array(given), self._name_array(asked)
        values, kept = (c_void_p * len(given))(), []
        results = (c_void_p * len(asked))()
        options = None if run_options is None else run_options.to_native()
        try:
            for index, name in enumerate(given):
                values[index], holder = self._value(name, input_feed[name])
                kept.append(holder)
            lib.check(
                lib.run(
                    self._handle,
                    options,
                    in_names,
                    values,
                    len(given),
                    out_names,
                    len(asked),
                    results,
                )
            )
            return [_read(value) for value in results]
        finally:
            for value in values:
                lib.release_value(value)
            for value in results:
                lib.release_value(value)
            if options is not None:
                lib.release_run_options(options)

    def _value(self, name, data):
        node = self._by_name.get(name)
        if node is None:
            raise InvalidArgument("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Invalid input name: " + name)
        return _write(data, node.value_type, name)

    def _name_array(self, names):
        found = self._names.get(names)
        if found is None:
            if len(self._names) > 64:
                self._names.clear()
            found = self._names[names] = (c_char_p * len(names))(*[n.encode() for n in names])
        return found

    def get_inputs(self):
        return list(self._inputs)

    def get_outputs(self):
        return list(self._outputs)

    def get_overridable_initializers(self):
        return list(self._initializers)

    def get_modelmeta(self):
        return ModelMetadata(self._handle)

    def get_providers(self):
        return [CPU]

    def get_provider_options(self):
        return {CPU: {}}

    def set_providers(self, providers=None, provider_options=None):
        _check_providers(providers)

    def get_session_options(self):
        return self._options

    def enable_fallback(self):
        """There is one provider: nothing to fall back to."""

    disable_fallback = enable_fallback

    def end_profiling(self):
        return lib.text(lib.end_profiling, self._handle)

    def __getattr__(self, name):
        raise AttributeError(NOT_OFFERED % ("InferenceSession." + name))

    def __del__(self):
        handle, self._handle = self.__dict__.get("_handle"), None
        if handle:
            lib.release_session(handle)


def _check_providers(providers):
    for provider in providers or ():
        name = provider[0] if isinstance(provider, (tuple, list)) else provider
        if name != CPU:
            warnings.warn(
                "Specified provider '%s' is not in available provider names. "
                "Available providers: '%s'" % (name, CPU),
                stacklevel=3,
            )


def _create(path_or_bytes, options):
    if isinstance(path_or_bytes, (str, os.PathLike)):
        native = options.to_native(None)
        create = (lib.create_session, os.fsencode(path_or_bytes))
    elif isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
        model = bytes(path_or_bytes)
        native = options.to_native(_folder_of(len(model)))
        create = (lib.create_session_from_array, model, len(model))
    else:
        raise TypeError("Unable to load from type '%s'" % type(path_or_bytes))
    try:
        function, *arguments = create
        return lib.pointer(function, lib.ENV, *arguments, native)
    finally:
        lib.release_session_options(native)


def _folder_of(size):
    """Where the weights of a model lie that comes as bytes: beside the file those were read from."""
    root = os.environ.get("AZUREML_MODEL_DIR") or os.getcwd()
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith(".onnx") and os.path.getsize(path) == size:
                return folder
    return root


def _write(data, value_type, name):
    """(value, what has to live as long as it)"""
    if value_type.kind == TENSOR:
        return to_value(data, value_type.element, name)
    if value_type.kind == SEQUENCE:
        parts = [_write(each, value_type.inner, name) for each in data]
    elif value_type.kind == MAP:
        parts = [
            to_value(list(data), value_type.element, name),
            _write(list(data.values()), value_type.inner, name),
        ]
    else:
        raise NotImplementedError(NOT_OFFERED % ("an input of type %s" % value_type))
    handles = (c_void_p * len(parts))(*[value for value, _ in parts])
    try:
        value = lib.pointer(lib.create_value, handles, len(parts), value_type.kind)
    finally:
        for part, _ in parts:
            lib.release_value(part)
    return value, [holder for _, holder in parts]


def _read(value):
    if not value:
        return None
    kind = c_int()
    lib.check(lib.get_value_type(value, byref(kind)))
    if kind.value == TENSOR:
        return from_value(value)
    if kind.value not in (SEQUENCE, MAP):
        raise NotImplementedError(NOT_OFFERED % ("an output of kind %d" % kind.value))
    parts = []
    for index in range(lib.number(lib.get_value_count, c_size_t, value)):
        part = lib.pointer(lib.get_value, value, index, lib.ALLOCATOR)
        try:
            parts.append(_read(part))
        finally:
            lib.release_value(part)
    if kind.value == SEQUENCE:
        return parts
    keys, values = parts
    return dict(zip(plain_values(keys), plain_values(values)))
