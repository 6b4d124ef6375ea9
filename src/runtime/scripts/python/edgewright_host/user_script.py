"""What is the user's script: where are its init() and run(), and what does run() want?"""

import importlib.util
import inspect
import logging
import os
import sys
import types

logger = logging.getLogger("azmlinfsrv.user_script")

TEXT, RAW, OBJECT = "text", "raw", "object"


class ScriptError(Exception):
    """The script cannot be served; the message is meant for its author."""


class UserScript:
    """The loaded script. `mode` says what run() gets: the body's text, the request, or its fields."""

    def __init__(self, path):
        module = load_module(path)
        for name in ("init", "run"):
            if not hasattr(module, name):
                raise ScriptError(
                    "User script at %s does not have a %s() function defined."
                    % (module.__file__, name)
                )
        # A generated driver has the script's own run(): that one carries the decorators.
        driver = getattr(module, "driver_module", None)
        if isinstance(driver, types.ModuleType) and hasattr(driver, "run"):
            self.run = driver.run
            logger.info(
                "Found driver script at %s and the score script at %s",
                module.__file__,
                driver.__file__,
            )
        else:
            self.run = module.run
            logger.info("Found user script at %s", module.__file__)
        self.init = module.init
        self._inspect()

    def _inspect(self):
        parameters = list(inspect.signature(self.run).parameters.values())
        plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        if any(each.kind not in plain for each in parameters):
            raise ScriptError(
                "run() cannot accept positional-only arguments, *args, or **kwargs."
            )
        self.wants_headers = any(each.name == "request_headers" for each in parameters)
        self.parameters = [each for each in parameters if each.name != "request_headers"]
        if not self.parameters:
            raise ScriptError(
                'run() needs to accept an argument other than "request_headers".'
                if self.wants_headers
                else "run() needs to accept an argument for input data."
            )
        self.mode = self._mode()

    def _mode(self):
        raw, schema = _raw_asked(), is_schema_decorated(self.run)
        if raw and schema:
            raise ScriptError("run() cannot be decorated with both @rawhttp and @input_schema")
        if raw:
            logger.info("run() is decorated with @rawhttp and gets the request itself.")
            return RAW
        if schema:
            names = ", ".join(each.name for each in self.parameters)
            logger.info("run() is decorated with @input_schema and gets: %s.", names)
            return OBJECT
        logger.info("run() is not decorated and gets the input as a JSON string.")
        return TEXT


# What functions and classes of the script are called by, in a pickle too.
MODULE = "entry_module"


def load_module(path):
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None:
        # Python tells a module by its name's end.
        raise ScriptError(
            f"The user script {path} is no Python module: its name must end in .py"
        )
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[MODULE] = module
        spec.loader.exec_module(module)
        return module
    except BaseException as error:
        sys.modules.pop(MODULE, None)
        raise ScriptError(
            "Failed to import user script because it raised an unhandled exception"
        ) from error


def script_path():
    return os.path.join(os.environ["AML_APP_ROOT"], os.environ["AZUREML_ENTRY_SCRIPT"])


class _Finder:
    @staticmethod
    def find_spec(name, _path=None, _target=None):
        if name != MODULE:
            return None
        return importlib.util.spec_from_file_location(MODULE, script_path())


def offer_module():
    """Makes the script importable in a process that has not loaded it."""
    sys.meta_path.append(_Finder)


def _raw_asked():
    module = sys.modules.get("azureml_inference_server_http.api.aml_request")
    return module is not None and module.rawhttp_triggered


def is_schema_decorated(run):
    module = sys.modules.get("inference_schema.schema_util")
    return module is not None and module.is_schema_decorated(run)


def folder_lines(root, limit=200):
    """The tree below a folder, for the log of a failed init()."""
    lines = []
    for folder, names, files in os.walk(root):
        names.sort()
        depth = len(os.path.relpath(folder, root).split(os.sep)) if folder != root else 0
        lines.append("  " * depth + (os.path.basename(folder) or folder) + "/")
        lines += ["  " * (depth + 1) + name for name in sorted(files)]
        if len(lines) > limit:
            cut = "Output Truncated. First %d lines shown." % limit
            return [*lines[:limit], cut]
    return lines
