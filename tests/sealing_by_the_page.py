"""A second implementation of docs/sealing-format.md, written from that page: it shares no line with safetybot.

Of libraries it uses libsodium's primitives alone (through PyNaCl), and BLAKE2b, base 64 and JSON as Python has them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nacl.bindings as sodium
import nacl.pwhash

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SIZES = (1024, 2048, 4096, 8192, 16384)
WHITE = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


class RefusedError(Exception):
    """What the page says a reader refuses."""


# --- Words and primitives ---------------------------------------------------------------------------------------------


def aead(key: bytes, nonce: bytes, data: bytes, message: bytes) -> bytes:
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(message, data, nonce, key)


def open_aead(key: bytes, nonce: bytes, data: bytes, sealed: bytes) -> bytes:
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, data, nonce, key)
    except Exception as error:
        raise RefusedError from error


def public_of(private: bytes) -> bytes:
    return sodium.crypto_scalarmult_base(private)


def box(public: bytes, message: bytes, private: bytes | None = None) -> bytes:
    """Puts it together from its parts, as the page has it, and not by ``crypto_box_seal``.

    ``private`` is that of the pair made for this message: given for test vectors alone.
    """
    private = private or sodium.randombytes(32)
    once = public_of(private)
    nonce = hashlib.blake2b(once + public, digest_size=24).digest()
    return once + sodium.crypto_box(message, nonce, public, private)


def open_box(private: bytes, sealed: bytes) -> bytes:
    once = sealed[:32]
    nonce = hashlib.blake2b(once + public_of(private), digest_size=24).digest()
    try:
        return sodium.crypto_box_open(sealed[32:], nonce, once, private)
    except Exception as error:
        raise RefusedError from error


def hashed(size: int, data: bytes, key: bytes, use: str) -> bytes:
    return hashlib.blake2b(data, digest_size=size, key=key, person=use.encode()).digest()


def pad(message: bytes, size: int) -> bytes:
    return message + b"\x80" + bytes(-(len(message) + 1) % size)


def unpad(padded: bytes, size: int) -> bytes:
    message, found, zeros = padded.rpartition(b"\x80")
    if not found or zeros.strip(b"\0") or len(zeros) >= size or len(padded) % size:
        raise RefusedError
    return message


def least(sizes: Sequence[int], message: bytes) -> int:
    """Finds the size that a message is padded to."""
    found = next((size for size in sizes if size > len(message)), None)
    if found is None:
        raise RefusedError
    return found


def stretch(size: int, secret: bytes, salt: bytes, passes: int, memory: int) -> bytes:
    return nacl.pwhash.argon2id.kdf(size, secret, salt, opslimit=passes, memlimit=memory)


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


# --- Envelopes --------------------------------------------------------------------------------------------------------


def associated(case: str, kind: str, number: int) -> bytes:
    return (
        b"\x01safetybot"
        + bytes([len(case.encode())])
        + case.encode()
        + bytes([len(kind.encode())])
        + kind.encode()
        + number.to_bytes(4, "big")
    )


def envelope(message: Any, case: str, kind: str, number: int, key: bytes, nonce: bytes) -> bytes:
    text = compact(message)
    return b"\x01" + nonce + aead(key, nonce, associated(case, kind, number), pad(text, least(SIZES, text)))


def open_envelope(sealed: bytes, case: str, kind: str, number: int, key: bytes) -> Any:
    if sealed[:1] != b"\x01" or len(sealed) - 1 - 24 - 16 not in SIZES:
        raise RefusedError
    padded = open_aead(key, sealed[1:25], associated(case, kind, number), sealed[25:])
    return json.loads(unpad(padded, len(padded)))


def digest(case: str, number: int, what: str, data: bytes) -> bytes:
    return hashed(16, f"{case}/{number}/{what}/".encode() + data, b"", "envelope-digest")


def messages(body: Any, at: str, by: str | None) -> list[dict[str, Any]]:
    """Cuts a body that is too long for one envelope, every 4,000 letters: they take 16,000 bytes at most."""
    whole = compact(body)
    if len(whole) <= 16127:
        return [{"at": at, "by": by, "body": body}]
    text = whole.decode()
    pieces = [text[place : place + 4000] for place in range(0, len(text), 4000)]
    if len(pieces) > 16:
        raise RefusedError
    return [{"at": at, "by": by, "part": part, "of": len(pieces), "text": text} for part, text in enumerate(pieces, 1)]


def joined(messages: Sequence[Any]) -> Any:
    """Joins the body of one message's envelopes."""
    if "body" in messages[0]:
        return messages[0]["body"]
    if [(each["part"], each["of"]) for each in messages] != [(n, len(messages)) for n, _ in enumerate(messages, 1)]:
        raise RefusedError
    return json.loads("".join(each["text"] for each in messages))


