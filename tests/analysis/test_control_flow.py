"""Branches, loops, try, with and match."""

from __future__ import annotations

from eiglint.analysis import Settings
from eiglint.gauge import Live, Mode
from tests.analysis.reading import answers, outcome_of


def test_one_vector_flipped_by_its_own_first_entry_is_fine_however_the_branch_is_written() -> None:
    found = answers("""
        def by_statement(A):
            v = torch.linalg.eigh(A)[1][:, 0]
            if v[0] < 0:
                v = -v
            return v.sum()

        def by_expression(A):
            v = torch.linalg.eigh(A)[1][:, 0]
            return (-v if v[0] < 0 else v).sum()

        def by_early_return(A):
            v = torch.linalg.eigh(A)[1][:, 0]
            if v[0] < 0:
                return -v.sum()
            return v.sum()
    """)
    assert set(found.values()) <= {"silent", "fine"}


def test_two_choices_among_the_same_values_are_the_same_only_if_the_same_decides() -> None:
    found = answers("""
        def pick(V, c):
            if c:
                return V
            return -V

        def one_choice(A, c):
            V = torch.linalg.eigh(A)[1]
            x = V if c else -V
            return (x - x).exp().sum()

        def two_choices(A, c, d):
            V = torch.linalg.eigh(A)[1]
            x = V if c else -V
            y = V if d else -V
            return (x - y).exp().sum()

        def two_statements(A, c, d):
            V = torch.linalg.eigh(A)[1]
            x = y = -V
            if c.sum() > 0:
                x = V
            if d.sum() > 0:
                y = V
            return (x - y).exp().sum()

        def two_calls(A, c, d):
            V = torch.linalg.eigh(A)[1]
            return (pick(V, c) - pick(V, d)).exp().sum()
    """)
    assert found["one_choice"] in ("silent", "fine")
    assert {found[name] for name in ("two_choices", "two_statements", "two_calls")} == {"broken"}


def test_a_branch_on_an_entry_of_the_vectors_makes_even_constants_depend() -> None:
    text = """
        def by_statement(A):
            v = torch.linalg.eigh(A)[1][:, 0]
            if v[0] < 0:
                out = 1.0
            else:
                out = 2.0
            return out

        def by_return(A):
            v = torch.linalg.eigh(A)[1][:, 0]
            if v[0] < 0:
                return 1.0
            return 2.0
    """
    found = answers(text, live=Live.NO)
    assert found["by_statement"] == "broken"
    assert found["by_return"] == "broken"
    assert set(answers(text).values()) == {"silent"}  # no gradient flows through a constant


def test_two_exclusive_decompositions_are_one_choice() -> None:
    found = answers("""
        def with_fallback(A):
            try:
                L, V = torch.linalg.eigh(A)
            except RuntimeError:
                L, V = torch.linalg.eigh(A.double())
            return V @ torch.diag(L) @ V.mT

        def by_flag(A, flag: bool):
            if flag:
                U, S, Vh = torch.linalg.svd(A)
            else:
                U, S, Vh = torch.linalg.svd(A + 1)
            return U @ Vh

        def kept_apart(A, flag: bool):
            U, S, Vh = torch.linalg.svd(A)
            first = U
            if flag:
                U, S, Vh = torch.linalg.svd(A + 1)
            return (first.mT @ U).sum()

        def still_depends(A, flag: bool):
            V = torch.linalg.eigh(A)[1] if flag else torch.linalg.eigh(A + 1)[1]
            return V.sum()
    """)
    assert found["with_fallback"] in ("silent", "fine")
    assert found["by_flag"] in ("silent", "fine")
    assert found["kept_apart"] in ("broken", "unknown")
    assert found["still_depends"] == "broken"


def test_both_of_two_exclusive_decompositions_are_told_to_reach_the_result() -> None:
    outcome = outcome_of("""
        def by_flag(A, flag: bool):
            V = torch.linalg.eigh(A)[1] if flag else torch.linalg.eigh(A + 1)[1]
            return V.sum()
    """)
    reached = {g for r in outcome.reached for g in r.value.gauges}
    assert reached == {o.gauge for o in outcome.decomposed}


def test_both_of_two_exclusive_decompositions_are_told_to_reach_the_result_of_a_loop() -> None:
    outcome = outcome_of("""
        def every(matrices, flag: bool):
            found = []
            for A in matrices:
                V = torch.linalg.eigh(A)[1] if flag else torch.linalg.eigh(A + 1)[1]
                found.append(V)
            return found
    """)
    reached = {g.spot for r in outcome.reached for g in r.value.gauges}
    assert reached == {o.gauge.spot for o in outcome.decomposed}


