"""Checks an exported record, written from docs/EXPORT.md and docs/PROTOCOL.md alone.

    export.py FILE            checks it, and prints what it holds as JSON
    export.py --damage FILE   damages every signed part of it in turn; each time the check must fail

FILE is the page or the form for programs. What is checked: the shape, field by field; that every card is signed by its
identity; that every header is signed by a device of its author that was hers then; that headers are chained from the
position before the first to the last, with nothing missing; and that every entry has a header by the author and device that
the entry names. It can't be checked without the account's keys that the readable text is what was locked.
"""

import copy
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

from reader import (
    HEADER, Cards, Refused, labelled_hash, parse, require, unbase, verify,
)

HEX = {16: re.compile("[0-9a-f]{32}"), 32: re.compile("[0-9a-f]{64}")}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


# Shapes. A field that is not named here, or is missing, is refused: this is what the page says, no more and no less.


def identifier(size):
    def check(value):
        require(isinstance(value, str) and HEX[size].fullmatch(value), "not an id")

    return check


def kind(*types):
    def check(value):
        require(type(value) in types, f"not one of {types}")

    return check


def one_of(*values):
    def check(value):
        require(value in values, f"not one of {values}")

    return check


def nullable(shape):
    return lambda value: None if value is None else shape(value)


def each(shape):
    def check(value):
        require(isinstance(value, list), "not a list")
        for item in value:
            shape(item)

    return check


def instant(value):
    require(isinstance(value, str) and TIME.fullmatch(value), "not a time")


def shape(**fields):
    def check(value):
        require(isinstance(value, dict), "not an object")
        require(set(value) == set(fields), f"fields {sorted(set(value) ^ set(fields))}")
        for name, field in fields.items():
            field(value[name])

    return check


TEXT, NUMBER, FLAG = kind(str), kind(int), kind(bool)
ACCOUNT, HASH = identifier(16), identifier(32)
ROLE = one_of("owner", "therapist", "prescriber", "front_desk", "client", "owner_therapist")
POSITION = shape(seq=NUMBER, head=HASH)
MARKS = each(shape(by=ACCOUNT, at=nullable(instant), at_ms=NUMBER))
COMMON = dict(
    kind=TEXT, seq=NUMBER, id=ACCOUNT, author=ACCOUNT, device=ACCOUNT, stored_at=nullable(instant), stored_at_ms=NUMBER
)
SENT = dict(sent_at=nullable(instant), sent_at_ms=NUMBER)
ENTRIES = {
    "members": shape(
        **COMMON, cause=one_of("founding", "membership", "renewal"),
        added=each(shape(account=ACCOUNT, role=nullable(ROLE))), removed=each(ACCOUNT),
    ),
    "name": shape(**COMMON, **SENT, text=TEXT),
    "setting": shape(**COMMON, **SENT, name=TEXT, value=TEXT),
    "message": shape(
        **COMMON, **SENT, shown_at=nullable(instant), shown_at_ms=nullable(NUMBER),
        state=one_of("text", "taken_back", "resending", "newer", "unreadable"), text=nullable(TEXT),
        edited_at=nullable(instant), edited_at_ms=nullable(NUMBER), earlier=each(shape(**SENT, text=TEXT)),
        taken_back_at=nullable(instant), taken_back_at_ms=nullable(NUMBER), read=MARKS, brought=MARKS, held=MARKS,
    ),
}


def entry(value):
    require(isinstance(value, dict) and value.get("kind") in ENTRIES, "an entry of another kind")
    ENTRIES[value["kind"]](value)


