"""What generated programs are made of. `x`, `y`, `z` stand for values in reach, `out` for the name that is bound.

Names of the first column say how many axes `x` has (`*`: any). A form that does not fit the values is drawn again.
"""

# ruff: noqa: E501  (a form is a line of a program, and is read best as one)

from __future__ import annotations

from typing import NamedTuple

ONE = {
    "*": """
x.abs() | x.abs() ** 2 | x * x.conj() | (x * x.conj()).real | x ** 2 | x ** 3 | x.real | x.imag | -x | 2 * x | x / 3
x + 1 | x - 0.5 | 1 - x | torch.exp(x) | torch.tanh(x) | torch.sin(x) | torch.cos(x) | x.conj() | x.resolve_conj() | x.sgn()
torch.sigmoid(x) | torch.relu(x) | F.gelu(x) | F.softplus(x) | F.silu(x) | torch.sqrt(x.abs()) | torch.log(x.abs() + 1)
torch.log1p(x.abs()) | x.real ** 2 + x.imag ** 2 | x / x.abs() | x / (x.abs() + 1e-12) | torch.where(x.abs() > 0.3, x, 0 * x)
torch.where(x.real > 0, x, -x) | x.clone() | x.detach() * x.conj() | x.contiguous() | torch.zeros_like(x) + x
x * torch.ones_like(x) | x.unsqueeze(-1) | x.unsqueeze(0) | x[None] | x[..., None] | x.clamp(min=0.1) | x.abs().clamp(min=0.1)
torch.angle(x) | torch.complex(x.real, x.real) | x.to(torch.complex128) | x.reciprocal() | 1 / (x + 2) | x.abs().exp()
x + x.conj() | x - x.conj() | x.square() | torch.view_as_real(x) | torch.polar(x.abs(), x.abs()) | x * 1j | torch.nan_to_num(x)
x.abs().max() | x.abs().min() | torch.linalg.vector_norm(x) | x.norm() | x.sum() | x.abs().sum() | x.pow(2).sum() | x.mean()
""",
    "1": """
x[0] | x[-1] | x[1:] | x[:2] | x[::2] | x.flip(0) | torch.outer(x, x.conj()) | torch.outer(x, x) | torch.diag(x)
x / x.norm() | F.normalize(x, dim=0) | torch.vdot(x, x) | torch.dot(x, x) | x @ x.conj() | x.cumsum(0) | x.sort().values
x[x.abs().argmax()] | x * x[x.abs().argmax()].conj() | x / x[0] | x * x[0].sgn().conj() | torch.softmax(x, 0) | x.roll(1)
x[:, None] - x[None, :] | x[:, None] * x[None, :].conj() | torch.argsort(x.abs()) | x[torch.argsort(x.abs())] | x.prod()
x.topk(2).values | x.abs().topk(2).values | torch.stack([x, x]) | torch.cat([x, x.conj()]) | x.expand(3, -1) | x.repeat(2)
torch.einsum("i,i->", x, x.conj()) | torch.einsum("i,j->ij", x, x.conj()) | torch.diag_embed(x.exp()) | x.diff() | x.var()
torch.logsumexp(x, 0) | torch.vander(x) | x.view(2, -1) | x.std() | torch.median(x) | x.max() | x.argmax() | torch.fft.fft(x)
""",
    "2": """
x.mT | x.mH | x.T | x.transpose(-2, -1) | x.mH @ x | x @ x.mH | x.mT @ x | x @ x.mT | x[:, 0] | x[:, -1] | x[0] | x[-1]
x[:, :2] | x[:, 1:3] | x[:2] | x[1:, :] | x[:, [0, 2]] | x[:, :2] @ x[:, :2].mH | x[:, ::2] | x[0, 1] | x[:, 1] | x[1]
x.sum(0) | x.sum(-1) | x.abs().sum(0) | x.mean(-1) | x.mean(0) | x.norm(dim=0) | x.norm(dim=-1) | x.pow(2).sum(-1)
x.diagonal() | torch.diag(x) | x.trace() | torch.linalg.det(x) | torch.linalg.inv(x) | torch.linalg.slogdet(x).logabsdet
torch.matrix_exp(x) | torch.linalg.matrix_power(x, 2) | x.triu() | x.tril() | x.flatten() | x.reshape(-1) | x.flip(-1) | x.flip(0)
F.normalize(x, dim=0) | F.normalize(x, dim=-1) | x / x.norm(dim=0, keepdim=True) | x / x.norm(dim=-1, keepdim=True)
x * x[0].sgn().conj() | x * x[0].conj() | x / x[0] | x * torch.sign(x[0]) | x.softmax(-1) | x.abs().softmax(0) | x.softmax(0)
torch.einsum("ij,ij->j", x, x.conj()) | torch.einsum("ij,kj->ik", x, x.conj()) | torch.einsum("ij,ik->jk", x.conj(), x)
torch.einsum("ii->i", x) | torch.einsum("ij->", x) | torch.einsum("ij,ij->", x, x.conj()) | torch.einsum("ij->ji", x)
x.cumsum(0) | x.cumsum(-1) | x.amax(0) | x.amax(-1) | x.std(0) | x.var(-1) | x.abs().amax(0) | x - x.mean(0) | x.prod(0)
x.permute(1, 0) | x.swapaxes(0, 1) | torch.linalg.norm(x) | torch.linalg.matrix_norm(x) | x.abs().argmax(0) | x.sort(0).values
x.gather(0, x.abs().argmax(0, keepdim=True)) | x * x.gather(0, x.abs().argmax(0, keepdim=True)).sgn().conj()
x.roll(1, 0) | x.roll(1, -1) | x.view(-1, 2) | x.reshape(2, -1) | x.repeat(1, 2) | x.unbind(-1)[1] | x.unbind(0)[0] | x.chunk(2, -1)[0]
torch.split(x, 2, dim=-1)[1] | torch.split(x, 2, dim=0)[0] | torch.cat([x, x.abs()], dim=-1) | torch.cat([x, x], dim=0)
torch.stack([x, x.conj()]) | torch.stack([x[:, 0], x[:, 1]], dim=-1) | torch.kron(x, x.conj()) | torch.tensordot(x, x.conj(), dims=([0], [0]))
torch.cdist(x, x) | F.cosine_similarity(x, x.flip(-1), dim=0) | x[..., 0] | x.select(-1, 1) | x.narrow(-1, 0, 2) | x[x.shape[0] - 1]
torch.linalg.solve(x, x.mH) | torch.linalg.pinv(x) | torch.linalg.cholesky(x.mH @ x + torch.eye(x.shape[-1])) | x.logsumexp(0)
F.layer_norm(x, x.shape[-1:]) | F.pad(x, (0, 1)) | x.index_select(1, torch.tensor([0, 2])) | x.masked_fill(x.abs() < 0.2, 0.0)
x.expand(2, -1, -1) | torch.triu(x, 1) | (x + x.mH) / 2 | x - x.mH | x @ torch.diag(torch.arange(1.0, x.shape[-1] + 1).to(x.dtype))
x[:, x.abs().sum(0).argmax()] | x[:, x.abs().sum(0).argsort()] | torch.vmap(lambda row: row.abs())(x) | torch.fft.fft(x, dim=0)
x.min(0).values | torch.linalg.multi_dot([x, x.mH, x]) | x @ x | x * x.mT | x * x.mH | torch.outer(x[:, 0], x[:, 0].conj())
""",
    "3": """
x.mT | x.mH | x[0] | x[1] | x[..., 0] | x[..., :2] | x[:, 0] | x[:, :, 1] | x.sum(0) | x.sum(-1) | x.sum(1) | x.mean(0) | x.mH @ x
x @ x.mH | x.diagonal(dim1=-2, dim2=-1) | torch.bmm(x, x.mH) | torch.bmm(x.mH, x) | x.permute(0, 2, 1) | x.permute(2, 0, 1)
x.flatten(1) | x.reshape(-1, x.shape[-1]) | x.reshape(x.shape[0], -1) | x.norm(dim=-2) | x.norm(dim=(-2, -1)) | x.abs().mean((-2, -1))
torch.einsum("bij,bkj->bik", x, x.conj()) | torch.einsum("bij,bij->bj", x, x.conj()) | torch.einsum("bij->bji", x)
torch.linalg.inv(x) | torch.linalg.det(x) | x.squeeze(0) | x.squeeze(-1) | x.transpose(0, 1) | x.movedim(0, -1) | F.normalize(x, dim=-2)
torch.einsum("bij,bik->bjk", x.conj(), x) | x * x[:, :1].sgn().conj() | x.softmax(-1) | x.unbind(0)[0] | torch.cat(list(x), dim=-1)
x.triu() | x.amax(0) | x.std(0) | x[:, :, :2] @ x[:, :, :2].mH | torch.stack([m.mH @ m for m in x]) | x.prod(-1) | x.cumsum(1)
""",
}

