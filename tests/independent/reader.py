"""Opens and verifies a recorded log, written from docs/PROTOCOL.md and docs/protocol.cddl alone.

    reader.py DIRECTORY            prints the conversation as JSON
    reader.py --damage DIRECTORY   damages every part of the recording in turn; each time opening must fail

DIRECTORY holds recording.json: what a server serves of one space, all cards, the reader's account as a sign-in hands it
out, the OPAQUE export key, and, for the two who know it, the invitation link. Nothing here is shared with the Rust
implementation. Exit status 0 only if everything was as it must be.
"""

import base64
import copy
import hashlib
import hmac
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as xchacha_open
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey


class Refused(Exception):
    """Something is not what it must be."""


def require(condition, why):
    if not condition:
        raise Refused(why)


# Encoding: CBOR with definite lengths and shortest integers, the whole input or nothing.


def cbor(data):
    value, end = item(data, 0, 0)
    require(end == len(data), "bytes after the end")
    return value


def item(data, at, depth):
    require(depth < 32, "nested too deeply")
    require(at < len(data), "cut short")
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        simple = {20: False, 21: True, 22: None}
        require(low in simple, "a value that has no place here")
        return simple[low], at
    require(low <= 27, "an indefinite length")
    number = low
    if low >= 24:
        width = 1 << (low - 24)
        require(at + width <= len(data), "cut short")
        number = int.from_bytes(data[at : at + width], "big")
        at += width
        require(number >= (24 if width == 1 else 1 << (4 * width)), "an integer longer than needed")
    if major == 0:
        return number, at
    if major in (2, 3):
        require(at + number <= len(data), "cut short")
        chunk = data[at : at + number]
        try:
            return (chunk if major == 2 else chunk.decode()), at + number
        except UnicodeDecodeError as error:
            raise Refused("not UTF-8") from error
    if major == 4:
        values = []
        for _ in range(number):
            value, at = item(data, at, depth + 1)
            values.append(value)
        return values, at
    require(major == 5, "a type that has no place here")
    pairs = {}
    for _ in range(number):
        key, at = item(data, at, depth + 1)
        value, at = item(data, at, depth + 1)
        require(isinstance(key, bytes) and key not in pairs, "a key twice, or no id")
        pairs[key] = value
    return pairs, at


# Shapes: each is a function that takes a decoded value and gives it back, or refuses.


def uint(value):
    require(type(value) is int, "not an integer")
    return value


def boolean(value):
    require(type(value) is bool, "not a bool")
    return value


def blob(size=None, at_most=None):
    def check(value):
        require(isinstance(value, bytes), "not a byte string")
        require(size is None or len(value) == size, "a byte string of another length")
        require(at_most is None or len(value) <= at_most, "a byte string too long")
        return value

    return check


def text(at_most):
    def check(value):
        require(isinstance(value, str) and len(value.encode()) <= at_most, "not such a text")
        return value

    return check


def optional(shape):
    return lambda value: None if value is None else shape(value)


def many(shape):
    def check(value):
        require(isinstance(value, list), "not an array")
        return [shape(element) for element in value]

    return check


def table(shape):
    def check(value):
        require(isinstance(value, dict), "not a map")
        return {key: shape(element) for key, element in value.items()}

    return check


def choice(*numbers):
    def check(value):
        require(type(value) is int and value in numbers, "not one of the choices")
        return value

    return check


class Struct(dict):
    __getattr__ = dict.__getitem__


def struct(exact=False, **fields):
    """An array. Further elements are of later versions, unless `exact`; a missing one is null."""

    def check(value):
        require(isinstance(value, list), "not an array")
        require(not exact or len(value) == len(fields), "another number of fields")
        padded = value + [None] * (len(fields) - len(value))
        return Struct((name, shape(element)) for (name, shape), element in zip(fields.items(), padded))

    return check


def parse(shape, data):
    return shape(cbor(data))


ID, HASH, KEY, SIGNATURE = blob(16), blob(32), blob(32), blob(64)
SEALING_KEY, WRAP = blob(1216), blob(at_most=1200)
ROLE = choice(1, 2, 3, 4, 5, 6)
NAME = text(200)
OWNER, THERAPIST, PRESCRIBER, FRONT_DESK, CLIENT, OWNER_THERAPIST = range(1, 7)