def test_a_sum_of_projectors_over_columns_is_fine() -> None:
    found = answers("""
        def over_range(A):
            L, V = torch.linalg.eigh(A)
            total = 0
            for i in range(A.shape[-1]):
                total = total + L[i] * torch.outer(V[:, i], V[:, i])
            return total

        def over_three(A):
            L, V = torch.linalg.eigh(A)
            total = torch.zeros_like(A)
            for i in (0, 1, 2):
                total += torch.outer(V[:, i], V[:, i])
            return total
    """)
    assert found["over_range"] in ("silent", "fine")
    assert found["over_three"] in ("silent", "fine")


def test_what_an_earlier_turn_left_does_not_cancel_with_this_turn() -> None:
    found = answers("""
        def columns(A):
            V = torch.linalg.eigh(A)[1]
            total = 0
            prev = V[:, 0]
            for i in range(1, A.shape[-1]):
                total = total + (prev * V[:, i]).sum()
                prev = V[:, i]
            return total

        def matrices(As):
            prev = None
            total = 0
            for A in As:
                V = torch.linalg.eigh(A)[1]
                if prev is not None:
                    total = total + (prev.mT @ V).sum()
                prev = V
            return total
    """)
    assert found["columns"] in ("broken", "unknown")
    assert found["matrices"] in ("broken", "unknown")


def test_a_loop_that_rebuilds_its_matrix_settles() -> None:
    found = answers("""
        def repeated(A):
            x, n = A, 0
            while n < 10:
                L, V = torch.linalg.eigh(x)
                x = V @ torch.diag(L.exp()) @ V.mT
                n += 1
            return x
    """)
    assert found["repeated"] in ("silent", "fine")


def test_the_loss_of_a_loop_that_breaks_is_seen() -> None:
    found = answers("""
        def searched(A, tol: float):
            out = A.sum()
            while True:
                V = torch.linalg.eigh(A)[1]
                if tol > 1:
                    out = V.sum()
                    break
            return out
    """)
    assert found["searched"] == "broken"


def test_no_grad_silences_its_block_and_nothing_else() -> None:
    found = answers("""
        def inside(A):
            with torch.no_grad():
                V = torch.linalg.eigh(A)[1]
            return V.sum()

        def beside(A):
            with torch.no_grad():
                n = A.norm()
            return torch.linalg.eigh(A / n)[1].sum()

        @torch.no_grad()
        def decorated(A):
            return torch.linalg.eigh(A)[1].sum()

        @torch.inference_mode()
        def inferred(A):
            return torch.linalg.eigh(A)[1].sum()

        def enabled_again(A):
            with torch.no_grad():
                with torch.enable_grad():
                    return torch.linalg.eigh(A)[1].sum()
    """)
    assert found["inside"] == "silent"
    assert found["decorated"] == "silent"
    assert found["inferred"] == "silent"
    assert found["beside"] == "broken"
    assert found["enabled_again"] == "broken"


def test_every_case_of_a_match_counts() -> None:
    found = answers("""
        def matched(A, how):
            V = torch.linalg.eigh(A)[1]
            match how:
                case "abs":
                    return V.abs().sum()
                case "plain":
                    return V.sum()
                case _:
                    return A.sum()
    """)
    assert found["matched"] == "broken"


def test_finally_and_else_run() -> None:
    found = answers("""
        def run(A):
            out = A.sum()
            try:
                V = torch.linalg.eigh(A)[1]
            except RuntimeError:
                V = A
            else:
                out = V.sum()
            finally:
                out = out * 2
            return out
    """)
    assert found["run"] == "broken"


def test_a_none_that_was_tested_away_is_no_tensor() -> None:
    found = answers("""
        def masked(A, mask=None):
            V = torch.linalg.eigh(A)[1]
            if mask is not None:
                A = A * mask
            return V @ V.mT
    """)
    assert found["masked"] in ("silent", "fine")