# --- Keys that are locked ---------------------------------------------------------------------------------------------


def locked(private: bytes, key: bytes, owner: str, nonce: bytes) -> bytes:
    return b"\x01" + nonce + aead(key, nonce, b"\x01private" + owner.encode(), private)


def unlocked(sealed: bytes, key: bytes, owner: str) -> bytes:
    if sealed[:1] != b"\x01" or len(sealed) != 73:
        raise RefusedError
    return open_aead(key, sealed[1:25], b"\x01private" + owner.encode(), sealed[25:])


def code_keys(code: str, secret: bytes, passes: int = 3, memory: int = 268435456) -> tuple[bytes, bytes]:
    """Makes lookup tag and wrapping key. Other passes and memory than the page's are for tests alone."""
    pepper = hashed(32, b"", secret, "code-pepper")
    stretched = stretch(64, code.encode(), b"safetybot code 1", passes, memory)
    return hashed(32, stretched[:32], pepper, "code-lookup"), hashed(32, stretched[32:], pepper, "code-wrapping")


def passphrase_bytes(passphrase: str) -> bytes:
    plain = re.sub(f"[{WHITE}]+", " ", unicodedata.normalize("NFKC", passphrase)).strip(" ")
    return plain.encode("utf-8", "surrogatepass")


def member_key(passphrase: str, salt: bytes, passes: int, memory: int) -> bytes:
    return stretch(32, passphrase_bytes(passphrase), salt, passes, memory)


def signing_pair(private: bytes) -> tuple[bytes, bytes]:
    """Makes the verify key, and what signs."""
    return sodium.crypto_sign_seed_keypair(hashed(32, b"", private, "staff-signing"))


def factor_key(private: bytes) -> bytes:
    return hashed(32, b"", private, "second-factor")


def passkey_key(private: bytes) -> bytes:
    return hashed(32, b"", private, "passkey")


def passkey_id(credential: bytes) -> str:
    return hashed(16, credential, b"", "passkey-id").hex()


def spelt(private: bytes) -> str:
    text = base32(private + hashed(3, private, b"", "recovery-check"), 56)
    return "-".join(text[place : place + 4] for place in range(0, 56, 4))


def read_spelt(text: str) -> bytes:
    letters = re.sub(f"[{WHITE}.,:;–—-]", "", text).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(letters) != 56 or not set(letters) <= set(DIGITS):
        raise RefusedError
    number = 0
    for letter in letters:
        number = number * 32 + DIGITS.index(letter)
    data = number.to_bytes(35, "big")
    if hashed(3, data[:32], b"", "recovery-check") != data[32:]:
        raise RefusedError
    return data[:32]


def base32(data: bytes, digits: int) -> str:
    """Spells the first ``digits`` times five bits."""
    bits = "".join(f"{byte:08b}" for byte in data)
    return "".join(DIGITS[int(bits[place : place + 5], 2)] for place in range(0, digits * 5, 5))


# --- The list of members, and the audit log ---------------------------------------------------------------------------


def vouching_key(secret: bytes) -> bytes:
    return hashed(32, b"", secret, "vouching-key")


def mac_of_list(document: bytes, vouching: bytes) -> bytes:
    return hashed(32, document, vouching, "member-list-1")


def statement(member: dict[str, Any]) -> bytes:
    parts = (
        b"safetybot member 1",
        member["id"].encode(),
        member["name"].encode(),
        bytes.fromhex(member["public"]),
        bytes.fromhex(member["verify"]),
        member["day"].encode(),
        member["voucher"].encode(),
    )
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def word_of_server(member: dict[str, Any], vouching: bytes) -> str:
    return hashed(32, statement(member), vouching, "member-1").hex()


def word_of_member(member: dict[str, Any], private: bytes) -> str:
    return sodium.crypto_sign(statement(member), signing_pair(private)[1])[:64].hex()


def let_in(member: dict[str, Any], document: dict[str, Any], vouching: bytes) -> bool:
    """Follows those who let each other in, from a member back to the server's word."""
    seen = []
    while member["voucher"] not in ("operator", "upgrade"):
        voucher = next((each for each in document["members"] if each["id"] == member["voucher"]), None)
        if voucher is None or voucher in seen or not _signed_by(member, voucher):
            return False
        seen.append(voucher)
        member = voucher
    return bool(member["word"] == word_of_server(member, vouching))


