"""The shape of the code: layers, sizes and imports stay as design and reading need them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "governance").rglob("*.py"))
FEATURE_FILES = {"rules", "models", "services", "forms", "views"}
LONGEST_FILE = 400
TAKEN_AWAY = {"governance/verifier/verify_report.py": 780}
"""Files that must be one, whatever their length: an auditor takes them away."""
LONGEST_FUNCTION = 25


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def contracts() -> list[dict[str, object]]:
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"])


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the end, without the docstring: words that explain are never too many."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def has_reason(lines: list[str], function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether `# long: <reason>` stands on the `def` line or on the line above it (or above its decorators)."""
    top = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return any(re.search(r"# long: \S", lines[number - 1]) for number in {function.lineno, top - 1} if number >= 1)


def test_the_layers_hold() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_feature_with_the_usual_files_keeps_their_order() -> None:
    [inside] = [contract for contract in contracts() if "(rules)" in contract.get("layers", [])]  # type: ignore[operator]
    features = {f"governance.{path.parent.name}" for path in MODULES if path.stem in FEATURE_FILES}
    features.discard("governance.governance")
    assert features <= set(inside["containers"]), "add the feature to the contract in pyproject.toml"  # type: ignore[call-overload]


def test_every_file_is_short_enough_to_read() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    allowed = dict.fromkeys(lengths, LONGEST_FILE) | TAKEN_AWAY
    assert {name: length for name, length in lengths.items() if length > allowed[name]} == {}


def long_functions(path: Path) -> Iterator[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for function in functions_of(tree_of(path)):
        if code_lines(function) > LONGEST_FUNCTION and not has_reason(lines, function):
            yield f"{name_of(path)}: {function.name} ({code_lines(function)} lines)"


def test_every_function_is_short_or_says_why_not() -> None:
    long = [each for path in MODULES for each in long_functions(path)]
    assert not long, "split it, or write `# long: <reason>` above it"


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{name_of(path)}: line {node.lineno}"
        for path in MODULES
        for function in functions_of(tree_of(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_every_module_says_why_it_exists() -> None:
    silent = [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))]
    assert not silent, "begin it with a docstring"


def test_weasyprint_is_imported_in_one_place_only() -> None:
    """assurance.md T10: one chokepoint for everything that a report may load."""
    users = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "weasyprint")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "weasyprint" for alias in node.names))
    ]
    assert set(users) <= {"governance/reports/pdf.py"}


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", ".ci/tools.lock", "package-lock.json"):
        assert "://" not in (ROOT / name).read_text(), name


def test_every_locked_package_has_hashes() -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    assert all("--hash=sha256:" in block for block in blocks)