SIGNED = struct(exact=True, bytes=blob(at_most=64 * 1024), signature=SIGNATURE)
CARD_DEVICE = struct(id=ID, key=KEY, added_in=uint, added_at=uint, removed_in=optional(uint))
CARD = struct(
    account=ID, version=uint, identity=KEY, devices=many(CARD_DEVICE), sealing=SEALING_KEY, sealing_since=uint,
    suites=many(uint),
)
METHOD = struct(id=ID, kind=choice(1, 2, 3), unlock=SEALING_KEY, vault_wrap=WRAP, inner_wrap=WRAP, created_at=uint)
CREDENTIALS = struct(
    account=ID, version=uint, opaque_hash=HASH, inner_hash=HASH, vault_generation=uint, methods=many(METHOD)
)
APPROVAL = struct(
    id=ID, space=ID, approver=ID, account=ID, identity=KEY, role=ROLE, introduced_by=ID, starts_at=uint, expires_at=uint
)
RECORD = struct(exact=True, header=blob(at_most=512), signature=SIGNATURE, payload=optional(blob(at_most=96 * 1024)))
SEEN = struct(seq=uint, head=HASH)
HEADER = struct(
    version=choice(1), space=ID, era=HASH, author=ID, card_version=uint, device=ID, id=ID, seen=SEEN, kind=uint,
    payload_hash=HASH,
)
MEMBER = struct(account=ID, role=ROLE, identity=KEY, card_version=uint, card_hash=HASH)
CAUSE = struct(number=choice(0, 1, 2, 3, 4), fields=many(uint))
FOUNDING, MEMBERSHIP, CARD_CHANGED, AGE, VOID = range(5)
ERA = struct(
    prev=HASH, number=uint, cause=CAUSE, members=many(MEMBER), commitment=HASH, wraps=many(WRAP),
    approvals=many(SIGNED), made_at=uint, suite=uint,
)
DROP = struct(target=ID, payload_hash=HASH)
JOIN = struct(invitation=ID, inviter=ID, card_hash=HASH, proof=HASH)
FRAME = struct(sent_at=uint, kind=uint, body=blob(at_most=96 * 1024))
MESSAGE_ID = struct(author=ID, record=ID)
MESSAGE = struct(text=text(65536), bring=boolean, show_at=optional(uint))
TAKE_BACK = struct(author=ID, record=ID, show_at=optional(uint))
SHOW_LATER_MS_MAX = 14 * 24 * 3600 * 1000
EDIT = struct(target=MESSAGE_ID, text=text(65536))
RESEND = struct(original=MESSAGE_ID, frame=blob(at_most=96 * 1024))
CONSUMED = struct(space=ID, account=ID, identity=KEY)
VAULT = struct(
    version=choice(1), account=ID, handle=text(64), name=NAME, identity=KEY, card_version_min=uint,
    sealing=many(struct(since=uint, seed=blob(32))),
    spaces=table(struct(founding=HASH, seen=SEEN, confirmed=boolean, read=uint)),
    peers=table(struct(identity=KEY, card_version=uint, card_hash=HASH)),
    invitations=table(
        struct(secret=blob(32), role=ROLE, expires_at=uint, consumed=optional(CONSUMED), revoked=boolean)
    ),
    devices=table(NAME), owner=optional(blob(32)), practice=ID, roster_version=uint,
)
INNER = struct(version=choice(1), seed=blob(32))

# Functions of the page.


def lp(part):
    return len(part).to_bytes(4, "big") + part


def frame(label, *parts):
    return b"".join(lp(part) for part in (b"sotto/1/" + label.encode(), *parts))


def u64(number):
    return number.to_bytes(8, "big")


def labelled_hash(label, *parts):
    return hashlib.sha256(frame(label, *parts)).digest()


def verify(key, label, data, signature):
    # libsodium takes neither a non-canonical S nor keys of small order.
    try:
        VerifyKey(key).verify(frame(label, data), signature)
    except (BadSignatureError, CryptoError, ValueError) as error:
        raise Refused(f"signature of {label}") from error


def kdf(key, label, *parts):
    return HKDF(hashes.SHA256(), 32, None, frame(label, *parts)).derive(key)


def open_sealed(key, label, *parts, envelope):
    require(envelope[:1] == b"\x01", "an envelope of another version")
    nonce, sealed = envelope[1:25], envelope[25:]
    require(len(nonce) == 24, "an envelope cut short")
    try:
        return xchacha_open(sealed, frame(label, b"\x01", *parts), nonce, key)
    except (CryptoError, ValueError) as error:
        raise Refused(f"seal of {label}") from error


def open_padded(key, label, *parts, envelope):
    return unpad(open_sealed(key, label, *parts, envelope=envelope))


def padme(length):
    exponent = length.bit_length() - 1
    size = exponent.bit_length()
    mask = (1 << (exponent - size)) - 1
    return (length + mask) & ~mask


