"""`@input_schema` and `@output_schema`: convert what comes in, and describe both ends."""

import copy
import functools
import inspect

from .parameter_types.abstract_parameter_type import AbstractParameterType
from .schema_util import ATTRIBUTE, FunctionSchema, schema_of


def input_schema(param_name, param_type, convert_to_provided_type=True, optional=False):
    """Describes one parameter, and converts its JSON to the sample's type before the call."""
    _check(param_type)

    def decorate(function):
        names = list(inspect.signature(function).parameters)
        schema = _schema(function)
        _describe_parameter(schema, names, (param_name, param_type, optional))

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            if not convert_to_provided_type:
                return function(*args, **kwargs)
            if param_name in kwargs:
                kwargs[param_name] = _converted(kwargs[param_name], param_type)
            elif param_name not in names:
                raise Exception(
                    'Error, provided param_name "%s" is not in the decorated function.'
                    % param_name
                )
            elif names.index(param_name) < len(args):
                args = list(args)
                index = names.index(param_name)
                args[index] = _converted(args[index], param_type)
            return function(*args, **kwargs)

        return _marked(wrapper, schema)

    return decorate


def output_schema(output_type):
    """Describes what comes out; nothing is converted."""
    _check(output_type)

    def decorate(function):
        schema = _schema(function)
        if schema.output is not None:
            raise Exception("Error, output schema already defined for function: %s." % function)
        schema.output = output_type.input_to_swagger()
        schema.versions &= set(output_type.supported_versions())

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return _marked(wrapper, schema)

    return decorate


def _check(param_type):
    if not isinstance(param_type, AbstractParameterType):
        raise Exception("Error, provided param_type must be a subclass of AbstractParameterType.")


def _schema(function):
    return schema_of(function) or FunctionSchema()


def _marked(wrapper, schema):
    setattr(wrapper, ATTRIBUTE, schema)
    return wrapper


def _converted(value, param_type):
    if isinstance(value, param_type.sample_data_type) and not param_type.has_nested():
        return value
    return param_type.deserialize_input(value)


def _describe_parameter(schema, names, parameter):
    param_name, param_type, optional = parameter
    if schema.input is None:
        schema.input = {
            "type": "object",
            "properties": {name: {} for name in names},
            "example": {name: "" for name in names},
        }
    described = copy.deepcopy(param_type.input_to_swagger())
    schema.input["example"][param_name] = described.pop("example", "")
    schema.input["properties"][param_name] = described
    if not optional:
        schema.input.setdefault("required", []).append(param_name)
    schema.versions &= set(param_type.supported_versions())
