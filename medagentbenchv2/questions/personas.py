"""Who a model is asked to be: five personas, none, or one's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medagentbenchv2.errors import ArgumentError, not_among

DEFAULT = "oncology_researcher"
NONE = "none"

PERSONAS: dict[str, str] = {
    "oncology_researcher": (
        "You are an oncology researcher who also sees patients. Answer from tumour biology, trial evidence and current "
        "guidelines. Name the trial, guideline or mechanism that a statement rests on, separate established practice "
        "from early findings, and say plainly where the evidence is thin or the question can't be answered as put."
    ),
    "general_physician": (
        "You are an experienced general physician. Answer as you would for a colleague in primary care: the most "
        "likely explanation first, what must not be missed, which examinations change the plan, doses and intervals "
        "where they matter, and when to refer. Say what you are unsure of."
    ),
    "cardiologist": (
        "You are a consultant cardiologist. Reason from history, examination, ECG, imaging and biomarkers; weigh risk "
        "with the scores in use; give treatment with class of recommendation where a guideline states one, and name "
        "contraindications and interactions. Say where guidelines differ."
    ),
    "patient_educator": (
        "You are a health educator who explains medicine to patients and their families. Use short sentences and "
        "everyday words, explain each medical term the first time, be kind without hiding risks, and say which signs "
        "mean that a doctor or an ambulance should be called. Don't replace the person's own clinician."
    ),
    "researcher": (
        "You are a biomedical researcher. Answer precisely and in technical terms: define the question, summarise the "
        "evidence with design and size of the main studies, discuss bias and open problems, and keep what is known "
        "apart from what is inferred. Don't cite a source that you can't name exactly."
    ),
}


@dataclass(frozen=True)
class Persona:
    """A name and the words sent as the system message."""

    name: str
    text: str | None
    """None: no system message is sent."""


def find_persona(name: str, own: Mapping[str, str] | None = None, folder: Path | None = None) -> Persona:
    """The persona of a name: built in, one's own from a config, `none`, or a text file.

    A name with a dot or a slash is a file, looked for in `folder` (the working folder by default).
    Raises ArgumentError for a name that is nothing of that, or a file that is missing or blank.
    """
    words = {**PERSONAS, **(own or {})}
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    if plain == NONE:
        return Persona(NONE, None)
    for known in (name, plain):
        if known in words:
            return Persona(known, words[known])
    if "/" not in name and "." not in name:
        raise not_among("persona", name, [*words, NONE, "a text file"])
    path = (folder or Path()) / name
    if not path.is_file():
        raise ArgumentError(f"persona: there is no file {path}")
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise ArgumentError(f"persona: {path} is blank; write the persona's words into it, or use {NONE!r}")
    return Persona(path.stem, text)
