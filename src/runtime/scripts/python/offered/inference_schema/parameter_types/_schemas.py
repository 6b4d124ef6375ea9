"""How is a plain Python value described?"""

import base64
import datetime

from .abstract_parameter_type import AbstractParameterType

DATE = "%Y-%m-%d"
_DATE_TIME = "%Y-%m-%d %H:%M:%S.%f %z"
_TIME = "%H:%M:%S.%f %z"


def schema_of(value):
    """A schema with an `example`."""
    if isinstance(value, AbstractParameterType):
        return value.input_to_swagger()
    describe = _SIMPLE.get(type(value))
    if describe is not None:
        return describe(value)
    if isinstance(value, (list, tuple, range)):
        return list_schema(value)
    if isinstance(value, dict):
        return dict_schema(value)
    return {"type": "object", "example": value}


def list_schema(values):
    schemas = [schema_of(value) for value in values]
    examples = [schema.pop("example") for schema in schemas]
    distinct = [each for index, each in enumerate(schemas) if each not in schemas[:index]]
    if is_mixed(values):
        items = {"oneOf": distinct}
    else:
        items = schemas[-1] if schemas else {"type": "object"}
    return {"type": "array", "items": items, "example": examples}


def dict_schema(values):
    schemas = {name: schema_of(value) for name, value in values.items()}
    examples = {name: schema.pop("example") for name, schema in schemas.items()}
    return {
        "type": "object",
        "required": list(schemas),
        "properties": schemas,
        "example": examples,
    }


def is_mixed(value):
    """Arrays of several types cannot be told in swagger 2."""
    if isinstance(value, AbstractParameterType):
        return "2.0" not in value.supported_versions()
    if isinstance(value, dict):
        return any(is_mixed(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return len({type(each) for each in value}) > 1 or any(is_mixed(each) for each in value)
    return False


def _formatted(kind, form):
    return lambda value: {"type": kind, "format": form, "example": value}


def _bytes(value):
    return {"type": "string", "format": "byte", "example": base64.b64encode(value).decode()}


def _with_zone(value):
    return value.replace(tzinfo=datetime.timezone.utc) if value.tzinfo is None else value


def _moment(form, pattern):
    return lambda value: {
        "type": "string",
        "format": form,
        "example": _with_zone(value).strftime(pattern),
    }


_SIMPLE = {
    int: _formatted("integer", "int64"),
    float: _formatted("number", "double"),
    bool: lambda value: {"type": "boolean", "example": value},
    str: lambda value: {"type": "string", "example": value},
    bytes: _bytes,
    bytearray: _bytes,
    datetime.date: lambda value: {
        "type": "string",
        "format": "date",
        "example": value.strftime(DATE),
    },
    datetime.datetime: _moment("date-time", _DATE_TIME),
    datetime.time: _moment("time", _TIME),
}
