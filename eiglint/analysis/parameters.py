"""What nobody knows of a root's parameters: the annotation and the default decide what they are taken for."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis.frame import Frame
from eiglint.analysis.values import Choice, DictObject, ListObject, Sequence, Value
from eiglint.gauge import Live, Tensor
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number, Unknown
from eiglint.ir import instructions as ir

NUMBERS = frozenset(("int", "float"))
PLAIN = frozenset(("str", "bool", "bytes", "Callable", "device", "dtype", "Generator", "Path"))


def root_parameter(function: ir.Function, parameter: ir.Parameter, default: Value, given: bool, frame: Frame) -> Value:
    """Return what nobody knows of a parameter: a tensor, unless its annotation or default says otherwise."""
    label = term("param", frame.space, function.name, frame.world.number(function), parameter.name)
    if parameter.kind == "*":
        return Sequence(gauge.tensor(label, Live.MAYBE))
    if parameter.kind == "**":
        rest = gauge.tensor(label, Live.MAYBE)
        return frame.allocate(DictObject({}, rest, True, outlives=True))
    names = annotated(parameter.annotation)
    if names & NUMBERS and not names & {"Tensor"}:
        return Number(term("number", label), integer="int" in names and "float" not in names)
    if names & PLAIN and "Tensor" not in names:
        return Unknown(label)
    if names & {"Tensor", "FloatTensor"} and not names & CONTAINERS:
        return _maybe_none(gauge.tensor(term("tensor", label), Live.MAYBE), names, default, given)
    return _by_default(label, names, default, given, frame)


CONTAINERS = frozenset(("list", "List", "tuple", "Tuple", "Sequence", "Iterable", "dict", "Dict", "Mapping"))


def _maybe_none(value: Tensor, names: frozenset[str], default: Value, given: bool) -> Value:
    optional = "Optional" in names or "None" in names or (given and default is None)
    return Choice((None, value)) if optional else value


def _by_default(label: Term, names: frozenset[str], default: Value, given: bool, frame: Frame) -> Value:
    if given and isinstance(default, bool | str):
        return Unknown(label)
    if given and isinstance(default, int | float):
        return Number(term("number", label), integer=isinstance(default, int))
    if names & {"list", "List", "Sequence", "Iterable"} and "Tensor" in names:
        element = gauge.tensor(term("tensor", label), Live.MAYBE)
        return frame.allocate(ListObject(None, element, outlives=True))
    return _maybe_none(gauge.tensor(label, Live.MAYBE), names, default, given)


def annotated(annotation: ir.Expression | None) -> frozenset[str]:
    """The names in an annotation: of `Optional[torch.Tensor]`, Optional and Tensor."""
    found: set[str] = set()
    stack: list[ir.Expression | None] = [annotation]
    while stack:
        match stack.pop():
            case ir.Name(id=name):
                found.add(name)
            case ir.Attribute(attr=attr):
                found.add(attr)
            case ir.Subscript(value=value, index=index):
                stack += [value, index]
            case ir.Sequence(items=items):
                stack.extend(items)
            case ir.Operation(operands=operands):
                stack.extend(operands)
            case ir.Constant(value=str() as text):
                found.update(text.replace("[", " ").replace("]", " ").replace(".", " ").replace(",", " ").split())
            case ir.Constant(value=None):
                found.add("None")
    return frozenset(found)
