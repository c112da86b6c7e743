"""Which matrices are each other's adjoints, where their axes were moved."""

from .reading import codes


def test_axes_that_are_moved_before_a_rank_is_known_are_followed() -> None:
    program = """\
    def f(A, B):
        Q, R = torch.linalg.qr(torch.matmul(B, A).permute(0, 2, 1))
        return torch.matmul(B, Q.permute(0, 2, 1)) @ R
    """
    assert codes(program) == ["EIG102"]
