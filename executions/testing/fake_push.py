"""A push service on loopback, with browsers that subscribe at it, decrypt what they get, and check who sent it.

It refuses what a real one refuses: a wrong or expired signature (RFC 8292), a missing TTL, a body that is too large.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from secrets import token_bytes, token_hex
from typing import Any

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from executions.testing.receiver import Received, Receiver, Reply

#: What push services take at least (RFC 8030).
MAX_BODY_BYTES = 4096


def encoded(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Return what base64url stands for."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(eq=False)
class Browser:
    """A subscription as ``pushManager.subscribe`` makes it, for one ``application_key``."""

    endpoint: str
    application_key: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: token_bytes(16))
    #: The service answers that the subscription has ended.
    ended: bool = False
    #: What came, decrypted, with its headers.
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what ``PushSubscription.toJSON()`` gives."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "keys": {"p256dh": encoded(point), "auth": encoded(self.secret)}}

    def decrypt(self, body: bytes) -> dict[str, Any]:
        """Return what was sent."""
        clear = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return dict(json.loads(clear))


class FakePush(Receiver):
    """The service, as a context manager."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.browsers: dict[str, Browser] = {}

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/hook")

    def browser(self, application_key: str) -> Browser:
        """Subscribe a new browser for the site with that public key."""
        path = f"/push/{token_hex(16)}"
        self.browsers[path] = Browser(self.origin + path, application_key)
        return self.browsers[path]

    def answer(self, received: Received) -> Reply:
        reply = super().answer(received)
        if reply.status != 204 or reply.hold is not None:
            return reply
        browser = self.browsers.get(received.path)
        if browser is None:
            return Reply(404)
        if browser.ended:
            return Reply(410)
        if len(received.body) > MAX_BODY_BYTES:
            return Reply(413)
        if not received.headers.get("ttl", "").isdecimal() or received.headers.get("content-encoding") != "aes128gcm":
            return Reply(400)
        if (refusal := self.refusal(received.headers.get("authorization", ""), browser)) is not None:
            return Reply(403, body=refusal.encode())
        browser.headers.append(received.headers)
        browser.messages.append(browser.decrypt(received.body))
        return Reply(201)

    def refusal(self, authorization: str, browser: Browser) -> str | None:
        """Return what is wrong with a signature; ``None`` when it is right."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme != "vapid" or parts.keys() != {"t", "k"}:
            return "not VAPID"
        if parts["k"] != browser.application_key:
            return "not the key of the subscription"
        head, claims, signature = parts["t"].split(".")
        raw = decoded(signature)
        pair = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
        try:
            point.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            return "the signature is wrong"
        said = json.loads(decoded(claims))
        if said["aud"] != self.origin:
            return "for another service"
        if not time.time() < said["exp"] <= time.time() + 24 * 3600:
            return "expired, or valid for more than a day"
        return None if said["sub"].startswith(("mailto:", "https://")) else "nobody to write to"
