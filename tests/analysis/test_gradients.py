"""Whether a gradient flows through a decomposition, by what its callers say; execution tells what is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import eiglint

HEAD = "import torch\nfrom torch import nn\n"
PROGRAMS = {
    "a helper that an optimizer's step calls under no_grad": """
def basis(m):
    return torch.linalg.eigh(m)[1]

class Shampoo(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for q in group["params"]:
                g = q.grad
                V = basis(g @ g.T)
                q.add_(V @ V.T @ g, alpha=-0.1)

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Shampoo([w])
    (w ** 2).sum().backward()
    o.step()
""",
    "a method that an optimizer's step calls under no_grad": """
class Soap(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for q in group["params"]:
                state = self.state[q]
                state["GG"] = q.grad @ q.grad.T
                state["Q"] = self.get_orthogonal_matrix(state["GG"])
    def get_orthogonal_matrix(self, mat):
        m = mat.data.float()
        return torch.linalg.eigh(m + 1e-3 * torch.eye(3))[1]
def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Soap([w])
    (w ** 2).sum().backward()
    o.step()
""",
    "a step that says nothing of gradients": """
def basis(m):
    return torch.linalg.eigh(m)[1]

class Shampoo(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    def step(self, closure=None):
        for group in self.param_groups:
            for q in group["params"]:
                V = basis(q.grad @ q.grad.T)
                q.data.add_(V @ V.T @ q.grad, alpha=-0.1)

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Shampoo([w])
    (w ** 2).sum().backward()
    o.step()
""",
    "a method of a class that derives from an optimizer of the project": """
class Base(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
class Own(Base):
    def step(self):
        for group in self.param_groups:
            for q in group["params"]:
                self.move(q, q.grad)
    def move(self, q, g):
        V = torch.linalg.eigh(g @ g.T)[1]
        q.data.add_(V @ V.T @ g, alpha=-0.1)

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Own([w])
    (w ** 2).sum().backward()
    o.step()
""",
    "a closure that a step calls under enable_grad": """
class Opt(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    @torch.no_grad()
    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        return loss

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Opt([w])
    def closure():
        loss = torch.linalg.eigh(w @ w.T)[1].abs().sum()
        loss.backward()
        return loss
    o.step(closure)
""",
    "a closure that a step calls which says nothing of gradients": """
class Opt(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    def step(self, closure):
        loss = closure()
        for group in self.param_groups:
            for q in group["params"]:
                q.data.add_(q.grad, alpha=-0.1)
        return loss

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = Opt([w])
    def closure():
        loss = torch.linalg.eigh(w @ w.T)[1].abs().sum()
        loss.backward()
        return loss
    o.step(closure)
""",
    "a closure that torch's own optimizer calls": """
def loss_of(w):
    return torch.linalg.eigh(w @ w.T)[1].abs().sum()

def run():
    w = nn.Parameter(torch.randn(3, 3))
    o = torch.optim.LBFGS([w], max_iter=1)
    def closure():
        o.zero_grad()
        loss = loss_of(w)
        loss.backward()
        return loss
    o.step(closure)
""",
    "no_grad on the caller of the caller": """
def vectors(a):
    return torch.linalg.eigh(a)[1]

def middle(a):
    return vectors(a @ a.T)

@torch.no_grad()
def run():
    w = torch.randn(3, 3, requires_grad=True)
    return middle(w)
""",
    "a caller inside inference_mode": """
def vectors(a):
    return torch.linalg.eigh(a)[1]

def run():
    w = torch.randn(3, 3, requires_grad=True)
    with torch.inference_mode():
        return vectors(w @ w.T)
""",
    "a helper of a method under no_grad": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 3))
    def basis(self):
        return torch.linalg.eigh(self.w @ self.w.T)[1]
    @torch.no_grad()
    def refresh(self):
        self.cached = self.basis()

def run():
    Model().refresh()
""",
    "requires_grad_ on what is decomposed": """
def run():
    a = torch.randn(3, 3)
    b = (a + a.T).requires_grad_()
    return torch.linalg.eigh(b)[1]
""",
    "requires_grad is set": """
def run():
    b = torch.eye(3)
    b.requires_grad = True
    return torch.linalg.eigh(b)[1]
""",
    "requires_grad is taken back": """
def run():
    b = torch.eye(3, requires_grad=True)
    b.requires_grad = False
    return torch.linalg.eigh(b)[1]
""",
    "requires_grad_ with False": """
def run():
    b = torch.eye(3, requires_grad=True)
    b.requires_grad_(False)
    return torch.linalg.eigh(b)[1]
""",
    "a caller that detaches": """
def vectors(a):
    return torch.linalg.eigh(a)[1]
def run():
    w = torch.randn(3, 3, requires_grad=True)
    return vectors((w @ w.T).detach())
""",
    "a caller that detaches and starts anew": """
def vectors(a):
    return torch.linalg.eigh(a)[1]
def run():
    w = torch.randn(3, 3, requires_grad=True)
    return vectors((w @ w.T).detach().requires_grad_())
""",
    "a parameter without a gradient": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 3), requires_grad=False)
    def forward(self, x):
        return torch.linalg.eigh(self.w @ self.w.T)[1].abs() @ x
def run():
    return Model()(torch.randn(3))
""",
    "buffer": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.eye(3))
    def forward(self, x):
        return torch.linalg.eigh(self.a)[1].abs() @ x
def run():
    return Model()(torch.randn(3))
""",
    "set_grad_enabled with a true flag": """
def vectors(w, training):
    with torch.set_grad_enabled(training):
        return torch.linalg.eigh(w @ w.T)[1]
def run():
    return vectors(torch.randn(3, 3, requires_grad=True), True)
""",
    "set_grad_enabled with a false flag": """
def vectors(w, training):
    with torch.set_grad_enabled(training):
        return torch.linalg.eigh(w @ w.T)[1]
def run():
    return vectors(torch.randn(3, 3, requires_grad=True), training=False)
""",
    "eval stops no gradient": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 3))
    def forward(self, x):
        return torch.linalg.eigh(self.w @ self.w.T)[1].abs() @ x
def run():
    model = Model()
    model.eval()
    return model(torch.randn(3))
""",
    "a module whose parameters are frozen": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 3))
    def forward(self, x):
        return torch.linalg.eigh(self.w @ self.w.T)[1].abs() @ x
def run():
    model = Model()
    model.requires_grad_(False)
    return model(torch.randn(3))
""",
    "a matrix made under no_grad, decomposed outside": """
def run():
    w = torch.randn(3, 3, requires_grad=True)
    with torch.no_grad():
        a = w @ w.T
    return torch.linalg.eigh(a)[1]
""",
    "a generator under no_grad": """
@torch.no_grad()
def each(ws):
    for w in ws:
        yield torch.linalg.eigh(w @ w.T)[1]
def run():
    return list(each([torch.randn(3, 3, requires_grad=True)]))
""",
    "a gradient that a call returns": """
def run():
    w = torch.randn(3, 3, requires_grad=True)
    (g,) = torch.autograd.grad((w ** 3).sum(), w)
    return torch.linalg.eigh(g @ g.T)[1]
""",
    "a gradient that a call returns with its graph": """
def run():
    w = torch.randn(3, 3, requires_grad=True)
    (g,) = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)
    return torch.linalg.eigh(g @ g.T)[1]
""",
    "a function that torch.func.grad differentiates": """
def f(a):
    return torch.linalg.eigh(a @ a.T)[1].abs().sum()
def run():
    return torch.func.grad(f)(torch.randn(3, 3))
""",
    "a parameter made of a detached matrix": """
def run():
    w = torch.randn(3, 3, requires_grad=True)
    q = nn.Parameter((w @ w.T).detach())
    return torch.linalg.eigh(q)[1]
""",
    "one caller with a gradient and one without": """
def vectors(a):
    return torch.linalg.eigh(a)[1]
def run():
    w = torch.randn(3, 3, requires_grad=True)
    with torch.no_grad():
        vectors(w @ w.T)
    return vectors(w @ w.T)
""",
}


def flows(text: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a program and tell whether the vectors of some call carried a gradient."""
    torch = pytest.importorskip("torch")
    seen, eigh = [], torch.linalg.eigh

    def watched(matrix: object) -> object:
        made = eigh(matrix)
        seen.append(made.eigenvectors.requires_grad)
        return made

    monkeypatch.setattr(torch.linalg, "eigh", watched)
    torch.manual_seed(0)
    names: dict[str, object] = {"__name__": "program"}
    exec(compile(text, str(path), "exec"), names)
    names["run"]()  # type: ignore[operator]
    assert seen
    return any(seen)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_gradient_is_seen_where_one_flows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "program.py"
    text = HEAD + PROGRAMS[name]
    (site,) = eiglint.check_source(text, path=str(path)).sites
    assert site.gradient == ("yes" if flows(text, path, monkeypatch) else "no")


LENGTHS = """
def vectors(rows, columns):
    matrix = torch.arange(1.0, rows * columns + 1.0).reshape(rows, columns) / rows
    return torch.linalg.svd(matrix)[0]
"""


def test_an_argument_that_is_a_length_carries_no_gradient() -> None:
    torch = pytest.importorskip("torch")
    (site,) = eiglint.check_source(HEAD + LENGTHS).sites
    assert site.gradient == "no"
    names: dict[str, Any] = {}
    exec(HEAD + LENGTHS, names)
    assert not names["vectors"](3, 2).requires_grad
    with pytest.raises(TypeError):  # a tensor that could carry one is no length
        names["vectors"](torch.tensor(3.0, requires_grad=True), 2)


def test_an_argument_that_may_be_a_list_of_lengths_is_left_alone() -> None:
    text = HEAD + "def vectors(shape, scale):\n    return torch.linalg.eigh(torch.ones(shape) * scale)[1]\n"
    (site,) = eiglint.check_source(text).sites
    assert site.gradient == "unknown"


WRITTEN = """
def run(A, parameters):
    L, V = torch.linalg.eigh(A)
    torch.nn.utils.vector_to_parameters((V @ torch.diag(L.exp()) @ V.T).flatten(), parameters)
"""


def test_no_gradient_comes_back_from_parameters_that_a_vector_is_written_to() -> None:
    torch = pytest.importorskip("torch")
    assert not eiglint.check_source(HEAD + WRITTEN).findings
    names: dict[str, Any] = {}
    exec(HEAD + WRITTEN, names)
    held = [torch.nn.Parameter(torch.zeros(9))]
    names["run"](torch.eye(3).requires_grad_(), held)
    assert held[0].abs().sum() > 0
    assert held[0].grad_fn is None


SAVED = """

def run(A, path):
    L, V = torch.linalg.eigh(A)
    torch.save(V @ torch.diag(L.exp()) @ V.T, path)
"""


def test_no_gradient_comes_back_from_a_file() -> None:
    assert not eiglint.check_source(HEAD + SAVED).findings


SOLVED = """
def run(A, solve):
    S = torch.linalg.svdvals(A)
    weights = solve(S.sqrt().detach().numpy().astype(float))
    return torch.from_numpy(weights)
"""


def test_no_gradient_comes_back_from_what_was_detached_before_an_unknown_call() -> None:
    torch = pytest.importorskip("torch")
    assert not eiglint.check_source(HEAD + SOLVED).findings
    names: dict[str, Any] = {}
    exec(HEAD + SOLVED, names)
    assert not names["run"](torch.eye(3).requires_grad_(), lambda s: s / s.sum()).requires_grad
