"""The Python of the README runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
LINKS = re.findall(r"\]\((?!http)([^)#]+)", README)


def test_blocks_run_one_after_another(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for code in BLOCKS:
        exec(compile(code, "README.md", "exec"), names)


def test_first_block_is_ten_lines():
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("link", LINKS)
def test_link_leads_somewhere(link):
    assert (ROOT / link).exists()