def unpad(padded):
    plain = padded.rstrip(b"\x00")
    require(plain.endswith(b"\x80"), "padding")
    require(len(padded) == max(1024, padme(len(plain))), "length of the padding")
    return plain[:-1]


class XWing:
    """draft-connolly-cfrg-xwing-kem, from its 32-byte seed."""

    def __init__(self, seed):
        expanded = hashlib.shake_256(seed).digest(96)
        self.kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.dh = X25519PrivateKey.from_private_bytes(expanded[64:])
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.dh_public = self.dh.public_key().public_bytes(*raw)
        self.public = self.kem.public_key().public_bytes(*raw) + self.dh_public

    def decapsulate(self, encapsulated):
        kem_part, dh_part = encapsulated[:1088], encapsulated[1088:]
        shared = self.kem.decapsulate(kem_part) + self.dh.exchange(X25519PublicKey.from_public_bytes(dh_part))
        return hashlib.sha3_256(shared + dh_part + self.dh_public + rb"\.//^" + b"\\").digest()


def hkdf_extract(salt, material):
    return hmac.digest(salt or bytes(32), material, "sha256")


def hkdf_expand(key, info, length):
    block, out = b"", b""
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def unwrap(secret, label, *parts, envelope):
    """HPKE (RFC 9180), base mode, single shot: X-Wing, HKDF-SHA256, ChaCha20-Poly1305."""
    require(len(envelope) == 1 + 1120 + 48 and envelope[:1] == b"\x01", "a wrap of another form")
    info = frame(label, b"\x01", *parts)
    suite = b"HPKE" + bytes.fromhex("647a00010003")

    def extract(salt, name, material):
        return hkdf_extract(salt, b"HPKE-v1" + suite + name + material)

    def expand(key, name, context, length):
        return hkdf_expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + name + context, length)

    try:
        shared = secret.decapsulate(envelope[1:1121])
        context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
        schedule = extract(shared, b"secret", b"")
        key, nonce = expand(schedule, b"key", context, 32), expand(schedule, b"base_nonce", context, 12)
        return ChaCha20Poly1305(key).decrypt(nonce, envelope[1121:], b"")
    except (InvalidTag, ValueError) as error:
        raise Refused(f"wrap of {label}") from error


# Signed objects.


class Cards:
    """All cards of all accounts, each version following the one before."""

    def __init__(self, recorded):
        self.cards, self.hashes = {}, {}
        for account, versions in recorded.items():
            account, before = bytes.fromhex(account), None
            for encoded in versions:
                signed = parse(SIGNED, unbase(encoded))
                card = parse(CARD, signed.bytes)
                verify(card.identity, "sign/card", signed.bytes, signed.signature)
                require(card.account == account, "a card of another account")
                self.check(card)
                if before is not None:
                    self.follows(card, before)
                before = card
                self.cards[account, card.version] = card
                self.hashes[account, card.version] = labelled_hash(
                    "hash/signed", b"sotto/1/sign/card", signed.bytes, signed.signature
                )
            require(before is not None, "an account without a card")
            self.cards[account] = before

    @staticmethod
    def check(card):
        require(1 <= card.sealing_since <= card.version, "versions of a card")
        require(1 in card.suites, "suites of a card")
        require(len({d.id for d in card.devices}) == len(card.devices), "a device twice")
        require(len({d.key for d in card.devices}) == len(card.devices), "a device's key twice")
        for device in card.devices:
            require(1 <= device.added_in <= card.version, "when a device was added")
            removed = device.removed_in
            require(removed is None or device.added_in < removed <= card.version, "when a device was removed")

    @staticmethod
    def follows(card, before):
        require(card.version > before.version, "a card that is not newer")
        require((card.account, card.identity) == (before.account, before.identity), "another identity")
        require(len(card.devices) >= len(before.devices), "a device vanished")
        for new, old in zip(card.devices, before.devices):
            same = ("id", "key", "added_in", "added_at")
            require(all(new[name] == old[name] for name in same), "a device changed")
            if old.removed_in is not None:
                require(new.removed_in == old.removed_in, "a removed device came back")
            elif new.removed_in is not None:
                require(new.removed_in > before.version, "a device removed in the past")
        for new in card.devices[len(before.devices) :]:
            require(new.added_in > before.version, "a device added in the past")
        if card.sealing == before.sealing:
            require(card.sealing_since == before.sealing_since, "a sealing key's age changed")
        else:
            require(card.sealing_since > before.version, "a sealing key from the past")

    def newest(self, account):
        require(account in self.cards, "a card is missing")
        return self.cards[account]

    def at(self, account, version):
        require((account, version) in self.cards, "a card is missing")
        return self.cards[account, version]


