"""What to ask whom: a TOML file of models and personas, checked before anything is asked."""

# pydantic reads the annotations at run time, so they are not postponed here.
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medagentbenchv2.endpoint import Endpoint, Price, default_key_var
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.personas import DEFAULT, NONE, Persona, find_persona
from medagentbenchv2.questions.question import content_key


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ModelPrice(_Strict):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)

    def price(self) -> Price:
        """The same as the endpoint's price."""
        return Price(input=self.input, output=self.output, cached=self.cached)


class _Spec(_Strict):
    model: str = Field(min_length=1)
    """The model's id; of a folder of answers, the model that gave them."""
    name: str | None = None
    """What its folder and its answers are called; the id where not given."""
    persona: str | None = None
    """Overrides the run's persona."""

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.name or self.model

    @property
    def folder(self) -> str:
        """The name of its folder: `/`, `:` and whatever else is no plain file name character made `_`."""
        return re.sub(r"[^\w.\-]", "_", self.title).lstrip(".") or "_"


class HostedModel(_Spec):
    """A model behind an OpenAI-compatible address."""

    kind: Literal["openai"] = "openai"
    base_url: str | None = None
    api_key_var: str | None = None
    """The variable that holds the key; where not given, the usual one of the host (none for a local server)."""
    headers: dict[str, str] = {}
    sampling: dict[str, Any] = {}
    """Goes into the request as it is: temperature, max_tokens, top_p, seed, reasoning_effort..."""
    persona_role: Literal["system", "developer", "user"] = "system"
    """`user` puts the persona in front of the question, for models that refuse a system message."""
    price: ModelPrice | None = None
    concurrency: int | None = Field(default=None, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout_s: float = Field(default=600, gt=0)
    max_retries: int = Field(default=5, ge=0)

    def endpoint(self) -> Endpoint:
        """How it is reached. Raises ArgumentError where no key's variable is known for its host."""
        return Endpoint(
            model=self.model,
            base_url=self.base_url,
            api_key_var=self.api_key_var or default_key_var(self.base_url),
            headers=self.headers,
            timeout_s=self.timeout_s,
            max_retries=self.max_retries,
            requests_per_minute=self.requests_per_minute,
        )

    def decides(self) -> dict[str, Any]:
        """What makes its answers other answers."""
        return self.model_dump(include={"kind", "model", "base_url", "sampling", "persona_role"})


class _LocalModel(_Spec):
    revision: str | None = None
    """Branch, tag or commit of the model's repository."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    trust_remote_code: bool = False
    """Runs code that the model's repository brings; off unless asked."""
    batch_size: int = Field(default=4, ge=1)


class GenerativeModel(_LocalModel):
    """A Hugging Face model that writes, run here."""

    kind: Literal["huggingface"] = "huggingface"
    quantize: Literal["nf4"] | None = None
    """4-bit NormalFloat weights (bitsandbytes)."""
    max_tokens: int = Field(default=1024, ge=1)
    temperature: float = Field(default=0, ge=0)
    top_p: float = Field(default=1, gt=0, le=1)
    seed: int = 0
    context_length: int | None = Field(default=None, ge=1)
    """Tokens of prompt and answer together; what the model's configuration says where not given."""

    def decides(self) -> dict[str, Any]:
        """What makes its answers other answers."""
        return self.model_dump(exclude={"name", "persona", "device"})


class EncoderModel(_LocalModel):
    """A Hugging Face model that turns a question into a vector, run here."""

    kind: Literal["encoder"] = "encoder"

    def decides(self) -> dict[str, Any]:
        """What makes its vectors other vectors."""
        return self.model_dump(exclude={"name", "persona", "device", "batch_size"})


class AnswerFolder(_Spec):
    """Answers that somebody's model gave elsewhere, as text files."""

    kind: Literal["folder"] = "folder"
    path: Path

    def decides(self) -> dict[str, Any]:
        """What makes its answers other answers."""
        return self.model_dump(include={"kind", "model"})


Model = HostedModel | GenerativeModel | EncoderModel | AnswerFolder


class AskConfig(_Strict):
    """One run: a list of questions, the models they go to, and how."""

    questions: Path
    out: Path = Path("answers")
    persona: str = DEFAULT
    personas: dict[str, str] = {}
    """One's own personas: name and words."""
    concurrency: int = Field(default=8, ge=1)
    """Requests under way at once, per hosted model."""
    markdown: bool = False
    models: tuple[Annotated[Model, Field(discriminator="kind")], ...] = Field(min_length=1)
    folder: Path = Path()
    """Where relative paths of the config start."""

    def persona_of(self, model: Model) -> Persona:
        """The persona that a model is given; none for what takes no instruction."""
        if isinstance(model, EncoderModel):
            return Persona(NONE, None)
        if isinstance(model, AnswerFolder):
            return Persona("unknown", None)
        return find_persona(model.persona or self.persona, self.personas, self.folder)

    def settings_key(self, model: Model) -> str:
        """16 hex digits of everything but the question that decides an answer: model, sampling, persona's words."""
        return content_key([model.decides(), self.persona_of(model).text])

    def check(self) -> None:
        """Raises ArgumentError where personas are unknown or two models would share a folder."""
        folders: dict[str, str] = {}
        for model in self.models:
            self.persona_of(model)
            if model.folder.lower() in folders:
                raise ArgumentError(
                    f"models: {folders[model.folder.lower()]!r} and {model.title!r} would share the folder "
                    f"{model.folder}; give one of them another name"
                )
            folders[model.folder.lower()] = model.title


def read_config(path: Path, **overrides: Any) -> AskConfig:
    """The run that a TOML file describes; `overrides` (None left out) replace its top-level entries.

    Paths in the file are relative to the file; `out` is relative to the working folder. Raises ArgumentError.
    """
    if not path.is_file():
        raise ArgumentError(f"config: there is no file {path}")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"config: {path} is not TOML: {error}") from None
    given = {name: value for name, value in overrides.items() if value is not None}
    if "questions" in content:
        content["questions"] = path.parent / str(content["questions"])
    for model in content.get("models", []):
        if isinstance(model, dict) and model.get("kind") == "folder" and "path" in model:
            model["path"] = path.parent / str(model["path"])
    return make_config(str(path), {**content, **given, "folder": path.parent})


def make_config(where: str, content: dict[str, Any]) -> AskConfig:
    """A checked run from plain data; `where` names its source in errors. Raises ArgumentError."""
    models = content.get("models")
    if isinstance(models, list | tuple):
        # The commonest kind need not be said.
        content = {**content, "models": [{"kind": "openai", **m} if isinstance(m, dict) else m for m in models]}
    try:
        config = AskConfig(**content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "config"
        raise ArgumentError(f"{where}: {place}: {first['msg']}") from None
    config.check()
    return config