TWO = """
x + y | x - y | x * y | x * y.conj() | x / y | x @ y | x.mH @ y | x @ y.mH | x @ y.mT | x.mT @ y | torch.matmul(x, y)
x.conj() * y | torch.outer(x, y) | torch.outer(x, y.conj()) | torch.vdot(x, y) | torch.dot(x, y) | torch.linalg.solve(x, y)
torch.cat([x, y], dim=-1) | torch.cat([x, y], dim=0) | torch.stack([x, y]) | torch.stack([x, y], dim=-1) | torch.maximum(x, y)
torch.where(x.abs() > y.abs(), x, y) | torch.kron(x, y) | torch.addcmul(x, x, y) | torch.lerp(x, y, 0.3) | F.mse_loss(x, y)
F.cosine_similarity(x, y, dim=-1) | F.cosine_similarity(x, y, dim=0).abs() | F.linear(x, y) | torch.cdist(x, y) | torch.atan2(x, y)
torch.einsum("ij,j->i", x, y) | torch.einsum("ij,i->j", x, y) | torch.einsum("ij,jk->ik", x, y) | torch.einsum("ij,kj->ik", x, y)
torch.einsum("ij,ij->", x, y.conj()) | torch.einsum("ij,j,kj->ik", x, y, x.conj()) | torch.einsum("i,ij->j", x, y)
torch.einsum("ij,jk,kl->il", x.mH, y, x) | x @ torch.diag(y) @ x.mH | x @ torch.diag(y) | torch.diag(y) @ x | x * y[None, :]
x * y[:, None] | x @ torch.diag_embed(y.exp()) @ x.mH | (x * y.unsqueeze(-2)) @ x.mH | (x * y) @ torch.linalg.inv(x)
x.mH @ y @ x | torch.linalg.inv(x) @ y @ x | x @ y @ x.mH | x @ y @ torch.linalg.inv(x) | (x.mH @ y).abs() ** 2 | x @ (x.mH @ y)
(x.conj() * y).sum(-2) | (x.conj() * y).sum(-1) | (x * y).sum() | (x.conj() * y).sum(0).abs() | x - (x @ y.mH) @ y
torch.tensordot(x, y, dims=1) | torch.linalg.vecdot(x, y) | torch.bmm(x, y) | torch.einsum("bij,bj->bi", x, y)
torch.einsum("bij,bj,bkj->bik", x, y, x.conj()) | torch.hypot(x, y) | torch.fmax(x, y) | (x - y).abs() | (x - y).norm() | x.lerp(y, 0.25)
x[:, y.abs().argmax()] | x[:, torch.argsort(y.abs())] | x[torch.argsort(y.abs())] | x[y.abs() > 0.5] | x[..., y.abs().argsort()[:2]]
torch.minimum(x, -x) + y | torch.addmm(x, x, y) | torch.baddbmm(x, x, y) | torch.cross(x[..., :3], y[..., :3], dim=-1) | x * y.sgn()
"""

