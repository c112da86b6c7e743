"""One file on its way through: gate, guard, parse, interpret, judge, and the comments that silence findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eiglint.catalogue import enabled, rules
from eiglint.findings import CERTAINTIES, Finding, Place, Site, Skipped
from eiglint.inspected import Inspected
from eiglint.source.config import Options
from eiglint.source.gate import names_decomposition, words_with
from eiglint.source.guard import refuse
from eiglint.source.notebooks import NotANotebook, Notebook, place_in_cell, read_notebook, site_in_cell
from eiglint.source.project import Home, home_of, locate
from eiglint.source.promises import read_promises
from eiglint.source.reach import Reach
from eiglint.source.suppress import Comments, read_comments
from eiglint.source.text import decode, read_text
from eiglint.uncollected import uncollected

if TYPE_CHECKING:
    from eiglint.analysis.events import Crash, Outcome
    from eiglint.gauge import Spot
    from eiglint.ir.instructions import Module

_KEPT_BYTES = 4_000_000


@dataclass(slots=True)
class Inspector:
    """Inspects files one after the other; keeps what several of them need."""

    reach: Reach = field(default_factory=Reach)
    noqa: bool = True
    fixing: bool = False
    """Whether findings come with fixes, for which a file that has some is judged again."""
    _reaches: dict[tuple[str, ...], Reach] = field(default_factory=dict)
    """By the words that the gate looks for."""
    _lowered: dict[str, Module | None] = field(default_factory=dict)
    _kept: int = 0
    _comments: dict[str, Comments] = field(default_factory=dict)

    def concerns(self, path: str, source: bytes, options: Options) -> bool:
        """Say whether a file has to be analysed."""
        reach = self._reach(options)
        if path.endswith(".ipynb") or path.startswith("<"):
            return names_decomposition(source, reach.words)
        return reach.leads(path, source)

    def _reach(self, options: Options) -> Reach:
        words = words_with(options.models or (), options.features)
        if words == self.reach.words:
            return self.reach
        if words not in self._reaches:
            self._reaches[words] = Reach(words)
        return self._reaches[words]

    def inspect(self, path: str, source: bytes, options: Options) -> Inspected:
        """Judge one file that the gate let through."""
        with uncollected():
            return self._inspect(path, source, options)

    def _inspect(self, path: str, source: bytes, options: Options) -> Inspected:
        notebook: Notebook | None = None
        if path.endswith(".ipynb"):
            try:
                notebook = read_notebook(source)
            except NotANotebook as error:
                return Inspected(skipped=(Skipped(path, str(error)),))
            source = notebook.text.encode()
        inspected = self._inspect_code(path, source, options)
        if self.fixing and inspected.findings:
            inspected = self._with_fixes(path, source, inspected, options)
        return inspected if notebook is None else _in_cells(inspected, path, notebook)

    def inspect_code(self, path: str, source: bytes, options: Options) -> Inspected:
        """Judge the code of a file, or of a notebook's cells put together, in its own lines."""
        with uncollected():
            return self._inspect_code(path, source, options)

    def _inspect_code(self, path: str, source: bytes, options: Options) -> Inspected:
        if reason := refuse(source):
            return Inspected(skipped=(Skipped(path, reason),))
        return self._report(path, source, self._judge(path, source, options), options)

    def _with_fixes(self, path: str, source: bytes, inspected: Inspected, options: Options) -> Inspected:
        """Give findings the fixes that were tried out and hold."""
        from eiglint.fix.trial import tried

        text = read_text(source)
        if text is None:
            return inspected
        before = dict(self._comments)
        fixes = tried(
            inspected,
            text.content,
            path,
            lambda changed: self._inspect_code(path, text.encoded(changed), options),
        )
        self._comments = before
        return inspected._replace(findings=tuple(replace(f, fix=fixes.get(f)) for f in inspected.findings))

    def _judge(self, path: str, source: bytes, options: Options) -> Inspected:
        from eiglint.ir.parse import SyntaxFailure, lower_module

        home = home_of(path)
        try:
            module = _with_promises(lower_module(source, path, home.name, home.is_package), source)
        except SyntaxFailure as error:
            place = Place(path, error.line, error.column, error.line, error.column + 1)
            return Inspected((_own_message("EIG900", place, error.message),))
        except Exception as error:
            return Inspected((_internal_error(path, error),))
        read = {path: module}
        try:
            return inspect_modules(
                module, self._finder(home, path, read), self._reaching(home, path, options), read, options
            )
        except Exception as error:
            return Inspected((_internal_error(path, error),))

    def _finder(self, home: Home, path: str, read: dict[str, Module]) -> Callable[[str], Module | None]:
        """Return the function by which the analysis asks for imported modules; `read` collects them by path."""
        absolute = os.path.isabs(path)

        def find(dotted: str) -> Module | None:
            file = None if path.startswith("<") else locate(dotted, home)
            if file is None:
                return None
            if _same(file, path):
                return read[path]
            # Places are asked of the tree that was interpreted, even where the cache was emptied since.
            known = read.get(file if absolute else _relative(file))
            if known is not None:
                return known
            module = self._load(file, absolute=absolute)
            if module is not None:
                read[module.path] = module
            return module

        return find

    def _reaching(self, home: Home, path: str, options: Options) -> Callable[[str], Collection[str]]:
        """Return the function that tells, without parsing, which globals of a module lead to a decomposition."""
        reach = self._reach(options)
        return lambda dotted: () if path.startswith("<") else reach.exported(dotted, home)

    def _load(self, file: str, *, absolute: bool) -> Module | None:
        """Lower an imported module, unless the guard or the parser refuses it."""
        from eiglint.ir.parse import SyntaxFailure, lower_module

        shown = file if absolute else _relative(file)
        if shown not in self._lowered:
            if self._kept > _KEPT_BYTES:
                self._lowered.clear()
                self._kept = 0
            self._lowered[shown] = None
            home = home_of(file)
            try:
                source = Path(file).read_bytes()
                self._kept += len(source)
                if refuse(source) is None:
                    lowered = lower_module(source, shown, home.name, home.is_package)
                    self._lowered[shown] = _with_promises(lowered, source)
            except (OSError, SyntaxFailure):
                pass
        return self._lowered[shown]

    def _report(self, path: str, source: bytes, inspected: Inspected, options: Options) -> Inspected:
        """Keep what the options ask for and no comment silences."""
        findings = [finding for finding in inspected.findings if is_wanted(finding, options)]
        if findings:
            self._comments[path] = read_comments(decode(source))
            findings = [finding for finding in findings if not self._is_silenced(finding)]
        sites = [site for site in inspected.sites if site.path == path]
        elsewhere = tuple(site for site in inspected.sites if site.path != path)
        return inspected._replace(findings=tuple(findings), sites=tuple(sites), elsewhere=elsewhere, path=path)

    def _is_silenced(self, finding: Finding) -> bool:
        if self._comments_of(finding.path).silence(finding, finding.line, noqa=self.noqa):
            return True
        source = finding.source
        return source is not None and self._comments_of(source.path).silence(finding, source.line, noqa=False)

    def _comments_of(self, path: str) -> Comments:
        if path not in self._comments:
            try:
                self._comments[path] = read_comments(decode(Path(path).read_bytes()))
            except OSError:
                self._comments[path] = Comments({}, {})
        return self._comments[path]


