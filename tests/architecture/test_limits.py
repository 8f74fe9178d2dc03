"""The limits of size and speech that keep the project easy to read."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("stockwright", "features", "forecasting", "replenishment", "pipelines", "experiments"),
    "planner",
)
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40


def tracked(*suffixes: str) -> list[Path]:
    """Files of the project with one of the suffixes: tracked by git, or new and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [ROOT / name for name in listing]
    return [p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes)]


def code_lines(source: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the function that hold code: no docstring, comment or blank line."""
    body = node.body
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    inner = body[1:] if documented else body
    if not inner:
        return 0
    docstring = set(range(first.lineno, (first.end_lineno or 0) + 1)) if documented else set()
    ignored = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in ignored and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len({n for n in lines if node.lineno <= n <= (node.end_lineno or 0)} - docstring)


def test_no_python_file_is_longer_than_400_lines():
    long = {str(p): n for p in tracked(".py") if (n := len(p.read_text().splitlines())) > 400}
    assert not long, f"files over {MAX_FILE_LINES} lines have two subjects: {long}"


def test_no_function_has_more_than_40_lines_of_code():
    long = []
    for path in tracked(".py"):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                spread = (node.end_lineno or 0) - node.lineno
                if spread >= MAX_FUNCTION_LINES and code_lines(source, node) > MAX_FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not long, f"functions over {MAX_FUNCTION_LINES} lines of code: {long}"


def test_rooms_raise_errors_instead_of_asserting():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert)
    ]
    assert not found, f"assert outside tests: {found}"


def test_no_package_has_a_name_that_says_nothing():
    empty = {"utils", "util", "core", "common", "helpers", "base", "misc"}
    found = [str(p) for p in tracked(".py") if empty & {*p.relative_to(ROOT).parts[:-1], p.stem}]
    assert not found, f"names without a subject: {found}"


def test_no_file_names_a_package_index():
    host = re.compile(r"https?://[^ ]*(/simple\b|/packages/)|pythonhosted|--index-url|--find-links")
    allowed = {"test_limits.py", "compile.py"}
    found = [str(p) for p in tracked() if p.name not in allowed and _matches(p, host)]
    assert not found, f"package index addresses: {found}"


def _matches(path: Path, pattern: re.Pattern[str]) -> bool:
    try:
        return bool(pattern.search(path.read_text()))
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_says_what_it_is_for(room: str):
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent, f"modules without a docstring: {silent}"


def test_tests_have_no_packages_that_could_shadow_a_room():
    assert not list((ROOT / "tests").rglob("__init__.py"))
