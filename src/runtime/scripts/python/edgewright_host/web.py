"""What does a script that asks for the raw request get? The request's parts as web frameworks name them."""

import base64
import io
import json
from email.parser import BytesParser
from email.policy import HTTP
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, unquote

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class Headers:
    """Names in any case; written `Test-Header`. Like the web framework's they iterate over pairs."""

    def __init__(self, pairs=()):
        self._values = {_title(name): value for name, value in pairs}

    def __iter__(self):
        return iter(self._values.items())

    def __len__(self):
        return len(self._values)

    def __contains__(self, name):
        return _title(name) in self._values

    def __getitem__(self, name):
        return self._values[_title(name)]

    def get(self, name, default=None, type=None):  # noqa: A002  the framework's own word
        value = self._values.get(_title(name), default)
        if type is None or value is default:
            return value
        try:
            return type(value)
        except ValueError:
            return default

    def getlist(self, name):
        """One value at most: the runtime joins those of a repeated header with commas."""
        return [self[name]] if name in self else []

    get_all = getlist

    # With these dict(headers) is a mapping of names to values.
    def keys(self):
        return self._values.keys()

    def values(self):
        return self._values.values()

    def items(self):
        return self._values.items()

    def __repr__(self):
        return "Headers(%r)" % list(self)


def _title(name):
    return name.title() if isinstance(name, str) else name


class MultiDict(dict):
    """The first value of a name, and all of them on request."""

    def __init__(self, pairs=()):
        super().__init__()
        self._lists = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)
            self.setdefault(name, value)

    def get(self, name, default=None, type=None):  # noqa: A002
        if name not in self:
            return default
        if type is None:
            return self[name]
        try:
            return type(self[name])
        except ValueError:
            return default

    def getlist(self, name, type=None):  # noqa: A002
        values = self._lists.get(name, [])
        return list(values) if type is None else [type(value) for value in values]

    def lists(self):
        return iter(self._lists.items())

    def to_dict(self, flat=True):
        return dict(self) if flat else dict(self._lists)


class FileStorage:
    """One uploaded file."""

    def __init__(self, data, *, name, filename, content_type):
        self.stream = io.BytesIO(data)
        self.name = name
        self.filename = filename
        self.content_type = self.mimetype = content_type
        self.content_length = len(data)

    def read(self, *size):
        return self.stream.read(*size)

    def seek(self, *where):
        return self.stream.seek(*where)

    def __iter__(self):
        return iter(self.stream)

    def save(self, target):
        data = self.stream.read()
        if hasattr(target, "write"):
            target.write(data)
        else:
            with open(target, "wb") as file:
                file.write(data)


class UserAgent(str):
    """The header's text, under the web framework's name for it."""

    @property
    def string(self):
        return str(self)


class Authorization:
    """A credential: its type in lower case; `username` and `password`, or `token`."""

    def __init__(self, kind, rest):
        self.type = kind.lower()
        self.username = self.password = self.token = None
        if self.type == "basic":
            pair = base64.b64decode(rest, validate=True).decode("utf-8")
            self.username, _, self.password = pair.partition(":")
        else:
            self.token = rest


class BadRequest(Exception):
    """The body is not what the script asked it to be."""


