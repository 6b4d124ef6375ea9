"""The story of a script's process: log, load, init, then one request after the other."""

import logging
import os
import sys
import time
import traceback

from . import answers, inputs, logs, user_script
from . import wire as frames

DEFAULT_TIMEOUT_MS = 3600000
DEPRECATED_ID = b'"x-ms-request-id"'


def serve(descriptor, stand_ins):
    wire = frames.Wire(descriptor)
    root = os.environ["AML_APP_ROOT"]
    script_path = user_script.script_path()
    extend_path(root, os.environ.get("EDGEWRIGHT_CODE_FOLDER", root), stand_ins)
    logger = logs.configure(wire, [root, os.path.dirname(script_path)])
    alias_contrib()
    try:
        script = _start(script_path, logger)
    except user_script.ScriptError as error:
        cause = error.__cause__
        summary = str(error) if cause is None else "%s: %s" % (type(cause).__name__, cause)
        wire.send(frames.FAILED, {"reason": summary})
        logging.shutdown()
        os._exit(3)
    _describe(wire, script, root)
    while True:
        request = wire.receive()
        if request is None:
            return
        _handle(wire, script, request)
        if wire.forked:
            # The script forked in run() and let the fork return: the answer is its parent's.
            os._exit(0)


def extend_path(root, code_folder, stand_ins):
    """As the inference server: the working folder first, the script's folders last."""
    sys.path.insert(1, root)
    source = os.environ.get("AZUREML_SOURCE_DIRECTORY")
    for folder in [root, code_folder, *([os.path.join(root, source)] if source else [])]:
        if folder not in sys.path[2:]:
            sys.path.append(folder)
    # At the very end: a package that is installed goes before what stands in for it.
    sys.path.append(stand_ins)


def alias_contrib():
    """The names that old scripts import; `azureml` itself need not be installed."""
    from azureml_inference_server_http.api import aml_request, aml_response

    sys.modules["azureml.contrib.services.aml_request"] = aml_request
    sys.modules["azureml.contrib.services.aml_response"] = aml_response


def _start(path, logger):
    try:
        script = user_script.UserScript(path)
    except user_script.ScriptError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            logger.error("No such file or directory.")
        logger.error(traceback.format_exc().rstrip())
        raise
    logger.info("Invoking user's init function")
    try:
        script.init()
    except BaseException as error:
        logger.error("User's init function failed")
        logger.error("Encountered Exception %s", traceback.format_exc().rstrip())
        models = os.environ.get("AZUREML_MODEL_DIR")
        if models and os.path.isdir(models):
            tree = "\n".join(user_script.folder_lines(models))
            logger.info("Model Directory Contents:\n%s", tree)
        raise user_script.ScriptError("User's init function failed") from error
    logger.info("Users's init has completed successfully")
    return script


def _describe(wire, script, root):
    from . import swagger

    wire.send(
        frames.READY,
        {
            "mode": script.mode,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "swagger": swagger.documents(script.run, root),
        },
    )


def _handle(wire, script, request):
    start = time.perf_counter()
    if DEPRECATED_ID in request.headers_text and request.headers.get("x-ms-request-id"):
        logging.getLogger(logs.NAME).warning(
            "x-ms-request-id header has been deprecated and will be removed from future versions "
            "of the server. Please use x-ms-client-request-id."
        )
    answer = _score(script, request)
    took_ms = "%.3f" % ((time.perf_counter() - start) * 1000)
    if type(answer) is answers.Result:
        wire.send_result(b'["%s","%s"]' % (answer.run_ms, took_ms.encode()), answer.body)
        return
    streamed = not isinstance(answer.body, bytes)
    head = [answer.status, answer.headers, took_ms, streamed]
    if streamed:
        wire.send(frames.ANSWER, head)
        _stream(wire, answer.body)
    else:
        wire.send(frames.ANSWER, head, answer.body)


def _score(script, request):
    try:
        given = inputs.arguments(script, request)
    except inputs.NotForRun:
        return answers.empty()
    except inputs.InputError as error:
        return answers.fault(error.status, str(error))
    start = time.perf_counter()
    try:
        result = script.run(**given)
        elapsed_ms = (time.perf_counter() - start) * 1000
    except TimeoutError:
        _log_exception()
        return answers.fault(500, "Scoring timeout after %d ms" % _timeout_ms(), run_failed=True)
    except BaseException:  # noqa: BLE001  sys.exit() and Ctrl-C too: the process serves on
        _log_exception()
        return answers.fault(500, answers.RUN_FAILED, run_failed=True)
    try:
        return answers.answer(result, elapsed_ms)
    except BaseException:  # noqa: BLE001  what cannot be written is the server's own fault
        _log_exception()
        return answers.fault(500, answers.INTERNAL)


def _stream(wire, parts):
    try:
        for part in parts:
            if part:
                wire.send(frames.CHUNK, None, part)
        wire.send(frames.END)
    except BaseException:  # noqa: BLE001  the head is out: the stream can only break off
        _log_exception()
        wire.send(frames.BROKEN)


def _log_exception():
    logging.getLogger(logs.NAME).error("Encountered Exception: %s", traceback.format_exc().rstrip())


def _timeout_ms():
    return int(os.environ.get("SCORING_TIMEOUT_MS") or DEFAULT_TIMEOUT_MS)