def _in_cells(inspected: Inspected, path: str, notebook: Notebook) -> Inspected:
    """Give what is found in a notebook the lines of its cells."""
    findings = [place_in_cell(finding, notebook) if finding.path == path else finding for finding in inspected.findings]
    sites = [site_in_cell(site, notebook) for site in inspected.sites]
    return inspected._replace(findings=tuple(findings), sites=tuple(sites))


def _with_promises(module: Module, source: bytes) -> Module:
    """Give a module the promises in its comments."""
    if not module.comments:
        return module
    from eiglint.ir.instructions import Promised

    found = read_promises(decode(source), module.path).promises
    return replace(module, promises=tuple([Promised(p.word, p.line, p.first, p.last) for p in found]))


def inspect_modules(
    module: Module,
    find: Callable[[str], Module | None],
    reaching: Callable[[str], Collection[str]],
    read: Mapping[str, Module],
    options: Options,
) -> Inspected:
    """Interpret one module, with those it imports on demand, and judge what happened."""
    from eiglint.analysis import Settings, analyse
    from eiglint.models import load

    models = load([Path(path) for path in options.models or ()])

    def interpret(settings: Settings) -> Outcome:
        return analyse({module.name: module}, find, settings, models, reaching)

    features = options.features
    outcome = interpret(Settings(features=features))
    findings, sites = _judged(outcome, read, features)
    skipped = tuple(Skipped(cut.path, f"in part: {cut.reason}") for cut in outcome.truncated if cut.path == module.path)
    for reading in ("right", "all"):
        if skipped and not any(is_wanted(finding, options) for finding in findings):
            break  # nothing to refute, and what was cut off stays unknown under any reading
        if roots := _open_to_readings(outcome, sites, findings):
            other = interpret(Settings(vector_reading=reading, only=roots, features=features))
            findings, sites = agreed((findings, sites), _judged(other, read, features))
    if (options.min_certainty or "likely") == "possible":
        taken = {(finding.place, finding.group) for finding in findings}
        second, _ = _judged(interpret(Settings(complex_reading=True, features=features)), read, features)
        more = (finding for finding in second if (finding.place, finding.group) not in taken)
        findings += tuple(replace(finding, certainty="possible") for finding in more)
    crashes = tuple(_crash(crash, module) for crash in outcome.crashes if crash.path == module.path)
    return Inspected(findings + crashes, sites, skipped, tuple(outcome.unknown_callees.most_common()))


