"""Each form says the same about one report."""

import io
import json

from rich.console import Console

from eiglint.findings import Report, Skipped
from eiglint.report.excerpts import Excerpts
from eiglint.report.full import as_full
from eiglint.report.lines import as_concise, as_github
from eiglint.report.records import as_json, as_json_lines
from eiglint.report.sarif import as_sarif
from eiglint.report.summary import skipped_lines, statistics, summary

from .example import REPORT, SOURCE

EMPTY = Report(files=2)


def rendered(report: Report) -> str:
    stream = io.StringIO()
    Console(file=stream, highlight=False, soft_wrap=True).print(as_full(report, Excerpts({"model.py": SOURCE})))
    return stream.getvalue()


def test_an_empty_report_prints_no_line() -> None:
    assert as_concise(EMPTY) == as_github(EMPTY) == as_json_lines(EMPTY) == statistics(EMPTY) == ""
    assert json.loads(as_json(EMPTY))["findings"] == []
    assert json.loads(as_sarif(EMPTY))["runs"][0]["results"] == []
    assert summary(EMPTY) == "no decompositions in 2 files"


def test_concise_is_the_line_of_flake8_with_the_cell_of_a_notebook() -> None:
    assert as_concise(REPORT).splitlines() == [
        "model.py:7:6: EIG104 a conjugate is missing, 50% sure: `V * V`",
        "n.ipynb:cell 3:2:1: EIG000 neutral",
    ]


def test_json_has_exactly_the_documented_keys() -> None:
    content = json.loads(as_json(REPORT))
    assert set(content) == {"eiglint", "findings", "sites", "files", "skipped", "unknown_callees"}
    assert content["files"] == 3
    assert content["skipped"] == [{"path": "long.py", "reason": "longer than 30,000 lines"}]
    finding, in_cell = content["findings"]
    assert finding == {
        "code": "EIG104",
        "name": "missing-conjugate",
        "group": "phase",
        "severity": "error",
        "certainty": "definite",
        "path": "model.py",
        "line": 7,
        "column": 6,
        "end_line": 7,
        "end_column": 11,
        "message": "a conjugate is missing, 50% sure: `V * V`",
        "help": "write `V * V.conj()`",
        "source": {"path": "model.py", "line": 4, "column": 12, "call": "torch.linalg.eig"},
        "trace": [
            {"path": "model.py", "line": 4, "column": 12, "note": "decomposed here"},
            {"path": "model.py", "line": 7, "column": 6, "note": "charge doubled here"},
            {"path": "other file.py", "line": 3, "column": 1, "note": "in call to `f`"},
        ],
        "fix": {
            "applicability": "safe",
            "edits": [{"line": 7, "column": 10, "end_line": 7, "end_column": 11, "text": "V.conj()"}],
        },
        "evidence": None,
    }
    assert (in_cell["cell"], in_cell["source"], in_cell["fix"], in_cell["trace"]) == (3, None, None, [])
    assert content["sites"][0] == {
        "path": "model.py",
        "line": 4,
        "column": 12,
        "call": "torch.linalg.eig",
        "gradient": "yes",
        "phase": "dependent",
        "order": "dependent",
        "rotation": "dependent",
    }


def test_json_lines_hold_the_findings_of_json() -> None:
    assert [json.loads(line) for line in as_json_lines(REPORT).splitlines()] == json.loads(as_json(REPORT))["findings"]


def test_github_escapes_what_would_end_a_command() -> None:
    first, second = as_github(REPORT).splitlines()
    assert first == (
        "::error file=model.py,line=7,endLine=7,title=EIG104 missing-conjugate,col=6,endColumn=11"
        "::a conjugate is missing, 50%25 sure: `V * V`%0Awrite `V * V.conj()`"
    )
    assert second == "::notice file=n.ipynb,title=EIG000 reveal-gauge (cell 3)::neutral"


def test_sarif_carries_region_rule_and_code_flow() -> None:
    log = json.loads(as_sarif(REPORT))
    run = log["runs"][0]
    result = run["results"][0]
    assert log["version"] == "2.1.0"
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "EIG104"
    assert result["level"] == "error"
    assert run["results"][1]["level"] == "note"
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "model.py"
    assert location["region"] == {"startLine": 7, "startColumn": 6, "endLine": 7, "endColumn": 11}
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [
        "decomposed here",
        "charge doubled here",
        "in call to `f`",
    ]
    assert steps[2]["location"]["physicalLocation"]["artifactLocation"]["uri"] == "other%20file.py"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("skipped: ")


def test_full_marks_the_path_in_the_source() -> None:
    text = rendered(REPORT)
    assert text.startswith(
        "EIG104 missing-conjugate [error, definite]\n"
        "a conjugate is missing, 50% sure: `V * V`\n"
        " --> model.py:7:6\n"
        "4 |     L, V = torch.linalg.eig(A)\n"
        "  |            ---------------- decomposed here\n"
        "...\n"
        "7 |     x = V * V\n"
        "  |         ^^^^^ charge doubled here\n"
        " ::: other file.py:3:1: in call to `f`\n"
        "  = help: write `V * V.conj()`\n"
    )


def test_full_does_without_source_that_cannot_be_read() -> None:
    assert "n.ipynb:cell 3:2:1" in rendered(REPORT)


def test_the_summary_counts_what_is_known_of_phase_and_order() -> None:
    assert summary(REPORT) == "3 decompositions: 1 proved invariant, 1 dependent, 1 leaves the code that was read"


def test_statistics_count_by_code() -> None:
    assert statistics(REPORT) == "     1  EIG000  reveal-gauge\n     1  EIG104  missing-conjugate\n"


def test_many_files_that_were_skipped_for_one_reason_are_counted_unless_all_are_asked_for() -> None:
    odd = [Skipped(f"{k}.py", "in part: too many steps") for k in range(6)] + [Skipped("odd.ipynb", "not a notebook")]
    some = Report(files=9, skipped=tuple(odd))
    assert list(skipped_lines(some, every=False)) == [
        "skipped 6 files: in part: too many steps (--verbose names them)",
        "skipped odd.ipynb: not a notebook",
    ]
    assert len(list(skipped_lines(some, every=True))) == 7