RECORD = shape(
    format=one_of("sotto-record"), version=one_of(1), made_at=instant, made_at_ms=NUMBER,
    made_by=shape(account=ACCOUNT, name=TEXT, role=ROLE, device=ACCOUNT, device_name=TEXT),
    practice=TEXT, subjects=each(ACCOUNT), language=one_of("en", "es"), zone=TEXT,
    **{"from": nullable(instant)}, from_ms=nullable(NUMBER), until=nullable(instant), until_ms=nullable(NUMBER),
    contents=shape(
        conversations=NUMBER, messages=NUMBER, taken_back=NUMBER, settings=NUMBER, records=NUMBER, waiting=NUMBER,
        incomplete=NUMBER, absent=NUMBER,
    ),
    people=each(shape(
        account=ACCOUNT, name=TEXT, me=FLAG, identity=nullable(HASH),
        devices=each(shape(id=ACCOUNT, added_at=nullable(instant), added_at_ms=NUMBER, removed=FLAG)), cards=each(TEXT),
    )),
    conversations=each(shape(
        space=ACCOUNT, own=FLAG, founding=HASH, before=POSITION, last=POSITION, told=NUMBER, complete=FLAG, doubt=FLAG,
        members=each(shape(account=ACCOUNT, role=ROLE)), entries=each(entry),
        log=each(shape(seq=NUMBER, stored_at_ms=NUMBER, header=TEXT, signature=TEXT)),
    )),
)


