"""Instructions as text, one line a statement: what tests compare and people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eiglint.ir import instructions as ir

_BRACKETS = {"tuple": "()", "list": "[]", "set": "{}", "dict": "{}", "generator": "()"}
_INDENT = "    "


def show(item: ir.Module | ir.Statement | ir.Expression) -> str:
    """Write an instruction in a Python-like notation that tells every kind apart."""
    if isinstance(item, ir.Module):
        return "\n".join(_block(item.body))
    if isinstance(item, ir.Statement):
        return "\n".join(_lines(item))
    return _expression(item)


def _expression(item: ir.Expression | None) -> str:
    match item:
        case None:
            return "_"
        case ir.Constant(value):
            return "..." if value is ... else repr(value)
        case ir.Name(name):
            return name
        case ir.Attribute(value, attr):
            return f"{_expression(value)}.{attr}"
        case ir.Slice(lower, upper, step):
            return ":".join([_expression(lower), _expression(upper), _expression(step)])
        case ir.Subscript(value, index):
            return f"{_expression(value)}[{_expression(index)}]"
        case ir.Call(func, arguments):
            return f"{_expression(func)}({_arguments(arguments)})"
        case ir.Operation(op, operands):
            return f"<{op} {_list(operands)}>"
        case ir.Starred(value):
            return f"*{_expression(value)}"
        case ir.Sequence(kind, items):
            comma = "," if kind == "tuple" and len(items) == 1 else ""
            return f"{_BRACKETS[kind][0]}{_list(items)}{comma}{_BRACKETS[kind][1]}"
        case ir.Dictionary(items):
            return f"{{{', '.join([_pair(key, value) for key, value in items])}}}"
        case _:
            return _rarer(item)


def _rarer(item: ir.Expression) -> str:
    match item:
        case ir.Choice(test, body, orelse):
            return f"<if {_list((test, body, orelse))}>"
        case ir.Comprehension(kind, element, value, generators):
            what = _expression(element) if value is None else _pair(element, value)
            inner = "".join([_generator(generator) for generator in generators])
            return f"<{kind} {what}{inner}>"
        case ir.Function():
            return f"<{_signature(item)}>"
        case ir.Bind(name, value):
            return f"<{name} := {_expression(value)}>"
        case ir.Text(parts):
            return f"<text {_list(parts)}>"
        case ir.Yield(value, delegated):
            return f"<yield{' from' if delegated else ''} {_expression(value)}>"
        case ir.Await(value):
            return f"<await {_expression(value)}>"
    raise TypeError(f"no instruction: {item!r}")


def _list(items: Sequence[ir.Expression]) -> str:
    return ", ".join([_expression(item) for item in items])


def _pair(key: ir.Expression | None, value: ir.Expression) -> str:
    return f"**{_expression(value)}" if key is None else f"{_expression(key)}: {_expression(value)}"


def _arguments(arguments: Sequence[ir.Argument]) -> str:
    named = [f"{argument.name}=" if argument.name else argument.star for argument in arguments]
    return ", ".join([name + _expression(item.value) for name, item in zip(named, arguments, strict=True)])


def _generator(generator: ir.Generator) -> str:
    tests = "".join([f" if {_expression(test)}" for test in generator.conditions])
    return f" for {_expression(generator.target)} in {_expression(generator.iterable)}{tests}"


def _signature(function: ir.Function) -> str:
    kind = "async " if function.is_async else ""
    kind += "generator" if function.is_generator else "function"
    return f"{kind} {function.name}({', '.join([_parameter(parameter) for parameter in function.parameters])})"


def _parameter(parameter: ir.Parameter) -> str:
    mark = {"positional": "/", "keyword": "="}.get(parameter.kind, "" if parameter.kind == "normal" else parameter.kind)
    annotation = "" if parameter.annotation is None else f": {_expression(parameter.annotation)}"
    default = "" if parameter.default is None else f" = {_expression(parameter.default)}"
    return f"{mark}{parameter.name}{annotation}{default}"


def _block(statements: Sequence[ir.Statement], indent: str = "") -> Iterator[str]:
    for statement in statements:
        for line in _lines(statement):
            yield indent + line


def _lines(item: ir.Statement) -> Iterator[str]:
    match item:
        case ir.Assign(targets, value, annotation=annotation):
            hint = "" if annotation is None else f": {_expression(annotation)}"
            yield f"{' = '.join([_expression(target) for target in targets])}{hint} = {_expression(value)}"
        case ir.Augment(target, op, value):
            yield f"{_expression(target)} {op}= {_expression(value)}"
        case ir.Evaluate(value):
            yield _expression(value)
        case ir.Return(value) | ir.Raise(value):
            yield f"{type(item).__name__.lower()} {_expression(value)}"
        case ir.Assert(test):
            yield f"assert {_expression(test)}"
        case ir.Jump(kind):
            yield kind
        case ir.Import(module, level, alias, names):
            bound = ", ".join([f"{name} as {local}" for name, local in names])
            yield f"from {'.' * level}{module} import {bound}" if names else f"import {module} as {alias}"
        case ir.Delete(targets):
            yield f"del {_list(targets)}"
        case ir.Scope(kind, names):
            yield f"{kind} {', '.join(names)}"
        case _:
            yield from _compound(item)


def _compound(item: ir.Statement) -> Iterator[str]:
    match item:
        case ir.If(test, body, orelse):
            yield from _clause(f"if {_expression(test)}", body)
            yield from _clause("else", orelse)
        case ir.Loop(target, iterable, test, body, orelse):
            head = (
                f"for {_expression(target)} in {_expression(iterable)}"
                if test is None
                else f"while {_expression(test)}"
            )
            yield from _clause(head, body)
            yield from _clause("else", orelse)
        case ir.Try(body, handlers, orelse, finalbody):
            yield from _clause("try", body)
            for handler in handlers:
                yield from _clause(f"except {_expression(handler.type)} as {handler.name}", handler.body)
            yield from _clause("else", orelse)
            yield from _clause("finally", finalbody)
        case ir.With(items, body):
            pairs = [f"{_expression(value)} as {_expression(target)}" for value, target in items]
            yield from _clause(f"with {', '.join(pairs)}", body)
        case ir.Match(subject, cases):
            yield f"match {_expression(subject)}:"
            for case in cases:
                head = f"case {', '.join(case.names)}{'!' if case.irrefutable else ''} if {_expression(case.guard)}"
                yield from [_INDENT + line for line in _clause(head, case.body)]
        case ir.Define(function):
            yield from [f"@{_expression(decorator)}" for decorator in function.decorators]
            yield from _clause(_signature(function), function.lower_body())
        case ir.DefineClass(name, bases, keywords, decorators, body):
            yield from [f"@{_expression(decorator)}" for decorator in decorators]
            yield from _clause(f"class {name}({_list(bases)}; {_arguments(keywords)})", body)


def _clause(head: str, body: Sequence[ir.Statement]) -> Iterator[str]:
    """Write a head and its block; a block that is not there has no head either."""
    if body:
        yield f"{head}:"
        yield from _block(body, _INDENT)
