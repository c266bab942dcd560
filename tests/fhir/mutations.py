"""Seeded request bodies: realistic ones, bent by the mistakes that agents make and by arbitrary ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from medagentbenchv2.fhir import r4
from tests.fhir.sent import BODIES, DATES, EXTENSIONS, JUNK, REFERENCES, UNKNOWN_NAMES, Json

Where = tuple[str | int, ...]


def cases(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """`count` pairs of (resource type of the URL, body)."""
    rng = random.Random(seed)
    for _ in range(count):
        draw = rng.random()
        body = any_resource(rng) if draw < 0.12 else bundle(rng) if draw < 0.16 else copy.deepcopy(rng.choice(BODIES))
        kind = body["resourceType"]
        for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            rng.choices(MUTATIONS, WEIGHTS)[0](rng, body)
        text = json.dumps(body, ensure_ascii=rng.random() < 0.3)
        yield kind, _bent(rng, text) if rng.random() < 0.05 else text


def bundle(rng: random.Random) -> Json:
    """A transaction of one to three creates."""
    entries = []
    for number in range(rng.randint(1, 3)):
        resource = copy.deepcopy(rng.choice(BODIES))
        url = rng.choice(("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", f"http://x.org/fhir/Patient/{number}", "n1"))
        entry: Json = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
        entry |= rng.choice(({}, {"fullUrl": url}))
        resource |= rng.choice(({}, {"id": f"e{number}"}, {"id": str(number)}))
        entries.append(entry)
    return {"resourceType": "Bundle", "type": rng.choice(("transaction", "batch")), "entry": entries}


def any_resource(rng: random.Random) -> Json:
    """A random resource of any type that follows the definitions."""
    kind = rng.choice([name for name in r4.resource_types() if name not in ("Bundle",)])
    return {"resourceType": kind, **_any_object(rng, kind, 0)}


def _any_object(rng: random.Random, type_name: str, depth: int) -> Json:
    out: Json = {}
    chance = (0.15, 0.4, 0.3, 0.2)[depth] if depth < 4 else 0.0
    for element in r4.elements(type_name).values():
        if element.type in ("Resource", "Extension", "xhtml", "Narrative") or element.name in ("id", "contained"):
            continue
        if rng.random() < (0.9 if element.required and element.base == element.name else chance):
            value = _any_value(rng, element, depth)
            out[element.name] = [value] if element.many else value
    return out


def _any_value(rng: random.Random, element: r4.Element, depth: int) -> Any:
    if element.codes:
        return rng.choice(sorted(r4.codes(element.codes)))
    samples: dict[str, tuple[Any, ...]] = {
        "boolean": (True, False), "integer": (3, -2), "positiveInt": (1, ), "unsignedInt": (0, 7), "decimal": (1.5,
        2, 0.001), "base64Binary": ("aGk=", ),
        "date": ("2023-01-05", "2023"), "dateTime": ("2023-01-05T10:00:00Z", "2023-01"),
        "instant": ("2023-01-05T10:00:00.000Z", ), "time": ("10:00:00", ),
    }  # fmt: skip
    if r4.is_primitive(element.type):
        return rng.choice(samples.get(element.type, ("http://x.org/a", "b-1", "c")))
    return _any_object(rng, element.type, depth + 1)


def _places(node: Any, at: Where = ()) -> Iterator[Where]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from _places(value, (*at, key))


def _pick(rng: random.Random, body: Json) -> tuple[Any, Any] | None:
    places = [path for path in _places(body) if path != ("resourceType",) or rng.random() < 0.1]
    if not places:
        return None
    *way, key = rng.choice(places)
    holder: Any = body
    for step in way:
        holder = holder[step]
    return holder, key


def _objects(node: Any) -> list[Json]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in _objects(value))]
    return [found for item in node for found in _objects(item)] if isinstance(node, list) else []


def _replace(rng: random.Random, body: Json) -> None:
    if place := _pick(rng, body):
        place[0][place[1]] = copy.deepcopy(rng.choice(JUNK))


def _drop(rng: random.Random, body: Json) -> None:
    if place := _pick(rng, body):
        del place[0][place[1]]


def _wrap(rng: random.Random, body: Json) -> None:
    if place := _pick(rng, body):
        value = place[0][place[1]]
        place[0][place[1]] = rng.choice(
            ([value], [value, copy.deepcopy(value)], [[value]], [None, value], [value, None], {"value": value})
        )


def _unwrap(rng: random.Random, body: Json) -> None:
    for holder in _objects(body):
        for key, value in holder.items():
            if isinstance(value, list) and value and rng.random() < 0.4:
                holder[key] = value[0]
                return


def _flatten(rng: random.Random, body: Json) -> None:
    """An object sent as the text that it holds, such as route: "IV"."""
    for holder in _objects(body):
        for key, value in holder.items():
            if isinstance(value, dict) and rng.random() < 0.3:
                texts = [text for text in value.values() if isinstance(text, str)]
                holder[key] = texts[0] if texts else str(value)
                return


def _date(rng: random.Random, body: Json) -> None:
    holders = [
        (o, k)
        for o in _objects(body)
        for k in o
        if "ate" in k or k in ("start", "end", "issued", "authoredOn", "birthDate", "lastUpdated")
    ]
    if holders:
        holder, key = rng.choice(holders)
        holder[key] = rng.choice(DATES)


def _code(rng: random.Random, body: Json) -> None:
    names = ("status", "intent", "priority", "gender", "use", "periodUnit", "system", "comparator")
    holders = [(o, k) for o in _objects(body) for k in o if k in names and isinstance(o[k], str)]
    if holders:
        holder, key = rng.choice(holders)
        value = holder[key]
        holder[key] = rng.choice(
            (
                value.upper(),
                value + " ",
                " " + value,
                "foo",
                "normal",
                "",
                [value],
                {"code": value},
                None,
                "entered-in-error",
                5,
            )
        )


def _number(rng: random.Random, body: Json) -> None:
    holders = [
        (o, k) for o in _objects(body) for k in o if isinstance(o[k], int | float) and not isinstance(o[k], bool)
    ]
    if holders:
        holder, key = rng.choice(holders)
        value = holder[key]
        holder[key] = rng.choice(
            (
                str(value),
                f"{value} mg",
                f" {value}",
                f"+{value}",
                f"0{value}",
                f"{value}e1",
                -value,
                value * 1.0,
                f"{value}.",
                {"value": value},
                "ten",
            )
        )


def _reference(rng: random.Random, body: Json) -> None:
    rng.choice(_objects(body))[rng.choice(("subject", "encounter", "requester", "recorder"))] = {
        "reference": rng.choice(REFERENCES)
    }


def _unknown(rng: random.Random, body: Json) -> None:
    rng.choice(_objects(body))[rng.choice(UNKNOWN_NAMES)] = copy.deepcopy(rng.choice((*JUNK, *EXTENSIONS)))


def _sibling(rng: random.Random, body: Json) -> None:
    holder = rng.choice(_objects(body))
    names = [*holder, "status", "valueString", "birthDate", "given", "code", "foo"]
    content: tuple[Any, ...] = (
        {"id": "i1"},
        {"id": 5},
        [],
        [None],
        [{"id": "i1"}],
        [None, {"id": "i2"}],
        None,
        "x",
        5,
        {},
    )
    extended = [
        {"extension": copy.deepcopy(rng.choice(EXTENSIONS)), **rng.choice(({}, {"id": "i3"}))} for _ in range(2)
    ]
    holder["_" + rng.choice(names)] = rng.choice(
        (*content, extended[0], extended[0], extended[0], extended[:1], extended, [None, extended[0]])
    )


def _extension(rng: random.Random, body: Json) -> None:
    name = rng.choice(("extension", "extension", "modifierExtension"))
    rng.choice(_objects(body))[name] = copy.deepcopy(rng.choice(EXTENSIONS))


def _rival(rng: random.Random, body: Json) -> None:
    pairs: tuple[tuple[str, Any], ...] = (
        ("valueString", "x"), ("valueQuantity", {"value": 3}), ("valueCodeableConcept", {"text": "t"}),
        ("valueInteger", 3), ("valueBoolean", None),
        ("effectivePeriod", {"start": "2023"}), ("effectiveInstant", "2023-01-05T10:00:00Z"), ("medicationReference",
        {"reference": "Medication/1"}),
        ("medicationCodeableConcept", []), ("occurrencePeriod", {}), ("onsetAge", {"value": 5, "unit": "a"}),
        ("onsetString", "long ago"), ("deceasedDateTime", "2020"),
        ("valueString", {"extension": [{"url": "u", "valueString": "z"}]}),
    )  # fmt: skip
    name, value = rng.choice(pairs)
    items = [*body.items(), (name, copy.deepcopy(value))]
    if rng.random() < 0.5:
        items.insert(rng.randrange(len(items)), items.pop())
    body.clear()
    body.update(items)


def _whole(rng: random.Random, body: Json) -> None:
    choices: tuple[tuple[str, Any], ...] = (
        ("id", "abc"), ("id", "Observation/abc"), ("id", "http://x.org/fhir/Observation/abc/_history/2"), ("id", 5),
        ("id", ""), ("id", {"a": 1}),
        ("meta", {"versionId": "3", "lastUpdated": "2023-01-05T10:00:00Z", "tag": [{"display": "only"},
        {"code": "a"}], "profile": ["http://p"]}),
        ("meta", {"security": [{"display": "d"}]}), ("meta", "x"), ("language", "en"), ("implicitRules", "http://r"),
        ("contained", [{"resourceType": "Patient", "id": "p1", "gender": "male"}]), ("contained",
        [{"resourceType": "Patient"}, {"resourceType": "Medication", "id": "#7"}]),
        ("contained", {"resourceType": "Patient", "id": "p1", "meta": {"versionId": "1", "tag": [{"code": "t"}]}}),
        ("contained", [{"resourceType": "Foo"}]), ("contained", [{}]),
        ("contained", [None, "x"]), ("contained", [{"resourceType": "Observation",
        "contained": [{"resourceType": "Patient", "id": "in"}], "id": "out"}]),
        ("contained", [{"resourceType": "patient"}]), ("resourceType", "observation"), ("resourceType", "Foo"),
        ("resourceType", None), ("resourceType", 5), ("resourceType", ""),
        ("resourceType", "Patient"), ("text", {"status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}), ("text", {"status": "bad"}), ("text", "x"),
    )  # fmt: skip
    name, value = rng.choice(choices)
    body[name] = copy.deepcopy(value)


def _shuffle(rng: random.Random, body: Json) -> None:
    for holder in _objects(body):
        items = list(holder.items())
        rng.shuffle(items)
        holder.clear()
        holder.update(items)


MUTATIONS: tuple[Callable[[random.Random, Json], None], ...] = (
    _replace, _drop, _wrap, _unwrap, _flatten, _date, _code, _number, _reference, _unknown, _sibling, _extension,
    _rival, _whole, _shuffle,
)  # fmt: skip
WEIGHTS = (6, 2, 4, 2, 3, 4, 4, 4, 2, 4, 4, 3, 3, 2, 2)


def _bent(rng: random.Random, text: str) -> str:
    """The body with a mistake in its JSON."""
    cut = rng.randrange(len(text) + 1)
    return rng.choice(
        (
            text[:cut],
            text + rng.choice(("}", "x", " ", "\n", ",", "{}", "null")),
            text.replace('"', "'"),
            text.replace('"', "'", 2),
            text.replace(": ", ": ,", 1),
            text.replace("}", ",}", 1),
            text.replace("]", ",]", 1),
            rng.choice((" ", "\n", "\ufeff", "[", '"', "x", "//c\n")) + text,
            text.replace("null", "NaN").replace("true", "True"),
            text.replace("1.5", rng.choice(("1.50", "1.5E2", "01.5", ".5", "1.", "-0.0", "1e5", "NaN", "0x1"))),
            text.replace(
                '"final"', rng.choice(("final", '"fi\\nal"', '"fi\nal"', '"fi\\u0000al"', '"fin\\al"', '"fi\\\'al"'))
            ),
            rng.choice(
                (
                    "",
                    " ",
                    "[]",
                    "null",
                    "5",
                    '"x"',
                    "{}",
                    "{",
                    '{"resourceType":"Observation"}{"a":1}',
                    "<Observation/>",
                )
            ),
            text[:-1] + ', "status": "final", "status": "foo"}',
        )
    )
