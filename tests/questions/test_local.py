"""Local models for real: a tiny writer and a tiny encoder, made and saved here, asked on the CPU.

Needs torch and transformers (the `local` extra) in a virtual environment of their own; run with `-m torch`.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medagentbenchv2.questions import PERSONAS
from medagentbenchv2.questions.answerer import Asking
from medagentbenchv2.questions.compare import nearest, read_run
from medagentbenchv2.questions.config import GenerativeModel
from medagentbenchv2.questions.personas import Persona
from medagentbenchv2.questions.question import Question
from tests.model_server import Reply, serving
from tests.questions.asking import hosted, numbered, rows, run

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]
torch = pytest.importorskip("torch", reason="torch is not installed; pip install 'medagentbenchv2[local]'")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHAT
DROPS_SYSTEM = CHAT.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")


def tokenizer(folder: Path, template: str | None = None, length: int = 4096) -> Any:
    """A byte-level tokenizer: every text is its bytes, and a few special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|end|>", "<pad>", "<|system|>", "<|user|>", "<|assistant|>"]
    made = Tokenizer(models.BPE({letter: place for place, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token=special[0], pad_token=special[1], model_max_length=length
    )
    fast.add_special_tokens({"additional_special_tokens": special[2:]})
    fast.chat_template = template
    fast.save_pretrained(folder)
    return fast


def writer(
    folder: Path, template: str | None = CHAT, *, length: int = 4096, ends: bool = False, size: int = 16
) -> Path:
    """A tiny Llama with random weights that stops at once (`ends`) or never."""
    tokens = tokenizer(folder, template, length)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=size,
        intermediate_size=2 * size,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=length,
        eos_token_id=tokens.eos_token_id,
        bos_token_id=None,
        pad_token_id=tokens.pad_token_id,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        # A silent residual stream: the head's rows alone decide, one letter for ever, or the end.
        model.lm_head.weight.zero_()
        model.model.embed_tokens.weight.fill_(1.0)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        letter = tokens.convert_tokens_to_ids("A")
        model.lm_head.weight[letter] = 1.0
        if ends:
            model.lm_head.weight[tokens.eos_token_id] = 2.0
    model.save_pretrained(folder)
    return folder


def encoder(folder: Path, length: int = 64) -> Path:
    """A tiny BERT with random weights."""
    tokens = tokenizer(folder, None, length)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=length,
        pad_token_id=tokens.pad_token_id,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def generative(path: Path, name: str = "tiny", **settings: Any) -> dict[str, Any]:
    return {"kind": "huggingface", "model": str(path), "name": name, "device": "cpu", "max_tokens": 8, **settings}


def embedding(path: Path, name: str = "bert", **settings: Any) -> dict[str, Any]:
    return {"kind": "encoder", "model": str(path), "name": name, "device": "cpu", **settings}


def loaded(path: Path, persona: str | None, **settings: Any) -> Any:
    from medagentbenchv2.questions.generative import Writer

    model = GenerativeModel(**generative(path, **settings))
    return Writer(model, Asking("tiny", "key", Persona("p", persona)))


QUESTION = Question(1, "What is HER2?", "1")


def test_five_kinds_of_model_answer_one_list_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for number in (1, 2, 3):
        (tmp_path / f"elsewhere/{number}.md").write_text(f"Imported {number}", encoding="utf-8")
    here = {"kind": "folder", "model": "web chat", "path": tmp_path / "elsewhere"}
    whole = lambda r: Reply(f"About {r.question}")  # noqa: E731
    cut = lambda r: Reply("Half", finish_reason="length")  # noqa: E731
    with serving(whole) as first, serving(cut) as second:
        models = [
            hosted(first, "openai/first"),
            hosted(second, "vllm/second"),
            generative(writer(tmp_path / "writer")),
            embedding(encoder(tmp_path / "encoder")),
            here,
            generative(tmp_path / "missing", "broken"),
        ]
        summaries = run(tmp_path, models, ["a", "b", "c"], persona="patient_educator")
    assert [summary.answered for summary in summaries] == [3, 3, 3, 3, 3, 0]
    assert [summary.truncated for summary in summaries] == [0, 3, 3, 0, 0, 0]
    assert summaries[5].unavailable
    assert "\n" not in summaries[5].unavailable
    for server in (first, second):
        assert all(r.body["messages"][0]["content"] == PERSONAS["patient_educator"] for r in server.requests)
    assert numbered(tmp_path, "tiny")["1.txt"].startswith("AAAAAAAA\n\n[truncated after 8 tokens")
    assert numbered(tmp_path, "web_chat")["2.txt"] == "Imported 2\n"
    assert [r.status for r in read_run(tmp_path / "answers").of(QUESTION)].count("truncated") == 2


@pytest.mark.parametrize("template", [CHAT, NO_SYSTEM, DROPS_SYSTEM], ids=["takes", "refuses", "drops"])
def test_the_persona_is_in_what_the_chat_template_renders(tmp_path: Path, template: str) -> None:
    prompt = loaded(writer(tmp_path, template), "You are terse.").prompt(QUESTION).text
    if template == CHAT:
        assert prompt == "<|system|>You are terse.<|end|><|user|>What is HER2?<|end|><|assistant|>"
    else:
        assert prompt == "<|user|>You are terse.\n\nWhat is HER2?<|end|><|assistant|>"


def test_without_a_persona_the_template_has_the_question_alone(tmp_path: Path) -> None:
    assert loaded(writer(tmp_path), None).prompt(QUESTION).text == "<|user|>What is HER2?<|end|><|assistant|>"


def test_a_model_without_a_chat_template_gets_a_base_prompt(tmp_path: Path) -> None:
    prompt = loaded(writer(tmp_path, None), "You are terse.").prompt(QUESTION).text
    assert prompt == "You are terse.\n\nQuestion: What is HER2?\nAnswer:"


def test_what_a_base_model_asks_itself_next_is_not_its_answer(tmp_path: Path) -> None:
    base = loaded(writer(tmp_path, None), None)
    tokens = base.tokenizer(" A receptor.\nQuestion: And HER3?")["input_ids"]
    answer = base._read(base.prompt(QUESTION), tokens, 1.0)
    assert (answer.text, answer.finish_reason, answer.truncated) == ("A receptor.", "stop", False)


def test_an_answer_that_ends_is_whole_and_one_that_does_not_is_truncated(tmp_path: Path) -> None:
    models = [generative(writer(tmp_path / "a", ends=True), "ends"), generative(writer(tmp_path / "b"), "endless")]
    run(tmp_path, models, ["q"])
    # An answer of nothing but its end has no text to keep.
    assert rows(tmp_path, "ends") == []
    assert rows(tmp_path, "ends", "errors.jsonl")[0]["kind"] == "no_answer"
    (endless,) = rows(tmp_path, "endless")
    assert (endless["text"], endless["finish_reason"], endless["truncated"]) == ("A" * 8, "length", True)
    assert (endless["output_tokens"], endless["sampling"]["temperature"]) == (8, 0)


def test_the_context_length_is_respected(tmp_path: Path) -> None:
    path = writer(tmp_path / "short", length=64)
    models = [generative(path, "tight", max_tokens=32, batch_size=3)]
    # Bytes are tokens here, and the template takes three: 20 leaves room for all, 50 for 11, 80 for none.
    run(tmp_path, models, ["x" * 20, "y" * 50, "z" * 80], persona="none")
    by_number = {row["number"]: row for row in rows(tmp_path, "tight")}
    assert {number: row["output_tokens"] for number, row in by_number.items()} == {1: 32, 2: 11}
    (failure,) = rows(tmp_path, "tight", "errors.jsonl")
    assert (failure["number"], failure["kind"]) == (3, "context_length")
    assert "the model's context 64" in failure["reason"]


def test_an_answer_does_not_depend_on_the_batch_it_was_asked_in(tmp_path: Path) -> None:
    path = writer(tmp_path / "m")
    asked = ["short", "a question that is rather longer than the first", "middle sized"]
    run(tmp_path, [generative(path, "one", batch_size=1), generative(path, "three", batch_size=3)], asked)
    assert numbered(tmp_path, "one") == numbered(tmp_path, "three")


def test_an_encoder_gives_the_mean_of_its_token_states(tmp_path: Path) -> None:
    path = encoder(tmp_path / "e")
    asked = ["HER2", "HER2 in breast cancer", "z" * 100]
    run(tmp_path, [embedding(path, batch_size=3)], asked)
    bert, tokens = transformers.AutoModel.from_pretrained(path).eval(), transformers.AutoTokenizer.from_pretrained(path)
    folder = tmp_path / "answers/bert"
    for number, text in enumerate(asked, 1):
        with torch.inference_mode():
            alone = tokens(text, return_tensors="pt", truncation=True, max_length=64)
            expected = bert(**alone).last_hidden_state.mean(dim=1)[0].numpy()
        np.testing.assert_allclose(np.load(folder / f"{number}.npy"), expected, atol=1e-5)
    assert [row["truncated"] for row in rows(tmp_path, "bert")] == [False, False, True]
    similar = np.load(folder / "similarity.npy")
    assert similar.shape == (3, 3)
    np.testing.assert_allclose(np.diag(similar), 1, atol=1e-5)
    np.testing.assert_allclose(similar, similar.T, atol=1e-6)
    assert np.load(folder / "embeddings.npy").shape == (3, 16)
    assert (folder / "similarity.csv").read_text().startswith("question,1,2,3\n1,1.000000,")
    found = read_run(tmp_path / "answers")
    first = nearest(found, "bert", found.questions[0])
    assert [q.number for q, _ in first] == sorted([2, 3], key=lambda n: -similar[0, n - 1])


def test_embeddings_are_kept_and_not_made_again(tmp_path: Path) -> None:
    path = encoder(tmp_path / "e")
    run(tmp_path, [embedding(path)], ["a", "b"])
    (summary,) = run(tmp_path, [embedding(path)], ["b", "c"])
    assert (summary.kept, len(rows(tmp_path, "bert"))) == (1, 3)
    vector = next(row["embedding"] for row in rows(tmp_path, "bert") if row["number"] == 2)
    np.testing.assert_array_equal(np.load(tmp_path / "answers/bert/1.npy"), np.float32(vector))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"device": "cuda"}, "torch finds no cuda here"),
        ({"quantize": "nf4"}, "bitsandbytes"),
    ],
)
def test_what_this_machine_lacks_is_one_clear_line(tmp_path: Path, settings: dict[str, Any], complaint: str) -> None:
    there = torch.cuda.is_available() if complaint.endswith("here") else importlib.util.find_spec(complaint)
    if there:
        pytest.skip(f"this machine has it: {complaint}")
    models = [generative(writer(tmp_path / "m"), **settings), embedding(encoder(tmp_path / "e"))]
    broken, well = run(tmp_path, models, ["q"])
    assert complaint in str(broken.unavailable)
    assert "\n" not in str(broken.unavailable)
    assert well.well


