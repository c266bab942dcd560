"""Seeded request bodies: realistic ones, bent by the mistakes that agents make and by arbitrary ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from medagentbenchv2.fhir import r4

Json = dict[str, Any]

BODIES: tuple[Json, ...] = (
    {
        "resourceType": "Observation",
        "category": [{"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs",
        "display": "Vital Signs"}]}],
        "code": {"text": "BP"},
        "effectiveDateTime": "2023-11-13T10:15:00+00:00",
        "status": "final",
        "valueString": "118/77 mmHg",
        "subject": {"reference": "Patient/S2380121"},
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "MG", "display": "Magnesium"}], "text": "Magnesium"},
        "subject": {"reference": "Patient/S6550627", "display": "Somebody"},
        "effectiveDateTime": "2023-11-12T19:41:00+00:00",
        "issued": "2023-11-12T20:41:00.123Z",
        "valueQuantity": {"value": 1.90, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
        "referenceRange": [{"low": {"value": 1.7}, "high": {"value": 2.2}, "text": "1.7-2.2"}],
        "interpretation": [{"text": "normal"}],
    },
    {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40",
            "display": "Magnesium Sulfate"}],
            "text": "Magnesium Sulfate 2 g IV",
        },
        "authoredOn": "2023-11-13T10:15:00+00:00",
        "dosageInstruction": [
            {
                "route": {"text": "IV"},
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, "code": {"text": "once"}},
                "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "g"}, "rateQuantity": {"value": 1.5,
                "unit": "g/h"}}],
            }
        ],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/S2380121"},
    },
    {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "authoredOn": "2023-11-13T10:15:00+00:00",
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": {"reference": "Patient/S2380121"},
        "note": {"text": "Situation: acute left knee injury"},
        "occurrenceDateTime": "2023-11-14T08:00:00+00:00",
    },
    {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "NUR1373"}], "text": "Foley"},
        "subject": {"reference": "Patient/S6415739"},
        "performedPeriod": {"start": "2023-01-02", "end": "2023-01-03T04:05:06-08:00"},
        "performer": [{"actor": {"display": "Dr X"}}],
    },
    {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]},
        "subject": {"reference": "Patient/S0658561"},
        "onsetDateTime": "2021-05",
        "recordedDate": "2021-05-06",
        "stage": [{"summary": {"text": "II"}}],
    },
    {
        "resourceType": "Patient",
        "identifier": [{"use": "usual", "type": {"coding": [{"code": "MR"}]}, "value": "S2380121"}],
        "name": [{"use": "official", "family": "Stafford", "given": ["Peter", "J"]}],
        "gender": "male",
        "birthDate": "1932-12-29",
        "active": True,
        "deceasedBoolean": False,
        "multipleBirthInteger": 2,
        "telecom": [{"system": "phone", "value": "555", "rank": 1}],
        "photo": [{"contentType": "image/png", "data": "aGVsbG8="}],
    },
)  # fmt: skip

DATES = (
    "2023", "2023-1", "2023-01", "2023-13", "2023-01-5", "2023-01-05", "2023-02-29", "2024-02-29", "2023-01-05T10",
    "2023-01-05T10:00",
    "2023-01-05T10:00Z", "2023-01-05T10:00:00", "2023-01-05T10:00:00Z", "2023-01-05T10:00:00.1Z",
    "2023-01-05T10:00:00.123456789+05:30",
    "2023-01-05T10:00:00.Z", "2023-01-05T24:00:00Z", "2023-01-05T10:60:00Z", "2023-01-05T10:00:60Z",
    "2023-01-05 10:00:00", "01/05/2023",
    "January 5, 2023", "2023-01-05T10:00:00+0000", "2023-01-05T10:00:00+00", "2023-01-05T10:00:00+24:00", "now",
    "20230105", " 2023-01-05 ",
    "2023/01/05", "2023-01-05T10:00:00-08:00", "2023-01-05T10:00:00 -08:00", "23-01-05", "+202-01-05",
    "2023-01-05t10:00:00z", "1500-02-29",
    "0000", "2023-01-05T10:00:00Z+01:00", "2023-01-05T", "2023-01-05T1:00:00Z", "2023-01-05T10:00:00.12+01:00",
    "9999-12-31", "2023-00-10",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, False, 0, 5, -1, 1.5, 1.10, 1e2, 2e-3, 12345678901234567890, 123456789012345678901234567890, "", " ",
    "abc", "5", "5.0", "05", "1,5",
    "true", "TRUE", " true ", "+5", ".5", "5.", "1e3", "007", [], {}, [[]], [None], [{}], [1], ["x"], [["x"]], [None,
    "x"], {"a": 1}, {"value": 5},
    {"text": "x"}, {"id": "e1"}, {"extension": [{"url": "http://x", "valueString": "y"}]}, [{"text": "x"},
    {"text": "y"}], "Patient/S1", "é ü 漢字",
    {"coding": [{"code": "x"}]}, {"coding": {"code": "x"}}, {"coding": []}, {"reference": "Patient/S1"},
    {"value": "5", "unit": "mg"}, "2023-01-05",
    "line\nbreak", "tab\tquote\"'<&>", "2147483647", "2147483648", 2147483648, 5.0, "NaN", "Infinity", "1_000",
)  # fmt: skip
REFERENCES = (
    "Patient/S1", "S1", "Patient/S1/_history/2", "http://x.org/fhir/Patient/S1",
    "http://x.org/fhir/Patient/S1/_history/3", "urn:uuid:0c3151bd-1cbf-4d64",
    "#p1", "#", "", "Patient/", "/Patient/S1", "a/b/c/d", "http://x.org", "Patient/S1#x", "http://x/y", "patient/S1",
    "Patient?identifier=S1", "http://x/y/z/w/",
)  # fmt: skip
EXTENSIONS: tuple[Any, ...] = (
    [{"url": "http://x", "valueString": "y"}],
    [{"url": "http://x"}],
    [{"url": "http://x", "valueCode": "y", "id": "e1"}],
    [{"url": "http://x", "extension": [{"url": "a", "valueInteger": 3}, {"url": "b", "valueDecimal": "1.5"}]}],
    [{"url": "http://x", "valueString": "y", "extension": [{"url": "a", "valueBoolean": True}]}],
    [{"valueString": "y"}],
    [{"url": "http://x", "valueQuantity": {"value": 1, "unit": "mg"}}, {"url": "http://y", "valueDateTime": "2023-01"}],
    [{"url": "http://x", "valueReference": {"reference": "Patient/S1/_history/2"}}],
    [{"url": "http://x", "valueBogus": "y"}],
    [{"url": "http://x", "_valueString": {"extension": [{"url": "z", "valueString": "q"}]}}],
    [{"url": 5, "valueString": 1.10}],
    [{"url": "http://x", "valueCodeableConcept": "scalar"}],
    [{"url": "http://x", "valueString": ""}],
    [{"url": "http://x", "valueDate": "yesterday"}],
    [{}],
    [],
    {},
    {"url": "http://x", "valueString": "y"},
    None,
    "x",
    ["x"],
    [None],
)
UNKNOWN_NAMES = (
    "value",
    "effective",
    "authoredon",
    "medication",
    "foo",
    "patient",
    "dose",
    "Status",
    "comment",
    "explanation",
    "resourceType",
    "fhir_comments",
    "id",
)
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
