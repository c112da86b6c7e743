"""The rule pages keep their promises: the bad example misbehaves and is reported, the good one is neither."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import eiglint
from eiglint.catalogue import RUNTIMES
from eiglint.evidence.verdict import size_of
from eiglint.findings import Profile
from eiglint.source.config import Options

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "rules").glob("EIG*.md"))

KEYS = ["code", "name", "group", "severity", "default", "fix", "runtime"]
GROUPS = {"0": "note", "1": "phase", "2": "order", "3": "degeneracy", "4": "choice", "5": "autograd", "9": "tool"}
SECTIONS = ["What it does", "Why is this bad", "Example", "Use instead", "How the runtime confirms it", "References"]

# What a page must name besides a status: the field of the evidence, and the thresholds of eiglint/evidence/verdict.py.
FIELDS = {
    "conjugate": ["`phase_residual`", '`probe["phase"]`', "1e-3 (float32)", "1e-8 (float64)", "1000 eps", "`dtype`"],
    "phase": ["`phase_residual`", '`probe["phase"]`', "1e-3 (float32)", "1e-8 (float64)", "1000 eps"],
    "order": ['`probe["order"]`', "`moves`", "`stays`"],
    "condition": ["`condition`", "1 + 1000 eps"],
    "degeneracy": ["`digits_lost`", "`nonfinite`", "3 digits", "6 digits"],
    "curvature": ["`digits_lost`", "`nonfinite`", "3 digits", "6 digits"],
    "asymmetry": ["`asymmetry`", "1000 eps"],
    "hermitian": ["`asymmetry`", "1000 eps"],
    "null-gradient": ["`null_gradient`", "1000 eps"],
    "refusal": ["`refused`"],
    "refusal-by-size": ["`refused`", "`phase_residual`", "1000 eps", "1e-3 (float32)", "1e-8 (float64)"],
    "nonfinite": ["`nonfinite`", "`downstream`"],
    "none": ["Status: not applicable."],
}

PHASE = ["EIG101", "EIG102", "EIG103", "EIG104", "EIG105", "EIG106", "EIG107", "EIG109", "EIG111", "EIG408"]
ORDER = ["EIG201", "EIG202", "EIG203"]
HARMLESS = ["EIG000"]
DEGENERACY = ["EIG301", "EIG302", "EIG303", "EIG304", "EIG309"]
NOT_RUN = ["EIG505", "EIG900", "EIG901"]
NO_CODE = {"EIG505": "requirements.txt"}
"""Pages about files of another kind, and how such a file is called."""


class Page(NamedTuple):
    path: Path
    facts: dict[str, str]
    sections: dict[str, str]

    @property
    def code(self) -> str:
        return self.facts["code"]


def read(path: Path) -> Page:
    """Split a page into its front matter and its sections."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in front.splitlines())
    parts = re.split(r"^## (.+)\n", body, flags=re.MULTILINE)
    return Page(path, facts, dict(zip(parts[1::2], parts[2::2], strict=True)))


def example(page: Page, section: str) -> str:
    """Return the one Python block of a section."""
    blocks: list[str] = re.findall(r"^```(?:python|text)\n(.*?)^```", page.sections[section], re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"{page.path.name}: {section} has {len(blocks)} blocks"
    return blocks[0]


ALL = [read(path) for path in PAGES]
BY_CODE = {page.code: page for page in ALL}
WITH_EXAMPLES = [page for page in ALL if page.code != "EIG901"]
RUNNABLE = [page.code for page in ALL if page.code not in NOT_RUN]


class Program(NamedTuple):
    loss: Callable[..., Any]
    inputs: tuple[Any, ...]


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, str], Program]:
    """Run a page's block as a file, so that errors and sites have lines."""
    pytest.importorskip("torch")

    def run(code: str, section: str) -> Program:
        path = tmp_path / f"{code.lower()}_{section.split()[0].lower()}.py"
        path.write_text(example(BY_CODE[code], section), encoding="utf-8")
        names = runpy.run_path(str(path))
        inputs = names["inputs"]()
        return Program(names["loss"], inputs if isinstance(inputs, tuple) else (inputs,))

    return run


