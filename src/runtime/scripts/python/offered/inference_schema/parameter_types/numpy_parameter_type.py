"""A parameter that is a numpy array."""

import base64
import datetime

import numpy

from .abstract_parameter_type import AbstractParameterType

FORMAT = "numpy.ndarray"
_UNITS = {
    "years": "Y",
    "months": "M",
    "weeks": "W",
    "days": "D",
    "hours": "h",
    "minutes": "m",
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "us",
    "nanoseconds": "ns",
    "picoseconds": "ps",
    "femtoseconds": "fs",
    "attoseconds": "as",
}


class NumpyParameterType(AbstractParameterType):
    """An array of the sample's element type and shape; the first dimension may have any size."""

    def __init__(self, sample_input, enforce_column_type=True, enforce_shape=True):
        if not isinstance(sample_input, numpy.ndarray):
            raise Exception("Invalid sample input provided, must provide a sample Numpy array.")
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape

    def deserialize_input(self, input_data):
        if isinstance(input_data, numpy.ndarray):
            return input_data
        if not isinstance(input_data, list):
            raise ValueError("Invalid input format: expected an array of items.")
        if self.enforce_column_type:
            dtype = self.sample_input.dtype
            array = numpy.array([_prepared(item, dtype) for item in input_data], dtype=dtype)
        else:
            array = numpy.array(input_data)
        if self.enforce_shape:
            self._check_shape(array.shape)
        return array

    def _check_shape(self, shape):
        expected = self.sample_input.shape
        if len(shape) != len(expected):
            raise ValueError(
                "Invalid input array: an array with %d dimensions is expected; input has %d "
                "[shape %s]" % (len(expected), len(shape), shape)
            )
        for dimension in range(1, len(expected)):
            if shape[dimension] != expected[dimension]:
                raise ValueError(
                    "Invalid input array: array has size %d on dimension #%d, while expected "
                    "value is %d" % (shape[dimension], dimension, expected[dimension])
                )

    def input_to_swagger(self):
        sample = self.sample_input
        schema = _array_schema(dtype_schema(sample.dtype), sample.shape)
        schema["example"] = [_example(item, schema["items"]) for item in sample]
        schema["format"] = FORMAT
        return schema


def _prepared(item, dtype):
    if dtype.names:
        return tuple(_prepared(item[index], dtype[index]) for index in range(len(dtype)))
    name = dtype.name.lower()
    if name.startswith("datetime"):
        return numpy.datetime64(item)
    if name.startswith("timedelta"):
        count, _, unit = item.partition(" ")
        if unit.strip().lower() not in _UNITS:
            raise ValueError("Invalid numpy.timedelta64 value specified: %s." % item)
        return numpy.timedelta64(int(count), _UNITS[unit.strip().lower()])
    return item


def dtype_schema(dtype):
    if dtype.names:
        properties = {name: dtype_schema(dtype[name]) for name in dtype.names}
        return {"type": "object", "properties": properties}
    if dtype.subdtype is not None:
        return _array_schema(dtype_schema(dtype.subdtype[0]), dtype.subdtype[1])
    name = dtype.name.lower()
    if name.rstrip("0123456789") in ("int", "uint"):
        return {"type": "integer", "format": name}
    if name in ("float16", "float32"):
        return {"type": "number", "format": "float"}
    if name == "float64":
        return {"type": "number", "format": "double"}
    for start, schema in _BY_NAME:
        if name.startswith(start):
            return dict(schema)
    raise TypeError("We currently do not support extracting schema from data of type %s" % name)


_BY_NAME = (
    ("bool", {"type": "boolean"}),
    ("object", {"type": "object"}),
    ("datetime", {"type": "string", "format": "date-time"}),
    ("timedelta", {"type": "string", "format": "timedelta"}),
    ("str", {"type": "string"}),
    ("bytes", {"type": "string", "format": "binary"}),
    ("void", {"type": "string", "format": "binary"}),
)


def _array_schema(item, shape):
    schema = {"type": "array", "items": item}
    for _ in range(len(shape) - 1):
        schema = {"type": "array", "items": schema}
    return schema


def _example(item, schema):
    kind = schema["type"]
    if kind == "array":
        return [_example(each, schema["items"]) for each in item]
    if kind == "object" and "properties" in schema:
        return {name: _example(item[name], each) for name, each in schema["properties"].items()}
    if kind == "number":
        return float(item)
    if kind == "integer":
        return int(item)
    if kind == "boolean":
        return bool(item)
    form = schema.get("format")
    if form == "date-time":
        return item.astype(datetime.datetime).strftime("%Y-%m-%d %H:%M:%S,%f")
    if form == "binary":
        return base64.b64encode(bytes(item)).decode()
    return str(item)
