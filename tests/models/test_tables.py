"""Tables are read, checked and added to; calls are bound to their signatures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from eiglint.models import ModelsError, bind, load
from eiglint.models.load import shipped
from eiglint.models.signature import signature
from eiglint.models.tables import check, read, spelled

MODELS = load()


def bound(name: str, *positional: object, **keywords: object) -> dict[str, object] | None:
    model = MODELS.get(name)
    assert model is not None
    return bind(model, positional, keywords)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "my_ops.toml"


def refusal(table: Path, text: str) -> str:
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ModelsError) as caught:
        load([table])
    return str(caught.value)


# --- the shipped tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.name)
def test_a_shipped_table_passes_the_check_that_those_of_projects_must(path: Path) -> None:
    check(read(path))


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.name)
def test_no_name_stands_in_two_places(path: Path) -> None:
    made = read(path)
    names = Counter(name for entry in made.entries for name, _ in spelled(made, entry))
    assert [name for name, times in names.items() if times > 1] == []


def test_every_decomposition_of_torch_is_there() -> None:
    linalg = {f"torch.linalg.{n}" for n in ("eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals", "qr")}
    both = {f"{home}.{n}" for home in ("torch", "torch.Tensor") for n in ("svd", "qr", "eig", "symeig")}
    assert MODELS.decompositions >= linalg | both | {"torch.lobpcg", "torch.svd_lowrank", "torch.pca_lowrank"}


def test_namespaces_are_known_and_others_are_not() -> None:
    assert all(MODELS.knows_module(m) for m in ("torch", "torch.linalg", "torch.nn.functional", "torch.utils.data"))
    assert not any(MODELS.knows_module(m) for m in ("", "torchvision", "torch.linalg.eigh", "numpyro", "tor"))


def test_an_unknown_name_has_no_model() -> None:
    assert MODELS.get("torch.frobnicate") is None


def test_loading_imports_neither_torch_nor_libcst() -> None:
    code = "import sys, json; from eiglint.models import load; load(); print(json.dumps(sorted(sys.modules)))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "libcst", "typer", "rich"} & set(json.loads(made.stdout))


# --- binding ----------------------------------------------------------------------------------------------------


def test_what_does_not_fit_the_signature_is_not_bound() -> None:
    assert bound("torch.sin") is None
    assert bound("torch.sin", 1, 2) is None
    assert bound("torch.sin", 1, wrong=2) is None
    assert bound("torch.sin", 1, input=2) is None
    assert bound("torch.add", 1, 2, 3) is None
    assert bound("torch.sin", 1, axis=0) is None


def test_positional_arguments_and_keywords_come_out_the_same() -> None:
    assert bound("torch.sum", "x", 0, True) == bound("torch.sum", input="x", dim=0, keepdim=True)
    assert bound("torch.sum", "x", 0, True) == {"input": "x", "dim": 0, "keepdim": True}


def test_other_libraries_names_for_keywords_are_taken_as_torch_takes_them() -> None:
    assert bound("torch.sum", "x", axis=0, keepdims=True) == bound("torch.sum", "x", 0, True)


def test_defaults_are_filled_in_except_none() -> None:
    assert bound("torch.sum", "x") == {"input": "x", "keepdim": False}
    assert bound("torch.softmax", "x", -1) == {"input": "x", "dim": -1}


def test_arguments_come_in_the_order_of_the_signature_under_the_names_of_the_algebra() -> None:
    made = bound("torch.addmm", mat2="c", input="a", mat1="b")
    assert made is not None
    assert list(made.items())[:3] == [("input", "a"), ("left", "b"), ("right", "c")]


def test_the_rest_is_a_tuple() -> None:
    assert bound("torch.Tensor.permute", "x", 1, 0) == {"input": "x", "dims": (1, 0)}
    assert bound("torch.Tensor.permute", "x", (1, 0)) == {"input": "x", "dims": ((1, 0),)}
    assert bound("torch.Tensor.permute", "x", dims=(1, 0)) == {"input": "x", "dims": (1, 0)}
    assert bound("torch.einsum", "ij,jk", "a", "b") == {"equation": "ij,jk", "operands": ("a", "b")}


def test_keywords_that_change_nothing_disappear_and_those_of_the_whole_library_stay() -> None:
    assert bound("torch.clone", "x", memory_format=0) == {"input": "x"}
    assert bound("torch.sin", "x", out="y") == {"input": "x", "out": "y"}
    assert bound("torch.zeros", 2, 3, dtype="d", requires_grad=True) == {
        "size": (2, 3),
        "dtype": "d",
        "requires_grad": True,
    }


def test_of_several_signatures_the_first_that_fits_counts() -> None:
    assert bound("torch.Tensor.to", "x", "d") == {"input": "x", "dtype": "d"}
    assert bound("torch.Tensor.to", "x", "cpu", "d") == {"input": "x", "device": "cpu", "dtype": "d", **REST}
    assert bound("torch.Tensor.to", "x", "cpu", dtype="d") == {"input": "x", "device": "cpu", "dtype": "d", **REST}
    assert bound("torch.Tensor.to", "x", device="cpu", non_blocking=True) == {"input": "x", "device": "cpu"}
    assert bound("torch.Tensor.to", "x", "cpu", "d", False, True, "more") is None


REST = {"non_blocking": False, "copy": False}


def test_an_option_gives_an_argument_its_value() -> None:
    assert bound("torch.flipud", "x") == {"input": "x", "dims": (0,)}
    assert bound("torch.rsqrt", "x") == {"input": "x", "exponent": -0.5}


def test_any_keyword_is_kept_where_the_signature_takes_any() -> None:
    assert bound("torch.nn.Conv1d", 3, 4, 5, bias=False) == {"arguments": (3, 4, 5), "bias": False}


def test_a_constructor_knows_what_its_instances_do() -> None:
    model = MODELS.get("torch.nn.Softmax")
    assert model is not None
    assert model.instance is not None
    assert (model.instance.kind, model.instance.options) == ("scan", {"how": "softmax"})
    assert bound("torch.nn.Softmax", 0) == {"dim": 0}


def test_a_signature_is_read_with_its_brackets_and_stars() -> None:
    assert signature("x, dim=(-2, -1), *, p='fro', **more") == (
        ("x", "dim", "*", "p", "**more"),
        {"dim": (-2, -1), "p": "fro"},
    )
    assert signature("") == ((), {})


@pytest.mark.parametrize("text", ["x, x", "x y", "x=", "x=f()", "1"])
def test_a_signature_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"parameter|literal"):
        signature(text)


# --- tables of a project ----------------------------------------------------------------------------------------


def test_a_project_adds_and_overrides_models(table: Path) -> None:
    table.write_text(
        '[[map]]\nparity = "odd"\nzero = true\nnames = ["my_ops.signed_sqrt", "torch.exp"]\n'
        '[[decompose]]\nnames = ["my_ops.eigh"]\ngroup = "field"\nordered = true\n'
        'outputs = [{ field = "", role = "vectors", index = -1, charge = { axis = -1, q = 1 } }]\n',
        encoding="utf-8",
    )
    models = load([table])
    made = models.get("my_ops.signed_sqrt")
    assert made is not None
    assert (made.kind, made.params, made.options) == ("map", ("input",), {"parity": "odd", "zero": True})
    assert models.get("torch.exp") != MODELS.get("torch.exp")
    assert models.get("torch.cos") == MODELS.get("torch.cos")
    assert "my_ops.eigh" in models.decompositions
    assert not models.knows_module("my_ops"), "what else the project defines there is read as its code"
    assert not MODELS.knows_module("my_ops")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match=r"gone\.toml: cannot be read: No such file"):
        load([tmp_path / "gone.toml"])


def test_text_that_is_no_toml_is_refused_with_its_position(table: Path) -> None:
    assert "my_ops.toml: " in refusal(table, "[[map]\n")
    assert "line 1" in refusal(table, "[[map]\n")


def test_an_unknown_kind_is_refused_with_the_nearest(table: Path) -> None:
    assert refusal(table, '[[reduec]]\nnames = ["a.b"]\n').endswith("unknown kind 'reduec'; did you mean 'reduce'?")


def test_an_unknown_key_is_refused_with_its_entry_and_the_nearest(table: Path) -> None:
    message = refusal(table, '[[map]]\nnames = ["a.b"]\n[[map]]\nnames = ["a.c"]\nparty = "odd"\n')
    assert message.endswith("[[map]] number 2 (names = ['a.c']): unknown key 'party'; did you mean 'parity'?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[map]]\n", "`names` is missing"),
        ('[[map]]\nnames = "a.b"\n', "`names` must be a list of strings"),
        ('[map]\nnames = ["a.b"]\n', "`map` must be written [[map]]"),
        ('[[map]]\nnames = ["a.b"]\ninplace = "yes"\n', "`inplace` must be true or false"),
        ('[[map]]\nnames = ["a.b"]\nparams = ["input"]\n', "`params` must be a string"),
        ('[[map]]\nnames = ["a.b"]\nparams = "x y"\n', "'x y' is no parameter"),
        ('[[map]]\nnames = ["a.b"]\nparams = "x"\n', "the kind needs an argument 'input'"),
        ('[[map]]\nnames = ["a.b"]\nparams = "x"\nrename = { y = "input" }\n', "`rename` speaks of 'y'"),
        ('spell = "x.{}"\n', "`spell` must be a list of strings"),
        ("gradient = 1\n", "`gradient` must be true or false"),
        ('mirrors = { "my.ops" = "nowhere" }\n', "`mirrors` names 'nowhere', of which there is no table"),
        ('[[module]]\nnames = ["a.B"]\nparams = ""\n', "`calls = { kind = ... }`"),
        ('[[module]]\nnames = ["a.B"]\nparams = ""\ncalls = { kind = "reduec" }\n', "did you mean 'reduce'?"),
        ('[[module]]\nnames = ["a.B"]\nparams = ""\ncalls = { kind = "map", party = 1 }\n', "did you mean 'parity'?"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(table: Path, text: str, says: str) -> None:
    assert says in refusal(table, text)


# --- what several tables share ----------------------------------------------------------------------------------


def test_a_table_takes_over_the_names_of_another_except_those_it_lacks(table: Path) -> None:
    table.write_text('mirrors = { "my.arrays" = "numpy" }\nlacks = ["my.arrays.linalg", "my.arrays.tanh"]\n')
    models = load([table])
    assert models.get("my.arrays.sum") is not None
    assert models.get("my.arrays.linalg.eigh") is None
    assert models.get("my.arrays.tanh") is None


def test_what_a_table_says_itself_stands_before_what_it_mirrors(table: Path) -> None:
    table.write_text('mirrors = { "my.arrays" = "numpy" }\n[[conj]]\nnames = ["my.arrays.sum"]\n')
    model = load([table]).get("my.arrays.sum")
    assert model is not None
    assert model.kind == "conj"


def test_whether_results_carry_a_gradient_is_not_mirrored(table: Path) -> None:
    table.write_text('mirrors = { "my.arrays" = "numpy" }\n')
    mirrored, mirror = MODELS.get("numpy.linalg.eigh"), load([table]).get("my.arrays.linalg.eigh")
    assert mirrored is not None
    assert mirror is not None
    assert (mirrored.gradient, mirror.gradient) == (False, True)


def test_the_names_of_a_file_for_parameters_yield_to_those_of_an_entry(table: Path) -> None:
    table.write_text(
        'rename = { a = "input", b = "other" }\n'
        '[[add]]\nnames = ["my.add"]\nparams = "a, b"\n'
        '[[solve]]\nnames = ["my.solve"]\nparams = "a, b"\nrename = { a = "A", b = "B" }\n'
        '[[map]]\nnames = ["my.map"]\nparams = "input, a=1"\n'
    )
    models = load([table])
    assert [dict(models.get(f"my.{n}").rename) for n in ("add", "solve", "map")] == [
        {"a": "input", "b": "other"},
        {"a": "A", "b": "B"},
        {},
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("jax.numpy.linalg.svd", ("U", "S", "Vh")),
        ("jax.lax.linalg.eigh", ("vectors", "values")),
        ("tensorflow.linalg.svd", ("s", "u", "v")),
        ("scipy.linalg.eigh", ("values", "vectors")),
    ],
)
def test_outputs_come_in_the_order_of_the_library(name: str, fields: tuple[str, ...]) -> None:
    model = MODELS.get(name)
    assert model is not None
    assert model.fields == fields
    assert tuple(str(o["field"]) for o in model.options["outputs"]) == fields  # type: ignore[attr-defined]