def codes(page: Page, section: str, options: Options | None = None) -> list[str]:
    """Return what is found in a block, in the profile of its page unless the options say otherwise.

    A rule that is off by default is switched on for its own page. Gradients where eigenvalues meet are the subject of
    their own pages alone.
    """
    profile: Profile = "features" if page.facts["default"] == "features" else "autograd"
    path = str(page.path.with_name(NO_CODE.get(page.code, page.path.with_suffix(".py").name)))
    asked = options or Options(profile=profile)
    if page.facts["default"] == "off":
        asked = replace(asked, extend_select=(page.code,))
    report = eiglint.check_source(example(page, section), path=path, options=asked)
    found = [finding.code for finding in report.findings]
    return found if page.code in DEGENERACY else [code for code in found if code not in DEGENERACY]


# --- the form


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.code)
def test_a_page_has_its_front_matter_and_its_sections_in_order(page: Page) -> None:
    assert list(page.facts) == KEYS
    assert page.path.name == f"{page.code}-{page.facts['name']}.md"
    assert page.facts["group"] == GROUPS[page.code[3]]
    assert page.facts["severity"] in {"error", "warning", "info"}
    assert page.facts["default"] in {"on", "off", "features"}
    assert page.facts["fix"] in {"none", "safe", "unsafe"}
    assert page.facts["runtime"] in RUNTIMES
    assert list(page.sections) == SECTIONS
    assert f"# {page.facts['name']} ({page.code})\n" in page.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.code)
def test_a_page_names_the_measurement_and_the_thresholds_that_settle_it(page: Page) -> None:
    text = " ".join(page.sections["How the runtime confirms it"].split())
    assert [words for words in FIELDS[page.facts["runtime"]] if words not in text] == []


def test_the_thresholds_on_the_pages_are_those_of_the_verdicts() -> None:
    sizes = [size_of(residual, dtype) for dtype, residual in (("float32", 1.01e-3), ("float64", 1.01e-8))]
    assert sizes == ["genuine", "genuine"]
    assert [size_of(1e-3, "float32"), size_of(1e-8, "float64")] == ["between", "between"]
    assert [size_of(1000 * 2**-23, "float32"), size_of(1000 * 2**-52, "float64")] == ["rounding", "rounding"]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.code)
def test_the_functions_of_an_example_have_at_most_fifteen_lines(page: Page) -> None:
    for section in ("Example", "Use instead"):
        for function in re.split(r"^(?=def )", example(page, section), flags=re.MULTILINE)[1:]:
            assert len(function.rstrip().splitlines()) <= 15


