"""What a config may say, and that it is checked before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions import AskConfig, make_config, read_config
from medagentbenchv2.questions.config import GenerativeModel, HostedModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "ask_models.toml"


def config(*models: dict[str, object], **settings: object) -> AskConfig:
    return make_config("test", {"questions": "q.jsonl", "models": list(models), **settings})


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "ask.toml").write_text(text, encoding="utf-8")
    return tmp_path / "ask.toml"


def test_paths_are_relative_to_the_file_and_options_win_over_it(tmp_path: Path) -> None:
    path = write(tmp_path, 'questions = "q.jsonl"\npersona = "researcher"\n[[models]]\nmodel = "gpt-4o"\n')
    found = read_config(path, persona="cardiologist", concurrency=None)
    assert found.questions == tmp_path / "q.jsonl"
    assert (found.persona, found.concurrency) == ("cardiologist", 8)
    assert found.models == (HostedModel(model="gpt-4o"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("questions = ", "is not TOML"),
        ('questions = "q.jsonl"\n', r"ask\.toml: models: Field required"),
        ('questions = "q"\n[[models]]\nmodel = "m"\nmodle = 1\n', r"models\.0\.openai\.modle: Extra inputs"),
        ('questions = "q"\n[[models]]\nkind = "hugging"\nmodel = "m"\n', "does not match any of the expected tags"),
        ('questions = "q"\npersona = "nurse"\n[[models]]\nmodel = "m"\n', "'nurse' is not allowed"),
        ('questions = "q"\n[[models]]\nmodel = "a/b"\n[[models]]\nmodel = "a:b"\n', "would share the folder a_b"),
        ('questions = "q"\n[[models]]\nmodel = "m"\napi_key = "sk-1"\n', "api_key"),
    ],
)
def test_a_bad_config_is_refused_by_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ArgumentError, match=complaint) as caught:
        read_config(write(tmp_path, text))
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("org/model:free", "org_model_free"), ("../../etc", "_.._etc"), ("a b\\c", "a_b_c"), ("...", "_")],
)
def test_a_folder_stays_within_the_runs_folder(name: str, folder: str) -> None:
    assert HostedModel(model=name).folder == folder


def test_what_decides_an_answer_decides_its_key() -> None:
    def key(settings: dict[str, object] | None = None, **run: object) -> str:
        found = config({"model": "m", **(settings or {})}, **run)
        return found.settings_key(found.models[0])

    assert key() == key({"timeout_s": 5, "concurrency": 2, "name": "x", "headers": {"a": "b"}}, concurrency=3)
    different = [
        key(),
        key({"sampling": {"temperature": 1}}),
        key({"base_url": "http://localhost:1/v1"}),
        key({"persona_role": "user"}),
        key(persona="none"),
        key(personas={"oncology_researcher": "other words"}),
    ]
    assert len(set(different)) == len(different)


def test_code_of_a_models_repository_is_off_unless_asked() -> None:
    assert GenerativeModel(model="m").trust_remote_code is False


def test_the_example_names_the_published_tools_models_quantised_and_not() -> None:
    found = read_config(EXAMPLE)
    ids = " ".join(model.model.lower() for model in found.models)
    for name in (
        "medgemma-27b",
        "pmc_llama_13b",
        "biomedlm",
        "biolinkbert",
        "biomedbert",
        "sapbert",
        "gpt-4o",
        "gemini-3-pro",
    ):
        assert name in ids
    medgemma = [m for m in found.models if isinstance(m, GenerativeModel) and "medgemma" in m.model]
    assert {m.quantize for m in medgemma} == {None, "nf4"}
