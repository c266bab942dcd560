"""Distil the FHIR R4 StructureDefinitions and required value sets into `data/r4.json`.

    npm pack hl7.fhir.r4.examples@4.0.1 && tar xzf hl7.fhir.r4.examples-4.0.1.tgz
    python scripts/make_r4_table.py package

That package is HL7's, published under CC0, and holds every definition of the specification. One string describes a
type: its parent, then its own elements in the order of the specification, `name` + cardinality + types [+ `#` +
required binding]:

    "Observation": "DomainResource identifier*Identifier ... status!code#ObservationStatus ... value[x]?Quantity|string"

Cardinality is `?` (0..1), `!` (1..1), `*` (0..*), `+` (1..*). A nested element is a type of its own, named by its path.
The types of an open choice such as Extension.value[x] are written once, under `open`, and `open` stands for them.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
MARKS = {("0", "1"): "?", ("1", "1"): "!", ("0", "*"): "*", ("1", "*"): "+"}
BINDING_NAME = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bindingName"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def resources(folder: Path, kind: str) -> Iterator[Json]:
    """Every resource of a type, by file name."""
    for path in sorted(folder.glob(f"{kind}-*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


class ValueSets:
    """Expands value sets that are lists of codes or whole code systems."""

    def __init__(self, folder: Path) -> None:
        self.sets: dict[str, Json] = {}
        self.systems: dict[str, Json] = {}
        for kind, kept in (("ValueSet", self.sets), ("CodeSystem", self.systems)):
            for resource in resources(folder, kind):
                kept[resource["url"]] = resource

    def codes(self, url: str) -> list[str] | None:
        """All codes in order, or None where the definitions do not enumerate them."""
        value_set = self.sets.get(url.split("|")[0])
        if value_set is None:
            return None
        codes: list[str] = []
        for include in value_set["compose"]["include"]:
            part = self._include(include)
            if part is None:
                return None
            codes += part
        excluded = [code for part in value_set["compose"].get("exclude", []) for code in self._include(part) or []]
        return [code for code in dict.fromkeys(codes) if code not in excluded]

    def _include(self, include: Json) -> list[str] | None:
        if "concept" in include:
            return [concept["code"] for concept in include["concept"]]
        if "valueSet" in include:
            parts = [self.codes(url) for url in include["valueSet"]]
            return None if None in parts else [code for part in parts for code in part or []]
        system = self.systems.get(include["system"])
        if system is None or system["content"] != "complete" or "filter" in include:
            return None
        return list(_concepts(system.get("concept", [])))


def _concepts(tree: list[Json]) -> Iterator[str]:
    for concept in tree:
        yield concept["code"]
        yield from _concepts(concept.get("concept", []))


def _types(element: Json) -> list[str]:
    if "contentReference" in element:
        return [element["contentReference"].partition("#")[2]]
    if element["base"]["path"] == "Resource.id":  # whose type is written as string, with the format of id
        return ["id"]
    found = []
    for kind in element["type"]:
        named = [extension["valueUrl"] for extension in kind.get("extension", []) if extension["url"] == FHIR_TYPE]
        found.append(named[0] if named else kind["code"])
    return [element["path"]] if set(found) & {"BackboneElement", "Element"} else list(dict.fromkeys(found))


def _binding(element: Json, sets: ValueSets, codes: dict[str, str]) -> str:
    binding = element.get("binding", {})
    if binding.get("strength") != "required" or _types(element) != ["code"] or "valueSet" not in binding:
        return ""
    listed = sets.codes(binding["valueSet"])
    if listed is None:
        return ""
    named = [ext["valueString"] for ext in binding.get("extension", []) if ext["url"] == BINDING_NAME]
    name = "".join(word[0].upper() + word[1:] for word in named[0].split("-"))
    text = " ".join(listed)
    while codes.setdefault(name, text) != text:  # two lists under one name
        name += "_"
    return f"#{name}"


def table(folder: Path) -> Json:
    """The whole table: types and required code lists."""
    sets = ValueSets(folder)
    types: dict[str, list[str]] = {}
    codes: dict[str, str] = {}
    resource_types: list[str] = []
    for definition in resources(folder, "StructureDefinition"):
        if definition["kind"] not in ("resource", "complex-type") or definition.get("derivation") == "constraint":
            continue
        if not definition["url"].startswith("http://hl7.org/fhir/StructureDefinition/"):
            continue
        name = definition["type"]
        if name == "MetadataResource":  # a logical parent that nothing inherits from
            continue
        if definition["kind"] == "resource" and not definition["abstract"]:
            resource_types.append(name)
        types[name] = [definition.get("baseDefinition", "").rpartition("/")[2]]
        for element in definition["snapshot"]["element"][1:]:
            path = element["path"]
            owner, _, own = path.rpartition(".")
            inherited = element["base"]["path"] != path
            if inherited and (owner == name or re.fullmatch(r"(Backbone)?Element\..*", element["base"]["path"])):
                continue
            kinds = _types(element)
            if kinds == [path]:
                types[path] = [element["type"][0]["code"]]
            mark = MARKS[(str(element["min"]), element["max"] if element["max"] in "1*" else "*")]
            types[owner].append(f"{own}{mark}{'|'.join(kinds)}{_binding(element, sets, codes)}")
    any_type = next(part for part in types["Extension"] if part.startswith("value[x]"))[len("value[x]?") :]
    return {
        "fhirVersion": "4.0.1",
        "resources": " ".join(sorted(resource_types)),
        "open": any_type,
        "types": {name: " ".join(parts).replace(any_type, "open") for name, parts in types.items()},
        "codes": dict(sorted(codes.items())),
    }


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder that holds profiles-resources.json and its siblings")
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "r4.json")
    arguments = parser.parse_args()
    text = json.dumps(table(arguments.folder), ensure_ascii=False, indent=0, sort_keys=False)
    arguments.out.write_text(text + "\n", encoding="utf-8")
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
