"""Makes docs/sealing-vectors.json. Run once for a new version of a format, never to make a failing test pass.

python -m tests.documentation.make_sealing_vectors > docs/sealing-vectors.json

Everything is made by the second program from keys and nonces that are fixed. Envelopes are in tests/vault/vectors.json.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from tests import sealing_by_the_page as page

SECRET = bytes(range(32))
CASE = "00112233445566778899aabbccddeeff"
CODE = "abacus ability acorn acrobat action active"
CHEAP = (1, 8192)
"""Passes and memory of Argon2id that no installation has."""
RECOVERY = bytes([2]) * 32


def nonce(number: int) -> bytes:
    return bytes([0x80 + number]) * 24


def primitives() -> dict[str, Any]:
    key, message, salt = bytes([0x11]) * 32, b"message", bytes(range(16))
    once = bytes([0x12]) * 32
    return {
        "aead": {
            "key": key.hex(),
            "nonce": nonce(0).hex(),
            "data": b"data".hex(),
            "message": message.hex(),
            "sealed": page.aead(key, nonce(0), b"data", message).hex(),
        },
        "box": {
            "private": RECOVERY.hex(),
            "public": page.public_of(RECOVERY).hex(),
            "private of the pair made for it": once.hex(),
            "message": key.hex(),
            "sealed": page.box(page.public_of(RECOVERY), key, once).hex(),
        },
        "hash": {"size": 16, "data": message.hex(), "key": key.hex(), "use": "use"}
        | {"hash": page.hashed(16, message, key, "use").hex()},
        "pad": {"message": message.hex(), "size": 16, "padded": page.pad(message, 16).hex()},
        "stretch": {"size": 32, "secret": message.hex(), "salt": salt.hex(), "passes": 1, "memory": 8192}
        | {"stretched": page.stretch(32, message, salt, *CHEAP).hex()},
    }


def envelopes() -> dict[str, Any]:
    sealed, wrapped = b"an envelope's bytes", b"a key's bytes"
    return {
        "digests": [
            {"case": CASE, "number": number, "what": what, "bytes": data.hex()}
            | {"digest": page.digest(CASE, number, what, data).hex()}
            for number, what, data in ((1, "report", sealed), (1, "recovery", wrapped), (12, "reply", sealed))
        ],
        "cut message": {
            "body": {"story": ["word 😟"]},
            "messages": [
                {"at": "2026-11-24T10:30:00Z", "by": None, "part": part, "of": 3, "text": text}
                for part, text in enumerate(('{"sto', 'ry":["wo', 'rd 😟"]}'), 1)
            ],
        },
    }


def case() -> dict[str, Any]:
    private, key = bytes([3]) * 32, bytes([0x21]) * 32
    return {
        "id": CASE,
        "private": private.hex(),
        "public": page.public_of(private).hex(),
        "key": key.hex(),
        "nonce": nonce(1).hex(),
        "locked": page.locked(private, key, CASE, nonce(1)).hex(),
    }


def codes() -> list[dict[str, Any]]:
    """Makes the keys of one code as they are, and as no installation has them, for who has little time."""
    found = []
    for passes, memory in ((3, 268435456), CHEAP):
        tag, key = page.code_keys(CODE, SECRET, passes, memory)
        found.append(
            {"code": CODE, "secret": SECRET.hex(), "passes": passes, "memory": memory}
            | {"lookup_tag": tag.hex(), "wrapping_key": key.hex()}
        )
    return found


def member() -> dict[str, Any]:
    id_, private, passphrase = "0123456789abcdef", bytes([4]) * 32, "  ﬁve \t large\u3000\x1d\u00a0 Zoe\u0308s\u2003 "
    salt = bytes(range(16, 32))
    key = page.member_key(passphrase, salt, *CHEAP)
    factor = {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "codes": ["23456789ab", "cdefghjkmn"]}
    credential = bytes(range(20))
    passkey = {
        "credential": base64.b64encode(credential).decode(),
        "public_key": base64.b64encode(bytes(range(77))).decode(),
        "sign_count": 7,
        "name": "Zoë's phone",
        "day": "2026-11-24",
        "site": "desk.example.org",
    }
    first, second = page.factor_key(private), page.passkey_key(private)
    return {
        "id": id_,
        "passphrase": passphrase,
        "as it is stretched": page.passphrase_bytes(passphrase).hex(),
        "salt": salt.hex(),
        "passes": CHEAP[0],
        "memory": CHEAP[1],
        "key": key.hex(),
        "private": private.hex(),
        "public": page.public_of(private).hex(),
        "nonce": nonce(2).hex(),
        "locked": page.locked(private, key, id_, nonce(2)).hex(),
        "verify": page.signing_pair(private)[0].hex(),
        "second factor": {"key": first.hex(), "nonce": nonce(3).hex(), "message": factor}
        | {"sealed": page.envelope(factor, id_, "second factor", 1, first, nonce(3)).hex()},
        "passkey": {"id": page.passkey_id(credential), "key": second.hex(), "nonce": nonce(4).hex(), "message": passkey}
        | {"sealed": page.envelope(passkey, id_, "passkey", 1, second, nonce(4)).hex()},
    }


def recovery_key() -> dict[str, Any]:
    spelt = page.spelt(RECOVERY)
    typed = spelt.lower().replace("0", "o").replace("1", "l").replace("-", " – ", 3)
    return {"private": RECOVERY.hex(), "public": page.public_of(RECOVERY).hex(), "on paper": spelt, "as typed": typed}


def list_of_members() -> dict[str, Any]:
    """Makes a list with an operator's word, a member's, and one who was there before there were verify keys."""
    vouching, epoch, serial = page.vouching_key(SECRET), "ab" * 16, 7
    zoe, ben, old = (bytes([4]) * 32, bytes([5]) * 32, bytes([6]) * 32)
    former = page.signing_pair(bytes([7]) * 32)[0].hex()
    members: list[dict[str, Any]] = [
        {
            "id": id_,
            "name": name,
            "public": page.public_of(private).hex(),
            "verify": page.signing_pair(private)[0].hex() if voucher != "upgrade" else "",
            "former": [former] if name == "Zoë" else [],
            "active": name != "Old",
            "day": "2026-11-24",
            "voucher": voucher,
            "word": "",
        }
        for id_, name, private, voucher in (
            ("0123456789abcdef", "Zoë", zoe, "operator"),
            ("00000000000000aa", "Ben", ben, "0123456789abcdef"),
            ("fedcba9876543210", "Old", old, "upgrade"),
        )
    ]
    for each in members:
        signed = len(each["voucher"]) == 16
        each["word"] = page.word_of_member(each, zoe) if signed else page.word_of_server(each, vouching)
    document = page.list_of_members(epoch, serial, page.public_of(RECOVERY), members)
    return {
        "secret": SECRET.hex(),
        "vouching key": vouching.hex(),
        "document": document.decode(),
        "mac": page.mac_of_list(document, vouching).hex(),
        "members": [
            {
                "id": each["id"],
                "statement": page.statement(each).hex(),
                "fingerprint": page.fingerprint(bytes.fromhex(each["public"]), bytes.fromhex(each["verify"])),
            }
            for each in members
        ],
        "fingerprint of the recovery key": page.fingerprint(page.public_of(RECOVERY), b""),
        "roster.pin": page.pin(vouching, epoch, serial),
        "secret-check": page.secret_check(SECRET),
        "vouching-check": page.vouching_check(vouching),
    }


def audit_log() -> dict[str, Any]:
    vouching = page.vouching_key(SECRET)
    rows: list[dict[str, Any]] = []
    newest = bytes(32)
    for number, (at, actor, act, case_id, detail) in enumerate(
        (
            ("2026-11-24T10:30:00Z", "operator", "staff added", None, '{"member":"0123456789abcdef"}'),
            ("2026-11-24", "bot", "filed", CASE, '{"urgency":"high"}'),
            ("2026-11-24T10:31:00Z", "0123456789abcdef", "exported", CASE, '{"what":"Zoë"}'),
        ),
        1,
    ):
        row = dict(zip(page.AUDITED, (number, at, actor, act, case_id, detail), strict=True))
        newest = page.audit_hash(newest, [*row.values()])
        rows.append(row | {"hash": newest.hex()})
    return {
        "vouching key": vouching.hex(),
        "rows": rows,
        "seal": page.audit_seal(len(rows), newest, vouching).hex(),
        "head": page.audit_head(len(rows), newest),
    }


def chats() -> list[dict[str, Any]]:
    found = []
    for number, (channel, chat, kind) in enumerate(
        (("telegram", "123456789", "fragment"), ("web", "Zoë", "session")), 5
    ):
        keys = page.chat_keys(SECRET, channel, chat)
        content = b'{"text": "he wrote \\ud83d\\ude1f"}' if kind == "fragment" else b"{}"
        found.append(
            {
                "secret": SECRET.hex(),
                "channel": channel,
                "chat": chat,
                "lookup": keys[0].hex(),
                "sealing": keys[1].hex(),
                "kind": kind,
                "content": content.decode(),
                "nonce": nonce(number).hex(),
                "sealed": page.chat_envelope(content, kind, keys, nonce(number)).hex(),
            }
        )
    return found


def words_for_the_editors() -> dict[str, Any]:
    private, once, words = bytes([8]) * 32, bytes([0x13]) * 32, ["how do I block ▒▒▒▒ 😟", "block-somebody", "en"]
    return {
        "private": private.hex(),
        "public": page.public_of(private).hex(),
        "private of the pair made for it": once.hex(),
        "words": words,
        "sealed": page.editors_words(words[0], words[1], words[2], page.public_of(private), once).hex(),
    }


def backup() -> dict[str, Any]:
    """Makes a backup of two tables that no installation has."""
    columns = {"things": [("id", "integer"), ("data", "bytes"), ("more", "bytes")]}
    columns["names"] = [("name", "text"), ("there", "flag"), ("number", "integer")]
    content = page.content_of(
        page.Backup(
            {
                "made": "2026-11-24T10:30:00Z",
                "revision": "0000",
                "secret": base64.b64encode(SECRET).decode(),
                "tables": [*columns],
                "rows": 4,
            },
            columns,
            {
                "things": [
                    {"id": 1, "data": b"[\n]\n", "more": b""},
                    {"id": -(2**63), "data": None, "more": bytes(range(256))},
                ],
                "names": [
                    {"name": "Zoë 😟\n", "there": True, "number": None},
                    {"name": None, "there": False, "number": 2**63 - 1},
                ],
            },
        )
    )
    key, once, header = bytes([0x14]) * 32, bytes([0x15]) * 32, nonce(7)
    return {
        "recovery key": page.spelt(RECOVERY),
        "file key": key.hex(),
        "private of the pair made for its box": once.hex(),
        "header": header.hex(),
        "content": content.hex(),
        "file": page.seal_file(content, page.public_of(RECOVERY), (key, once, header)).hex(),
    }


def vectors() -> dict[str, Any]:
    return {
        "about": "Vectors of docs/sealing-format.md, which says what is what. Bytes are in hexadecimal digits.",
        "words and primitives": primitives(),
        "envelopes": envelopes(),
        "cases and their keys": case(),
        "codes": codes(),
        "members of staff": member(),
        "the recovery key": recovery_key(),
        "the list of members": list_of_members(),
        "the audit log": audit_log(),
        "chats": chats(),
        "words for the editors": words_for_the_editors(),
        "backups": backup(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
