"""How do a script's lines get into the runtime's log?"""

import builtins
import json
import logging
import logging.config
import os
import sys
import time

from . import wire as frames

NAME = "azmlinfsrv"
FORMAT = "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s"

_plain_print = builtins.print


class _WireHandler(logging.Handler):
    """Whole records, so that a traceback stays in one piece."""

    def __init__(self, wire):
        super().__init__()
        self._wire = wire
        formatter = logging.Formatter(FORMAT)
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record):
        try:
            line = self.format(record)
            value = {"level": record.levelname}
            if not self._wire.send(frames.LOG, value, line.encode("utf-8", "replace")):
                sys.__stdout__.write(line + "\n")
        except Exception:  # noqa: BLE001  a log line never fails a request
            self.handleError(record)


def configure(wire, folders):
    """A logging.json of the script's own takes the place of our settings."""
    logger = logging.getLogger(NAME)
    for folder in folders:
        path = os.path.join(folder, "logging.json")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                logging.config.dictConfig(json.load(file))
            break
    else:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(_WireHandler(wire))
    builtins.print = _print
    return logger


def _print(*values, sep=" ", end="\n", file=None, flush=False):
    if file is not None and file is not sys.stdout:
        _plain_print(*values, sep=sep, end=end, file=file, flush=flush)
        return
    text = (" " if sep is None else sep).join(map(str, values))
    logging.getLogger(NAME + ".print").info("%s", text)
