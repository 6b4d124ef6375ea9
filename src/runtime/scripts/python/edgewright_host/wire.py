"""How do requests come from the runtime, and how do answers and log lines go back?

Both ways a frame is a fixed head, a text in JSON and bytes:

    runtime -> host   <II   length of the JSON, length of the bytes
    host -> runtime   <BII  kind, length of the JSON, length of the bytes
"""

import json
import os
import socket
import struct
import threading

READY, FAILED, ANSWER, CHUNK, END, BROKEN, LOG = range(1, 8)

_REQUEST_HEAD = struct.Struct("<II")
_FRAME_HEAD = struct.Struct("<BII")
# Below this one copy is cheaper than a second system call.
_JOIN_BYTES = 64 * 1024


class Wire:
    """The runtime's socket; log lines of other threads never cut into an answer."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._socket.setblocking(True)
        self._file = self._socket.makefile("rb", buffering=256 * 1024)
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def receive(self):
        """(JSON as a value, bytes), or None when the runtime has closed its end."""
        head = self._file.read(_REQUEST_HEAD.size)
        if len(head) < _REQUEST_HEAD.size:
            return None
        text_length, body_length = _REQUEST_HEAD.unpack(head)
        text = self._file.read(text_length)
        body = self._file.read(body_length)
        if len(text) < text_length or len(body) < body_length:
            return None
        return json.loads(text), body

    def send(self, kind, value=None, body=b""):
        """False in a process that the script has forked: the socket is not its own."""
        if os.getpid() != self._owner:
            return False
        text = b"" if value is None else json.dumps(value).encode()
        head = _FRAME_HEAD.pack(kind, len(text), len(body)) + text
        with self._lock:
            if len(body) <= _JOIN_BYTES:
                self._socket.sendall(head + bytes(body))
            else:
                self._socket.sendall(head)
                self._socket.sendall(body)
        return True
