"""What the two kinds of local model share: loading with clear refusals, device, memory, and letting go.

torch and transformers are imported when a model is loaded, never before. The download cache (HF_HOME) is
transformers' own and is never touched.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from medagentbenchv2.questions.answerer import ModelUnavailableError
from medagentbenchv2.questions.config import EncoderModel, GenerativeModel

LocalModel = GenerativeModel | EncoderModel

MEMORY_MARGIN = 1.2
"""Room beside the weights for activations and the key-value cache; a rule of thumb, as accelerate's estimator uses."""


def import_transformers() -> tuple[Any, Any]:
    """The two libraries. Raises ModelUnavailableError that names the extra where they are missing."""
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelUnavailableError(f"{error.name} is not installed; pip install 'medagentbenchv2[local]'") from None
    return torch, transformers


def device_of(model: LocalModel) -> str:
    """The device to load on. Raises ModelUnavailableError where the one asked for is not there."""
    torch, _ = import_transformers()
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if model.device == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[model.device]:
        raise ModelUnavailableError(f'device: torch finds no {model.device} here; use device = "cpu" or "auto"')
    return model.device


@contextmanager
def enough_memory(model: LocalModel) -> Iterator[None]:
    """Turns running out of memory into one line that says what to do."""
    torch, _ = import_transformers()
    try:
        yield
    except torch.OutOfMemoryError:
        advice = "no memory on the GPU; try quantize, batch_size = 1 or cpu"
        raise ModelUnavailableError(f"{model.model}: {advice}") from None
    except MemoryError:
        raise ModelUnavailableError(f"{model.model}: no memory on this machine") from None


@contextmanager
def refusals(model: LocalModel) -> Iterator[None]:
    """Turns what loading raises into one line that says what to do."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        with enough_memory(model):
            yield
    except ImportError as error:
        raise ModelUnavailableError(f"{model.model}: {_first_line(error)}") from None
    except (OSError, ValueError, RuntimeError) as error:
        # transformers wraps the hub's errors into OSError and refuses with ValueError; torch's CPU allocator and
        # mismatched weights raise RuntimeError.
        causes = _causes(error)
        if any(isinstance(cause, GatedRepoError) for cause in causes):
            advice = f"gated; accept its terms at huggingface.co/{model.model} and set HF_TOKEN"
        elif any(isinstance(cause, RepositoryNotFoundError) for cause in causes):
            advice = "there is no such model on the hub, or it is private and HF_TOKEN is not set"
        else:
            advice = _first_line(error)
        raise ModelUnavailableError(f"{model.model}: {advice}") from None


def load(model: LocalModel, loader: Callable[..., Any], device: str, **settings: Any) -> tuple[Any, Any]:
    """Tokenizer and model, in evaluation mode on the device, after a look at whether it fits."""
    _, transformers = import_transformers()
    common = {"revision": model.revision, "trust_remote_code": model.trust_remote_code}
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.model, **common)
    config = transformers.AutoConfig.from_pretrained(model.model, **common)
    dtype = _dtype(model, config, device)
    _check_memory(model, loader, config, dtype, device)
    loaded = loader(model.model, config=config, dtype=dtype, **common, **settings)
    # Quantised weights are placed by the quantiser and must not be moved.
    return tokenizer, (loaded if settings else loaded.to(device)).eval()


def commit_of(model: Any) -> str | None:
    """The commit of the model's repository; None for a folder on this machine."""
    commit: str | None = getattr(model.config, "_commit_hash", None)
    return commit


def context_length(tokenizer: Any, model: Any) -> int | None:
    """Tokens that the model was made for; None where neither model nor tokenizer says."""
    text_config = model.config.get_text_config()
    stated = [getattr(text_config, name, None) for name in ("max_position_embeddings", "n_positions", "max_seq_len")]
    # Tokenizers without a limit state an astronomic number.
    stated.append(tokenizer.model_max_length if tokenizer.model_max_length < 10**9 else None)
    known = [length for length in stated if length]
    return min(known) if known else None


def let_go() -> None:
    """Free what the last model held on the GPU; its files stay in the cache."""
    torch, _ = import_transformers()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _dtype(model: LocalModel, config: Any, device: str) -> Any:
    torch, _ = import_transformers()
    if model.dtype != "auto":
        return getattr(torch, model.dtype)
    # Half precision is slow, and in part not there, on a CPU.
    return torch.float32 if device == "cpu" else (getattr(config, "dtype", None) or torch.bfloat16)


def _check_memory(model: LocalModel, loader: Any, config: Any, dtype: Any, device: str) -> None:
    """Refuse a model that can't fit before the operating system kills the whole run for it."""
    torch, _ = import_transformers()
    import psutil  # type: ignore[import-untyped]

    with torch.device("meta"):
        empty = loader.__self__.from_config(config, trust_remote_code=model.trust_remote_code)
    per_weight = 0.55 if getattr(model, "quantize", None) else torch.empty(0, dtype=dtype).element_size()
    needed = empty.num_parameters() * per_weight * MEMORY_MARGIN
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available
    if needed > free:
        raise ModelUnavailableError(
            f"{model.model}: no memory: needs about {needed / 2**30:.1f} GiB on {device}, "
            f"{free / 2**30:.1f} GiB are free"
        )


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
