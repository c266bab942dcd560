"""Primitives with their ids and extensions, and extensions themselves, as the parser holds them before writing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Extension:
    """One extension."""

    url: str | None
    id: str | None = None
    name: str = ""
    """JSON name of the value, such as valueString."""
    value: Cell | None = None
    children: list[Extension] = field(default_factory=list)

    @property
    def filled(self) -> bool:
        """True unless nothing at all was said."""
        return bool(self.url or self.id or (self.value and self.value.filled) or any(c.filled for c in self.children))

    @property
    def written(self) -> bool:
        """True where an object shows it: HAPI leaves out an extension that has a url and nothing else."""
        return bool(self.children or (self.value and self.value.filled))

    def json(self, children: str = "extension") -> Json:
        """The extension as FHIR JSON; nested extensions go by the name that the outermost has."""
        out: Json = {"id": self.id} if self.id else {}
        out["url"] = self.url
        if self.value is not None and self.value.filled:
            if self.value.value is not None:
                out[self.name] = self.value.value
            beside = [extension.json() for extension in self.value.extensions if extension.written]
            if beside and not isinstance(self.value.value, dict):
                out["_" + self.name] = {"extension": beside}
        elif self.children:
            out[children] = [child.json(children) for child in self.children]
        return out


@dataclass(slots=True)
class Cell:
    """One value of an element: a primitive with its id and extensions, or an object that has them inside."""

    value: Any = None
    """JSON value; None for nothing."""
    id: str | None = None
    extensions: list[Extension] = field(default_factory=list)
    hollow: bool = False
    """True for an object of which nothing is written although something was said."""

    @property
    def filled(self) -> bool:
        """True where the element counts as present."""
        if isinstance(self.value, dict):
            return bool(self.value) or self.hollow
        return self.value is not None or bool(self.id) or any(extension.filled for extension in self.extensions)

    def extended(self) -> Json:
        """The JSON of the underscored sibling, empty where there are no extensions."""
        said = [extension.json() for extension in self.extensions if extension.filled]
        if not said:
            return {}
        return {"id": self.id, "extension": said} if self.id else {"extension": said}