def _signed_by(member: dict[str, Any], voucher: dict[str, Any]) -> bool:
    for key in (voucher["verify"], *voucher["former"]):
        try:
            sodium.crypto_sign_open(bytes.fromhex(member["word"]) + statement(member), bytes.fromhex(key))
        except Exception:
            continue
        return True
    return False


def list_of_members(epoch: str, serial: int, recovery: bytes | None, members: Sequence[dict[str, Any]]) -> bytes:
    return compact(
        {
            "format": 1,
            "epoch": epoch,
            "serial": serial,
            "recovery": None if recovery is None else recovery.hex(),
            "members": sorted(members, key=lambda each: str(each["id"])),
        }
    )


def open_list(document: bytes, mac: bytes, vouching: bytes) -> dict[str, Any]:
    if mac_of_list(document, vouching) != mac:
        raise RefusedError
    found: dict[str, Any] = json.loads(document)
    return found


def fingerprint(public: bytes, verify: bytes) -> str:
    text = base32(hashed(13, public + verify, b"", "fingerprint"), 20)
    return " ".join(text[place : place + 4] for place in range(0, 20, 4))


def pin(vouching: bytes, epoch: str, serial: int) -> str:
    return f"{vouching_check(vouching)} {epoch} {serial}\n"


def vouching_check(vouching: bytes) -> str:
    return hashed(16, b"", vouching, "vouching-check").hex()


def secret_check(secret: bytes) -> str:
    return hashed(16, b"", secret, "secret-check").hex()


def audit_hash(previous: bytes, row: Sequence[Any]) -> bytes:
    return hashed(32, previous + compact([*row]), b"", "audit-1")


AUDITED = ("number", "at", "actor", "act", "case_id", "detail")


def newest_of(rows: Sequence[dict[str, Any]]) -> tuple[int, bytes]:
    """Follows an audit log from its beginning to the newest row's number and hash."""
    number, newest = 0, bytes(32)
    for row in rows:
        newest = audit_hash(newest, [row[each] for each in AUDITED])
        number += 1
        if row["number"] != number or row["hash"] != newest:
            raise RefusedError
    return number, newest


def audit_head(number: int, newest: bytes) -> str:
    return f"{number}:{newest.hex()}"


def audit_seal(number: int, newest: bytes, vouching: bytes) -> bytes:
    return hashed(32, number.to_bytes(8, "big") + newest, vouching, "audit-head-1")


# --- Chats, and words for the editors ---------------------------------------------------------------------------------


def chat_keys(secret: bytes, channel: str, chat: str) -> tuple[bytes, bytes]:
    """Makes lookup and sealing key."""
    name = json.dumps([channel, chat]).encode("ascii")
    if channel == "web":
        return hashed(32, name, secret, "chat-lookup"), hashed(32, name, secret, "chat-seal")
    salt = hashed(32, b"", secret, "chat-salt")[:16]
    stretched = stretch(32, name, salt, 1, 8388608)
    return hashed(32, stretched, secret, "slow-lookup"), hashed(32, stretched, secret, "slow-seal")


def chat_envelope(content: bytes, kind: str, keys: tuple[bytes, bytes], nonce: bytes) -> bytes:
    lookup, sealing = keys
    return b"\x01" + nonce + aead(sealing, nonce, b"\x01" + kind.encode() + lookup, pad(content, 256))


def open_chat_envelope(sealed: bytes, kind: str, keys: tuple[bytes, bytes]) -> bytes:
    lookup, sealing = keys
    if sealed[:1] != b"\x01":
        raise RefusedError
    return unpad(open_aead(sealing, sealed[1:25], b"\x01" + kind.encode() + lookup, sealed[25:]), 256)


def editors_words(text: str, topic: str, language: str, public: bytes, private: bytes | None = None) -> bytes:
    data = compact([text, topic, language])
    return b"\x01" + box(public, pad(data, least((256, 1024, 4096), data)), private)


def open_editors_words(sealed: bytes, private: bytes) -> list[str]:
    if sealed[:1] != b"\x01":
        raise RefusedError
    padded = open_box(private, sealed[1:])
    found: list[str] = json.loads(unpad(padded, len(padded)))
    return found


# --- Backups ----------------------------------------------------------------------------------------------------------

MAGIC = b"safetybot backup 1\n"


@dataclass
class Backup:
    """Holds what is in one."""

    first: dict[str, Any]
    columns: dict[str, list[tuple[str, str]]]
    """Name → columns, each with its kind."""
    tables: dict[str, list[dict[str, Any]]]
    """Name → rows, each as column → value."""

    @property
    def secret(self) -> bytes:
        return base64.b64decode(self.first["secret"])


def open_backup(file: bytes, private: bytes) -> Backup:
    return read_content(open_sealed(file, private))