class Request:
    """One request, as the runtime handed it on; what nobody asks for is not read."""

    def __init__(self, received):
        self.method, self.path, query, content_type = received.envelope
        self.query_string = query.encode("latin-1", "replace")
        self.content_type = content_type or None
        self._received = received
        self._body = bytes(received.body)
        self._headers = None
        self._parsed = None
        self._args = None

    @property
    def headers(self):
        if self._headers is None:
            self._headers = Headers(self._received.headers.items())
        return self._headers

    @property
    def args(self):
        if self._args is None:
            text = self.query_string.decode("utf-8", "replace")
            self._args = MultiDict(parse_qsl(text, keep_blank_values=True))
        return self._args

    @property
    def mimetype(self):
        return (self.content_type or "").split(";", 1)[0].strip().lower()

    @property
    def content_length(self):
        return self.headers.get("content-length", len(self._body), type=int)

    @property
    def is_json(self):
        kind = self.mimetype
        return kind == "application/json" or (
            kind.startswith("application/") and kind.endswith("+json")
        )

    @property
    def is_form(self):
        return self.mimetype in (FORM, MULTIPART)

    def get_data(self, cache=True, as_text=False, parse_form_data=False):
        body = b"" if parse_form_data and self.is_form else self._body
        return body.decode("utf-8", "replace") if as_text else body

    @property
    def data(self):
        return self.get_data(parse_form_data=True)

    @property
    def stream(self):
        return io.BytesIO(self._body)

    @property
    def form(self):
        return self._form()[0]

    @property
    def files(self):
        return self._form()[1]

    @property
    def values(self):
        return MultiDict([*self.args.items(), *self.form.items()])

    @property
    def cookies(self):
        jar = SimpleCookie(self.headers.get("cookie", ""))
        return {name: morsel.value for name, morsel in jar.items()}

    def get_json(self, force=False, silent=False, cache=True):
        try:
            if not (force or self.is_json):
                raise BadRequest("the content type is not application/json")
            return json.loads(self._body)
        except (ValueError, BadRequest) as error:
            if silent:
                return None
            raise BadRequest(str(error)) from error

    @property
    def json(self):
        return self.get_json()

    scheme = "http"
    is_secure = False

    @property
    def user_agent(self):
        return UserAgent(self.headers.get("user-agent", ""))

    @property
    def authorization(self):
        kind, _, rest = self.headers.get("authorization", "").partition(" ")
        try:
            return Authorization(kind, rest.strip()) if rest else None
        except ValueError:
            return None

    @property
    def environ(self):
        """What a WSGI server would hand over, made for each look."""
        headers = {
            "HTTP_" + name.upper().replace("-", "_"): value for name, value in self.headers
        }
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query_string.decode("latin-1"),
            "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
            "CONTENT_LENGTH": headers.pop("HTTP_CONTENT_LENGTH", str(len(self._body))),
            "REMOTE_ADDR": self.remote_addr,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": self.scheme,
            "wsgi.input": self.stream,
            **headers,
        }

    @property
    def host(self):
        return self.headers.get("host", "")

    @property
    def host_url(self):
        return "http://%s/" % self.host

    url_root = host_url

    @property
    def base_url(self):
        return "http://%s%s" % (self.host, self.path)

    @property
    def full_path(self):
        return "%s?%s" % (self.path, self.query_string.decode("utf-8", "replace"))

    @property
    def url(self):
        query = self.query_string.decode("utf-8", "replace")
        return self.base_url + ("?" + unquote(query) if query else "")

    @property
    def remote_addr(self):
        return self.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()

    def _form(self):
        if self._parsed is None:
            if self.mimetype == FORM:
                text = self._body.decode("utf-8", "replace")
                pairs = parse_qsl(text, keep_blank_values=True)
                self._parsed = (MultiDict(pairs), MultiDict())
            elif self.mimetype == MULTIPART:
                self._parsed = self._multipart()
            else:
                self._parsed = (MultiDict(), MultiDict())
        return self._parsed

    def _multipart(self):
        head = ("Content-Type: %s\r\n\r\n" % self.content_type).encode("latin-1", "replace")
        message = BytesParser(policy=HTTP).parsebytes(head + self._body)
        fields, files = [], []
        for part in message.iter_parts() if message.is_multipart() else ():
            name = part.get_param("name", header="content-disposition")
            data = part.get_payload(decode=True) or b""
            filename = part.get_filename()
            if filename is None:
                fields.append((name, data.decode("utf-8", "replace")))
            else:
                kind = part.get_content_type()
                file = FileStorage(data, name=name, filename=filename, content_type=kind)
                files.append((name, file))
        return MultiDict(fields), MultiDict(files)
