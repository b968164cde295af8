"""A security key in software: it answers what a desk asks as a browser passes it on, or wrongly where it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """Holds one key pair; ``count`` goes up with each answer."""

    origin: str
    site: str = "localhost"
    verifies: bool = True
    """Whether it asks its owner for a PIN."""
    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(20))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: bytes | None = None

    def makes(self, options: str) -> str:
        """The answer to ``navigator.credentials.create``."""
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        credential = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public
        made = {"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + credential}
        client = self._client("webauthn.create", asked)
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(cbor2.dumps(made))})

    def shows(self, options: str) -> str:
        """The answer to ``navigator.credentials.get``."""
        client, data = self._client("webauthn.get", json.loads(options)), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        if self.handle is not None:
            response["userHandle"] = self.handle
        return self._answer({name: b64(value) for name, value in response.items()})

    def _data(self, flags: int) -> bytes:
        self.count += 1
        flags |= 0x05 if self.verifies else 0x01
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = b64(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
