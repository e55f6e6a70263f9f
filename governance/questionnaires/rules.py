"""What makes a framework and its questionnaires publishable, beyond their shape.

Keys must be unique and known, references must lead somewhere, levels must cover every result of the scoring method, and a condition
may only look at what exists. Everything found is reported at once, each with its path in the document. What a single question must
hold is in `question_rules`, which questions can ever be asked in `reach`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from governance.questionnaires.conditions import InPack, packs_of, questions_of
from governance.questionnaires.definition import Effect, Framework, Questionnaire
from governance.questionnaires.finding import Catalogue, Found, Path, placed, repeated, unknown
from governance.questionnaires.methods import Matrix, Points
from governance.questionnaires.question_rules import check_condition, check_question, missing
from governance.questionnaires.reach import problems
from governance.texts import LOCALES, Text

LISTS = (
    *("phases", "items", "scale", "levels", "routes", "flags", "packs", "answer_roles", "contradictions", "measures"),
    *("hard_stops", "bodies", "expertise", "sectors", "regions", "own_roles", "techniques", "rescreening", "references"),
)
"""The lists of a framework whose parts have a code of their own."""
LANGUAGES = {"ja": Text("日本語", "Japanese"), "en": Text("英語", "English")}

__all__ = ["Found", "Path", "check_all", "check_condition", "check_framework", "check_question", "check_questionnaire"]


def check_all(framework: Framework, questionnaires: Sequence[Questionnaire]) -> list[tuple[str, Found]]:
    """Return every problem of a framework with its questionnaires as (document key, problem)."""
    catalogue = Catalogue(framework, questionnaires)
    found = [(framework.key, problem) for problem in check_framework(catalogue)]
    for each in questionnaires:
        found += [(each.key, problem) for problem in check_questionnaire(each, catalogue)]
    found += _one_key_for_two_documents(framework, questionnaires)
    found += _one_key_in_two_questionnaires(questionnaires)
    return found + problems(framework, questionnaires)


def check_framework(catalogue: Catalogue) -> list[Found]:
    """Return what keeps a framework from being published, with its questionnaires in view."""
    framework = catalogue.framework
    found = [*_blank(framework, ())]
    for name in LISTS:
        found += repeated([(part.code, (name, place, "code")) for place, part in enumerate(getattr(framework, name))])
    found += repeated([(effect.id, ("effects", place, "id")) for place, effect in enumerate(framework.effects)])
    if all(step.is_not_applicable for step in framework.scale):
        said = Text(
            "回答の尺度には、数える段階（factor）が1つ以上要ります。",
            "The answer scale needs a step that counts (factor).",
        )
        found.append(("seed.scale", ("scale",), said))
    match framework.scoring:
        case Matrix():
            found += _matrix(framework)
        case Points():
            found += _points(framework, framework.scoring)
    return [*found, *_routes(catalogue), *_bodies(catalogue), *_effects(catalogue), *_rules(catalogue), *_deciders(framework)]


def check_questionnaire(questionnaire: Questionnaire, catalogue: Catalogue) -> list[Found]:
    """Return what keeps a questionnaire from being published under its framework."""
    found = [*_blank(questionnaire, ()), *_head(questionnaire, catalogue), *_sheet_alone(questionnaire, catalogue)]
    found += check_condition(questionnaire.when, ("when",), catalogue)
    keys: list[tuple[str, Path]] = []
    for number, section in enumerate(questionnaire.sections):
        found += missing(
            ("sections", number, "item"),
            [section.item] if section.item else [],
            catalogue.codes["items"],
            "実践項目",
            "item",
        )
        found += check_condition(section.when, ("sections", number, "when"), catalogue)
        for place, question in enumerate(section.questions):
            path: Path = ("sections", number, "questions", place)
            found += check_question(question, path, catalogue)
            keys.append((question.key, (*path, "key")))
    sections = [(section.key, ("sections", place, "key")) for place, section in enumerate(questionnaire.sections)]
    return [*found, *repeated(sections), *repeated(keys)]


# ---------------------------------------------------------------- documents and their heads


def _one_key_for_two_documents(
    framework: Framework, questionnaires: Sequence[Questionnaire]
) -> Iterator[tuple[str, Found]]:
    for key, count in Counter([framework.key, *(each.key for each in questionnaires)]).items():
        if count > 1:
            said = Text(f"「{key}」という文書が{count}つあります。", f"There are {count} documents “{key}”.")
            yield key, ("seed.duplicate_document", ("key",), said)


def _one_key_in_two_questionnaires(questionnaires: Sequence[Questionnaire]) -> Iterator[tuple[str, Found]]:
    """Yield, at every place of a question that stands in several questionnaires, where else it stands."""
    places: dict[str, list[tuple[str, Path]]] = {}
    for each in questionnaires:
        for number, section in enumerate(each.sections):
            for place, question in enumerate(section.questions):
                path: Path = ("sections", number, "questions", place, "key")
                places.setdefault(question.key, []).append((each.key, path))
    for key, found in places.items():
        documents = sorted({document for document, _ in found})
        for document, path in found if len(documents) > 1 else []:
            others = [other for other in documents if other != document]
            said = Text(
                f"質問「{key}」がほかの質問票にもあります：{'、'.join(others)}。",
                f"Question “{key}” stands in another questionnaire too: {', '.join(others)}.",
            )
            yield document, ("seed.duplicate", path, said)


def _head(questionnaire: Questionnaire, catalogue: Catalogue) -> Iterator[Found]:
    """Only a screening questionnaire has a phase (and needs it); only a pack has a pack (and needs it) and a condition."""
    kind = questionnaire.kind
    for field, owner, code in (("phase", "screening", "seed.no_phase"), ("pack", "pack", "seed.no_pack")):
        value = getattr(questionnaire, field)
        if kind == owner and not value:
            yield code, ("kind",), Text(f"kind: {owner} には {field} が要ります。", f"“kind: {owner}” needs a {field}.")
        if kind != owner and value:
            yield _not_here(field, owner, kind)
    if kind != "pack" and questionnaire.when is not None:
        yield _not_here("when", "pack", kind)
    phases, packs = catalogue.codes["phases"], catalogue.codes["packs"]
    if questionnaire.phase:
        yield from missing(("phase",), [questionnaire.phase], phases, "フェーズ", "phase")
    if questionnaire.pack:
        yield from missing(("pack",), [questionnaire.pack], packs, "追加質問群", "pack")


def _not_here(field: str, owner: str, kind: str) -> Found:
    said = Text(
        f"「{field}」は kind: {owner} の質問票だけに書けます（いまは {kind}）。",
        f"“{field}” is only for questionnaires of kind {owner}; this one is {kind}.",
    )
    return "seed.kind", (field,), said


def _blank(part: object, path: Path) -> Iterator[Found]:
    """Yield every text of which one language is nothing but blanks: a translation that is missing."""
    if isinstance(part, Text):
        for side in LOCALES:
            if not part.in_(side).strip():
                name, language = ".".join(str(step) for step in path), LANGUAGES[side]
                said = Text(
                    f"「{name}.{side}」が空白だけです：{language.ja}（{side}）の文を書いてください。",
                    f"“{name}.{side}” is blank: write the {language.en} text ({side}).",
                )
                yield "seed.blank", (*path, side), said
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _blank(getattr(part, name), (*path, name))
    elif isinstance(part, list):
        for place, each in enumerate(part):
            yield from _blank(each, (*path, place))


# ---------------------------------------------------------------- scoring methods


def _matrix(framework: Framework) -> Iterator[Found]:
    for name, ja in (("severity", "影響"), ("likelihood", "起こりやすさ")):
        if len(getattr(framework, name)) < 2:
            said = Text(
                f"matrix には{ja}（{name}）の段階が2つ以上要ります。", f"matrix needs two or more grades of {name}."
            )
            yield "seed.grades", (name,), said
    bounds = [level.at_least for level in framework.levels]
    if bounds[0] != 1 or bounds != sorted(set(bounds)):
        said = Text("区分の下限は1から始め、順に大きくしてください。", "Level bounds must begin at 1 and grow.")
        yield "seed.levels", ("levels",), said
    rules = framework.scoring
    if isinstance(rules, Matrix) and rules.gate_blocks_from_level not in {level.code for level in framework.levels}:
        yield unknown(("scoring", "gate_blocks_from_level"), "区分", "level", rules.gate_blocks_from_level)
    best = max((step.factor for step in framework.scale if step.factor is not None), default=None)
    if isinstance(rules, Matrix) and best is not None and rules.gate_minimum > best:
        said = Text(
            "必須（★）に求める値（gate_minimum）は、尺度で最も高い{best}以下にしてください。満たせる回答がなくなります。",
            "gate_minimum must not be above {best}, the highest of the answer scale: no answer could meet a gate.",
        ).filled(best=best)
        yield "seed.gate_minimum", ("scoring", "gate_minimum"), said


def _points(framework: Framework, rules: Points) -> Iterator[Found]:
    """Every share must lie in exactly one level, and every total named must exist, once."""
    totals = {total.code for total in rules.totals}
    yield from repeated([(total.code, ("scoring", "totals", n, "code")) for n, total in enumerate(rules.totals)])
    for number, total in enumerate(rules.totals):
        if not total.factor:
            said = Text("係数は0より大きくしてください。", "The factor must be greater than 0.")
            yield "seed.factor", ("scoring", "totals", number, "factor"), said
    yield from missing(("scoring", "risk"), rules.risk, totals, "合計", "total")
    yield from repeated([(code, ("scoring", "risk", place)) for place, code in enumerate(rules.risk)])
    bounds, wanted = rules.upper_bounds, len(framework.levels) - 1
    if len(bounds) != wanted or bounds != sorted(set(bounds)) or bounds[-1] > 100:
        said = Text(
            f"区分の上限（upper_bounds）は、最後の区分を除く{wanted}個を、100以下で順に大きくしてください（いま{len(bounds)}個）。",
            f"upper_bounds needs {wanted} growing shares up to 100, one for each level but the last (now {len(bounds)}).",
        )
        yield "seed.levels", ("scoring", "upper_bounds"), said
    if any(route.asks != "all" for route in framework.routes):
        said = Text(
            "点数による採点では、どの審査経路も全部の質問を尋ねます（asks: all）。区分が回答で決まるためです。",
            "Under points every route asks everything (asks: all), because the level rests on the answers.",
        )
        yield "seed.asks", ("routes",), said
    if rules.mitigation is not None:
        yield from _mitigation(rules, totals)


def _mitigation(rules: Points, totals: set[str]) -> Iterator[Found]:
    assert rules.mitigation is not None
    path: Path = ("scoring", "mitigation")
    yield from missing((*path, "total"), [rules.mitigation.total], totals, "合計", "total")
    if rules.mitigation.total in rules.risk:
        said = Text(
            f"合計「{rules.mitigation.total}」はリスクと低減の両方に使えません。",
            f"Total “{rules.mitigation.total}” cannot count as risk and as mitigation.",
        )
        yield "seed.mitigation", (*path, "total"), said
    for name in ("reaches_percent", "takes_off_percent"):
        if getattr(rules.mitigation, name) > 100:
            said = Text(f"「{name}」は100以下にしてください。", f"“{name}” must not be above 100.")
            yield "seed.mitigation", (*path, name), said


# ---------------------------------------------------------------- what the framework refers to


def _routes(catalogue: Catalogue) -> Iterator[Found]:
    framework, codes = catalogue.framework, catalogue.codes
    routes, levels, bodies = codes["routes"], codes["levels"], codes["bodies"]
    for name in ("route_by_inherent", "move_up_by_residual"):
        rows = getattr(framework, name)
        yield from missing((name,), rows, levels, "区分", "level")
        yield from missing((name,), rows.values(), routes, "審査経路", "route")
    yield from missing(("flag_by_inherent",), framework.flag_by_inherent, levels, "区分", "level")
    for flags in framework.flag_by_inherent.values():
        yield from missing(("flag_by_inherent",), flags, codes["flags"], "印", "flag")
    for number, row in enumerate(framework.deciders):
        yield from missing(("deciders", number, "residual"), [row.residual], levels, "区分", "level")
        yield from missing(("deciders", number, "bodies"), row.bodies, bodies, "決定する機関", "body")
    for number, route in enumerate(framework.routes):
        yield from missing(("routes", number, "body"), [route.body], bodies, "決定する機関", "body")
    shares = framework.scoring.not_applicable_share
    yield from missing(("scoring", "not_applicable_share"), shares, routes, "審査経路", "route")


def _bodies(catalogue: Catalogue) -> Iterator[Found]:
    """Check that a body sees routes, packs, sectors and regions that exist."""
    codes = catalogue.codes
    words = {"routes": ("審査経路", "route"), "packs": ("追加質問群", "pack")}
    words |= {"sectors": ("セクター", "sector"), "regions": ("地域", "region")}
    for number, body in enumerate(catalogue.framework.bodies):
        for name, (ja, en) in words.items():
            known = codes[name] if name in codes else {part.code for part in getattr(catalogue.framework, name)}
            yield from missing(("bodies", number, name), getattr(body, name), known, ja, en)


def _effects(catalogue: Catalogue) -> Iterator[Found]:
    codes = catalogue.codes
    for number, effect in enumerate(catalogue.framework.effects):
        path: Path = ("effects", number)
        yield from missing(
            (*path, "route"), [effect.route] if effect.route else [], codes["routes"], "審査経路", "route"
        )
        yield from missing((*path, "trigger"), [effect.trigger], catalogue.triggers, "判定項目", "trigger")
        for name in ("severity_floors", "likelihood_bumps"):
            yield from missing((*path, name), getattr(effect, name), codes["items"], "実践項目", "item")
        yield from missing((*path, "packs"), effect.packs, codes["packs"], "追加質問群", "pack")
        yield from missing((*path, "flags"), effect.flags, codes["flags"], "印", "flag")
        yield from check_condition(effect.when, (*path, "when"), catalogue)
        yield from _only_triggers(effect, path, catalogue)


def _only_triggers(effect: Effect, path: Path, catalogue: Catalogue) -> Iterator[Found]:
    """An effect decides route and packs, so it may rest on neither: only the trigger sheet stands before both."""
    for where, leaf in placed(effect.when, (*path, "when")):
        if isinstance(leaf, InPack):
            said = Text(
                f"規則「{effect.id}」は追加質問群を決めるため、in_pack を見ることはできません。",
                f"Rule “{effect.id}” decides the packs, so it cannot look at in_pack.",
            )
            yield "seed.effect_pack", where, said
    for key in dict.fromkeys(questions_of(effect.when)):
        if key in catalogue.questions and key not in catalogue.triggers:
            said = Text(
                f"規則「{effect.id}」は判定シートの質問だけを見ることができます（「{key}」は判定シートにありません）。",
                f"Rule “{effect.id}” may look only at questions of the trigger sheet; “{key}” is not on it.",
            )
            yield "seed.effect_question", (*path, "when"), said


def _sheet_alone(questionnaire: Questionnaire, catalogue: Catalogue) -> Iterator[Found]:
    """The trigger sheet decides the route and so what else is asked: its own conditions may look at nothing else."""
    for number, section in enumerate(questionnaire.sections if questionnaire.kind == "trigger" else ()):
        own: Path = ("sections", number)
        conditions = [(section.when, (*own, "when"))]
        conditions += [(q.when, (*own, "questions", place, "when")) for place, q in enumerate(section.questions)]
        for when, path in conditions:
            beyond = [key for key in questions_of(when) if key in catalogue.questions and key not in catalogue.triggers]
            for name in dict.fromkeys([*beyond, *packs_of(when)]):
                said = Text(
                    f"判定シートの条件は判定シートの質問だけを見ることができます（「{name}」は判定シートにありません）。",
                    f"A condition of the trigger sheet may look only at its own questions; “{name}” is not on it.",
                )
                yield "seed.trigger_condition", path, said


def _deciders(framework: Framework) -> Iterator[Found]:
    """Every level must have somebody who may decide (domain.md §5.3), and shares are fractions of one."""
    decided = {row.residual for row in framework.deciders}
    for place, level in enumerate(framework.levels):
        if level.code not in decided:
            said = Text(
                "区分「{name}」を決定できる機関（deciders）がありません。",
                "Nobody may decide at level “{name}” (deciders).",
            )
            yield "seed.no_decider", ("levels", place), said.filled(name=level.name)
    for route, share in framework.scoring.not_applicable_share.items():
        if share > 1:
            said = Text(
                f"「{route}」の割合は1以下にしてください（30%は0.3）。",
                f"The share of “{route}” must be at most 1 (0.3 for 30%).",
            )
            yield "seed.share", ("scoring", "not_applicable_share", route), said


def _rules(catalogue: Catalogue) -> Iterator[Found]:
    """Check what contradictions, hard stops and measures look at."""
    framework = catalogue.framework
    for number, rule in enumerate(framework.contradictions):
        yield from check_condition(rule.when, ("contradictions", number, "when"), catalogue)
    for number, stop in enumerate(framework.hard_stops):
        yield from check_condition(stop.when, ("hard_stops", number, "when"), catalogue)
    for number, measure in enumerate(framework.measures):
        path: Path = ("measures", number, "questions")
        yield from missing(path, measure.questions, catalogue.questions, "質問", "question")