class Account:
    """The reader: what a sign-in hands out, opened with the export key."""

    def __init__(self, recording, cards):
        self.id = bytes.fromhex(recording["account"])
        card = cards.newest(self.id)
        signed = parse(SIGNED, unbase(recording["credentials"]))
        verify(card.identity, "sign/credentials", signed.bytes, signed.signature)
        credentials = parse(CREDENTIALS, signed.bytes)
        require(credentials.account == self.id, "credentials of another account")
        inner_sealed = unbase(recording["inner"])
        require(credentials.inner_hash == labelled_hash("hash/payload", inner_sealed), "another inner compartment")
        method = next((method for method in credentials.methods if method.kind == 1), None)
        require(method is not None, "no password")
        unlock = XWing(kdf(unbase(recording["export_key"]), "kdf/unlock-password"))
        require(unlock.public == method.unlock, "the export key is not that of the password")
        vault_key = unwrap(unlock, "wrap/vault", self.id, method.id, envelope=method.vault_wrap)
        inner_key = unwrap(unlock, "wrap/inner", self.id, method.id, envelope=method.inner_wrap)
        inner = parse(INNER, open_padded(inner_key, "seal/inner", self.id, envelope=inner_sealed))
        revision = u64(recording["vault_revision"])
        sealed = unbase(recording["vault"])
        self.vault = parse(VAULT, open_padded(vault_key, "seal/vault", self.id, revision, envelope=sealed))
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        identity = Ed25519PrivateKey.from_private_bytes(inner.seed).public_key().public_bytes(*raw)
        require(identity == card.identity == self.vault.identity, "the identity is another")
        require(self.vault.account == self.id, "a vault of another account")
        require(self.vault.handle == recording["handle"], "a vault of another handle")
        require(card.version >= self.vault.card_version_min, "an old card of one's own")
        for peer, pin in self.vault.peers.items():
            known = cards.newest(peer)
            require(known.identity == pin.identity, "a peer's identity changed")
            require(known.version >= pin.card_version, "an old card of a peer")
            require(cards.hashes.get((peer, pin.card_version)) == pin.card_hash, "a peer's card changed")
        self.sealing = {entry.since: XWing(entry.seed) for entry in self.vault.sealing}


