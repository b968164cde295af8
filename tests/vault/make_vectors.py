"""Makes vectors.json. Run once for a new version of the format, never to make a failing test pass.

python tests/vault/make_vectors.py > tests/vault/vectors.json
"""

from __future__ import annotations

import json

import nacl.bindings as sodium

READERS = {name: bytes([place]) * 32 for place, name in enumerate(("3f2a", "recovery", "case"), 1)}
PAYLOADS = (
    {"at": "2026-11-24T10:30:00Z", "by": None, "body": {"what": "Somebody keeps writing to me 😟", "age": "11-13"}},
    {"at": "2026-11-24T10:31:00Z", "by": "3f2a", "body": "ß" * 500},
    {"at": "2026-11-24T10:32:00Z", "by": None, "part": 1, "of": 2, "text": "x" * 16_000},
    [None, True, -1.5, ""],
)


def vector(number: int, payload: object) -> dict[str, object]:
    """One envelope, put together from libsodium alone, as the text of ``sealing.py`` says."""
    case, kind = "00112233445566778899aabbccddeeff", "report"
    key, nonce = bytes([0x40 + number]) * 32, bytes([0x80 + number]) * 24
    message = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    bucket = next(size for size in (1024, 2048, 4096, 8192, 16384) if len(message) < size)
    padded = message + b"\x80" + bytes(bucket - len(message) - 1)
    associated = b"\x01safetybot\x20" + case.encode() + b"\x06" + kind.encode() + number.to_bytes(4, "big")
    sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, associated, nonce, key)
    wrapped = {
        name: sodium.crypto_box_seal(key, sodium.crypto_scalarmult_base(private)).hex()
        for name, private in READERS.items()
    }
    return {
        "case": case,
        "kind": kind,
        "number": number,
        "payload": payload,
        "key": key.hex(),
        "nonce": nonce.hex(),
        "ciphertext": (b"\x01" + nonce + sealed).hex(),
        "wrapped": wrapped,
    }


if __name__ == "__main__":
    private = {name: key.hex() for name, key in READERS.items()}
    vectors = [vector(number, payload) for number, payload in enumerate(PAYLOADS, 1)]
    print(json.dumps({"format": 1, "private_keys": private, "envelopes": vectors}, indent=1, ensure_ascii=False))
