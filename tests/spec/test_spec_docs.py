"""The page of endpoint definitions is the one that the event tables give."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_endpoints_page_is_current() -> None:
    builder = runpy.run_path(str(ROOT / "docs" / "endpoints_page.py"))
    written = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    assert written == builder["build_page"](), "run: make docs"


def test_every_table_is_on_the_page() -> None:
    builder = runpy.run_path(str(ROOT / "docs" / "endpoints_page.py"))
    assert sorted(builder["ORDER"]) == sorted(p.stem for p in Path(__file__).parent.glob("*.toml"))


def test_plan_page_is_current() -> None:
    builder = runpy.run_path(str(ROOT / "docs" / "plan_page.py"))
    written = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
    assert written == builder["build_plan_page"](), "run: make docs"


def test_monitor_page_is_current(monkeypatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    builder = runpy.run_path(str(ROOT / "docs" / "monitor_page.py"))
    written = (ROOT / "docs" / "monitor.md").read_text(encoding="utf-8")
    assert written == builder["build_monitor_page"](), "run: make docs"


def test_validation_page_is_current() -> None:
    builder = runpy.run_path(str(ROOT / "docs" / "validation_page.py"))
    written = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert written == builder["build_validation_page"](), "run: make docs"
    assert sorted(builder["ORDER"]) == sorted(p.stem for p in builder["REGISTRY"].glob("*.toml"))
