"""The reference: an EHR as a plain list of dicts, searched by reading every resource from the standard's words.

It shares no code with the engine, so that an error in one of them shows as a difference.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

Resource = dict[str, Any]
DATES = {
    ("Observation", "date"): "effectiveDateTime",
    ("Procedure", "date"): "performedDateTime",
    ("Condition", "onset-date"): "onsetDateTime",
    ("Condition", "recorded-date"): "recordedDate",
    ("MedicationRequest", "authoredon"): "authoredOn",
    ("ServiceRequest", "authored"): "authoredOn",
    ("Patient", "birthdate"): "birthDate",
}
CODES = {"clinical-status": "clinicalStatus"}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text) if "T" in text else datetime.fromisoformat(text).replace(tzinfo=UTC)


def bounds(text: str) -> tuple[Any, Any, bool]:
    """(first, last, by day) of a query value; days as ISO text, instants as datetimes."""
    if "T" not in text:
        year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
        if day:
            return text, text, True
        last = f"{year:04d}-{month or 12:02d}-{monthrange(year, month or 12)[1]:02d}"
        return f"{year:04d}-{month or 1:02d}-01", last, True
    start = instant(text)
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    width = timedelta(seconds=1) if re.search(r"T\d\d:\d\d:\d\d", text) else timedelta(minutes=1)
    return start, start + width - timedelta(milliseconds=1), False


def date_matches(value: str, written: str) -> bool:
    prefix = value[:2] if value[0].isalpha() else "eq"
    first, last, by_day = bounds(value.removeprefix(prefix))
    have: Any = written[:10] if by_day else instant(written)
    return {
        "eq": first <= have <= last, "ne": not first <= have <= last, "ge": have >= first, "gt": have > last,
        "le": have <= last, "lt": have < first, "sa": have > last, "eb": have < first,
    }[prefix]  # fmt: skip


def codings(resource: Resource, element: str) -> list[tuple[str, str]]:
    found = resource.get(element)
    if isinstance(found, str):
        return [("", found)]
    concepts = found if isinstance(found, list) else [found] if found else []
    return [
        (one.get("system", ""), one["code"])
        for concept in concepts
        for one in concept.get("coding", [])
        if "code" in one
    ]


def token_matches(resource: Resource, element: str, value: str) -> bool:
    system, bar, code = value.partition("|")
    for have_system, have_code in codings(resource, element):
        if not bar and have_code == value:
            return True
        if bar and have_system == system and code in ("", have_code):
            return True
    return False


def plain(text: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(mark) != "Mn")


def clause_matches(resource: Resource, name: str, value: str) -> bool:
    kind = resource["resourceType"]
    name, _, modifier = name.partition(":")
    if (kind, name) in DATES:
        written = resource.get(DATES[kind, name])
        if modifier == "missing":
            return (written is None) == (value == "true")
        return written is not None and date_matches(value, written)
    if name == "_id":
        return resource["id"] in value.split(",")
    if name in ("patient", "subject"):
        return resource["subject"]["reference"].split("/")[-1] in [one.split("/")[-1] for one in value.split(",")]
    if name == "value-quantity":
        have = resource.get("valueQuantity", {}).get("value")
        prefix = value[:2] if value[0].isalpha() else ""
        number = float(value.removeprefix(prefix))
        half = 0.05 if "." in value else 0.5
        if have is None:
            return False
        return {
            "": number - half <= have < number + half, "gt": have > number, "ge": have >= number,
            "lt": have < number, "le": have <= number,
        }[prefix]  # fmt: skip
    if name in ("family", "given"):
        parts = [part for one in resource["name"] for part in ([one["family"]] if name == "family" else one["given"])]
        return any(plain(part).startswith(plain(one)) for part in parts for one in value.split(","))
    element = CODES.get(name, name)
    if modifier == "text":
        concept = resource.get(element, {})
        texts = [concept.get("text", "")] + [one.get("display", "") for one in concept.get("coding", [])]
        return any(text and plain(text).startswith(plain(value)) for text in texts)
    if modifier == "missing":
        return (not codings(resource, element)) == (value == "true")
    found = any(token_matches(resource, element, one) for one in value.split(","))
    return not found if modifier == "not" else found


def sort_value(resource: Resource, name: str) -> Any:
    kind = resource["resourceType"]
    if (kind, name) in DATES:
        written = resource.get(DATES[kind, name])
        return instant(written) if written else None
    if name == "_id":
        return int(resource["id"]) if resource["id"].isdigit() else resource["id"]
    if name == "patient":
        return resource["subject"]["reference"]
    if name == "_lastUpdated":
        return instant(resource["meta"]["lastUpdated"])
    if name == "value-quantity":
        return resource.get("valueQuantity", {}).get("value")
    found = codings(resource, CODES.get(name, name))
    return found or None


def compare(left: Resource, right: Resource, sort: list[str]) -> int:
    for key in sort:
        name, down = key.removeprefix("-"), key.startswith("-")
        one, two = sort_value(left, name), sort_value(right, name)
        if isinstance(one, list) or isinstance(two, list):
            pick = max if down else min
            one, two = (pick(found) if found else None for found in (one, two))
        if one == two:
            continue
        if one is None or two is None:
            return 1 if one is None else -1
        return (-1 if one < two else 1) * (-1 if down else 1)
    return 0


def clinical(resource: Resource) -> str | None:
    if resource["resourceType"] == "Condition":
        return resource.get("recordedDate") or resource.get("onsetDateTime")
    return resource.get("effectiveDateTime") or resource.get("performedDateTime") or resource.get("authoredOn")


def search(
    resources: list[Resource], kind: str, params: list[tuple[str, str]], now: datetime | None = None, own: int = 0
) -> list[Resource]:
    """Every match in order; the last `own` resources are the rollout's own and have no clock."""
    sort = [key for name, value in params if name == "_sort" for key in value.split(",")]
    found = []
    for index, one in enumerate(resources):
        if one["resourceType"] != kind:
            continue
        at = clinical(one)
        if now is not None and at is not None and instant(at) > now and index < len(resources) - own:
            continue
        clauses = [pair for pair in params if pair[0] not in ("_sort", "_count")]
        if all(clause_matches(one, name, value) for name, value in clauses):
            found.append(one)
    return sorted(found, key=cmp_to_key(lambda left, right: compare(left, right, sort)))
