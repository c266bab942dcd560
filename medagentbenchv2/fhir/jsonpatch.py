"""JSON Patch: a list of changes applied to a document, all or none (RFC 6902, pointers by RFC 6901)."""

from __future__ import annotations

from typing import Any

import orjson

MOST_CHANGES = 200
"""Operations in one patch."""
MOST_BYTES = 1024 * 1024
"""Size of the document after each operation: a patch can copy the document into itself."""


class Unpatchable(Exception):
    """A patch that is malformed, or that does not fit the document; the message says which change and why."""


def apply(document: Any, changes: Any) -> Any:
    """The document after all changes; the argument is left as it is. Raises Unpatchable."""
    if not isinstance(changes, list):
        raise Unpatchable("a JSON Patch is an array of operations")
    if len(changes) > MOST_CHANGES:
        raise Unpatchable(f"a JSON Patch may have {MOST_CHANGES} operations here")
    patched = _copied(document)
    for at, change in enumerate(changes):
        if not isinstance(change, dict) or change.get("op") not in _OPERATIONS:
            raise Unpatchable(f"operation {at} needs an op: {', '.join(_OPERATIONS)}")
        try:
            patched = _OPERATIONS[change["op"]](patched, change)
            _dumped(patched)
        except Unpatchable as error:
            raise Unpatchable(f"operation {at} ({change['op']} {str(change.get('path'))[:80]}): {error}") from None
    return patched


def _dumped(value: Any) -> bytes:
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise Unpatchable(f"the result cannot be written: {error}") from None
    if len(text) > MOST_BYTES:
        raise Unpatchable(f"the result has more than {MOST_BYTES} bytes")
    return text


def _copied(value: Any) -> Any:
    return orjson.loads(_dumped(value))


def _add(document: Any, change: dict[str, Any]) -> Any:
    return _put(document, _pointer(change, "path"), _copied(_value(change)))


def _remove(document: Any, change: dict[str, Any]) -> Any:
    return _taken(document, _pointer(change, "path"))


def _replace(document: Any, change: dict[str, Any]) -> Any:
    path = _pointer(change, "path")
    _get(document, path)
    if not path:
        return _copied(_value(change))
    parent = _get(document, path[:-1])
    parent[_key(parent, path[-1])] = _copied(_value(change))
    return document


def _move(document: Any, change: dict[str, Any]) -> Any:
    source, path = _pointer(change, "from"), _pointer(change, "path")
    if len(path) > len(source) and path[: len(source)] == source:
        raise Unpatchable("nothing can be moved into itself")
    value = _get(document, source)
    return _put(_taken(document, source), path, value)


def _copy(document: Any, change: dict[str, Any]) -> Any:
    return _put(document, _pointer(change, "path"), _copied(_get(document, _pointer(change, "from"))))


def _test(document: Any, change: dict[str, Any]) -> Any:
    if not _equal(_get(document, _pointer(change, "path")), _value(change)):
        raise Unpatchable("the value there is another")
    return document


_OPERATIONS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test}


def _pointer(change: dict[str, Any], name: str) -> list[str]:
    text = change.get(name)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise Unpatchable(f"{name} must be a JSON pointer such as /status")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _value(change: dict[str, Any]) -> Any:
    if "value" not in change:
        raise Unpatchable("it needs a value")
    return change["value"]


def _get(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[_key(document, part)]
    return document


def _key(parent: Any, part: str, end: int = 0) -> Any:
    """The name or index of an existing item; end is 1 where the place after the last item will do."""
    if isinstance(parent, dict):
        if part not in parent:
            raise Unpatchable(f"there is no {part[:80]!r}")
        return part
    if isinstance(parent, list):
        if end and part == "-":
            return len(parent)
        plain = part.isascii() and part.isdigit() and (part == "0" or part[0] != "0") and len(part) < 10
        if not plain or int(part) >= len(parent) + end:
            raise Unpatchable(f"there is no item {part[:80]!r}")
        return int(part)
    raise Unpatchable(f"nothing lies below a plain value at {part[:80]!r}")


def _put(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _get(document, path[:-1])
    if isinstance(parent, list):
        parent.insert(_key(parent, path[-1], 1), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise Unpatchable("nothing lies below a plain value")
    return document


def _taken(document: Any, path: list[str]) -> Any:
    if not path:
        raise Unpatchable("the whole document cannot be removed")
    parent = _get(document, path[:-1])
    del parent[_key(parent, path[-1])]
    return document


def _equal(one: Any, two: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_equal(one[name], two[name]) for name in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_equal, one, two))
    return bool(one == two)