@pytest.mark.parametrize(
    "path", [*PAGES, *(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")], ids=lambda path: path.name
)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


def anchors(path: Path) -> set[str]:
    """Return the anchors that a Markdown viewer gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- what the linter says


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.code)
def test_the_good_example_is_silent(page: Page) -> None:
    assert codes(page, "Use instead") == []


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.code)
def test_the_bad_example_is_reported_once_and_with_the_code_of_its_page(page: Page) -> None:
    assert codes(page, "Example") == [page.code]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.code)
def test_the_features_profile_finds_what_the_default_one_finds_and_its_own_codes(page: Page) -> None:
    assert codes(page, "Example", Options(profile="features")) == [page.code]


def test_stored_vectors_are_no_matter_of_the_default_profile() -> None:
    assert codes(BY_CODE["EIG111"], "Example", Options()) == []


# --- what execution says


def test_each_page_is_held_against_execution_in_one_way_or_another() -> None:
    assert sorted([*PHASE, *ORDER, *HARMLESS, *NOT_RUN, *WITNESSES]) == sorted(BY_CODE)


@pytest.mark.parametrize("code", RUNNABLE)
def test_the_good_example_does_not_move_under_phase_sign_and_order(
    code: str, load: Callable[[str, str], Program]
) -> None:
    program = load(code, "Use instead")
    result = eiglint.gaugecheck(program.loss, program.inputs, symmetries=("phase", "order"), raise_exception=False)
    assert result.phase.invariant is True
    assert result.order.invariant is True


@pytest.mark.parametrize("code", PHASE)
def test_the_bad_example_moves_with_phase_or_sign(code: str, load: Callable[[str, str], Program]) -> None:
    program = load(code, "Example")
    result = eiglint.gaugecheck(program.loss, program.inputs, symmetries=("phase",), raise_exception=False)
    assert result.phase.invariant is False


@pytest.mark.parametrize("code", ORDER)
def test_the_bad_example_moves_with_order_alone(code: str, load: Callable[[str, str], Program]) -> None:
    program = load(code, "Example")
    result = eiglint.gaugecheck(program.loss, program.inputs, symmetries=("phase", "order"), raise_exception=False)
    assert result.phase.invariant is True
    assert result.order.invariant is False


@pytest.mark.parametrize("code", HARMLESS)
def test_a_revealed_program_computes_what_it_computed(code: str, load: Callable[[str, str], Program]) -> None:
    bad, good = load(code, "Example"), load(code, "Use instead")
    assert bad.loss(*bad.inputs) == good.loss(*good.inputs)


def wipes_out_a_vector(bad: Program, good: Program) -> bool:
    """The third eigenvector is asked for, and nothing of it is left."""
    return bad.loss(*bad.inputs).item() == 0 and abs(good.loss(*good.inputs).item()) > 0.1


def fits_worse(bad: Program, good: Program) -> bool:
    """Both are proper rotations; the one that flips the whole matrix lies farther from the target."""
    return bool(bad.loss(*bad.inputs) > 2 * good.loss(*good.inputs))


def leaves_a_larger_residual(bad: Program, good: Program) -> bool:
    """|V (V^-1 x) - x|, median over 40 matrices like the page's. Both losses are the same function of A."""
    import torch

    inverse, solved = [], []
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        A = torch.diag(torch.ones(3, dtype=torch.float64), 1)
        A = A + 1e-6 * torch.randn(4, 4, generator=generator, dtype=torch.float64)
        V = torch.linalg.eig(A).eigenvectors
        x = torch.randn(4, generator=generator, dtype=torch.float64).to(V.dtype)
        inverse.append((V @ (torch.linalg.inv(V) @ x) - x).norm())
        solved.append((V @ torch.linalg.solve(V, x) - x).norm())
    same = torch.allclose(bad.loss(*bad.inputs), good.loss(*good.inputs), rtol=1e-6)
    return same and bool(torch.stack(inverse).median() > torch.stack(solved).median())


def is_removed(bad: Program, good: Program) -> bool:
    """torch refuses the old name and takes the new one."""
    with pytest.raises((RuntimeError, AttributeError), match=r"removed|no attribute"):
        bad.loss(*bad.inputs)
    return bool(good.loss(*good.inputs).isfinite())


def is_another_number(bad: Program, good: Program) -> bool:
    """exp(A) x by matrix_exp agrees with the good example and not with the bad one."""
    import torch

    A, x = good.inputs
    right = (torch.linalg.matrix_exp(A) @ x).abs().square().sum()
    return torch.allclose(good.loss(A, x), right) and not torch.allclose(bad.loss(A, x), right, rtol=1e-2)


def answers_at_random(bad: Program, good: Program) -> bool:
    """One input has several answers outside of training."""
    answers = {bad.loss(*bad.inputs).item() for _ in range(20)}
    return len(answers) > 1 and len({good.loss(*good.inputs).item() for _ in range(20)}) == 1


def gradient_of(program: Program) -> Any:
    """Return the gradient of a page's loss by its one input."""
    import torch

    (x,) = program.inputs
    leaf = x.detach().clone().requires_grad_(True)
    return torch.autograd.grad(program.loss(leaf), leaf)[0]


def has_no_gradient(bad: Program, good: Program) -> bool:
    """Where values meet, one gradient is non-finite or beyond anything, and the other one is neither."""
    lost, kept = gradient_of(bad), gradient_of(good)
    return not (lost.isfinite().all() and lost.norm() < 1e6) and bool(kept.isfinite().all() and kept.norm() < 1e3)


def has_a_wrong_gradient(bad: Program, good: Program) -> bool:
    """Both losses are the same function; its slope, by central differences, is that of the good example alone."""
    import torch

    (x,) = bad.inputs
    way = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    way = way + way.mT if x.ndim == 2 and torch.equal(x, x.mT) else way
    seen = (good.loss(x + 1e-5 * way) - good.loss(x - 1e-5 * way)) / 2e-5
    same = torch.allclose(bad.loss(x), good.loss(x), rtol=1e-5)
    wrong, right = ((gradient_of(p) * way).sum() for p in (bad, good))
    return same and torch.allclose(right, seen, rtol=1e-4) and not torch.allclose(wrong, seen, rtol=1e-3)


def leaves_a_failure_out(bad: Program, good: Program) -> bool:
    """With a NaN in one of three matrices the sum is that of two; the good example raises."""
    import torch

    (batch,) = good.inputs
    same = torch.allclose(bad.loss(batch), good.loss(batch))
    poisoned = batch.clone()
    poisoned[0, 0, 0] = torch.nan
    with pytest.raises(RuntimeError, match="ill-conditioned"):
        good.loss(poisoned)
    return same and torch.equal(bad.loss(poisoned), good.loss(batch[1:]))


def is_refused(words: str) -> Callable[[Program, Program], bool]:
    """Return the test that torch refuses the bad example with these words and takes the good one."""

    def check(bad: Program, good: Program) -> bool:
        with pytest.raises(RuntimeError, match=words):
            bad.loss(*bad.inputs)
        return bool(good.loss(*good.inputs).isfinite())

    return check


def has_no_backward(bad: Program, good: Program) -> bool:
    """Both give one value, and only one of them a gradient."""
    import torch

    A = good.inputs[0].clone().requires_grad_(True)
    value, same = bad.loss(A), good.loss(A)
    with pytest.raises(RuntimeError, match="not computed when mode='r'"):
        value.backward()
    same.backward()
    assert A.grad is not None
    return torch.allclose(value, same) and bool(A.grad.isfinite().all())


def solves_another_system(bad: Program, good: Program) -> bool:
    """The derivative of <v|M|v> by autograd is that of the good example, and not that of the bad one."""
    import torch

    A, M = good.inputs
    A = A.clone().requires_grad_(True)
    v = torch.linalg.eigh(A).eigenvectors[:, 0]
    (expected,) = torch.autograd.grad(v @ M @ v, A)
    expected = (expected + expected.mT) / 2
    return torch.allclose(good.loss(*good.inputs), expected) and not torch.allclose(
        bad.loss(*bad.inputs), expected, rtol=0.1
    )


def loses_its_gradient(bad: Program, good: Program) -> bool:
    """The values agree with each other and the good gradient with finite differences; the bad gradient does not."""
    import torch

    A, target = good.inputs
    step = 1e-6 * torch.ones_like(A)
    slope = (good.loss(A + step, target) - good.loss(A - step, target)) / 2e-6
    slopes = []
    for program in (bad, good):
        leaf = A.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(program.loss(leaf, target), leaf)
        slopes.append(gradient.sum())
    same = torch.allclose(bad.loss(A, target), good.loss(A, target))
    return same and torch.allclose(slopes[1], slope, rtol=1e-5) and not torch.allclose(slopes[0], slope, rtol=0.1)


def is_nan_where_the_function_is_smooth(bad: Program, good: Program) -> bool:
    """Both are derivatives of |A|^2, at the identity."""
    return bool(bad.loss(*bad.inputs).isnan()) and good.loss(*good.inputs).item() == 36


def is_refused_for_its_size(bad: Program, good: Program) -> bool:
    """The scaled loss is called ill-defined, and the same loss is not."""
    return is_refused("ill-defined")(bad, good)


def gradients(program: Program) -> list[Any]:
    """Return the gradients of a program's loss."""
    import torch

    inputs = [x.clone().requires_grad_() for x in program.inputs]
    return list(torch.autograd.grad(program.loss(*inputs), inputs, allow_unused=True))


def has_no_finite_gradient(bad: Program, good: Program) -> bool:
    """The gradient of the bad one is not finite, that of the good one is."""
    return not bool(gradients(bad)[0].isfinite().all()) and bool(gradients(good)[0].isfinite().all())


def has_a_kink(bad: Program, good: Program) -> bool:
    """The slopes a little before and a little behind the crossing differ, and those of the good one do not."""

    def slopes(program: Program) -> list[float]:
        (at,) = program.inputs
        return [float(gradients(program._replace(inputs=(at + step,)))[0]) for step in (-1e-4, 1e-4)]

    (before, behind), (near, far) = slopes(bad), slopes(good)
    return abs(behind - before) > 1 and abs(far - near) < 1e-2


def trains_nothing(bad: Program, good: Program) -> bool:
    """Both losses are the same function of A; the gradient of the bad one is 0, that of the good one is not."""
    import torch

    same = torch.allclose(bad.loss(*bad.inputs), good.loss(*good.inputs))
    return same and bool(gradients(bad)[0].abs().max() == 0) and bool(gradients(good)[0].abs().max() > 0.1)


def is_another_exponential(bad: Program, good: Program) -> bool:
    """exp(-L) x of the Laplacian, by matrix_exp, agrees with the good example and not with the bad one."""
    import torch

    W, x = good.inputs
    laplacian = torch.diag((W @ W.mT).sum(dim=-1)) - W @ W.mT
    right = (torch.linalg.matrix_exp(-laplacian) @ x).square().sum()
    return torch.allclose(good.loss(W, x), right) and not torch.allclose(bad.loss(W, x), right, rtol=1e-2)


def are_values_of_another_matrix(bad: Program, good: Program) -> bool:
    """The eigenvalues of the random-walk Laplacian are those of the symmetric one."""
    import torch

    (W,) = good.inputs
    values = torch.linalg.eigvals(torch.eye(4) - W / W.sum(dim=-1, keepdim=True)).real
    right = torch.exp(-values).sum()
    return torch.allclose(good.loss(W), right) and not torch.allclose(bad.loss(W), right, rtol=1e-3)


def misses_the_determinant(bad: Program, good: Program) -> bool:
    """The determinant by elimination, in double precision, agrees with the good example alone."""
    import torch

    (A,) = good.inputs
    right = torch.linalg.det(A)
    return torch.allclose(good.loss(A), right, rtol=1e-2, atol=0) and bool((bad.loss(A) / right - 1).abs() > 1)


def keeps_more_for_the_backward(bad: Program, good: Program) -> bool:
    """Both give the same number; the bad example keeps a square factor."""
    import torch

    def largest(program: Program) -> int:
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.numel()) or t, lambda t: t):
            program.loss(program.inputs[0].clone().requires_grad_(True))
        return max(sizes)

    same = torch.allclose(bad.loss(*bad.inputs), good.loss(*good.inputs))
    return same and (largest(bad), largest(good)) == (200 * 200, 200 * 3)