THREE = """
torch.where(x.abs() > 0.2, y, z) | x @ y @ z | torch.einsum("ij,j,jk->ik", x, y, z) | x * y + z | torch.addcmul(x, y, z)
torch.addmm(x, y, z) | x.mH @ y @ z | x @ torch.diag(y) @ z | x @ torch.diag(y.exp()) @ z | (x * y) @ z | torch.cat([x, y, z], -1)
torch.stack([x, y, z]).sum(0) | F.scaled_dot_product_attention(x, y, z) | torch.linalg.multi_dot([x, y, z]) | x + y * z
torch.einsum("ij,jk,kl->il", x, y, z)
"""

# A program's control flow, its containers, its helper functions and modules.
BLOCKS = (
    "out = 0\nfor k in range(x.shape[-1]):\n    out = out + torch.outer(x[:, k], x[:, k].conj())",
    "out = 0\nfor k in range(x.shape[-1]):\n    out = out + (k + 1) * x[..., k].abs().sum()",
    "out = 0\nfor k in range(x.shape[-1]):\n    out = out + x[..., k].abs().pow(2).sum()",
    "out = 0\nfor k in range(2):\n    out = out + y[k] * torch.outer(x[:, k], x[:, k].conj())",
    "out = 0.0\nfor row in x:\n    out = out + (row.abs() ** 2)",
    "out = 0.0\nfor column in x.mT:\n    out = out + torch.outer(column, column.conj())",
    "out = torch.zeros_like(x)\nfor k in range(x.shape[0]):\n    out[k] = x[k] * 2",
    "out = torch.zeros_like(x)\nfor k in range(x.shape[-1]):\n    out[..., k] = x[..., k] * x[..., k].norm()",
    "out = torch.zeros_like(x)\nout[0] = x[0]",
    "out = x.clone()\nout[..., 0] = -out[..., 0]",
    "out = x.clone()\nout[..., 0] = 0",
    "out = x\nfor _ in range(3):\n    out = out @ x.mH @ x",
    "out = x\nfor _ in range(2):\n    out = torch.tanh(out)",
    "out = x\nfor _ in range(3):\n    out = out / out.norm()",
    "out = y\nfor _ in range(3):\n    out = x @ out\n    out = out / out.norm()",
    "columns = [x[..., k].abs() for k in range(x.shape[-1])]\nout = torch.stack(columns, dim=-1)",
    "columns = [x[..., k] for k in range(x.shape[-1])]\nout = torch.stack(columns, dim=-1)",
    "columns = [x[:, k] / x[0, k] for k in range(x.shape[-1])]\nout = torch.stack(columns, dim=-1)",
    "columns = []\nfor k in range(x.shape[-1]):\n    columns.append((x[..., k].conj() * x[..., k]).sum())\nout = torch.stack(columns)",
    "columns = []\nfor k in range(x.shape[-1]):\n    columns.append(x[..., k] @ y)\nout = torch.stack(columns)",
    "parts = {'a': x, 'b': y}\nout = parts['a'] @ parts['b']",
    "parts = {'size': x.abs(), 'whole': x}\nout = parts['size'] * parts['whole']",
    "parts = [x, y]\nout = sum(part.abs().sum() for part in parts)",
    "first, second = x, y\nout = first.conj() * second",
    "if x.shape[-1] > 3:\n    out = x @ x.mH\nelse:\n    out = x",
    "if x.dim() == 2:\n    out = x.abs().sum(0)\nelse:\n    out = x.abs()",
    "if x.shape[0] == 3:\n    out = x.conj()\nelse:\n    out = x",
    "if x.is_complex():\n    out = x * x.conj()\nelse:\n    out = x * x",
    "flag = x.dim() > 1\nout = x.mH @ x if flag else (x.conj() * x).sum()",
    "if x.abs().max() > 0.5:\n    out = x.abs()\nelse:\n    out = x.abs() * 2",
    "if y.abs().sum() > 100:\n    out = x\nelse:\n    out = x.abs()",
    "k = min(2, x.shape[-1])\nout = x[..., :k] @ x[..., :k].mH",
    "k = x.shape[-1] - 1\nout = x[..., k:]",
    "k = 0\nout = 0.0\nwhile k < x.shape[-1]:\n    out = out + x[..., k].norm()\n    k += 1",
    "def inner(t):\n    return t.abs() + y.abs()\nout = inner(x)",
    "scale = lambda t: t * 2\nout = scale(x)",
    "out = x.clone()\nout *= 2",
    "out = x.clone()\nout += x",
    "out = x.clone()\nout.mul_(y)",
    "with torch.no_grad():\n    signs = torch.sgn(x[..., :1, :])\nout = x * signs.conj()",
    "signs = torch.sgn(torch.sum(x, dim=-2, keepdim=True))\nout = x * signs.conj()",
    "index = x.abs().argmax(dim=-2, keepdim=True)\nout = x * torch.gather(x, -2, index).sgn().conj()",
    "order = torch.argsort(y.abs())\nout = x[:, order] * y[order]",
    "order = torch.argsort(y.real)\nout = x[:, order]",
    "kept = y.abs() > 0.4\nout = x[:, kept] @ x[:, kept].mH",
    "low, high = x.split(2, dim=-1)\nout = low @ high.mH",
    "low, high = torch.chunk(x, 2, dim=-1)\nout = low @ low.mH + high @ high.mH",
    "rows, columns = torch.triu_indices(x.shape[0], x.shape[0], 1)\nout = x[rows, columns]",
    "gaps = x[:, None] - x[None, :]\nout = torch.where(gaps.abs() > 1e-6, 1 / (gaps + torch.eye(x.shape[0])), 0)",
    "try:\n    out = x.mH @ x\nexcept RuntimeError:\n    out = x",
    "assert x.dim() > 0\nout = x.abs()",
    "out = [t.abs().sum() for t in x]\nout = torch.stack(out)",
    "out = torch.stack([a.conj() * b for a, b in zip(x, y)])",
    "out = {}\nfor k, row in enumerate(x):\n    out[k] = row.abs()\nout = torch.stack(list(out.values()))",
    "out = None\nfor row in x:\n    out = row if out is None else out + row",
    "out = max(t.abs().sum() for t in x)",
    "out = torch.cat([t.reshape(-1) for t in (x, y)])",
    "if x.ndim == 3:\n    x = x[0]\nout = x.abs()",
)


