"""What can go wrong between a client and its server: one line for people each, and a ``code`` for programs."""

from __future__ import annotations

from typing import Any

import httpx

MAX_RETRY_AFTER = 3600.0


class ClientError(Exception):
    """Base of all errors of the client. ``code`` is stable; ``status`` is the response's, 0 when there is none."""

    code: str = "error"
    status: int = 0

    def __init__(self, message: str, code: str = "", status: int = 0, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status
        self.fields: dict[str, Any] = more.get("fields") or {}


class WrongAddress(ClientError):
    """There is no KakoClaw at this address."""

    code = "wrong_address"


class Unreachable(ClientError):
    """No answer came, so what was asked for may have been done.

    ``code`` is unreachable, timeout, connection_lost or tls.
    """

    code = "unreachable"


class WaitedTooLong(ClientError):
    """The time that was given is over, and the execution is not."""

    code = "waited_too_long"


class ServerError(ClientError):
    """The server has answered that it can't, or won't; ``code`` is the server's own."""


class Refused(ServerError):
    """The request is wrong; ``fields`` says where, when it is a field's."""


class Unauthenticated(ServerError):
    """The token is not valid (any more)."""


class Forbidden(ServerError):
    """The token may not be used for this."""


class NotFound(ServerError):
    """There is no such execution, or it is somebody else's."""


class Conflict(ServerError):
    """It is not in the state that this needs."""


class Throttled(ServerError):
    """Too many requests; ``retry_after`` is in seconds."""

    retry_after: float = 1.0


class Unavailable(ServerError):
    """The server, or what it needs, is away for the moment; ``retry_after`` is in seconds."""

    retry_after: float = 1.0


_BY_STATUS: dict[int, type[ServerError]] = {
    401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 429: Throttled,
    502: Unavailable, 503: Unavailable, 504: Unavailable,
}  # fmt: skip
#: What a proxy says while the server behind it starts again.
FROM_A_PROXY = frozenset({502, 503, 504})


def of_response(response: httpx.Response, server: str) -> ClientError:
    """Return the error that a response with a status of 300 or more is; its body has been read."""
    if response.is_redirect:
        target = response.headers.get("location", "")
        return WrongAddress(f"{server} leads to {target}: use that address.", "redirected", response.status_code)
    body = _json(response)
    if "code" not in body:
        if response.status_code in FROM_A_PROXY:
            return _waiting(Unavailable(f"{server} is away for the moment ({response.status_code}).", "unavailable",
                                        response.status_code), response)  # fmt: skip
        kind = response.headers.get("content-type", "nothing").partition(";")[0]
        text = f"There is no KakoClaw at {server}: it answered {response.status_code} and {kind}."
        return WrongAddress(text, status=response.status_code)
    kind_of_error = _BY_STATUS.get(response.status_code, Refused if response.status_code < 500 else ServerError)
    message = " ".join(str(body.get("detail", "")).split())
    error = kind_of_error(message, str(body["code"]), response.status_code, fields=body.get("fields"))
    return _waiting(error, response)


def of_transport(error: Exception, server: str) -> ClientError:
    """Return the error that a request without an answer is."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return WrongAddress(f"{server} is not an address: it must be such as https://kakoclaw.example.org.")
    if (reason := _about_tls(error)) is not None:
        return Unreachable(f"{server} can't be trusted: {reason}", "tls")
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{server} has not answered in time.", "timeout")
    reason = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"{server} can't be reached: {reason}")
    return Unreachable(f"The connection to {server} was lost: {reason}", "connection_lost")


def _about_tls(error: Exception) -> str | None:
    """Return what is wrong with TLS, if that is what is wrong; of OpenSSL's words, those for people."""
    text = " ".join(str(error).split())
    if not isinstance(error, httpx.ConnectError) or "SSL" not in text:
        return None
    said = text.partition("]")[2].partition("(_ssl")[0].strip() or text
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"its certificate is not valid here ({said.removeprefix('certificate verify failed: ')})."
    return f"no secure connection came about ({said})."


def _waiting(error: ServerError, response: httpx.Response) -> ServerError:
    """Note how long the server asks to be left alone, where it does."""
    raw = response.headers.get("retry-after", "")
    if isinstance(error, Throttled | Unavailable) and raw.isascii() and raw.isdecimal():
        error.retry_after = min(float(raw), MAX_RETRY_AFTER)
    return error


def _json(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