WITNESSES: dict[str, Callable[[Program, Program], bool]] = {
    "EIG108": wipes_out_a_vector,
    "EIG110": fits_worse,
    "EIG112": answers_at_random,
    "EIG301": has_no_gradient,
    "EIG302": has_a_wrong_gradient,
    "EIG303": has_a_wrong_gradient,
    "EIG304": has_a_wrong_gradient,
    "EIG309": has_a_wrong_gradient,
    "EIG305": has_no_finite_gradient,
    "EIG306": has_a_kink,
    "EIG307": has_no_finite_gradient,
    "EIG308": trains_nothing,
    "EIG401": is_another_exponential,
    "EIG402": are_values_of_another_matrix,
    "EIG403": misses_the_determinant,
    "EIG404": leaves_a_larger_residual,
    "EIG405": is_removed,
    "EIG406": keeps_more_for_the_backward,
    "EIG407": is_another_number,
    "EIG501": leaves_a_failure_out,
    "EIG502": is_refused("real scalar outputs"),
    "EIG503": solves_another_system,
    "EIG504": loses_its_gradient,
    "EIG506": is_nan_where_the_function_is_smooth,
    "EIG507": is_refused_for_its_size,
    "EIG508": has_no_backward,
    "EIG409": is_refused("not implemented for"),
}


@pytest.mark.parametrize("code", WITNESSES)
def test_the_bad_example_misbehaves_as_its_page_says(code: str, load: Callable[[str, str], Program]) -> None:
    assert WITNESSES[code](load(code, "Example"), load(code, "Use instead"))


def test_the_broken_example_is_no_python_and_the_mended_one_is() -> None:
    with pytest.raises(SyntaxError):
        compile(example(BY_CODE["EIG900"], "Example"), "example", "exec")
    compile(example(BY_CODE["EIG900"], "Use instead"), "example", "exec")
