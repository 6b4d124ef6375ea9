"""The answer of a script that decides its own status and headers."""

import json

JSON = "application/json"
TEXT = "text/html; charset=utf-8"


class ResponseHeaders:
    """Names in any case, values in the order they came; a name may stand more than once."""

    def __init__(self, pairs=()):
        self._pairs = list(pairs)

    def add(self, name, value):
        text = str(value)
        if "\n" in text or "\r" in text:
            raise ValueError("Header values must not contain newline characters.")
        self._pairs.append((name, text))

    add_header = add

    def remove(self, name):
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]

    def get(self, name, default=None):
        return next((v for n, v in self._pairs if n.lower() == name.lower()), default)

    def getlist(self, name):
        return [v for n, v in self._pairs if n.lower() == name.lower()]

    def items(self):
        return iter(list(self._pairs))

    def __iter__(self):
        return iter(list(self._pairs))

    def __len__(self):
        return len(self._pairs)

    def __contains__(self, name):
        return self.get(name) is not None

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name, value):
        self.remove(name)
        self.add(name, value)

    def __delitem__(self, name):
        self.remove(name)


class AMLResponse:
    """A message with a status and headers; a header value is split at its commas."""

    def __init__(
        self, message, status_code, response_headers={}, json_str=False, run_function_failed=False
    ):
        self.status_code = int(status_code)
        if message is None or json_str:
            self.response = json.dumps({} if message is None else message)
            self.headers = ResponseHeaders([("Content-Type", JSON)])
        else:
            self.response = message
            self.headers = ResponseHeaders([("Content-Type", TEXT)])
            if "Content-Type" in response_headers:
                self.headers.remove("Content-Type")
        self.headers["x-ms-run-function-failed"] = run_function_failed
        for name, value in response_headers.items():
            for part in value.split(","):
                self.headers.add(name, part.strip())

    @property
    def is_streamed(self):
        return not isinstance(self.response, (str, bytes, bytearray, list, tuple))

    def iter_encoded(self):
        body = self.response
        parts = [body] if isinstance(body, (str, bytes, bytearray)) else body
        for part in parts:
            yield part.encode() if isinstance(part, str) else bytes(part)

    def get_data(self, as_text=False):
        self.response = [b"".join(self.iter_encoded())]
        return self.response[0].decode() if as_text else self.response[0]

    @property
    def data(self):
        return self.get_data()

    def set_data(self, value):
        self.response = value

    @property
    def mimetype(self):
        return (self.headers.get("Content-Type") or "").split(";", 1)[0].strip()

    @property
    def content_type(self):
        return self.headers.get("Content-Type")
