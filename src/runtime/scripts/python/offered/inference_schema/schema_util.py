"""What is known of a decorated function: its schemas, and the swagger versions they can be told in."""

import copy

ALL_VERSIONS = ("2.0", "3.0", "3.1")
ATTRIBUTE = "__inference_schema__"


class FunctionSchema:
    """Shared by all decorators of one function."""

    def __init__(self):
        self.input = None
        self.output = None
        self.versions = set(ALL_VERSIONS)


def schema_of(function):
    return getattr(function, ATTRIBUTE, None)


def is_schema_decorated(function):
    return schema_of(function) is not None


def get_input_schema(function):
    return _part(function, "input")


def get_output_schema(function):
    return _part(function, "output")


def _part(function, name):
    schema = schema_of(function)
    found = None if schema is None else getattr(schema, name)
    return {"type": "object"} if found is None else copy.deepcopy(found)


def get_supported_versions(function):
    schema = schema_of(function)
    return sorted(ALL_VERSIONS if schema is None else schema.versions)