def test_a_model_is_loaded_in_four_bits(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")
    # Its kernels want layers of a real size.
    path = writer(tmp_path / "m", size=256)
    made = loaded(path, None, quantize="nf4")
    layer = made.model.model.layers[0].mlp.up_proj
    assert type(layer).__name__ == "Linear4bit"
    assert layer.weight.quant_type == "nf4"
    (summary,) = run(tmp_path, [generative(path, quantize="nf4")], ["q"])
    assert (summary.unavailable, summary.answered) == (None, 1)


def test_a_model_too_large_for_the_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    path = writer(tmp_path / "m")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1000})())
    (summary,) = run(tmp_path, [generative(path)], ["q"])
    assert "no memory: needs about 0.0 GiB on cpu" in str(summary.unavailable)


def test_code_in_a_models_folder_is_not_run_unless_asked(tmp_path: Path) -> None:
    path = writer(tmp_path / "m")
    config = json.loads((path / "config.json").read_text())
    config |= {"model_type": "strange", "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    (summary,) = run(tmp_path, [generative(path)], ["q"])
    assert summary.unavailable
    assert not (tmp_path / "ran").exists()


def test_the_model_cache_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache/hub/models--mine").mkdir(parents=True)
    (tmp_path / "cache/hub/models--mine/weights").write_text("precious", encoding="utf-8")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    run(tmp_path, [generative(writer(tmp_path / "m")), embedding(encoder(tmp_path / "e"))], ["q"])
    assert (tmp_path / "cache/hub/models--mine/weights").read_text() == "precious"