def _open_to_readings(outcome: Outcome, sites: tuple[Site, ...], findings: Iterable[Finding]) -> frozenset[str]:
    """Return the roots that another reading of unknown ranks may say more of, with all that share their decompositions.

    What is proved already stays proved, unless a gradient is called undefined; a file that was cut off stays unknown.
    """
    spoiled = {cut.path for cut in outcome.truncated} | {crash.path for crash in outcome.crashes}
    blamed = {_source(f) for f in findings if f.code == "EIG301"}
    open_ = (s for s in sites if not _proved(s) or (s.rotation == "dependent" and s.place[:3] in blamed))
    paths = {s.path for s in open_ if s.path not in spoiled}
    touched: dict[str, set[Spot]] = {}
    for ran in outcome.ran:  # a root may have been run twice
        touched.setdefault(ran.root, set()).update(s for s in ran.spots if s.path in paths)
    shared: set[Spot] = set().union(*(touched[ran.root] for ran in outcome.ran if ran.assumed))
    grown = True
    while grown:
        more: set[Spot] = set().union(shared, *(spots for spots in touched.values() if not spots.isdisjoint(shared)))
        grown, shared = len(more) > len(shared), more
    return frozenset(root for root, spots in touched.items() if not spots.isdisjoint(shared))


Verdicts = tuple[tuple[Finding, ...], tuple[Site, ...]]


def agreed(matrices: Verdicts, vectors: Verdicts) -> Verdicts:
    """Keep what holds whether a factor of unknown rank is a matrix or a vector.

    A program that runs runs under one of the readings: where the other one proves a decomposition's uses to be fine,
    a lost symmetry is a misreading.
    """
    mine = {site.place: site for site in matrices[1]}
    others = {site.place: site for site in vectors[1]}
    findings = tuple(finding for finding in matrices[0] if not _refuted(finding, others))
    findings += tuple(finding for finding in vectors[0] if _of_a_proof(finding, mine, others))
    sites = tuple(milder(site, others.get(site.place, site)) for site in matrices[1])
    return findings, sites


