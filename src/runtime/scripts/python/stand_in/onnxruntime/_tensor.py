"""Tensors as values of the library and as numpy arrays, or typed buffers where numpy is absent."""

import struct
from ctypes import (
    POINTER,
    addressof,
    byref,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_ubyte,
    c_void_p,
    cast,
    create_string_buffer,
    memmove,
)

from . import _library as lib
from ._errors import NOT_OFFERED, InvalidArgument

try:
    import numpy
except ImportError:
    numpy = None

STRING = 8


class ElementType:
    """One type of element: its names, its size, and its code in Python's struct module."""

    def __init__(self, number, onnx, name, size, code):
        self.number = number
        self.onnx = onnx
        self.name = name
        self.size = size
        self.code = code
        self.numpy = None if numpy is None or number == STRING else numpy.dtype(name)


# What numpy has no type for comes as its bits.
_ELEMENTS = [
    ElementType(*row)
    for row in (
        (1, "float", "float32", 4, "f"),
        (2, "uint8", "uint8", 1, "B"),
        (3, "int8", "int8", 1, "b"),
        (4, "uint16", "uint16", 2, "H"),
        (5, "int16", "int16", 2, "h"),
        (6, "int32", "int32", 4, "i"),
        (7, "int64", "int64", 8, "q"),
        (8, "string", "object", 0, ""),
        (9, "bool", "bool", 1, "?"),
        (10, "float16", "float16", 2, "e"),
        (11, "double", "float64", 8, "d"),
        (12, "uint32", "uint32", 4, "I"),
        (13, "uint64", "uint64", 8, "Q"),
        (14, "complex64", "complex64", 8, "ff"),
        (15, "complex128", "complex128", 16, "dd"),
        (16, "bfloat16", "uint16", 2, "H"),
        (17, "float8e4m3fn", "uint8", 1, "B"),
        (18, "float8e4m3fnuz", "uint8", 1, "B"),
        (19, "float8e5m2", "uint8", 1, "B"),
        (20, "float8e5m2fnuz", "uint8", 1, "B"),
    )
]
BY_NUMBER = {each.number: each for each in _ELEMENTS}
_BY_NUMPY = {each.numpy: each.number for each in reversed(_ELEMENTS) if each.numpy is not None}
_BY_CODE = {each.code: each.number for each in reversed(_ELEMENTS) if each.code}
# What array.array and memoryview call the types of this machine.
_BY_CODE.update({"l": 7 if struct.calcsize("l") == 8 else 6, "L": 13})


def element(number):
    found = BY_NUMBER.get(number)
    if found is None:
        raise NotImplementedError(NOT_OFFERED % ("element type %d" % number))
    return found


class TypedBuffer:
    """A tensor without numpy: bytes with a type and a shape. Strings are a list in `data`."""

    def __init__(self, data, dtype, shape):
        self.dtype = dtype
        self.shape = tuple(shape)
        self.data = data if isinstance(data, list) else memoryview(data).cast("B")

    @property
    def size(self):
        return _count(self.shape)

    def tolist(self):
        return _nested(iter(self._values()), self.shape)

    def tobytes(self):
        return self.data.tobytes()

    def flat(self):
        return list(self._values())

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return iter(self.tolist())

    def __getitem__(self, index):
        return self.tolist()[index]

    def __repr__(self):
        return "TypedBuffer(%s, dtype=%s)" % (self.tolist(), self.dtype)

    def _values(self):
        if isinstance(self.data, list):
            return self.data
        code = next(each.code for each in _ELEMENTS if each.name == self.dtype)
        values = struct.unpack("%d%s" % (self.size, code) if len(code) == 1 else "%d%s"
                               % (self.size * 2, code[0]), self.data)
        if len(code) == 1:
            return values
        return [complex(values[at], values[at + 1]) for at in range(0, len(values), 2)]


def _nested(values, shape):
    if not shape:
        return next(values)
    return [_nested(values, shape[1:]) for _ in range(shape[0])]


def _count(shape):
    count = 1
    for dimension in shape:
        count *= dimension
    return count


_DIMENSIONS = {}


def _dimensions(rank):
    """The type of so many dimensions; made once, since it is slow to make."""
    found = _DIMENSIONS.get(rank)
    if found is None:
        found = _DIMENSIONS[rank] = c_int64 * rank
    return found


def to_value(data, expected, name):
    """(value of the library, what has to live as long as it). `expected` is the element type."""
    if numpy is not None:
        if not isinstance(data, numpy.ndarray):
            data = _array(data, expected, name)
        if data.dtype.kind in "OUS":
            return _strings(data.ravel().tolist(), data.shape), None
        number = _BY_NUMPY.get(data.dtype)
        if number is None:
            raise NotImplementedError(NOT_OFFERED % ("numpy type %s" % data.dtype))
        if expected in (16, 17, 18, 19, 20) and element(expected).numpy == data.dtype:
            number = expected
        if not data.flags.c_contiguous:
            data = numpy.ascontiguousarray(data)
        address = data.__array_interface__["data"][0]
        return _wrap(address, data.nbytes, data.shape, number), data
    return _plain(data, expected, name)


