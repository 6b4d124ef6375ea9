"""How do requests come from the runtime, and how do answers and log lines go back?

Both ways a frame is a fixed head, a text in JSON and bytes:

    runtime -> host   <III  lengths of the envelope and of the headers, both JSON, and of the bytes
    host -> runtime   <BII  kind, length of the JSON, length of the bytes
"""

import functools
import json
import os
import select
import socket
import struct
import threading

READY, FAILED, ANSWER, CHUNK, END, BROKEN, LOG, RESULT, STARTED = range(1, 10)

_REQUEST_HEAD = struct.Struct("<III")
_FRAME_HEAD = struct.Struct("<BII")
# Below this one copy is cheaper than a second system call.
_JOIN_BYTES = 64 * 1024
_FIRST_BYTES = 32 * 1024
# What may stay in the memory of `_envelope`.
_SHORT_ENVELOPE_BYTES = 1024


class Received:
    """One request. Most scripts never look at the headers: they are read when somebody does.

    A large body is a view of the memory it was received in.
    """

    __slots__ = ("envelope", "headers_text", "body", "_headers")

    def __init__(self, envelope, headers_text, body):
        self.envelope = envelope
        self.headers_text = headers_text
        self.body = body
        self._headers = None

    @property
    def headers(self):
        if self._headers is None:
            self._headers = json.loads(self.headers_text)
        return self._headers


@functools.lru_cache(maxsize=64)
def _envelope(text):
    """One client's requests have the same envelope over and over."""
    return tuple(json.loads(text))


class Wire:
    """The runtime's socket; log lines of other threads never cut into an answer."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._socket.setblocking(True)
        # A thread that waits in recv() is woken, for nothing, when the runtime takes the answer
        # before: room to write wakes it too. poll() waits for what comes alone.
        self._arrival = select.poll()
        self._arrival.register(self._socket, select.POLLIN)
        self._lock = threading.Lock()
        # True in a process that the script has forked: the socket is not its own.
        self.forked = False
        os.register_at_fork(after_in_child=self._note_fork)
        # The runtime knows the guard alone.
        self.send(STARTED, {"pid": os.getpid()})

    def _note_fork(self):
        self.forked = True

    def receive(self):
        """A request, or None when the runtime has closed its end."""
        self._arrival.poll()
        # There is never more than one on its way: what comes is its beginning, mostly all of it.
        data = self._socket.recv(_FIRST_BYTES)
        if len(data) < 12:
            data = bytes(self._filled(data, 12) or b"")
            if not data:
                return None
        envelope_length, headers_length, body_length = _REQUEST_HEAD.unpack_from(data)
        envelope_end = 12 + envelope_length
        body_start = envelope_end + headers_length
        end = body_start + body_length
        if len(data) < end:
            data = self._filled(data, end)
            if data is None:
                return None
        envelope = bytes(data[12:envelope_end])
        short = envelope_length <= _SHORT_ENVELOPE_BYTES
        return Received(
            _envelope(envelope) if short else json.loads(envelope),
            bytes(data[envelope_end:body_start]),
            data[body_start:],
        )

    def _filled(self, begun, length):
        """A view of so many bytes, or None when the other end is closed before."""
        view = memoryview(bytearray(length))
        at = len(begun)
        view[:at] = begun
        while at < length:
            count = self._socket.recv_into(view[at:])
            if count == 0:
                return None
            at += count
        return view

    def send(self, kind, value=None, body=b""):
        """False where it cannot: in a fork."""
        text = b"" if value is None else json.dumps(value).encode()
        return self._write(kind, text, body)

    def send_result(self, text, body):
        """The one answer that nearly every run gives; `text` is its JSON, written already."""
        self._write(RESULT, text, body)

    def _write(self, kind, text, body):
        if self.forked:
            return False
        head = _FRAME_HEAD.pack(kind, len(text), len(body))
        with self._lock:
            if len(body) <= _JOIN_BYTES:
                self._socket.sendall(b"".join((head, text, body)))
            else:
                self._socket.sendall(head + text)
                self._socket.sendall(body)
        return True