def _of_a_proof(finding: Finding, matrices: Mapping[Place, Site], vectors: Mapping[Place, Site]) -> bool:
    """Whether a finding is about a use that is proved fine, and that only if factors of unknown rank are vectors."""
    if not finding.code.startswith("EIG30"):
        return False
    here = _source(finding)
    mine = [s for place, s in matrices.items() if place[:3] == here]
    others = [s for place, s in vectors.items() if place[:3] == here]
    if not mine or not all(_proved(s) for s in others):
        return False
    smooth = all(s.rotation in PROVED for s in others) and not all(s.rotation in PROVED for s in mine)
    return smooth or not all(_proved(s) for s in mine)


def _proved(site: Site) -> bool:
    """Whether phase and order are known to be fine."""
    return site.phase in PROVED and site.order in PROVED


def _source(finding: Finding) -> tuple[str, int, int] | None:
    """Return the place of the decomposition that a finding is about."""
    source = finding.source
    return None if source is None else (source.path, source.line, source.column)


def _refuted(finding: Finding, sites: Mapping[Place, Site]) -> bool:
    symmetry = {"EIG1": "phase", "EIG2": "order", "EIG3": "rotation"}.get(finding.code[:4])
    if finding.code.startswith("EIG3") and finding.code != "EIG301":
        return False  # a function of the matrix is proved invariant, and is none the less written out
    if symmetry is None or finding.source is None or finding.code in ("EIG108", "EIG109", "EIG110"):
        return False
    here = _source(finding)
    fine = PROVED if finding.code != "EIG111" else ("none", "invariant")  # where it leaves is where it is kept
    return any(getattr(site, symmetry) in fine for place, site in sites.items() if place[:3] == here)


def milder(a: Site, b: Site) -> Site:
    """Return a site with what either reading proves of each symmetry."""
    answers = {
        symmetry: min(getattr(a, symmetry), getattr(b, symmetry), key=PREFERENCE.index)
        for symmetry in ("phase", "order", "rotation")
    }
    unknown = "unknown" in (answers["phase"], answers["order"])
    return replace(a, **answers, obstacle=(a.obstacle or b.obstacle) if unknown else None)


PROVED = ("none", "invariant", "leaves")
PREFERENCE = (*PROVED, "dependent", "unknown")


def _judged(outcome: Outcome, read: Mapping[str, Module], features: bool) -> Verdicts:
    from eiglint.judge import judge

    return judge(outcome, read, rules(), features)


def is_wanted(finding: Finding, options: Options) -> bool:
    """Say whether the options ask for this code with this certainty."""
    least = CERTAINTIES.index(options.min_certainty or "likely")
    if CERTAINTIES.index(finding.certainty) > least:
        return False
    return enabled(finding.code, options.select or (), options.ignore or (), options.extend_select or ())


def unreadable(path: str, error: OSError) -> Skipped:
    """Say that a file cannot be read."""
    return Skipped(path, f"cannot be read: {error.strerror or type(error).__name__}")


def _internal_error(path: str, error: BaseException) -> Finding:
    return _own_message("EIG901", Place(path, 1, 1, 1, 2), f"internal error: {type(error).__name__}: {error}"[:300])


def died(path: str) -> Finding:
    """Say that the process that inspected a file is gone."""
    return _own_message("EIG901", Place(path, 1, 1, 1, 2), "internal error: the process ended while it read this file")


def _crash(crash: Crash, module: Module) -> Finding:
    place = None
    if crash.spot is not None and crash.spot.path == module.path:
        place = module.resolve([crash.spot.node]).get(id(crash.spot.node))
    lines = crash.traceback.strip().splitlines()
    message = f"internal error: {lines[-1] if lines else 'unknown'}"[:300]
    return _own_message("EIG901", place or Place(module.path, 1, 1, 1, 2), message)


def _own_message(code: str, place: Place, message: str) -> Finding:
    """Make a finding that is about the tool's own work rather than about the code."""
    rule = rules()[code]
    advice = "please report this with the message and the lines around the place" if code == "EIG901" else ""
    return Finding(code, rule.name, rule.group, rule.severity, "definite", place, message, advice)


def _same(file: str, path: str) -> bool:
    return os.path.abspath(path) == file


def _relative(file: str) -> str:
    relative = os.path.relpath(file)
    return file if relative.startswith(os.pardir) else relative
