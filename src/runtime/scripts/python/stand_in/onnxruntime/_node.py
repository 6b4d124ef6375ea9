"""What a model says of its inputs, its outputs and itself."""

from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p

from . import _library as lib
from ._tensor import BY_NUMBER, text_array

TENSOR, SEQUENCE, MAP = 1, 2, 3


class ValueType:
    """A tensor with an element type and a shape, a sequence of something, or a map to something."""

    def __init__(self, kind, element=None, shape=None, inner=None):
        self.kind = kind
        self.element = element
        self.shape = shape
        self.inner = inner

    def __str__(self):
        name = BY_NUMBER[self.element].onnx if self.element in BY_NUMBER else "unknown"
        if self.kind == TENSOR:
            return "tensor(%s)" % name
        if self.kind == SEQUENCE:
            return "seq(%s)" % self.inner
        if self.kind == MAP:
            return "map(%s,%s)" % (name, self.inner)
        return "unknown"


class NodeArg:
    """One input or output."""

    def __init__(self, name, value_type):
        self.name = name
        self.value_type = value_type
        self.type = str(value_type)
        self.shape = [] if value_type.shape is None else value_type.shape

    def __str__(self):
        return "NodeArg(name='%s', type='%s', shape=%s)" % (self.name, self.type, self.shape)

    __repr__ = __str__


def nodes(session, which):
    found = []
    for index in range(lib.number(lib.counts[which], c_size_t, session)):
        name = lib.owned_text(lib.pointer(lib.names[which], session, index, lib.ALLOCATOR))
        info = lib.pointer(lib.types[which], session, index)
        try:
            found.append(NodeArg(name, _value_type(info)))
        finally:
            lib.release_type(info)
    return found


def _value_type(info):
    kind = lib.number(lib.get_onnx_type, c_int, info)
    if kind == TENSOR:
        return _tensor_type(lib.pointer(lib.cast_to_tensor_info, info))
    if kind == SEQUENCE:
        inner = lib.pointer(lib.get_sequence_type, lib.pointer(lib.cast_to_sequence, info))
        return ValueType(SEQUENCE, inner=_released(inner))
    if kind == MAP:
        info = lib.pointer(lib.cast_to_map, info)
        key = lib.number(lib.get_map_key_type, c_int, info)
        return ValueType(MAP, key, inner=_released(lib.pointer(lib.get_map_value_type, info)))
    return ValueType(kind)


def _released(info):
    try:
        return _value_type(info)
    finally:
        lib.release_type(info)


def _tensor_type(info):
    element = lib.number(lib.get_element_type, c_int, info)
    rank = lib.number(lib.get_dimension_count, c_size_t, info)
    dimensions, symbols = (c_int64 * rank)(), (c_char_p * rank)()
    lib.check(lib.get_dimensions(info, dimensions, rank))
    lib.check(lib.get_symbols(info, symbols, rank))
    shape = [
        size if size >= 0 else (symbol.decode() if symbol else None)
        for size, symbol in zip(dimensions, symbols)
    ]
    return ValueType(TENSOR, element, shape)


class ModelMetadata:
    """What the model file says of itself."""

    def __init__(self, session):
        metadata = lib.pointer(lib.get_model_metadata, session)
        try:
            for name, read in lib.metadata_texts.items():
                setattr(self, name, lib.text(read, metadata))
            self.version = lib.number(lib.metadata_version, c_int64, metadata)
            self.custom_metadata_map = _custom(metadata)
        finally:
            lib.release_metadata(metadata)


def _custom(metadata):
    keys, count = c_void_p(), c_int64()
    lib.check(lib.metadata_keys(metadata, lib.ALLOCATOR, byref(keys), byref(count)))
    found = {}
    for address in text_array(keys, count.value):
        key = lib.owned_text(address)
        value = lib.pointer(lib.metadata_lookup, metadata, lib.ALLOCATOR, key.encode())
        found[key] = lib.owned_text(value)
    if keys:
        lib.check(lib.allocator_free(lib.ALLOCATOR, keys))
    return found
