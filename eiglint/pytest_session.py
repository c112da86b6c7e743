"""A test session under watch: each test is named in the evidence, workers of xdist send theirs to the controller."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eiglint.evidence.join import Joined
    from eiglint.evidence.records import Evidence
    from eiglint.runtime.report import Report

_KEY = "eiglint"


def begin(config: pytest.Config) -> None:
    """Refuse what cannot work before any test runs, and watch the session."""
    if find_spec("torch") is None:
        raise pytest.UsageError("--eiglint needs torch: pip install 'eiglint[runtime]'")
    evidence = config.getoption("eiglint_evidence")
    output = None if evidence is None else os.path.join(config.invocation_params.dir, evidence)
    if output is not None and (os.path.isdir(output) or not os.path.isdir(os.path.dirname(output))):
        raise pytest.UsageError(f"--eiglint-evidence {evidence}: no file can be written there")
    config.pluginmanager.register(WatchedSession(config, output), "eiglint-session")


class WatchedSession:
    """The hooks; one watch lasts from the first test to the last, so that fixtures of every scope are followed."""

    def __init__(self, config: pytest.Config, output: str | None) -> None:
        self._config, self._output = config, output
        self._report: Report | None = None
        self._joined: Joined | None = None
        self._said: list[str] = []
        self._workers: dict[str, str | None] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Watch while tests run; the controller of xdist runs none."""
        if session.config.option.collectonly or _is_controller(session.config):
            return (yield)
        from eiglint.runtime import watch

        with watch() as self._report:
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Name the test, from the setup of its fixtures to their end."""
        if self._report is None:
            return (yield)
        self._report.test = item.nodeid
        try:
            return (yield)
        finally:
            self._report.test = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of xdist sent; one that crashed sent nothing."""
        self._workers[node.gateway.id] = getattr(node, "workeroutput", {}).get(_KEY)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the evidence to the controller, or make of it what there is to say."""
        evidence = self._evidence()
        if evidence is None:
            return
        if hasattr(self._config, "workeroutput"):
            from eiglint.evidence.files import as_record

            # As text: execnet sends plain values alone, and no subclass of them.
            self._config.workeroutput[_KEY] = json.dumps(as_record(evidence))
        else:
            self._conclude(session, evidence)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        if self._joined is None:
            return
        from eiglint.evidence.table import as_text

        terminalreporter.section("eiglint")
        terminalreporter.write(as_text(self._joined, shutil.get_terminal_size((100, 24)).columns))
        for line in self._said:
            terminalreporter.write_line(line)

    def _evidence(self) -> Evidence | None:
        """Give what was seen here, or by all workers; None where no test was to run."""
        if self._report is not None:
            from eiglint.executed import executed_files

            evidence = self._report.evidence()
            return replace(evidence, files=executed_files({site.path for site in evidence.sites}))
        return self._of_workers() if self._workers else None

    def _of_workers(self) -> Evidence:
        from functools import reduce

        from eiglint.evidence.files import from_record
        from eiglint.evidence.merge import merged
        from eiglint.evidence.records import Evidence

        sent = [from_record(json.loads(text)) for text in self._workers.values() if text is not None]
        lost = len(self._workers) - len(sent)
        evidence = reduce(merged, sent) if sent else Evidence()
        if not lost:
            return evidence
        words = "1 worker that did not end" if lost == 1 else f"{lost} workers that did not end"
        return replace(evidence, unobserved=(*evidence.unobserved, f"the tests of {words}"))

    def _conclude(self, session: pytest.Session, evidence: Evidence) -> None:
        """Join, write the file that was asked for, and fail where that was asked for."""
        from eiglint.evidence.files import EvidenceError, write
        from eiglint.evidence.gather import joined_with_files

        self._joined = joined_with_files(evidence)
        fails = []
        if self._output is not None:
            try:
                write(self._output, evidence)
            except EvidenceError as error:
                fails.append(str(error))
        counts = {"confirmed": len(self._joined.with_status("confirmed")), "new": len(self._joined.new)}
        for word in dict.fromkeys(self._config.getoption("eiglint_fail")):
            if counts[word]:
                fails.append(f"--eiglint-fail={word}: {counts[word]} {word}")
        self._said += fails
        if fails and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_controller(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("dsession")