def test_signs_that_are_computed_and_never_read_are_told() -> None:
    outcome = outcome_of("""
        def dead(A):
            Q, R = torch.linalg.qr(A)
            signs = torch.sign(torch.diagonal(R))
            Q * signs
            return Q @ Q.mT

        def used(A):
            Q, R = torch.linalg.qr(A)
            marks = torch.sign(torch.diagonal(R))

            def apply(x):
                return x * marks

            return apply(Q)
    """)
    names = [u.name for u in outcome.unused]
    assert "signs" not in names  # read by the product, whose result is dropped
    assert "" in names
    assert "marks" not in names
    assert "R" not in names


def test_a_choice_between_axes_for_one_and_for_many_matrices_is_followed() -> None:
    found = answers("""
        def rebuilt(A):
            axes = (0, 2, 1) if A.ndim == 3 else (1, 0)
            values, vectors = torch.linalg.eigh(A)
            return vectors @ (values[..., None] * torch.permute(vectors, axes))

        def mistaken(A):
            axes = (0, 2, 1) if A.ndim == 3 else (0, 1)
            values, vectors = torch.linalg.eigh(A)
            return vectors @ (values[..., None] * torch.permute(vectors, axes))

        def told(A):
            vectors = torch.linalg.eigh(A)[1]
            if A.ndim < 2:
                raise ValueError("no matrix: {} of {}".format(vectors, vectors.__class__.__name__))
            return vectors.square()
    """)
    assert {found["rebuilt"], found["told"]} <= {"silent", "fine"}
    assert found["mistaken"] == "broken"  # for one matrix


def test_what_only_one_of_two_ways_decomposed_moves_as_it_does_there() -> None:
    found = answers("""
        def basis(A, B):
            if A.shape[-1] == 2:
                return A, A + B
            return torch.linalg.eigh(A)

        def rebuilt(A, B):
            values, vectors = basis(A, B)
            return vectors @ torch.diag(values) @ vectors.mT

        def taken(A, B):
            return basis(A, B)[1].exp()

        def told_apart(A, B, other):
            vectors = torch.linalg.eigh(A)[1]
            kept = vectors
            if other:
                vectors = B
            return vectors * kept
    """)
    assert found["rebuilt"] in ("silent", "fine")
    assert found["taken"] == "broken"
    assert found["told_apart"] not in ("silent", "fine"), "the vectors are there on either way"


def test_unknown_code_beside_a_decomposition_returns_as_many_values_as_that() -> None:
    found = answers("""
        from collections import namedtuple
        from elsewhere import closed_form

        def as_pair(A):
            if A.shape[-1] == 2:
                return closed_form(A)
            L, V = torch.linalg.eigh(A)
            return L, V

        def as_record(A):
            if A.shape[-1] == 2:
                return closed_form(A)
            L, V = torch.linalg.eigh(A)
            return namedtuple("Pairs", ("values", "vectors"))(L, V)

        def as_output(A):
            if A.shape[-1] == 2:
                return closed_form(A)
            return torch.linalg.eigh(A)

        def pair(A):
            L, V = as_pair(A)
            return torch.linalg.inv(V.mT)[..., -1].abs()

        def record(A):
            L, V = as_record(A)
            return torch.linalg.inv(V.mT)[..., -1].abs()

        def output(A):
            L, V = as_output(A)
            return torch.linalg.inv(V.mT)[..., -1].abs()

        def summed(A):
            L, V = as_record(A)
            return V[..., -1].sum(), V.sum(-1)
    """)
    assert [found[name] for name in ("pair", "record", "output")] == ["fine"] * 3
    assert found["summed"] == "broken"


def test_what_a_phase_multiplies_is_complex_also_where_the_dtype_is_not_known() -> None:
    text = """
        from elsewhere import closed_form

        def vectors(A):
            if A.shape[-1] == 2:
                return closed_form(A)
            return torch.linalg.eigh(A)[1]

        def adjoint(x):
            return x.mT.conj() if x.is_complex() else x.mT

        def adjoint_by_dtype(x):
            return x.mT.conj() if x.dtype in (torch.complex64, torch.complex128) else x.mT

        def asked(A):
            V = vectors(A)
            return torch.linalg.inv(adjoint(V))[..., -1].abs()

        def asked_by_dtype(A):
            V = vectors(A)
            return torch.linalg.inv(adjoint_by_dtype(V))[..., -1].abs()
    """
    outcome = outcome_of(text, settings=Settings(complex_reading=True))
    reached = [m for r in outcome.reached for _, m in r.value.motions if r.how == "returned"]
    assert {g.group for r in outcome.reached for g, _ in r.value.motions} == {"U1"}
    assert reached
    assert all(m.phase.mode is Mode.EXACT for m in reached)
