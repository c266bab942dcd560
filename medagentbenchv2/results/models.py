"""What a report knows of a model besides its runs: models.toml, ours and the user's."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.statistics.scores import Price

SHIPPED = Path(__file__).with_name("models.toml")


class ModelCard(BaseModel):
    """One entry of models.toml; what is unknown is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str | None = None
    """Display name; the model id where there is none."""
    provider: str | None = None
    endpoint: str | None = None
    parameters: float | None = Field(default=None, gt=0)
    """Billions, all of them."""
    active_parameters: float | None = Field(default=None, gt=0)
    """Billions used per token, where that differs."""
    price_input: float | None = Field(default=None, ge=0)
    """US dollars per million prompt tokens."""
    price_cached: float | None = Field(default=None, ge=0)
    price_output: float | None = Field(default=None, ge=0)
    role: Literal["floor", "ceiling"] | None = None
    """Marks a scripted agent that bounds the scale; it is not ranked among models."""

    @property
    def price(self) -> Price | None:
        """Prices per token; None unless input and output are known."""
        if self.price_input is None or self.price_output is None:
            return None
        return Price(self.price_input, self.price_output, self.price_cached)


def load_cards(models_file: Path | None = None) -> dict[str, ModelCard]:
    """Model id -> card: the shipped ones, with the user's keys over them.

    Raises ArgumentError naming file, model and key of what is not as it should be.
    """
    merged = _entries(SHIPPED)
    for model, keys in (_entries(models_file) if models_file else {}).items():
        merged[model] = {**merged.get(model, {}), **keys}
    return {model: _card(model, keys, models_file or SHIPPED) for model, keys in merged.items()}


def _entries(path: Path) -> dict[str, dict[str, object]]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArgumentError(f"models: {str(path)!r} does not exist") from None
    except OSError as error:
        raise ArgumentError(f"models: {str(path)!r} cannot be read ({error.strerror}); give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"models: {path} is not TOML ({error})") from error
    models = data.get("models")
    if not isinstance(models, dict) or not all(isinstance(keys, dict) for keys in models.values()):
        raise ArgumentError(f'models: {path} has no table such as [models."provider/model"]')
    return models


def _card(model: str, keys: dict[str, object], path: Path) -> ModelCard:
    try:
        return ModelCard.model_validate(keys)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ArgumentError(f"models: {path}, model {model!r}, key {key}: {first['msg']}") from error


def label_runs(runs: tuple[Run, ...], cards: dict[str, ModelCard]) -> list[str]:
    """One display name per run, all different: two runs of one model are told apart by folder, then by number."""
    names = [cards.get(run.model, ModelCard()).name or run.model for run in runs]
    labels = [
        name if names.count(name) == 1 else f"{name} [{run.source.parent.name.rpartition('--')[2]}]"
        for name, run in zip(names, runs, strict=True)
    ]
    return [
        label if labels.count(label) == 1 else f"{label} #{labels[:at].count(label) + 1}"
        for at, label in enumerate(labels)
    ]