class Helper(NamedTuple):
    """A definition in front of the program and how it is called."""

    definition: str
    call: str


def _helper(definition: str, call: str) -> Helper:
    return Helper(definition.strip("\n"), call)


HELPERS = (
    _helper("def gram(t):\n    return t.mH @ t", "gram(x)"),
    _helper("def projector(t, k=2):\n    part = t[..., :k]\n    return part @ part.mH", "projector(x)"),
    _helper(
        "def reduced(t, how='mean'):\n    if how == 'mean':\n        return t.mean(-1)\n    return t.sum(-1)",
        "reduced(x)",
    ),
    _helper("def rebuilt(v, w):\n    return v @ torch.diag(w) @ v.mH", "rebuilt(x, y)"),
    _helper(
        "def rebuilt_by_inverse(v, w):\n    return v @ torch.diag(w.exp()) @ torch.linalg.inv(v)",
        "rebuilt_by_inverse(x, y)",
    ),
    _helper("def both_signs(f, t):\n    return f(t) + f(-t)", "both_signs(torch.relu, x)"),
    _helper("def both_signs(f, t):\n    return f(t) + f(-t)", "both_signs(torch.exp, x)"),
    _helper(
        "def fixed(t):\n    pivot = t.gather(-2, t.abs().argmax(-2, keepdim=True))\n    return t * pivot.conj() / pivot.abs()",
        "fixed(x)",
    ),
    _helper(
        "def sorted_pairs(w, v):\n    order = w.abs().argsort(descending=True)\n    return w[order], v[:, order]",
        "sorted_pairs(y, x)[1]",
    ),
    _helper("def overlap(a, b):\n    return (a.mH @ b).abs()", "overlap(x, y)"),
    _helper("def density(v, k):\n    psi = v[:, k]\n    return torch.outer(psi, psi.conj())", "density(x, 1)"),
    _helper("def expectation(v, m):\n    return torch.einsum('ij,ik,kj->j', v.conj(), m, v)", "expectation(x, y)"),
    _helper(
        "def entropy(p):\n    p = p.abs() / p.abs().sum()\n    return -(p * torch.log(p + 1e-9)).sum()", "entropy(x)"
    ),
    _helper("def twice(f, t):\n    return f(f(t))", "twice(torch.tanh, x)"),
    _helper(
        "def folded(t, depth):\n    if depth == 0:\n        return t\n    return folded(t * t.abs(), depth - 1)",
        "folded(x, 2)",
    ),
    _helper(
        "class Head(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.read = nn.Linear(4, 3, dtype=torch.float64)\n\n    def forward(self, t):\n        return torch.relu(self.read(t))",
        "Head()(x)",
    ),
    _helper(
        "class Head(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.read = nn.Linear(4, 3, dtype=torch.float64)\n\n    def forward(self, t):\n        return torch.relu(self.read(t))",
        "Head()(x.abs())",
    ),
    _helper(
        "class Mix(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.weight = nn.Parameter(torch.randn(4, 4, dtype=torch.float64))\n\n    def forward(self, t):\n        return self.weight.to(t.dtype) @ t",
        "Mix()(x)",
    ),
    _helper(
        "class SignNet(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.phi = nn.Sequential(nn.Linear(1, 5, dtype=torch.float64), nn.ReLU(), nn.Linear(5, 2, dtype=torch.float64))\n\n    def forward(self, t):\n        t = t.unsqueeze(-1)\n        return self.phi(t) + self.phi(-t)",
        "SignNet()(x)",
    ),
    _helper(
        "class Scale(nn.Module):\n    def __init__(self, factor):\n        super().__init__()\n        self.factor = factor\n        self.register_buffer('shift', torch.zeros(1, dtype=torch.float64))\n\n    def forward(self, t):\n        return t * self.factor + self.shift",
        "Scale(0.5)(x)",
    ),
    _helper(
        "class Norms(nn.Module):\n    def forward(self, t):\n        return torch.linalg.vector_norm(t, dim=-2)",
        "Norms()(x)",
    ),
    _helper("layer = nn.Sequential(nn.Linear(4, 4, dtype=torch.float64), nn.Tanh())", "layer(x)"),
    _helper("layer = nn.Linear(4, 2, bias=False, dtype=torch.float64)", "layer(x)"),
    _helper("layer = nn.Linear(4, 2, bias=False, dtype=torch.float64)", "layer(x.mT).mT"),
    _helper("layer = nn.LayerNorm(4, dtype=torch.float64)", "layer(x)"),
    _helper("layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)", "layer(x, x, x)[0]"),
    _helper("layer = nn.GELU()", "layer(x)"),
)

CLOSINGS = """
x.abs().sum() | x.sum() | x.real.sum() | (x * x.conj()).real.sum() | x.abs().pow(2).mean() | x.pow(2).sum().abs() | x.mean() | x.norm()
x | x.abs().max() | (x.abs() * y.abs()).sum() | x.real.mean() | torch.log(x.abs().sum()) | x.abs() | x.sum().abs() | (x - y).abs().sum()
torch.stack([x.abs().sum(), y.abs().sum()]) | (x, y) | {"loss": x.abs().sum(), "value": x} | [x.abs(), y.abs()] | F.mse_loss(x, y)
"""


def forms(text: str) -> list[str]:
    """Split a table into its forms."""
    return [form for line in text.strip().splitlines() for part in line.split(" | ") if (form := part.strip())]