def _array(data, expected, name):
    if isinstance(data, TypedBuffer):
        data = data.tolist()
    try:
        return numpy.array(data, dtype=object if expected == STRING else element(expected).numpy)
    except (TypeError, ValueError) as error:
        raise InvalidArgument("input %r cannot be read as a tensor: %s" % (name, error)) from None


def _plain(data, expected, name):
    if isinstance(data, TypedBuffer):
        if isinstance(data.data, list):
            return _strings(data.data, data.shape), None
        number = next(each.number for each in _ELEMENTS if each.name == data.dtype)
        return _from_buffer(data.data, data.shape, number)
    if not isinstance(data, (list, tuple, int, float, complex, str, bool)):
        view = memoryview(data)
        number = _BY_CODE.get(view.format)
        if number is None or not view.c_contiguous:
            raise InvalidArgument("input %r is a buffer of type %r" % (name, view.format))
        return _from_buffer(view.cast("B"), view.shape, number)
    shape, flat = [], data
    while isinstance(flat, (list, tuple)):
        shape.append(len(flat))
        flat = flat[0] if flat else None
    values = [data]
    for length in shape:
        if any(not isinstance(each, (list, tuple)) or len(each) != length for each in values):
            raise InvalidArgument("input %r is a ragged list" % name)
        values = [inner for each in values for inner in each]
    if expected == STRING:
        return _strings(values, shape), None
    kind = element(expected)
    if len(kind.code) == 2:
        values = [part for each in values for part in (each.real, each.imag)]
    try:
        packed = struct.pack("%d%s" % (len(values), kind.code[0]), *values)
    except struct.error as error:
        raise InvalidArgument("input %r holds a value that is no %s: %s"
                              % (name, kind.name, error)) from None
    return _from_buffer(memoryview(packed), shape, expected)


def _from_buffer(view, shape, number):
    if view.nbytes != _count(shape) * element(number).size:
        raise InvalidArgument("a buffer of %d bytes has not the shape %s" % (view.nbytes, shape))
    if view.readonly:
        view = memoryview(bytearray(view))
    holder = (c_ubyte * max(1, view.nbytes)).from_buffer(view if view.nbytes else bytearray(1))
    return _wrap(addressof(holder), view.nbytes, shape, number), holder


def _wrap(address, size, shape, number):
    rank = len(shape)
    value = c_void_p()
    status = lib.create_tensor_with_data(
        lib.MEMORY, address, size, _dimensions(rank)(*shape), rank, number, byref(value)
    )
    lib.check(status)
    return value.value


def _strings(values, shape):
    texts = [each if isinstance(each, bytes) else str(each).encode() for each in values]
    rank = len(shape)
    value = lib.pointer(lib.create_tensor, lib.ALLOCATOR, _dimensions(rank)(*shape), rank, STRING)
    lib.check(lib.fill_strings(value, (c_char_p * max(1, len(texts)))(*texts), len(texts)))
    return value


def from_value(value):
    """A tensor of the library as an array, or a typed buffer; it is a copy."""
    info = c_void_p()
    lib.check(lib.get_type_and_shape(value, byref(info)))
    try:
        number, rank = c_int(), c_size_t()
        lib.check(lib.get_element_type(info, byref(number)))
        lib.check(lib.get_dimension_count(info, byref(rank)))
        dimensions = _dimensions(rank.value)()
        lib.check(lib.get_dimensions(info, dimensions, rank.value))
    finally:
        lib.release_type_and_shape(info)
    shape = tuple(dimensions)
    if number.value == STRING:
        return _read_strings(value, shape)
    kind = element(number.value)
    size = _count(shape) * kind.size
    data = c_void_p()
    lib.check(lib.get_tensor_data(value, byref(data)))
    if numpy is not None:
        array = numpy.empty(shape, kind.numpy)
        if size:
            memmove(array.__array_interface__["data"][0], data, size)
        return array
    copy = bytearray(size)
    if size:
        memmove((c_ubyte * size).from_buffer(copy), data, size)
    return TypedBuffer(copy, kind.name, shape)


def _read_strings(value, shape):
    count = _count(shape)
    length = lib.number(lib.get_strings_length, c_size_t, value)
    content, offsets = create_string_buffer(max(1, length)), (c_size_t * max(1, count))()
    if count:
        lib.check(lib.get_strings(value, content, length, offsets, count))
    ends = [*offsets[1:count], length]
    texts = [
        content.raw[start:end].decode("utf-8", "surrogateescape")
        for start, end in zip(offsets[:count], ends)
    ]
    if numpy is None:
        return TypedBuffer(texts, "object", shape)
    array = numpy.empty(count, dtype=object)
    array[:] = texts
    return array.reshape(shape)


def plain_values(tensor):
    """The elements as Python's own values, in one list."""
    return tensor.ravel().tolist() if numpy is not None else tensor.flat()


def text_array(address, count):
    return [
        cast(address, POINTER(c_void_p))[index] for index in range(count)
    ]
