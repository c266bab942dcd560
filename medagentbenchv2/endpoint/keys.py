"""Where keys come from and where they may go: the environment or .env, and the host that each was made for."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import dotenv

from medagentbenchv2.errors import ArgumentError

# Where each provider's own documentation keeps its key; other public hosts must name theirs.
KEY_VARS = {
    "api.openai.com": "OPENAI_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "api.groq.com": "GROQ_API_KEY",
    "api.together.xyz": "TOGETHER_API_KEY",
    "api.pinference.ai": "PRIME_API_KEY",
}


def read_secret(name: str) -> str | None:
    """The value of an environment variable, else of the same line in the nearest .env upwards of the working folder."""
    found = os.environ.get(name) or dotenv.dotenv_values(dotenv.find_dotenv(usecwd=True)).get(name)
    return found or None


def default_key_var(base_url: str | None) -> str | None:
    """The variable that usually holds the key for an address; None for a server on this machine or a private network.

    Raises ArgumentError for a public host that is not known, so that no key is ever sent to a host it was not made for.
    """
    host = _host(base_url)
    if host in KEY_VARS:
        return KEY_VARS[host]
    if _is_private(host):
        return None
    raise ArgumentError(f"api_key_var: none is known for {host}; name the variable that holds its key")


def key_of(name: str | None) -> str | None:
    """The key in a variable; None for None. Raises ArgumentError for a missing key, or a key in place of a name."""
    if name is None:
        return None
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        # The value is not repeated: it may be the key itself.
        raise ArgumentError("api_key_var: takes the name of a variable in capitals such as OPENAI_API_KEY, not a key")
    key = read_secret(name)
    if key is None:
        raise ArgumentError(f"api_key_var: {name} is not set; put it in the environment or in .env")
    return key


def header_of(name: str, value: str) -> str:
    """A header's value; env:NAME is read from the environment or .env. Raises ArgumentError where that is not set."""
    if not value.startswith("env:"):
        return value
    secret = read_secret(value.removeprefix("env:"))
    if secret is None:
        raise ArgumentError(f"headers: {name} wants {value}, which is not set in the environment or in .env")
    return secret


def checked_url(base_url: str | None) -> str | None:
    """The address as it is. Raises ArgumentError where it is malformed or holds credentials."""
    if base_url is None:
        return None
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgumentError(f"base_url: {base_url!r} is not an http address; use one such as http://localhost:8000/v1")
    if parts.username or parts.password or parts.query:
        raise ArgumentError("base_url: holds credentials or a query; put the key into a variable and name it instead")
    return base_url


def _host(base_url: str | None) -> str:
    if base_url is None:
        return "api.openai.com"
    checked_url(base_url)
    return urlsplit(base_url).hostname or ""


def _is_private(host: str) -> bool:
    if "." not in host and ":" not in host:
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith((".localhost", ".local", ".internal"))
