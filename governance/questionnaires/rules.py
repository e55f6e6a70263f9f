"""What makes a framework and its questionnaires publishable, beyond their shape.

Keys must be unique and known, references must lead somewhere, levels must cover every product, and a condition may only look at
questions that exist and are asked earlier. Everything found is reported at once, each with its path in the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.texts import Text

Path = tuple[str | int, ...]
Found = tuple[str, Path, Text]


def check_framework(framework: Framework, questions: frozenset[str]) -> list[Found]:
    """Return what keeps a framework from being published; `questions` are all keys of its questionnaires."""
    found: list[Found] = []
    for name in ("phases", "items", "scale", "levels", "routes", "flags", "packs", "hard_stops", "bodies", "expertise"):
        found += _duplicates(name, [part.code for part in getattr(framework, name)])
    found += _duplicates("effects", [effect.id for effect in framework.effects])
    found += _levels(framework)
    found += _unknown_references(framework)
    found += _unknown_questions(framework, questions)
    return found


def check_questionnaire(questionnaire: Questionnaire, framework: Framework, known: frozenset[str]) -> list[Found]:
    """Return what keeps a questionnaire from being published under `framework`; `known` are all keys it may refer to."""
    items = {item.code for item in framework.items}
    found = list(_head(questionnaire, framework))
    keys: list[tuple[str, Path]] = []
    for number, section in enumerate(questionnaire.sections):
        if section.item and section.item not in items:
            found.append(_unknown(("sections", number, "item"), "実践項目", "item", section.item))
        for place, question in enumerate(section.questions):
            path: Path = ("sections", number, "questions", place)
            found += _question(question, path, framework, known)
            keys.append((question.key, (*path, "key")))
    return found + _repeated(keys)


def _head(questionnaire: Questionnaire, framework: Framework) -> Iterator[Found]:
    if questionnaire.phase and questionnaire.phase not in {p.code for p in framework.phases}:
        yield _unknown(("phase",), "フェーズ", "phase", questionnaire.phase)
    if questionnaire.kind == "screening" and not questionnaire.phase:
        yield (
            "seed.no_phase",
            ("kind",),
            Text("フェーズの質問票には phase が要ります。", "A screening questionnaire needs a phase."),
        )
    if questionnaire.pack and questionnaire.pack not in {p.code for p in framework.packs}:
        yield _unknown(("pack",), "追加質問群", "pack", questionnaire.pack)


def _question(question: Question, path: Path, framework: Framework, known: frozenset[str]) -> Iterator[Found]:
    references = {r.code for r in framework.references}
    yield from _missing((*path, "when"), questions_of(question.when), known, "質問", "question")
    yield from _missing((*path, "mappings"), question.mappings, references, "外部枠組み", "reference")


def check_all(framework: Framework, questionnaires: Sequence[Questionnaire]) -> list[tuple[str, Found]]:
    """Return every problem of a framework with its questionnaires as (document key, problem)."""
    known = frozenset(q.key for each in questionnaires for _, q in each.questions())
    found = [(framework.key, problem) for problem in check_framework(framework, known)]
    for each in questionnaires:
        found += [(each.key, problem) for problem in check_questionnaire(each, framework, known)]
    owners = Counter(q.key for each in questionnaires for _, q in each.questions())
    shared = [key for key, count in owners.items() if count > 1]
    for each in questionnaires:
        found += [
            (
                each.key,
                (
                    "seed.duplicate",
                    ("key",),
                    Text(
                        f"質問「{key}」がほかの質問票にもあります。",
                        f"Question “{key}” stands in another questionnaire too.",
                    ),
                ),
            )
            for _, q in each.questions()
            if (key := q.key) in shared
        ]
    return found


def _duplicates(name: str, codes: Sequence[str]) -> list[Found]:
    return _repeated([(code, (name, place)) for place, code in enumerate(codes)])


def _repeated(keys: Sequence[tuple[str, Path]]) -> list[Found]:
    seen: set[str] = set()
    found = []
    for key, path in keys:
        if key in seen:
            found.append(("seed.duplicate", path, Text(f"「{key}」が二度使われています。", f"“{key}” is used twice.")))
        seen.add(key)
    return found


def _levels(framework: Framework) -> Iterator[Found]:
    bounds = [level.at_least for level in framework.levels]
    if bounds[0] != 1 or bounds != sorted(set(bounds)):
        yield (
            "seed.levels",
            ("levels",),
            Text("区分の下限は1から始め、順に大きくしてください。", "Level bounds must begin at 1 and grow."),
        )


def _unknown_references(framework: Framework) -> Iterator[Found]:
    routes = {r.code for r in framework.routes}
    levels = {level.code for level in framework.levels}
    items = {i.code for i in framework.items}
    bodies = {b.code for b in framework.bodies}
    for number, effect in enumerate(framework.effects):
        path: Path = ("effects", number)
        yield from _missing((*path, "route"), [effect.route] if effect.route else [], routes, "審査経路", "route")
        yield from _missing(path, [*effect.severity_floors, *effect.likelihood_bumps], items, "実践項目", "item")
        yield from _missing((*path, "packs"), effect.packs, {p.code for p in framework.packs}, "追加質問群", "pack")
        yield from _missing((*path, "flags"), effect.flags, {f.code for f in framework.flags}, "印", "flag")
    yield from _missing(("route_by_inherent",), framework.route_by_inherent, levels, "区分", "level")
    yield from _missing(("route_by_inherent",), framework.route_by_inherent.values(), routes, "審査経路", "route")
    yield from _missing(("move_up_by_residual",), framework.move_up_by_residual.values(), routes, "審査経路", "route")
    for number, row in enumerate(framework.deciders):
        yield from _missing(("deciders", number, "residual"), [row.residual], levels, "区分", "level")
        yield from _missing(("deciders", number, "bodies"), row.bodies, bodies, "決定する機関", "body")
    if framework.scoring.method == "matrix":
        limit = framework.scoring.gate_blocks_from_level
        yield from _missing(("scoring", "gate_blocks_from_level"), [limit], levels, "区分", "level")
    yield from _missing(("routes",), [route.body for route in framework.routes], bodies, "決定する機関", "body")


def _unknown_questions(framework: Framework, questions: frozenset[str]) -> Iterator[Found]:
    for number, effect in enumerate(framework.effects):
        yield from _missing(("effects", number, "when"), questions_of(effect.when), questions, "質問", "question")
    for number, stop in enumerate(framework.hard_stops):
        yield from _missing(("hard_stops", number, "when"), questions_of(stop.when), questions, "質問", "question")


def _missing(path: Path, codes: Iterable[str], known: Iterable[str], ja: str, en: str) -> Iterator[Found]:
    known = set(known)
    for code in codes:
        if code not in known:
            yield _unknown(path, ja, en, code)


def _unknown(path: Path, ja: str, en: str, code: str) -> Found:
    return (
        "seed.unknown",
        path,
        Text(
            f"{ja}「{code}」はありません。つづりを確かめてください。", f"There is no {en} “{code}”; check the spelling."
        ),
    )
