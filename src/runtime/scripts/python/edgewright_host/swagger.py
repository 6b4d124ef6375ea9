"""What does `/swagger.json` say? The user's own file, else a document made from the decorators."""

import json
import os

from .user_script import is_schema_decorated

# Each with the names it answers to.
VERSIONS = {"2": ("2", "2.0"), "3": ("3", "3.0"), "3.1": ("3.1",)}
_FILES = {"2": ("swagger.json", "swagger2.json"), "3": ("swagger3.json",), "3.1": ("swagger3.1.json",)}

_BEARER = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "For example: Bearer abc123",
}
_ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}
_HEALTHY = "If service is up and running, this response will be returned with the content 'Healthy'"
_SCORED = "The service processed the input correctly and provided a result prediction, if applicable."
_FAULT = "The service failed to execute due to an error."
_DOCUMENT = "The Swagger specification."


def documents(run, root):
    """Version -> document as text, for every version that can be had."""
    found = {}
    for version in VERSIONS:
        document = _users_own(version, root) or _generated(version, run)
        if document is not None:
            found[version] = json.dumps(document)
    return found


def _users_own(version, root):
    for name in _FILES[version]:
        try:
            with open(os.path.join(root, name), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            continue
    return None


def _generated(version, run):
    if is_schema_decorated(run):
        from inference_schema import schema_util

        if not set(VERSIONS[version]) & set(schema_util.get_supported_versions(run)):
            return None
        given, returned = schema_util.get_input_schema(run), schema_util.get_output_schema(run)
    else:
        given = returned = {"type": "object", "example": {}}
    schemas = {"ServiceInput": given, "ServiceOutput": returned, "ErrorResponse": _ERROR}
    if version == "2":
        return _version2(schemas)
    return _version3(schemas, "3.0.3" if version == "3" else "3.1.0")


def _names():
    name = os.environ.get("SERVICE_NAME") or "ML service"
    prefix = (os.environ.get("SERVICE_PATH_PREFIX") or "").strip("/")
    info = {
        "title": name,
        "description": "API specification for the Azure Machine Learning service " + name,
        "version": os.environ.get("SERVICE_VERSION") or "1.0",
    }
    return info, "/" + prefix if prefix else ""


def _operations():
    """What both forms say of the three routes."""
    security = [{"Bearer": []}]
    health = {
        "operationId": "ServiceHealthCheck",
        "description": "Simple health check endpoint to ensure the service is up at any given point.",
    }
    score = {
        "operationId": "RunMLService",
        "description": "Run web service's model and get the prediction output",
        "security": security,
    }
    document = {"operationId": "GetSwaggerSpec", "description": "Get the Swagger specification."}
    return health, score, document


def _version2(schemas):
    info, prefix = _names()
    health, score, document = _operations()
    fault = {"description": _FAULT, "schema": {"$ref": "#/definitions/ErrorResponse"}}
    health["responses"] = {
        "200": {
            "description": _HEALTHY,
            "schema": {"type": "string"},
            "examples": {"application/json": "Healthy"},
        },
        "default": fault,
    }
    score["parameters"] = [
        {
            "name": "serviceInputPayload",
            "in": "body",
            "description": "The input payload for executing the real-time machine learning service.",
            "schema": {"$ref": "#/definitions/ServiceInput"},
        }
    ]
    score["responses"] = {
        "200": {"description": _SCORED, "schema": {"$ref": "#/definitions/ServiceOutput"}},
        "default": fault,
    }
    version = {"name": "version", "in": "query", "required": False}
    document["parameters"] = [{**version, "type": "integer", "enum": [2, 3]}]
    document["responses"] = {
        "200": {"description": _DOCUMENT, "schema": {"type": "string"}},
        "default": fault,
    }
    return {
        "swagger": "2.0",
        "info": info,
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _BEARER},
        "paths": _paths(prefix, health, score, document),
        "definitions": schemas,
    }


def _version3(schemas, number):
    info, prefix = _names()
    health, score, document = _operations()
    reference = "#/components/schemas/"
    fault = _content(_FAULT, "application/json", {"$ref": reference + "ErrorResponse"})
    text = {"type": "string", "example": "Healthy"}
    health["responses"] = {"200": _content(_HEALTHY, "text/plain", text), "default": fault}
    score["requestBody"] = _content(
        "The input payload for executing the real-time machine learning service.",
        "application/json",
        {"$ref": reference + "ServiceInput"},
    )
    answer = _content(_SCORED, "application/json", {"$ref": reference + "ServiceOutput"})
    score["responses"] = {"200": answer, "default": fault}
    version = {"name": "version", "in": "query", "required": False}
    document["parameters"] = [{**version, "schema": {"type": "integer", "enum": [2, 3]}}]
    document["responses"] = {
        "200": _content(_DOCUMENT, "text/plain", {"type": "string"}),
        "default": fault,
    }
    return {
        "openapi": number,
        "info": info,
        "security": [{"Bearer": []}],
        "paths": _paths(prefix, health, score, document),
        "components": {"schemas": schemas, "securitySchemes": {"Bearer": _BEARER}},
    }


def _paths(prefix, health, score, document):
    return {
        prefix + "/": {"get": health},
        prefix + "/score": {"post": score},
        prefix + "/swagger.json": {"get": document},
    }


def _content(description, kind, schema):
    return {"description": description, "content": {kind: {"schema": schema}}}
