"""The story of a batch script's process: load, init, one mini-batch after the other, shutdown."""

import io
import json
import logging
import math
import os
import sys
import time
import traceback

from . import serve as online
from . import user_script
from . import wire as frames

NOT_A_LIST = (
    "The run() method in the entry script should return a list or a pandas DataFrame. "
    "The length of returned result is considered as succeeded number of items. "
    "For --output_action=append_row, the returned result is what to write into the result file. "
    "The actual type of output is %s."
)


class NotWritable(Exception):
    """What run() returned cannot be written in the format that was asked for."""


def serve(descriptor, stand_ins):
    wire = frames.Wire(descriptor)
    path = user_script.script_path()
    root = os.environ["AML_APP_ROOT"]
    online.extend_path(root, os.environ.get("EDGEWRIGHT_CODE_FOLDER", root), stand_ins)
    level = os.environ["EDGEWRIGHT_BATCH_LOGGING"].upper()
    logging.getLogger().setLevel(level)
    # What Azure's driver hands on; scripts read it with parse_known_args.
    sys.argv = [path, "--logging_level", level]
    render = RENDERERS[os.environ["EDGEWRIGHT_BATCH_FORMAT"]]
    try:
        module = user_script.load_module(path)
        run = module.run
        if hasattr(module, "init"):
            module.init()
    except BaseException as error:  # noqa: BLE001  sys.exit() too: told, not lost
        traceback.print_exc()
        cause = error.__cause__ or error
        wire.send(frames.FAILED, {"reason": "%s: %s" % (type(cause).__name__, cause)})
        os._exit(3)
    wire.send(frames.READY, {"swagger": {}})
    while True:
        request = wire.receive()
        if request is None:
            return
        verb, *files = request.envelope
        if verb == "shutdown":
            _shutdown(module, wire)
        else:
            _mini_batch(wire, run, render, files)


def _mini_batch(wire, run, render, files):
    start = time.perf_counter()
    try:
        result = run(files)
        elapsed_ms = (time.perf_counter() - start) * 1000
        if not isinstance(result, (list, tuple)) and not _is_frame(result):
            raise TypeError(NOT_A_LIST % type(result).__name__)
        written = time.perf_counter()
        head, body = render(result)
        write_ms = (time.perf_counter() - written) * 1000
    except BaseException as error:  # noqa: BLE001  sys.exit() too: it is this mini-batch that fails
        text = traceback.format_exc().rstrip()
        print(text, file=sys.stderr)
        _answer(wire, 500, {"reason": "%s: %s" % (type(error).__name__, error), "traceback": text})
        return
    _answer(
        wire,
        200,
        {"rows": len(result), "head": head, "runMs": elapsed_ms, "writeMs": write_ms},
        body,
    )


def _shutdown(module, wire):
    try:
        if hasattr(module, "shutdown"):
            module.shutdown()
    except BaseException:  # noqa: BLE001  the results are there already
        traceback.print_exc()
    sys.stdout.flush()
    _answer(wire, 200, {})


def _answer(wire, status, facts, body=b""):
    wire.send(frames.ANSWER, [status, [["facts", json.dumps(facts)]], "", False], body)


def _is_frame(value):
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _azure(result):
    if _is_frame(result):
        return "", result.to_csv(sep=" ", header=False, index=False).encode()
    return "", "".join("%s\n" % (element,) for element in result).encode("utf-8", "surrogateescape")


def _csv(result):
    if _is_frame(result):
        head = result.iloc[:0].to_csv(index=False)
        return head, result.to_csv(header=False, index=False).encode()
    import csv

    if len({isinstance(element, dict) for element in result}) > 1:
        raise NotWritable("some elements of one mini-batch are dicts, which have names, and others are not")
    head = ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for element in result:
        if isinstance(element, dict):
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(element)
            head = head or line.getvalue()
            if head != line.getvalue():
                raise NotWritable("the dicts of one mini-batch have different keys")
            element = list(element.values())
        writer.writerow(element if isinstance(element, (list, tuple)) else [element])
    return head, text.getvalue().encode("utf-8", "surrogateescape")


def _jsonl(result):
    if _is_frame(result):
        text = result.to_json(orient="records", lines=True)
        return "", (text if text.endswith("\n") or not text else text + "\n").encode()
    return "", "".join(_json(element) + "\n" for element in result).encode()


def _json(element):
    try:
        return json.dumps(element, default=_plain, allow_nan=False)
    except ValueError:
        return json.dumps(_worded(element), default=_plain, allow_nan=False)


def _worded(value):
    """Numbers that JSON has no word for as texts, which is how inputs take them, too."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {
            _worded(key) if isinstance(key, float) else key: _worded(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_worded(item) for item in value]
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _plain(value):
    """numpy's numbers and arrays as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _npy(result):
    import numpy

    array = numpy.ascontiguousarray(result.to_numpy() if _is_frame(result) else list(result))
    if array.dtype.kind not in "biuf":
        raise NotWritable("npy holds numbers, and run() returned %s" % array.dtype)
    array = array.astype(array.dtype.newbyteorder("<"))
    row = {"descr": repr(array.dtype.str), "shape": list(array.shape[1:])}
    return json.dumps(row) if len(array) else "", array.tobytes()


def _nothing(_result):
    return "", b""


RENDERERS = {"azure": _azure, "csv": _csv, "jsonl": _jsonl, "npy": _npy, "none": _nothing}
