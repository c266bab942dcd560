"""Layouts of rows: pieces and fields of every kind of row on a page, in one rectangle."""

from __future__ import annotations

from medagentbenchv2.fhir.layouts import END, FIELDS, MARKS, Layout, Pieces, cut, layout

DATED = cut(f'{{"id":"{MARKS["id"]}","subject":"{MARKS["patient"]}","at":"{MARKS["day"]}{MARKS["time"]}"}}')
MEASURED = cut(f'{{"id":"{MARKS["id"]}","subject":"{MARKS["patient"]}","value":"{MARKS["value"]}","unit":"mg"}}')


def filled(laid_out: Layout, kind: int) -> bytes:
    """A row of a kind, each field written as its name in angle brackets."""
    texts = list(laid_out.line)
    for name, place in laid_out.fields.items():
        texts[place] = b"" if kind in laid_out.lacking.get(place, ()) else f"<{name}>".encode()
    for place, pieces in laid_out.varying.items():
        texts[place] = pieces[kind]
    return b"".join(texts)


def test_a_text_is_cut_into_the_pieces_in_front_of_its_fields() -> None:
    assert DATED == {"id": b'{"id":"', "patient": b'","subject":', "day": b',"at":"', "time": b"", END: b'"}'}


def test_the_quotes_of_a_number_go_with_its_mark() -> None:
    assert MEASURED["value"] == b',"value":'
    assert MEASURED[END] == b',"unit":"mg"}'


def test_a_number_inside_a_text_keeps_the_quotes_of_the_text() -> None:
    pair = cut(f'{{"valueString":"{MARKS["value"]}/{MARKS["second_value"]} mmHg"}}')
    assert pair == {"value": b'{"valueString":"', "second_value": b"/", END: b' mmHg"}'}


def test_rows_of_one_kind_have_nothing_that_varies() -> None:
    laid_out = layout({7: DATED}, b",")
    assert not laid_out.varying
    assert not laid_out.lacking
    assert filled(laid_out, 7) == b'{"id":"<id>","subject":<patient>,"at":"<day><time>"},'


def test_empty_pieces_take_no_place() -> None:
    laid_out = layout({7: DATED}, b"")
    assert laid_out.fields["time"] == laid_out.fields["day"] + 1


def test_each_of_several_kinds_reads_as_it_does_alone() -> None:
    kinds: dict[int, Pieces] = {1: DATED, 2: MEASURED, 3: {**MEASURED, END: b',"unit":"g"}'}}
    together = layout(kinds, b",")
    for kind, pieces in kinds.items():
        assert filled(together, kind) == filled(layout({kind: pieces}, b","), kind)


def test_fields_stand_in_one_order_in_every_layout() -> None:
    places = layout({1: DATED, 2: MEASURED}, b"").fields
    assert list(places) == [name for name in FIELDS if name in places]
    assert list(places.values()) == sorted(places.values())
