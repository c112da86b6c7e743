"""The running analysis: what all frames share, and one frame per function that is being interpreted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from eiglint.analysis.events import How, Outcome, Reached, Settings, Truncated, Unused
from eiglint.analysis.merging import MISSING, Merging
from eiglint.analysis.state import Site, State, Store
from eiglint.analysis.values import Class, Closure, Deferred, HeapObject, Pointer, Reference, Value, View
from eiglint.gauge import Context, Gauge, Live, Spot, Tensor
from eiglint.gauge.tensor import without_gradient
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number, Unknown
from eiglint.ir.instructions import Expression, Function, Module, Statement
from eiglint.models import Models
from eiglint.models.schema import Model

MOST_TURNS = 8
"""Loops over at most this many known items are unrolled."""

Chain = tuple[int, ...]


LONG_PATH = 16
"""A path from object to object costs another step for each so many places."""


class Interpreter(NamedTuple):
    """How expressions, statements and calls are interpreted.

    Each may lead to any other. They are handed down with the frame, so that what needs one need not import it.
    """

    evaluate: Callable[[Expression, Frame], Value]
    execute: Callable[[tuple[Statement, ...], Frame], None]
    call: Callable[[Value, list[Value], Mapping[str, Value], object, Frame, Value, str], Value]
    apply: Callable[[Model, list[Value], Mapping[str, Value], object, Frame, str, Value], Value]


class OutOfStepsError(Exception):
    """The steps that may be taken are used up; the message says by what."""


@dataclass(slots=True)
class World:
    """What all frames share: models, modules, the outcome, the steps that are left."""

    models: Models
    settings: Settings
    find_module: Callable[[str], Module | None]
    reaching: Callable[[str], Collection[str]] | None
    """The globals of a module that lead to a decomposition, where somebody knows them without reading it."""
    interpreter: Interpreter
    outcome: Outcome = field(default_factory=Outcome)
    store: Store = field(default_factory=Store)
    modules: dict[str, Module | None] = field(default_factory=dict)
    ran: dict[str, bool] = field(default_factory=dict)
    """Modules whose top level was run (True) or is being run (False)."""
    running: dict[str, Frame] = field(default_factory=dict)
    stars: dict[str, list[str]] = field(default_factory=dict)
    """Libraries that a module star-imports: where its unknown names may come from."""
    seen: set[Reached] = field(default_factory=set)
    entered: set[int] = field(default_factory=set)
    """Functions that were interpreted, by the number of their node."""
    written: dict[Site, Unused] = field(default_factory=dict)
    """Tensors assigned to local variables, by the number of the node and the name."""
    read: set[Site] = field(default_factory=set)
    imported: dict[Deferred, Value] = field(default_factory=dict)
    """What names that were imported stand for, as far as it was asked for."""
    resolving: set[Deferred] = field(default_factory=set)
    views: dict[int, View] = field(default_factory=dict)
    """For tensors, by identity: whose memory they share."""
    saved: dict[int, Tensor] = field(default_factory=dict)
    """The outputs of decompositions, by identity, that their backward needs as they are."""
    needed: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """By identity, what was made of a tensor that its backward needs as it was, and that tensor."""
    newer: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """For tensors that were written to in place, by identity: themselves, and what they became."""
    recast: set[Term] = field(default_factory=set)
    """The values that were cast to something unknown, and so may be no longer complex."""
    handed_out: list[tuple[Closure, State]] = field(default_factory=list)
    """Functions that a root returned or gave away, with the state in which they live on."""
    arrays: dict[str, str] = field(default_factory=dict)
    """For each module, or function of one, the class of the arrays of the library that it imports."""
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each module, the names through which its code can reach a decomposition."""
    unpacked: dict[tuple[Gauge, str], Site | None] = field(default_factory=dict)
    """For each output of a decomposition that is taken apart at once, the variable it became; None if it is no local
    one, or is picked out by itself."""
    steps: int = 0
    limit: int = sys.maxsize
    patience: int = sys.maxsize
    """The limit for as long as there are only the first `opened` decompositions."""
    opened: int = 0
    met: dict[int, Expression] = field(default_factory=dict)
    """The expressions that were evaluated, by identity."""
    here: Spot | None = None
    bounded: bool = False
    """Whether the methods of a class with a backward of its own are read."""
    deriving: int = 0
    """How many transforms that differentiate surround this point."""
    _seeds: frozenset[str] = frozenset()
    _draws: frozenset[str] = frozenset()
    _numbers: dict[int, int] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)
    _addresses: dict[Hashable, int] = field(default_factory=dict)
    _next: int = 0

    def number(self, node: object) -> int:
        """Return a small number for a syntax node, the same whenever it is asked for."""
        found = self._numbers.get(id(node))
        if found is None:
            found = self._numbers[id(node)] = len(self._numbers)
            self._kept.append(node)
        return found

    def fresh(self) -> int:
        """Return an address that nothing uses."""
        self._next += 1
        return self._next

    def address(self, key: tuple[Hashable, ...]) -> int:
        """Return the address that belongs to a key: each object on a path costs a step.

        Objects that lead to each other, as the nodes and edges of a graph, can be merged in ever new pairs.
        """
        found = self._addresses.get(key)
        if found is None:
            self.pay(1 + len(key) // LONG_PATH)
            found = self._addresses[key] = self.fresh()
        return found

    def step(self, expression: Expression | None = None) -> None:
        """Count one evaluation; the first one of an expression is free, since the text bounds their number."""
        if expression is not None and id(expression) not in self.met:
            self.met[id(expression)] = expression
            return
        self.pay(1)

    def pay(self, steps: int) -> None:
        """Count steps; raise OutOfStepsError where there are no more."""
        self.steps += steps
        if self.steps > self.limit:
            raise OutOfStepsError("took too many steps")
        if self.steps > self.patience and len(self.outcome.decomposed) <= self.opened:
            raise OutOfStepsError(f"came to no decomposition in {self.settings.patience} steps")

    @contextmanager
    def within(self, steps: int, patience: int) -> Iterator[None]:
        """Allow so many steps, and so many until something is decomposed, as far as there are any left."""
        outer = self.limit, self.patience, self.opened
        self.limit = min(self.limit, self.steps + steps)
        self.patience, self.opened = self.steps + patience, len(self.outcome.decomposed)
        try:
            yield
        finally:
            self.limit, self.patience, self.opened = outer

    def cut_off(self, path: str, reason: str) -> None:
        """Record that a file could not be followed to its end."""
        if (where := Truncated(path, reason)) not in self.outcome.truncated:
            self.outcome.truncated.append(where)

    def path_of(self, space: str) -> str:
        """Return the file of a module of the project."""
        module = self.modules.get(space)
        return space if module is None else module.path

    @property
    def seeds(self) -> frozenset[str]:
        """Return the last parts of the names of all decompositions that are followed."""
        if not self._seeds:
            models, features = self.models, self.settings.features
            names = [n for n in models.decompositions if features or ((m := models.get(n)) is not None and m.gradient)]
            found = frozenset(n.rpartition(".")[2] for n in (*names, *models.underived))
            self._seeds = found | {"reveal_gauge"}
        return self._seeds

    @property
    def draws(self) -> frozenset[str]:
        """Return the last parts of the names of the calls that draw numbers of which something is known."""
        if not self._draws:
            self._draws = frozenset(n.rpartition(".")[2] for n in self.models.draws)
        return self._draws

    def relevant(self, closure: Closure) -> bool:
        """Whether a function can reach a decomposition by the names it mentions, or by its defaults."""
        words = self.words.get(closure.space, frozenset())
        if closure.function.mentions & words or closure.function.quoted & self.seeds:
            return True
        return any(
            (isinstance(v, Reference) and v.name in self.models.decompositions)
            or (isinstance(v, Closure) and self.relevant(v))
            for _, v in closure.defaults
        )

    def module(self, name: str) -> Module | None:
        """Return a module of the project, or None."""
        if name not in self.modules:
            own = name == "eiglint" or self.models.knows_module(name)
            self.modules[name] = None if own else self.find_module(name)
        return self.modules[name]


@dataclass(slots=True)
class LoopExits:
    """The states in which a loop was left or continued."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """One function, class body or module that is being interpreted."""

    world: World
    space: str
    path: str
    scope: Hashable
    scopes: tuple[Hashable, ...]
    """Where names are looked up, innermost first; the scope itself is the first."""
    state: State
    chain: Chain = ()
    opened: int = 0
    """How many decompositions there were when this was entered."""
    function: Function | None = None
    owner: Class | None = None
    receiver: Value = MISSING
    root: bool = False
    depth: int = 0
    active: tuple[int, ...] = ()
    dead: bool = False
    """Whether the point that was reached cannot be reached: after return, raise, break."""
    returns: list[tuple[State, Value]] = field(default_factory=list)
    exits: list[tuple[object, State, Value]] = field(default_factory=list)
    """The return statements of a root, with what they return."""
    yields: list[Value] = field(default_factory=list)
    loops: list[LoopExits] = field(default_factory=list)
    tries: list[list[State]] = field(default_factory=list)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    captured: bool = False
    fallback: int = 0
    """How many try blocks and hasattr tests surround this point."""
    trains: bool = False
    """Whether this is part of a training step: a function on the way here starts a backward."""
    turn: tuple[int, ...] = ()
    """Which pass of the surrounding unrolled loops this is."""

    def evaluate(self, expression: Expression) -> Value:
        """Return the value of an expression."""
        return self.world.interpreter.evaluate(expression, self)

    def execute(self, body: tuple[Statement, ...]) -> None:
        """Run statements."""
        self.world.interpreter.execute(body, self)

    def call(
        self,
        callee: Value,
        positional: list[Value],
        keywords: Mapping[str, Value],
        node: object,
        spill: Value = None,
        name: str = "",
    ) -> Value:
        """Call a value; `spill` stands for starred arguments of unknown number."""
        return self.world.interpreter.call(callee, positional, keywords, node, self, spill, name)

    def apply(
        self,
        model: Model,
        positional: list[Value],
        keywords: Mapping[str, Value],
        node: object,
        name: str,
        spill: Value = None,
    ) -> Value:
        """Return the result of a modelled call."""
        return self.world.interpreter.apply(model, positional, keywords, node, self, name, spill)

    def spot(self, node: object) -> Spot:
        return Spot(self.path, node)

    def context(self, node: object) -> Context:
        """Return the circumstances of an operation at a node."""
        return Context(
            spot=self.spot(node),
            recording=self.state.recording is not False,
            lowering=self.state.lowering,
            chain=self.chain + self.turn,
            complex_reading=self.world.settings.complex_reading,
            vector_reading=self.world.settings.vector_reading,
            gated=self.trains or any(guard.flag for guard in self.state.guards),
            tests=tuple([x for guard in self.state.guards if (x := _tested(guard.test)) is not None]),
            prepared=bool(self.fallback),
            branched=bool(self.state.guards),
            before=self.world.opened,
            remarks=self.world.outcome.remarks,
            decomposed=self.world.outcome.decomposed,
        )

    def term(self, label: str, node: object, *more: Hashable) -> Term:
        """Return a term for something that is computed at a node and not known."""
        return term(label, self.world.number(node), *self.chain, *self.turn, *more)

    def unknown(self, node: object, *more: Hashable) -> Unknown:
        return Unknown(self.term("unknown", node, *more))

    def index(self, node: object, *more: Hashable) -> Number:
        """Return an integer of which nothing is known."""
        return Number(self.term("number", node, *more), integer=True)

    def merging(self, node: object, label: str, test: Value = MISSING, since: int | None = None) -> Merging:
        """Return how states are merged at a node; they parted when there were `since` decompositions."""
        key = (label, self.world.number(node), *self.chain, *self.turn)
        outcome = self.world.outcome
        fresh = [] if since is None else outcome.decomposed[since:]
        return Merging(
            self.context(node),
            key,
            self.world.address,
            test,
            renamed=outcome.renamed,
            carried=outcome.carried,
            fresh=frozenset([o.gauge for o in fresh]),
        )

    def allocate(self, obj: HeapObject) -> Pointer:
        """Put an object on the heap."""
        address = self.world.fresh()
        self.state.heap[address] = obj
        return Pointer(address)

    def reach(self, how: How, tensors: list[Tensor], node: object, to: str = "") -> None:
        """Record that tensors reach a result."""
        self.note_ends(tensors)
        for t in tensors:
            made = Reached(how, without_gradient(t, self.state.spoiled), self.spot(node), to)
            if (t.neutral and not t.term.outputs) or made in self.world.seen:
                continue
            self.world.seen.add(made)
            (self.world.outcome.proved if t.neutral else self.world.outcome.reached).append(made)

    def note_ends(self, tensors: list[Tensor]) -> None:
        """Record which values a gradient may come back from to a decomposition."""
        for t in tensors:
            if t.live is not Live.NO and (t.term.outputs or "loop" in t.term.ops):
                ends = self.world.outcome.ends
                ends[t.term] = ends.get(t.term, self.state.spoiled) & self.state.spoiled


def _tested(test: Value) -> Term | None:
    """Return the term of a test that asks about the outputs of a decomposition."""
    if isinstance(test, Tensor | Number | Unknown) and "output" in test.term.ops:
        return test.term
    return None