def open_sealed(file: bytes, private: bytes) -> bytes:
    """Opens what a backup's file holds."""
    head, chunks = file[:155], file[155:]
    if len(head) != 155 or not head.startswith(MAGIC) or head[19:51] != public_of(private):
        raise RefusedError
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, head[131:], open_box(private, head[51:131]))
    content, tag, data = [], 0, head
    for place in range(0, len(chunks), 65553):
        if tag:
            raise RefusedError
        try:
            piece, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                state, chunks[place : place + 65553], data or None
            )
        except Exception as error:
            raise RefusedError from error
        content.append(piece)
        data = b""
    if tag != 3:
        raise RefusedError
    return b"".join(content)


def seal_file(content: bytes, public: bytes, fixed: tuple[bytes, bytes, bytes] | None = None) -> bytes:
    """Seals a backup's content.

    ``fixed`` is the file key, the private key of its box and the header: given for test vectors alone.
    """
    key, private, header = fixed or (sodium.randombytes(32), None, sodium.randombytes(24))
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)  # as init_push, with this header
    head = MAGIC + public + box(public, key, private) + header
    chunks = [content[place : place + 65536] for place in range(0, len(content), 65536)] or [b""]
    sealed = [
        sodium.crypto_secretstream_xchacha20poly1305_push(
            state, chunk, None if number else head, 3 if number == len(chunks) - 1 else 0
        )
        for number, chunk in enumerate(chunks)
    ]
    return head + b"".join(sealed)


def read_content(content: bytes) -> Backup:
    file = io.BytesIO(content)
    found = Backup(_line(file), {}, {})
    for name in found.first["tables"]:
        table = _line(file)
        if table["table"] != name:
            raise RefusedError
        found.columns[name] = [(column, kind) for column, kind in table["columns"]]
        found.tables[name] = []
        total = 0
        while content[file.tell() : file.tell() + 1] == b"[":
            start = file.tell()
            row = {
                column: file.read(value) if kind == "bytes" and value is not None else value
                for value, (column, kind) in zip(_line(file), found.columns[name], strict=True)
            }
            total += int.from_bytes(hashed(32, content[start : file.tell()], b"", ""), "big")
            found.tables[name].append(row)
        if _line(file) != {"end": name, "rows": len(found.tables[name]), "digest": _digits(total)}:
            raise RefusedError
    if file.read() != b'{"whole":true}\n':
        raise RefusedError
    return found


def _line(file: io.BytesIO) -> Any:
    try:
        return json.loads(file.readline())
    except ValueError as error:
        raise RefusedError from error


def content_of(backup: Backup) -> bytes:
    lines = [compact(backup.first)]
    for name in backup.first["tables"]:
        lines.append(compact({"table": name, "columns": backup.columns[name]}))
        rows = [_row([row[column] for column, _ in backup.columns[name]]) for row in backup.tables[name]]
        total = sum(int.from_bytes(hashed(32, row, b"", ""), "big") for row in rows)
        lines.append(b"".join(rows) + compact({"end": name, "rows": len(rows), "digest": _digits(total)}))
    return b"\n".join([*lines, b'{"whole":true}', b""])


def _row(values: Sequence[Any]) -> bytes:
    line = json.dumps([len(each) if isinstance(each, bytes) else each for each in values], separators=(",", ":"))
    return line.encode("ascii") + b"\n" + b"".join(each for each in values if isinstance(each, bytes))


def _digits(total: int) -> str:
    return f"{total % 2**256:064x}"


# --- A whole report, from a backup and the paper ----------------------------------------------------------------------


def read_case(opened: Backup, reader: str, private: bytes, case: str) -> Iterator[tuple[str, Any, str | None]]:
    """Opens kind, body and author of each message of a case that a reader has whole; the digests are checked."""
    wrapped = {
        row["number"]: row
        for row in opened.tables["envelope_keys"]
        if row["case_id"] == case and row["reader"] == reader
    }
    group: list[Any] = []
    for row in sorted(opened.tables["envelopes"], key=lambda row: int(row["number"])):
        if row["case_id"] != case or row["number"] not in wrapped:
            continue
        number, kind, theirs = row["number"], row["kind"], wrapped[row["number"]]
        for what, each, data in ((kind, row, row["sealed"]), (reader, theirs, theirs["wrapped"])):
            if each.get("digest", digest(case, number, what, data)) != digest(case, number, what, data):
                raise RefusedError
        message = open_envelope(row["sealed"], case, kind, number, open_box(private, theirs["wrapped"]))
        part, parts = message.get("part", 1), message.get("of", 1)
        group = [message] if part == 1 else [*group, message]
        if part == parts == len(group):
            yield kind, joined(group), message["by"]
