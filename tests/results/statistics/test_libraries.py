"""What is missing is named with the command that brings it."""

from __future__ import annotations

import sys

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.statistics.libraries import need
from medagentbenchv2.results.statistics.paired import holm


@pytest.mark.parametrize("module", ["scipy.stats", "statsmodels.stats.multitest", "jinja2"])
def test_a_missing_library_names_the_extra(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module.partition(".")[0]
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, loaded)

    class Absent:
        def find_spec(self, wanted: str, path: object = None, target: object = None) -> None:
            if wanted.partition(".")[0] == name:
                raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(ArgumentError, match=rf"{name} is not installed; run `pip install 'medagentbenchv2\[report\]'`"):
        need(module)


def test_a_library_that_is_there_is_returned_and_used() -> None:
    assert need("statistics").fmean([1, 3]) == 2
    assert holm([0.2]) == [0.2]