class Page(HTMLParser):
    """Finds the form for programs, and what would make the page more than a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.inside, self.found, self.articles = False, [], 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.articles += tag == "article"
        require(not any(name.startswith("on") or name in ("src", "action") for name in attributes), "an active page")
        require(attributes.get("href", "#").startswith("#"), "a link that leads away")
        if tag == "script":
            require(attributes == {"type": "application/json", "id": "record"}, "another script")
            self.inside = True

    def handle_endtag(self, tag):
        if tag == "script":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found.append(data)


def load(path):
    text = Path(path).read_bytes().decode()
    if text.startswith("{"):
        return json.loads(text)
    page = Page()
    page.feed(text)
    page.close()
    record = json.loads("".join(page.found))
    messages = [e for c in record["conversations"] for e in c["entries"] if e["kind"] == "message"]
    require(page.articles == len(messages), "the page shows other messages than it holds")
    return record


def check(record):
    RECORD(record)
    people = {person["account"]: person for person in record["people"]}
    require(len(people) == len(record["people"]), "somebody twice")
    cards = Cards({account: person["cards"] for account, person in people.items() if person["cards"]})
    for account, person in people.items():
        if person["cards"]:
            newest = cards.newest(bytes.fromhex(account))
            require(newest.identity.hex() == person["identity"], "another identity")
            listed = [(device.id.hex(), device.removed_in is not None) for device in newest.devices]
            require(listed == [(device["id"], device["removed"]) for device in person["devices"]], "other devices")
    total = sum(check_conversation(one, cards) for one in record["conversations"])
    require(total == record["contents"]["records"], "another number of records")
    messages = [e for one in record["conversations"] for e in one["entries"] if e["kind"] == "message"]
    gone = sum(message["state"] == "taken_back" for message in messages)
    require(record["contents"]["taken_back"] == gone, "another number of messages taken back")
    require(record["contents"]["messages"] == len(messages) - gone, "another number of messages")
    return messages


def check_conversation(conversation, cards):
    space = bytes.fromhex(conversation["space"])
    seq, head = conversation["before"]["seq"], bytes.fromhex(conversation["before"]["head"])
    if seq == 0:
        require(head == labelled_hash("hash/head", space), "the beginning is that of another conversation")
    headers = {}
    for record in conversation["log"]:
        seq += 1
        require(record["seq"] == seq, "a gap, or a record twice")
        signed, signature = unbase(record["header"]), unbase(record["signature"])
        header = parse(HEADER, signed)
        require(header.space == space, "a record of another conversation")
        authenticate(header, signed, signature, cards)
        head = labelled_hash("hash/head", head, labelled_hash("hash/link", signed, signature))
        require(seq > 1 or head.hex() == conversation["founding"], "another founding")
        headers[seq] = header
    require((seq, head.hex()) == (conversation["last"]["seq"], conversation["last"]["head"]), "another end")
    ids = set()
    for entry in conversation["entries"]:
        header = headers.get(entry["seq"])
        require(header is not None, "an entry that nobody signed")
        said = (entry["id"], entry["author"], entry["device"])
        require(said == (header.id.hex(), header.author.hex(), header.device.hex()), "an entry by somebody else")
        require(header.kind == (1 if entry["kind"] == "members" else 2), "an entry of another kind")
        require(entry["seq"] not in ids, "an entry twice")
        ids.add(entry["seq"])
    return len(headers)


def authenticate(header, signed, signature, cards):
    card = cards.newest(header.author)
    require(card.version >= header.card_version, "a card is missing")
    device = next((device for device in card.devices if device.id == header.device), None)
    require(device is not None, "a device nobody listed")
    removed = device.removed_in
    active = device.added_in <= header.card_version and (removed is None or header.card_version < removed)
    require(active, "a device that was not active")
    verify(device.key, "sign/header", signed, signature)


# Damage.


def changed(text):
    """The same base64 with one bit of what it says flipped."""
    import base64

    data = bytearray(unbase(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(bytes(data)).decode()


def other(hexadecimal):
    return ("0" if hexadecimal[0] != "0" else "1") + hexadecimal[1:]


def damages(record):
    for p in range(len(record["people"])):
        for c in range(len(record["people"][p]["cards"])):
            yield "a card", lambda r, p=p, c=c: r["people"][p]["cards"].__setitem__(c, changed(r["people"][p]["cards"][c]))
        yield "an identity", lambda r, p=p: r["people"][p].update(identity=other(r["people"][p]["identity"]))
    for n, conversation in enumerate(record["conversations"]):
        for field in ("founding",):
            if conversation["before"]["seq"] == 0:
                yield field, lambda r, n=n, f=field: r["conversations"][n].update({f: other(r["conversations"][n][f])})
        yield "the space", lambda r, n=n: r["conversations"][n].update(space=other(r["conversations"][n]["space"]))
        for end in ("before", "last"):
            yield end, lambda r, n=n, e=end: r["conversations"][n][e].update(head=other(r["conversations"][n][e]["head"]))
        for i in range(len(conversation["log"])):
            for field in ("header", "signature"):
                yield f"{field} {i}", lambda r, n=n, i=i, f=field: r["conversations"][n]["log"][i].update(
                    {f: changed(r["conversations"][n]["log"][i][f])}
                )
            yield f"no record {i}", lambda r, n=n, i=i: r["conversations"][n]["log"].pop(i)
        for i in range(len(conversation["log"]) - 1):
            yield f"order {i}", lambda r, n=n, i=i: r["conversations"][n]["log"].insert(
                i, r["conversations"][n]["log"].pop(i + 1)
            )
        for i in range(len(conversation["entries"])):
            for field in ("author", "device", "id"):
                yield f"{field} of entry {i}", lambda r, n=n, i=i, f=field: r["conversations"][n]["entries"][i].update(
                    {f: other(r["conversations"][n]["entries"][i][f])}
                )
            yield f"entry {i} twice", lambda r, n=n, i=i: r["conversations"][n]["entries"].append(
                r["conversations"][n]["entries"][i]
            )


def main(arguments):
    damage = arguments[:1] == ["--damage"]
    record = load(arguments[-1])
    messages = check(record)
    if not damage:
        print(json.dumps({"messages": messages, "people": record["people"], "contents": record["contents"]}))
        return 0
    tried = 0
    for what, how in damages(record):
        broken = copy.deepcopy(record)
        how(broken)
        try:
            check(broken)
        except Refused:
            tried += 1
        else:
            print(f"not noticed: {what}", file=sys.stderr)
            return 1
    print(json.dumps({"tried": tried}))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        sys.exit(1)