class Link:
    def __init__(self, link):
        fragment = link.partition("#")[2]
        try:
            data = base64.b64decode(fragment + "=" * (-len(fragment) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise Refused("a link that is no base64url") from error
        require(len(data) == 1 + 16 + 32 + 32 + 4 + 4 and data[0] == 1, "not an invitation link")
        require(data[-4:] == labelled_hash("hash/link-checksum", data[:-4])[:4], "a damaged link")
        self.id, self.secret, self.fingerprint = data[1:17], data[17:49], data[49:81]
        self.card_version = int.from_bytes(data[81:85], "big")


# Records.


def treats(role):
    return role in (THERAPIST, PRESCRIBER, OWNER_THERAPIST)


def owns(role):
    return role in (OWNER, OWNER_THERAPIST)


def may_invite(inviter, role):
    if role == CLIENT:
        return treats(inviter)
    return role in (THERAPIST, PRESCRIBER, FRONT_DESK) and owns(inviter)


class Log:
    """The records of a space, verified in order."""

    def __init__(self, recording, cards, account):
        self.space = bytes.fromhex(recording["space"])
        self.cards, self.account = cards, account
        self.heads = [labelled_hash("hash/head", self.space)]
        self.era = self.era_id = self.join = None
        self.keys = {}  # era id: its key, or None when it is no good
        self.used = set()
        self.records, self.ids = [], {}
        self.dropped, self.missing = set(), set()
        for stored in recording["records"]:
            require(stored["seq"] == len(self.records) + 1, "a gap, or a record twice")
            self.take(parse(RECORD, unbase(stored["record"])), stored["at"])
        require(self.missing <= self.dropped, "a payload is missing without a drop")
        self.check_pin(account.vault.spaces.get(self.space))

    def check_pin(self, pin):
        require(pin is not None, "the vault does not know the space")
        require(len(self.heads) > 1 and pin.founding == self.heads[1], "another founding")
        require(pin.seen.seq < len(self.heads), "records are missing that were there before")
        require(self.heads[pin.seen.seq] == pin.seen.head, "another history than before")

    def take(self, record, at):
        header = parse(HEADER, record.header)
        device = self.authenticate(record, header)
        require(header.space == self.space, "a record of another space")
        require(header.kind in (1, 2, 3, 4), "a kind of a later version: please update")
        require((header.author, header.id) not in self.ids, "an id twice")
        if self.era is None:
            self.found(record, header, device)
        else:
            self.check_author(header, device)
            require(header.seen.seq < len(self.heads), "more was seen than there is")
            require(self.heads[header.seen.seq] == header.seen.head, "another history was seen")
            {1: self.next_era, 2: self.content, 3: self.drop, 4: self.joined}[header.kind](record, header, device)
        link = labelled_hash("hash/link", record.header, record.signature)
        self.heads.append(labelled_hash("hash/head", self.heads[-1], link))
        self.ids[header.author, header.id] = header
        self.records.append(Struct(header=header, payload=record.payload, at=at, era=header.era))

    def authenticate(self, record, header):
        if record.payload is not None:
            require(labelled_hash("hash/payload", record.payload) == header.payload_hash, "another payload")
        card = self.cards.newest(header.author)
        require(card.version >= header.card_version, "a card is missing")
        device = next((device for device in card.devices if device.id == header.device), None)
        require(device is not None, "a device nobody listed")
        removed = device.removed_in
        active = device.added_in <= header.card_version and (removed is None or header.card_version < removed)
        require(active, "a device that was not active")
        verify(device.key, "sign/header", record.header, record.signature)
        return device

    def check_author(self, header, device):
        member = self.member(self.era, header.author)
        require(member is not None, "an author who is no member")
        require(member.identity == self.cards.newest(header.author).identity, "the author's identity changed")
        removed = device.removed_in
        require(removed is None or removed > member.card_version, "a removed device")
        require(header.era == self.era_id, "an era that is not current")

    @staticmethod
    def member(era, account):
        return next((member for member in era.members if member.account == account), None)

    def era_body(self, record):
        require(record.payload is not None, "an era without payload")
        body = parse(ERA, record.payload)
        accounts = [member.account for member in body.members]
        require(0 < len(accounts) <= 16 and len(body.wraps) == len(accounts), "members of an era")
        require(all(a < b for a, b in zip(accounts, accounts[1:])), "members out of order")
        return body

    def found(self, record, header, device):
        require(header.kind == 1 and header.era == bytes(32), "a space begins with an era")
        require(header.seen.seq == 0 and header.seen.head == self.heads[0], "something was seen before the beginning")
        body = self.era_body(record)
        first = body.prev == bytes(32) and body.number == 0 and body.cause.number == FOUNDING and body.suite == 1
        require(first and not body.approvals, "not a founding era")
        author = self.member(body, header.author)
        require(author is not None, "a founder who is no member")
        require(author.identity == self.cards.newest(header.author).identity, "the founder's identity")
        require(len(body.members) <= 2, "founded by more than two")
        if len(body.members) == 2:
            a, b = (member.role for member in body.members)
            require(may_invite(a, b) or may_invite(b, a), "these roles share no space")
        self.enter(record, header, device, body)

    def next_era(self, record, header, device):
        body, old = self.era_body(record), self.era
        require(body.prev == self.era_id and body.number == old.number + 1 and body.suite == 1, "not the next era")
        author = self.member(old, header.author)
        require(self.member(body, header.author) is not None, "the maker does not stay")
        raised = removed = False
        for before in old.members:
            after = self.member(body, before.account)
            if after is None:
                removed = True
                may = author.role == CLIENT or (
                    (treats(author.role) or owns(author.role)) and before.role != CLIENT
                )
                require(may, "somebody was removed who may not be")
                continue
            require((after.identity, after.role) == (before.identity, before.role), "a member changed")
            require(after.card_version >= before.card_version, "a pin went back")
            raised = raised or after.card_version > before.card_version
        added = [member for member in body.members if self.member(old, member.account) is None]
        fits = {
            FOUNDING: False,
            MEMBERSHIP: removed or bool(added),
            CARD_CHANGED: raised and not removed and not added,
            AGE: not removed and not added,
            VOID: not removed and not added,
        }
        require(fits[body.cause.number], "the cause does not fit")
        self.check_approvals(body, added)
        self.enter(record, header, device, body)

    def check_approvals(self, body, added):
        require(len(body.approvals) == len(added), "an approval for each new reader")
        care = any(member.role == CLIENT for member in self.era.members)
        waiting = {member.account: member for member in added}
        for signed in body.approvals:
            approval = parse(APPROVAL, signed.bytes)
            approver = self.member(self.era, approval.approver)
            require(approver is not None, "an approver who is no member")
            entitled = approver.role == CLIENT if care else treats(approver.role) or owns(approver.role)
            require(entitled, "an approver who may not")
            verify(approver.identity, "sign/approval", signed.bytes, signed.signature)
            member = waiting.pop(approval.account, None)
            require(member is not None and approval.space == self.space, "an approval of something else")
            named = (approval.identity, approval.role) == (member.identity, member.role)
            require(named, "an approval of somebody else")
            require(approval.starts_at <= body.made_at < approval.expires_at, "an approval of another time")
            require(treats(member.role) if care else member.role != CLIENT, "a role that is not added")
            require(approval.id not in self.used, "an approval used before")
            self.used.add(approval.id)

    def enter(self, record, header, device, body):
        for member in body.members:
            card = self.cards.at(member.account, member.card_version)
            require(self.cards.hashes[member.account, member.card_version] == member.card_hash, "another card")
            require(card.identity == member.identity, "another identity")
            if member.account == header.author and device.removed_in is not None:
                require(device.removed_in > member.card_version, "made by a removed device")
        self.era, self.era_id = body, labelled_hash("hash/era", self.space, record.payload)
        me = self.member(body, self.account.id)
        if me is not None:
            self.keys[self.era_id] = self.era_key(header, body, me)

    def era_key(self, header, body, me):
        card = self.cards.at(self.account.id, me.card_version)
        secret = self.account.sealing.get(card.sealing_since)
        require(secret is not None and secret.public == card.sealing, "a sealing secret is missing in the vault")
        wrap = next(wrap for wrap, member in zip(body.wraps, body.members) if member is me)
        number = u64(body.number)
        place = (self.space, body.prev, number, header.author, self.account.id, u64(me.card_version))
        try:
            key = unwrap(secret, "wrap/era", *place, envelope=wrap)
        except Refused:
            return None
        commitment = kdf(key, "kdf/commitment", self.space, body.prev, number)
        return key if commitment == body.commitment else None

    def content(self, record, header, _device):
        if record.payload is None:
            self.missing.add((header.author, header.id))

    def drop(self, record, header, _device):
        require(record.payload is not None, "a drop without payload")
        body = parse(DROP, record.payload)
        target = self.ids.get((header.author, body.target))
        require(target is not None and target.kind == 2, "a drop of nothing")
        require(target.payload_hash == body.payload_hash, "a drop of something else")
        self.dropped.add((header.author, body.target))

    def joined(self, record, header, _device):
        require(record.payload is not None, "a join without payload")
        require(len(self.records) == 1 and self.records[0].header.author == header.author, "a join out of place")
        self.join = parse(JOIN, record.payload)
        require(self.member(self.era, self.join.inviter) is not None, "an inviter who is no member")
        require(self.cards.hashes.get((header.author, 1)) == self.join.card_hash, "another card joined")

    def founding_role(self, founder):
        return self.member(parse(ERA, self.records[0].payload), founder).role

    def check_join(self, link):
        """The inviter knows the secret from her vault, the joiner from the link; others cannot judge."""
        if self.join is None:
            return
        entry = self.account.vault.invitations.get(self.join.invitation)
        if entry is None and link is None:
            require(self.account.vault.spaces[self.space].confirmed, "nobody knows who joined")
            return
        founder = self.records[0].header.author
        inviter = self.cards.newest(self.join.inviter)
        joiner = self.cards.newest(founder)
        if link is not None:
            require(link.id == self.join.invitation, "another invitation")
            require(link.fingerprint == labelled_hash("hash/fingerprint", inviter.identity), "another inviter")
            require(inviter.version >= link.card_version, "an old card of the inviter")
            require(entry is None or entry.secret == link.secret, "another secret")
        secret = link.secret if link is not None else entry.secret
        claim = (self.join.invitation, inviter.identity, joiner.identity, self.join.card_hash, self.space, self.heads[1])
        proof = hmac.digest(kdf(secret, "kdf/join"), frame("mac/join", *claim), "sha256")
        require(hmac.compare_digest(proof, self.join.proof), "the join proof")
        if entry is not None:
            require(self.founding_role(founder) == entry.role, "a joiner in another role")
            consumed = entry.consumed
            require(consumed is not None and not entry.revoked, "an invitation that is not consumed")
            require((consumed.space, consumed.account, consumed.identity) == (self.space, founder, joiner.identity),
                    "an invitation that somebody else consumed")


# The conversation.


class Conversation:
    def __init__(self, log):
        self.log, self.messages, self.index = log, [], {}
        self.names, self.read, self.marks, self.gone = {}, {}, {}, set()
        self.taken_back = {}
        frames = [self.open(record) for record in log.records]
        resent = {}
        before = set()
        for record, (state, opened) in zip(log.records, frames):
            if state == "opened" and opened.kind == 8:
                again = parse(RESEND, opened.body)
                key = (again.original.author, again.original.record)
                if again.original.author == record.header.author and key in before:
                    resent.setdefault(key, parse(FRAME, again.frame))
            before.add((record.header.author, record.header.id))
        for seq, (record, (state, opened)) in enumerate(zip(log.records, frames), 1):
            key = (record.header.author, record.header.id)
            if state == "opened":
                self.take(seq, record, opened)
            elif state == "closed" and key in resent:
                self.take(seq, record, resent[key])
            elif state == "closed":
                self.add(seq, record, record.at, "resending", None, False)
            elif state == "dropped":
                self.gone.add(key)
                self.add(seq, record, record.at, "taken back", None, False)

    def open(self, record):
        header, key = record.header, (record.header.author, record.header.id)
        if header.kind != 2 or header.era not in self.log.keys:
            return "nothing", None
        if key in self.log.dropped:
            return "dropped", None
        era_key = self.log.keys[header.era]
        if era_key is None:
            return "closed", None
        record_key = kdf(era_key, "kdf/record", self.log.space, header.era)
        place = (self.log.space, header.era, header.author, header.id)
        return "opened", parse(FRAME, open_padded(record_key, "seal/content", *place, envelope=record.payload))

    def add(self, seq, record, sent_at, state, text_now, bring):
        key = (record.header.author, record.header.id)
        self.index[key] = Struct(
            seq=seq, author=key[0], record=key[1], sent_at=sent_at, stored_at=record.at, state=state, text=text_now,
            edited=False, bring=bring, show_at=None,
        )
        self.messages.append(self.index[key])

    def take(self, seq, record, opened):
        author = record.header.author
        if opened.kind == 1:
            message = parse(MESSAGE, opened.body)
            self.add(seq, record, opened.sent_at, "text", message.text, message.bring)
            if message.show_at is not None:
                show_at = min(message.show_at, opened.sent_at + SHOW_LATER_MS_MAX)
                if show_at > record.at:
                    self.messages[-1].update(show_at=show_at)
        elif opened.kind == 2:
            edit = parse(EDIT, opened.body)
            message = self.index.get((edit.target.author, edit.target.record))
            if edit.target.author == author and message is not None and message.state == "text":
                message.update(text=edit.text, edited=True)
        elif opened.kind in (3, 4, 5, 6):
            target = parse(MESSAGE_ID, opened.body)
            key = (target.author, target.record)
            if opened.kind == 3 and target.author == author:
                self.gone.discard(key)
                taken = parse(TAKE_BACK, opened.body)
                self.taken_back.setdefault(key, []).append((record.at, taken.show_at))
                if key in self.index:
                    self.index[key].update(state="taken back", text=None)
            elif opened.kind == 4 and target.author != author:
                readers = self.read.setdefault(key, [])
                if author not in readers:
                    readers.append(author)
            elif opened.kind in (5, 6):
                self.marks.setdefault(key, set()).add(opened.kind)
        elif opened.kind == 7:
            self.names[author] = NAME(cbor(opened.body))
        elif opened.kind not in (8, 9):
            self.add(seq, record, opened.sent_at, "newer", None, False)

    def place(self, message):
        """Where another's message stands that was shown later than stored; None when it was taken back before."""
        key = (message.author, message.record)
        taken = self.taken_back.get(key, [])
        show_at = message.show_at
        if taken and show_at is None:
            show_at = next((told for _, told in taken if told is not None), None)
        if message.author == self.log.account.id or show_at is None:
            return (message.seq, 0)
        if any(at <= show_at for at, _ in taken):
            return None
        later = (n for n, record in enumerate(self.log.records, 1) if n > message.seq and record.at > show_at)
        return (next(later, len(self.log.records) + 1) - 1, show_at)

    def json(self):
        shown = []
        there = [message for message in self.messages if (message.author, message.record) not in self.gone]
        placed = [(self.place(message), message) for message in there]
        for _, message in sorted(((p, m) for p, m in placed if p is not None), key=lambda pair: pair[0]):
            key = (message.author, message.record)
            marks = self.marks.get(key, set())
            shown.append({
                "author": message.author.hex(),
                "record": message.record.hex(),
                "seq": message.seq,
                "name": self.names.get(message.author),
                "sent_at": message.sent_at,
                "stored_at": message.stored_at,
                "state": message.state,
                "text": message.text,
                "edited": message.edited,
                "read_by": [reader.hex() for reader in self.read.get(key, [])],
                "bring": message.bring or 5 in marks,
                "held": 6 in marks,
            })
        return {"space": self.log.space.hex(), "messages": shown}


# Recordings.


def unbase(encoded):
    return base64.b64decode(encoded, validate=True)


def read(recording):
    cards = Cards(recording["cards"])
    account = Account(recording, cards)
    log = Log(recording, cards, account)
    log.check_join(None if recording["link"] is None else Link(recording["link"]))
    # The recordings are of honest lives: every era that includes the reader is good.
    require(None not in log.keys.values(), "an era whose key is not the committed one")
    return Conversation(log).json()


def damaged(recording):
    """Every part with a bit flipped, with its name."""

    def flips(path, encoded, name):
        data = unbase(encoded)
        for at in sorted({0, len(data) // 3, len(data) // 2, len(data) - 1}):
            for bit in (0, 7):
                flipped = bytearray(data)
                flipped[at] ^= 1 << bit
                changed = copy.deepcopy(recording)
                place = changed
                for step in path[:-1]:
                    place = place[step]
                place[path[-1]] = base64.b64encode(flipped).decode()
                yield f"{name}, byte {at}, bit {bit}", changed

    for name in ("credentials", "inner", "vault", "export_key"):
        yield from flips([name], recording[name], name)
    for account, versions in recording["cards"].items():
        for index, card in enumerate(versions):
            yield from flips(["cards", account, index], card, f"card {index + 1} of {account[:8]}")
    for index, stored in enumerate(recording["records"]):
        yield from flips(["records", index, "record"], stored["record"], f"record {index + 1}")
        yield from inside(recording, index, stored)
    yield "another vault revision", {**recording, "vault_revision": recording["vault_revision"] + 1}
    if recording["link"] is not None:
        link = recording["link"]
        for at in range(link.index("#") + 1, len(link)):
            # The last letter carries two bits that are no part of the bytes; it is changed by more than that.
            swapped = "A" if link[at] not in "ABCD" else "Q"
            yield f"link, letter {at}", {**recording, "link": link[:at] + swapped + link[at + 1 :]}
    records = recording["records"]
    last_pinned = len(records) // 2
    for index in range(last_pinned):
        without = records[:index] + records[index + 1 :]
        renumbered = [{**stored, "seq": seq} for seq, stored in enumerate(without, 1)]
        yield f"without record {index + 1}", {**recording, "records": renumbered}
        swapped = records[:index] + [records[index + 1], records[index]] + records[index + 2 :]
        renumbered = [{**stored, "seq": seq} for seq, stored in enumerate(swapped, 1)]
        yield f"records {index + 1} and {index + 2} swapped", {**recording, "records": renumbered}
    for index, stored in enumerate(records):
        again = [*records, {**stored, "seq": len(records) + 1}]
        yield f"record {index + 1} once more at the end", {**recording, "records": again}
    yield "half of the log", {**recording, "records": records[:last_pinned]}


def inside(recording, index, stored):
    """A bit in the middle of header, signature and payload, and a payload withheld."""
    record = parse(RECORD, unbase(stored["record"]))
    parts = [record.header, record.signature, record.payload]
    for number, part in enumerate(parts):
        if part is None:
            continue
        flipped = bytearray(part)
        flipped[len(part) // 2] ^= 4
        yield f"record {index + 1}, part {number}", with_parts(recording, index, parts, number, bytes(flipped))
    header = parse(HEADER, record.header)
    if record.payload is not None:
        name = f"record {index + 1} of kind {header.kind} without payload"
        yield name, with_parts(recording, index, parts, 2, None)


def with_parts(recording, index, parts, number, part):
    parts = [*parts[:number], part, *parts[number + 1 :]]
    encoded = b"\x83" + b"".join(b"\xf6" if part is None else byte_string(part) for part in parts)
    changed = copy.deepcopy(recording)
    changed["records"][index]["record"] = base64.b64encode(encoded).decode()
    return changed


def byte_string(data):
    for low, width in ((24, 1), (25, 2), (26, 4)):
        if len(data) < 24:
            return bytes([0x40 | len(data)]) + data
        if len(data) < 1 << (8 * width):
            return bytes([0x40 | low]) + len(data).to_bytes(width, "big") + data
    raise ValueError("too long")


def damage(recording):
    read(recording)
    tried, opened = 0, []
    for name, changed in damaged(recording):
        tried += 1
        try:
            read(changed)
            opened.append(name)
        except Refused:
            pass
    return {"tried": tried, "opened": opened}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--damage"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    recording = json.loads((Path(arguments[0]) / "recording.json").read_text())
    try:
        answer = damage(recording) if "--damage" in sys.argv else read(recording)
    except Refused as refused:
        sys.exit(f"refused: {refused}")
    print(json.dumps(answer, ensure_ascii=False, indent=1))
    if answer.get("opened"):
        sys.exit(f"opened although damaged: {answer['opened']}")


if __name__ == "__main__":
    main()
