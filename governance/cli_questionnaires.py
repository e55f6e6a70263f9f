"""`governance questionnaire …`: check, score and exchange questionnaire files, for authors and for pipelines.

Only `backtest` needs the database, which it reads and never writes.

Exit codes: 0 all is well; 1 problems were found, or the level of `--fail-at` is reached; 2 the command was used wrongly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from governance.authoring import backtest, backtest_words
from governance.interchange import ciso, deon, gate, surveyjs, xlsx_questionnaire
from governance.interchange.documents import Defaults, Imported, parsed_json
from governance.paths import SEEDS
from governance.questionnaires.checking import checked
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.schema import schema
from governance.questionnaires.services import current_framework, framework_in
from governance.questionnaires.writing import written
from governance.refusals import Problem, Refusal, Refusals
from governance.reports import form
from governance.screenings import past
from governance.screenings.result import Score
from governance.settings import load
from governance.storage.database import Database
from governance.storage.migrate import pending
from governance.terminal import languages, say, say_problem
from governance.texts import Text
from governance.work import SYSTEM, UnitOfWork, open_work

FOUND = 1
CODES = "終了コード: 0 問題なし、1 問題あり・区分に到達、2 使い方の誤り。 Exit codes: 0 fine, 1 problems or level reached, 2 wrong usage."
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FRAMEWORK = click.option(
    "--framework", "framework", type=FILE, help="枠組みのYAML。Framework file (default: the shipped one)."
)
ALONE = click.option("--alone", is_flag=True, help="同梱の質問票を加えない。Leave the shipped questionnaires out.")


@click.group("questionnaire", epilog=CODES)
def questionnaire() -> None:
    """質問票のファイルの検査、採点、変換、遡り検証。 Check, score, exchange and back-test questionnaire files."""


@contextmanager
def _refusing() -> Iterator[None]:
    """Print what was refused and end with code 1."""
    try:
        yield
    except Refusals as refused:
        _found(refused.problems)
    except Refusal as refused:
        _found([Problem(refused.code, refused.text, refused.place)])


def _found(problems: list[Problem]) -> NoReturn:
    for problem in problems:
        say_problem(problem)
    click.get_current_context().exit(FOUND)


def _gathered(files: tuple[Path, ...], framework: Path | None, alone: bool, key: str = "") -> gate.Documents:
    return gate.gathered([*([framework] if framework else []), *files], None if alone else SEEDS, key=key)


@questionnaire.command("schema", epilog=CODES)
@click.option("--kind", type=click.Choice(["questionnaire", "framework"]), default="questionnaire", show_default=True)
def print_schema(kind: Any) -> None:
    """ファイルのJSON Schemaを表示する。 Print the JSON Schema of the files, for editors and checks."""
    click.echo(json.dumps(schema(kind), ensure_ascii=False, indent=2))


@questionnaire.command(epilog=CODES)
@click.argument("files", nargs=-1, required=True, type=FILE)
@FRAMEWORK
@ALONE
def check(files: tuple[Path, ...], framework: Path | None, alone: bool) -> None:
    """FILES（質問票、枠組み）を検査する。 Check questionnaire and framework files, each problem with file, line, column."""
    with _refusing():
        documents = _gathered(files, framework, alone)
        problems = gate.problems_of(documents)
    if problems:
        _found(problems)
    say(Text("{n}個のファイルに問題はありません。", "{n} files are sound.").filled(n=len(files)))


@questionnaire.command("score", epilog=CODES)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--answers", required=True, type=FILE, help="回答のJSON。Answers: {phase, answers, ratings}.")
@FRAMEWORK
@ALONE
@click.option("--json", "as_json", is_flag=True, help="根拠を含む全体をJSONで。Everything with its reasons, as JSON.")
@click.option(
    "--fail-at", metavar="LEVEL", help="この区分以上なら終了コード1。Exit 1 at this level or above, or when unrated."
)
def score_file(
    files: tuple[Path, ...], answers: Path, framework: Path | None, alone: bool, as_json: bool, fail_at: str | None
) -> None:
    """FILESを回答で採点する。 Score the answers of a case by questionnaire files."""
    with _refusing():
        documents = _gathered(files, framework, alone)
        if problems := gate.problems_of(documents):
            _found(problems)
        limit = _rank_of(documents.framework, fail_at)
        given, result = gate.scored(documents, parsed_json(answers.read_bytes()))
    if as_json:
        click.echo(json.dumps(gate.explanation(documents, given, result), ensure_ascii=False, indent=2))
    else:
        _say_score(gate.explanation(documents, given, result))
    _end(documents.framework, result, limit)


def _rank_of(framework: Framework, level: str | None) -> int | None:
    """Return the rank of a level code; wrong usage when the framework has no such level."""
    codes = [each.code for each in framework.levels]
    if level is not None and level not in codes:
        raise click.BadParameter(f"{level}: {', '.join(codes)}", param_hint="--fail-at")
    return framework.level_rank(level) if level else None


def _say_score(found: dict[str, Any]) -> None:
    level, before = found["level"], found["level_before_controls"]
    unrated = {"ja": "未評価", "en": "not rated"}
    now, was = (Text(**(each["name"] if each else unrated)) for each in (level, before))
    say(Text("リスク区分: {now}（対策前: {was}）", "Level: {now} (before controls: {was})").filled(now=now, was=was))
    for reason in found["because"]:
        say(Text("審査経路: {reason}", "Route: {reason}").filled(reason=Text(**reason)))
    for stop in found["stops"]:
        say(Text(f"{stop['code']}: {stop['what']['ja']}", f"{stop['code']}: {stop['what']['en']}"))
    for each in found["contradictions"]:
        say(Text("矛盾: {text}", "Contradiction: {text}").filled(text=Text(**each["text"])))
    for item in [item for item in found["items"] if item["level"]]:
        say(Text(f"{item['item']}: {item['verdict']['ja']}", f"{item['item']}: {item['verdict']['en']}"))
    for total in found["totals"]:
        say(Text(f"{total['total']['ja']}: {total['sum']['ja']}", f"{total['total']['en']}: {total['sum']['en']}"))
    if found["lower_by"]:
        say(Text(**found["lower_by"]))
    if found["unanswered"]:
        say(Text("未回答: {keys}", "Not answered: {keys}").filled(keys=", ".join(found["unanswered"])))


def _end(framework: Framework, result: Score, limit: int | None) -> None:
    """End with code 1 when the level is reached, or when there is none to compare with."""
    if limit is None:
        return
    if result.residual is None or result.residual >= limit:
        at = framework.level(limit).name
        said = Text("区分「{at}」に達したため、通しません。", "Level “{at}” is reached: not passed.").filled(at=at)
        say(said if result.residual else Text("未評価のため、通しません。", "Not rated: not passed."), err=True)
        click.get_current_context().exit(FOUND)


@questionnaire.command("export", epilog=CODES)
@click.argument("file", type=FILE)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to", "target", required=True, type=click.Choice(["xlsx", "surveyjs", "pdf", "yaml"]), help="形式。Format."
)
@FRAMEWORK
@click.option("--replace", is_flag=True, help="既存のファイルを置き換える。Replace OUT when it exists.")
def export(file: Path, out: Path, target: str, framework: Path | None, replace: bool) -> None:
    """FILEをOUTに書き出す。 Write a questionnaire as an Excel workbook, SurveyJS, a blank form (PDF) or YAML."""
    with _refusing():
        document, _ = gate.read_file(file)
        documents = _gathered((file,), framework, alone=False)
        if isinstance(document, Framework):
            raise Refusal(
                "cli.framework", "枠組みではなく質問票を指定してください。", "Name a questionnaire, not a framework."
            )
        _write(out, _exporters(documents, languages()[0])[target](document), replace=replace)


def _exporters(documents: gate.Documents, language: str) -> dict[str, Callable[[Questionnaire], bytes]]:
    framework = documents.framework
    known = {question.key: question for each in documents.questionnaires for _, question in each.questions()}
    return {
        "xlsx": lambda document: xlsx_questionnaire.write(document, framework),
        "surveyjs": lambda document: surveyjs.to_json(document, framework),
        "pdf": lambda document: form.blank_form(document, framework, language, known=known).file,
        "yaml": lambda document: written(document).encode(),
    }


@questionnaire.command("import", epilog=CODES)
@click.argument("file", type=FILE)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Choice(["xlsx", "surveyjs", "ciso", "deon", "yaml"]),
    help="形式。Format.",
)
@FRAMEWORK
@click.option("--key", help="キー。Key of the questionnaire (default: the name of OUT).")
@click.option("--version", "version", default="1.0", show_default=True, help="版。Version.")
@click.option(
    "--kind", type=click.Choice(["trigger", "screening", "pack"]), default="pack", show_default=True, help="種類。Kind."
)
@click.option("--phase", help="フェーズ。Phase.")
@click.option("--pack", help="追加質問群。Pack.")
@click.option("--item", help="実践項目。Item of every section.")
@click.option(
    "--total", "totals", multiple=True, metavar="SUFFIX=TOTAL", help="名前の末尾と合計。End of names → total of points."
)
@click.option("--replace", is_flag=True, help="既存のファイルを置き換える。Replace OUT when it exists.")
def import_file(
    file: Path, out: Path, source: str, framework: Path | None, replace: bool, totals: tuple[str, ...], **head: Any
) -> None:
    """FILEを読み込み、YAMLとしてOUTに書く。 Read a foreign file and write the questionnaire as YAML; notes go to stderr."""
    ends = dict(each.partition("=")[::2] for each in totals)
    with _refusing():
        documents = _gathered((), framework, alone=False)
        key = head.pop("key") or out.stem
        defaults = gate.defaults_of(documents, key, **head)
        found = _importers(documents.framework, defaults, ends)[source](file)
        for note in found.notes:
            say_problem(note)
        _write(out, written(found.questionnaire).encode(), replace=replace)


def _importers(framework: Framework, defaults: Defaults, ends: dict[str, str]) -> dict[str, Callable[[Path], Imported]]:
    return {
        "xlsx": lambda file: Imported(xlsx_questionnaire.read_questionnaire(file.read_bytes())),
        "surveyjs": lambda file: surveyjs.from_json(file.read_bytes(), defaults, framework, ends),
        "ciso": lambda file: ciso.read_library(file.read_bytes(), defaults, framework),
        "deon": lambda file: deon.read_checklist(file.read_bytes(), defaults),
        "yaml": _read_yaml,
    }


def _read_yaml(file: Path) -> Imported:
    document, _ = gate.read_file(file)
    if isinstance(document, Framework):
        raise Refusal(
            "cli.framework", "枠組みではなく質問票を指定してください。", "Name a questionnaire, not a framework."
        )
    return Imported(document)


def _write(out: Path, content: bytes, *, replace: bool) -> None:
    """Write a file; one that exists stays unless it was said that it is to be replaced."""
    if out.exists() and not replace:
        raise Refusal(
            "cli.exists",
            "{out} はすでにあります。置き換えるときは --replace を付けてください。",
            "{out} exists; add --replace to replace it.",
            out=out,
        )
    out.write_bytes(content)
    say(Text("書き出しました: {out}", "Written: {out}").filled(out=out))


# ---------------------------------------------------------------- with the database


@questionnaire.command("backtest", epilog=CODES)
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="JSONで出力する。Print JSON.")
@click.option(
    "--list", "most", default=20, show_default=True, help="理由を示す件数。How many changed cases are explained."
)
def backtest_command(file: Path, as_json: bool, most: int) -> None:
    """FILEを公開したとき、提出済みのスクリーニングの区分と経路がどう変わるかを調べる。データベースは書き換えない。

    Tell how levels and routes of all submitted screenings would change under FILE; the database is only read.
    """
    settings = load()
    with _refusing(), _reading(settings.database_url) as work:
        document, _ = gate.read_file(file)
        problems = checked(work, file.read_text(encoding="utf-8"), kind=_kind(document)).problems
        Refusals.raise_any(problems)
        trial, tally = backtest.Trial(document), backtest.Tally()
        total = past.count(work.session)

        def go_on() -> bool:
            click.echo(f"\r{tally.seen} / {total}", err=True, nl=False)
            return True

        backtest.advance(work.session, trial, tally, "", go_on)
        click.echo("\r", err=True, nl=False)
        framework = document if isinstance(document, Framework) else _framework_now(work, document)
        if as_json:
            found = backtest_words.as_json(work.session, trial, tally, most)
            click.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        for line in backtest_words.lines(work.session, trial, framework, tally, most):
            say(line)


def _kind(document: Framework | Questionnaire) -> str:
    return "framework" if isinstance(document, Framework) else "questionnaire"


def _framework_now(work: UnitOfWork, document: Questionnaire) -> Framework:
    return framework_in(current_framework(work, document.framework))


@contextmanager
def _reading(url: str) -> Iterator[UnitOfWork]:
    """Open the configured database for reading; refuse one that lacks steps of its structure."""
    database = Database(url)
    try:
        if missing := pending(database):
            raise Refusal(
                "cli.pending",
                "データベースの構造が古いままです（未適用: {steps}）。先に governance migrate を実行してください。",
                "The database lacks steps of its structure ({steps}). Run governance migrate first.",
                steps=", ".join(missing),
            )
        with open_work(database, SYSTEM, read_only=True) as work:
            yield work
    finally:
        database.dispose()
