"""A parameter of one of Python's own types; dicts and lists may hold further parameter types."""

import base64
import datetime
import json

from ._schemas import DATE, is_mixed, schema_of
from .abstract_parameter_type import AbstractParameterType


class StandardPythonParameterType(AbstractParameterType):
    """The type of the sample, checked; an int will do for a float."""

    def __init__(self, sample_input):
        super().__init__(sample_input)
        sample = sample_input
        self._fields = {}
        self._item = None
        if isinstance(sample, dict):
            self._fields = {
                name: kind
                for name, kind in sample.items()
                if isinstance(kind, AbstractParameterType)
            }
        elif isinstance(sample, (list, tuple)):
            # Only the first type of a list counts, for all of its items.
            self._item = next((k for k in sample if isinstance(k, AbstractParameterType)), None)

    def has_nested(self):
        return bool(self._fields) or self._item is not None

    def deserialize_input(self, input_data):
        value = self._parsed(input_data)
        if self.sample_data_type is tuple and isinstance(value, list):
            value = tuple(value)
        if not isinstance(value, self.sample_data_type) and not (
            self.sample_data_type is float and type(value) is int
        ):
            raise ValueError(
                "Invalid input data type to parse. Expected: %s but got %s"
                % (self.sample_data_type, type(value))
            )
        if self._fields:
            return {
                name: self._fields[name].deserialize_input(each) if name in self._fields else each
                for name, each in value.items()
            }
        if self._item is not None:
            return type(value)(self._item.deserialize_input(each) for each in value)
        return value

    def _parsed(self, value):
        kind = self.sample_data_type
        if kind is datetime.date:
            return datetime.datetime.strptime(value, DATE).date()
        if kind is datetime.datetime:
            return _moment(value)
        if kind is datetime.time:
            return _moment(value).timetz()
        if kind in (bytes, bytearray):
            return kind(base64.b64decode(value.encode("utf-8")))
        return value

    def input_to_swagger(self):
        if self.sample_input is None:
            raise ValueError("Sample input cannot be None")
        schema = schema_of(self.sample_input)
        try:
            json.dumps(schema)
        except TypeError as error:
            raise TypeError(
                "Invalid python data sample provided: ensure that the data is fully JSON "
                "serializable to be able to generate swagger schema from it. Actual error: %s"
                % error
            ) from None
        return schema

    def supported_versions(self):
        return ("3.0", "3.1") if is_mixed(self.sample_input) else super().supported_versions()


def _moment(text):
    """By dateutil where that is installed; else the forms of ISO 8601, and times alone."""
    try:
        from dateutil import parser
    except ImportError:
        text = text.strip().replace("Z", "+00:00")
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            today = datetime.date.today()
            return datetime.datetime.combine(today, datetime.time.fromisoformat(text))
    return parser.parse(text)
