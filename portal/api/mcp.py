"""`POST /mcp`: the portal for assistants, by the Model Context Protocol over streamable HTTP, without sessions.

One request has one message and gets one answer in JSON. Both forms of the protocol are served: that of 2025, which
begins with `initialize`, and that of 2026-07-28, in which each request states its version. `mcp_tools` has the tools.
"""

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.api.mcp_tools import TOOLS
from portal.formats.json import dumps, loads
from portal.http import throttling
from portal.http.parameters import takes
from portal.http.problems import ProblemDetail

MODERN = "2026-07-28"
HANDSHAKES = ("2025-11-25", "2025-06-18", "2025-03-26")  # versions with `initialize`, the newest first
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
MOST_BYTES = 100_000
CACHE = {"ttlMs": 3_600_000, "cacheScope": "public"}  # of the list of tools, which changes with a release

# Codes of JSON-RPC 2.0, and of the protocol for a version that is not served.
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
UNSUPPORTED_VERSION = -32022


class RpcError(Exception):
    """Raised for a message that cannot be served. It has a code, a message and data of JSON-RPC."""

    def __init__(self, code, message, data=None, status=400):
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


@takes()
@csrf_exempt
@require_POST
@override("en")
def mcp(request):
    """Return the answer to a JSON-RPC message; 202 without content to a notification.

    Raise Throttled if the network has used up its limit.
    """
    number = None
    try:
        message = _message(request)
        number = message.get("id")
        if number is None:
            return HttpResponse(status=202)
        result = _result(request, message)
    except RpcError as error:
        return _answer({"jsonrpc": "2.0", "id": number, "error": error.error}, error.status)
    return _answer({"jsonrpc": "2.0", "id": number, "result": result})


def _answer(value, status=200):
    response = HttpResponse(dumps(value), status=status, content_type="application/json")
    response["X-Robots-Tag"] = "noindex"
    add_never_cache_headers(response)
    return response


def _message(request):
    """Return the message in the body of a request as a dict."""
    if len(request.body) > MOST_BYTES:
        raise RpcError(INVALID_REQUEST, f"A message has at most {MOST_BYTES} bytes.", status=413)
    try:
        message = loads(request.body)
    except ValueError as error:
        raise RpcError(PARSE_ERROR, "The body is one JSON-RPC message in UTF-8.") from error
    if (
        not isinstance(message, dict)
        or message.get("jsonrpc") != "2.0"
        or not isinstance(message.get("method"), str)
        or not isinstance(message.get("params", {}), dict)
        or type(message.get("id")) not in {str, int, type(None)}
    ):
        raise RpcError(INVALID_REQUEST, "The body is one JSON-RPC 2.0 request or notification.")
    return message


def _result(request, message):
    """Return the result of a request."""
    method, params = message["method"], message.get("params", {})
    meta = params.get("_meta")
    version = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
    if version not in {None, MODERN}:
        raise RpcError(
            UNSUPPORTED_VERSION, "Unsupported protocol version", {"supported": [MODERN], "requested": version}
        )
    is_modern = version == MODERN
    # Only one of the two forms has each of these.
    methods = {"ping": _nothing, "tools/list": _list_tools, "tools/call": _call_tool}
    methods |= {"server/discover": _discover} if is_modern else {"initialize": _initialize}
    if method not in methods:
        raise RpcError(METHOD_NOT_FOUND, "Method not found", method[:60], status=404 if is_modern else 200)
    result = methods[method](request, params)
    if not is_modern:
        return result
    cached = CACHE if method in {"tools/list", "server/discover"} else {}
    return {"resultType": "complete"} | cached | result | {"_meta": {SERVER_KEY: _server()}}


def _server():
    return {"name": str(settings.PORTAL_NAME), "version": "1"}


def _instructions():
    return (
        "Sourced, published records on the environment of Central Asia and on Korea's cooperation with Kazakhstan, "
        "Kyrgyzstan, Tajikistan, Turkmenistan and Uzbekistan, in English, Korean and Russian. Cite the source and the "
        "address that each answer gives. What no record states is not known here: do not add to it."
    )


def _initialize(request, params):
    wanted = params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in HANDSHAKES else HANDSHAKES[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": _server(),
        "instructions": _instructions(),
    }


def _discover(request, params):
    return {
        "supportedVersions": [MODERN],
        "capabilities": {"tools": {"listChanged": False}},
        "instructions": _instructions(),
    }


def _nothing(request, params):
    return {}


def _list_tools(request, params):
    return {"tools": [tool.described() for tool in TOOLS.values()]}


def _call_tool(request, params):
    """Return the text of a tool's answer. A mistake in the arguments is an answer, too: the assistant can mend it."""
    tool = TOOLS.get(params.get("name")) if isinstance(params.get("name"), str) else None
    if tool is None:
        raise RpcError(INVALID_PARAMS, f"There is no such tool. Known are: {', '.join(TOOLS)}.", status=200)
    try:
        arguments = tool.checked(params.get("arguments") or {})
        throttling.throttle(request, tool.limit, tool.cost)
        text, is_error = dumps(tool.answer(request, **arguments)), False
    except ProblemDetail as problem:
        text, is_error = str(problem), True
    text = text.decode() if isinstance(text, bytes) else text
    return {"content": [{"type": "text", "text": text}], "isError": is_error}
