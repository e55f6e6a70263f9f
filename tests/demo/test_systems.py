"""The 33 AI systems of domain.md §1.8 and §1.10: what the trigger sheet of each planning phase must lead to.

The table was written by hand from domain.md §4.1 (trigger → least route and packs; a follow-up such as T03a makes the route
stricter). The test compares it with what the real framework makes of the answers in `seeds/demo/projects/`.
"""

from __future__ import annotations

import pytest

from governance.demo.cases import Case
from governance.demo.content import read_content
from governance.paths import SEEDS
from governance.questionnaires.services import read_seeds
from governance.screenings.result import Score
from governance.screenings.routing import Sheet
from governance.screenings.scoring import score

# number of the system in domain.md: (file, triggers that fire, packs attached, route after the trigger sheet)
SYSTEMS = {
    1: ("02-home-loan", "T02 T10 T17 T20", "EVAL PRIV", "board"),
    2: ("04-insurance-risk", "T02 T06 T09 T10 T10a T20", "EVAL MED PRIV", "board"),
    3: ("12-crime-forecast", "T02 T09 T10 T10a T14 T16 T17 T18 T20", "CLOUD DUAL EVAL PRIV", "board"),
    4: ("15-ambulance-demand", "T04 T09 T17 T18", "PHYS", "board"),
    5: ("16-fire-risk", "T02 T10 T17", "EVAL PRIV", "board"),
    6: ("01-dynamic-headway", "T03 T03a T04 T05 T17", "PHYS VIS", "board"),
    7: ("10-stadium-flow", "T05 T09 T17", "VIS", "standard"),
    8: ("17-person-search", "T05 T05a T09 T10 T16 T17 T20", "DUAL PRIV VIS", "board"),
    9: ("18-mask-distance", "T05 T15 T17", "CLOUD VIS", "standard"),
    10: ("03-work-deviation", "T05 T05a T07 T10", "PRIV VIS WORK", "board"),
    11: ("19-shop-floor", "T07 T07a T10", "PRIV WORK", "board"),
    12: ("20-failure-signs", "T03 T03a T19", "PHYS", "board"),
    13: ("07-production-plan", "", "", "light"),
    14: ("13-biomarker", "T06 T09 T10 T10a T14 T18", "CLOUD MED PRIV", "board"),
    15: ("21-trial-design", "T06 T09 T10 T10a T14", "CLOUD MED PRIV", "board"),
    16: ("22-immuno-analyser", "T03 T06 T09 T14", "CLOUD MED PHYS", "board"),
    17: ("06-happiness", "T01 T07 T08 T10 T14 T20", "CLOUD PRIV VIS WORK", "blocked"),
    18: ("23-voice-records", "T05 T06 T07 T09 T10 T10a T17", "MED PRIV VIS WORK", "board"),
    19: ("24-factor-reuse", "T05 T10 T15 T20", "CLOUD PRIV VIS", "standard"),
    20: ("25-federated-fraud", "T10 T14 T15 T17 T19", "CLOUD PRIV", "standard"),
    21: ("26-traffic-transfer", "T03 T03a T04 T15 T17", "CLOUD PHYS", "board"),
    22: ("27-line-layout", "T03 T07", "PHYS WORK", "standard"),
    23: ("14-power-grid", "T03 T03a T04 T17", "PHYS", "board"),
    24: ("28-rail-assets", "T03 T03a T04 T05 T14 T17", "CLOUD PHYS VIS", "board"),
    25: ("08-work-llm", "T10 T10a T11 T11a T14 T15 T17", "CLOUD GEN PRIV", "board"),
    26: ("29-plant-assistant", "T03 T11 T11a", "GEN PHYS", "standard"),
    27: ("11-industrial-cloud", "T10 T14 T15", "CLOUD PRIV", "standard"),
    28: ("09-visual-inspection", "T03", "PHYS", "standard"),
    29: ("30-cognitive-robots", "T03 T03a T12 T12a T19 T20", "AGENT PHYS", "board"),
    30: ("31-molecule-design", "T06 T10 T10a T16 T18", "DUAL MED PRIV", "board"),
    31: ("05-clinical-records", "T05 T06 T09 T10 T10a T11 T11a", "GEN MED PRIV VIS", "board"),
    32: ("32-credit-delivery", "T02 T10 T13 T17", "EVAL PRIV", "board"),
    33: ("33-industrial-llm", "T03 T03a T04 T11 T11a T14", "CLOUD GEN PHYS", "board"),
}

# What domain.md §1.10 wants each of its systems to exercise.
WANTED = {
    22: "T03 WORK PHYS",
    23: "T04 PHYS",
    24: "T03 T04 T05 PHYS VIS",
    25: "T11 T15 GEN CLOUD",
    26: "T11 T03 GEN PHYS",
    27: "T14 T15 CLOUD",
    28: "T03 PHYS",
    29: "T03 T12 PHYS AGENT",
    30: "T06 MED DUAL",
    31: "T06 T10 T11 MED GEN",
    32: "T02 T17 EVAL",
    33: "T11 T03 T04 GEN PHYS",
}

FRAMEWORKS, QUESTIONNAIRES = read_seeds(SEEDS)
TRIGGER_SHEET = next(each for each in QUESTIONNAIRES if each.kind == "trigger")
CASES = {case.case: case for case in read_content(SEEDS / "demo").cases}


def sorted_out(case: Case) -> Score:
    """What the framework makes of the trigger sheet alone; what is not written is a no."""
    triggers = case.screenings[0].triggers
    answers = {question.key: "no" for _, question in TRIGGER_SHEET.questions()}
    answers |= {key: trigger.value for key, trigger in triggers.items()}
    return score(Sheet(FRAMEWORKS[0], "P", (TRIGGER_SHEET,)), answers, {})


@pytest.mark.parametrize("number", SYSTEMS)
def test_the_trigger_sheet_leads_where_the_rules_say(number: int) -> None:
    stem, triggers, packs, route = SYSTEMS[number]
    case, found = CASES[number], sorted_out(CASES[number])
    assert stem.endswith(case.key)
    assert (SEEDS / "demo" / "projects" / f"{stem}.yaml").is_file()
    assert (" ".join(sorted(found.fired)), " ".join(sorted(found.packs)), found.route) == (triggers, packs, route)
    assert ("discussion" in found.flags) == ("T20" in triggers)


def test_every_known_system_has_a_project_with_a_screening_of_the_planning_phase() -> None:
    assert [*SYSTEMS] == sorted(CASES) == [*range(1, 34)]
    assert all(case.screenings[0].phase == "P" for case in CASES.values())


@pytest.mark.parametrize("number", WANTED)
def test_a_system_exercises_the_triggers_and_packs_it_is_meant_to(number: int) -> None:
    _, triggers, packs, _ = SYSTEMS[number]
    assert {*WANTED[number].split()} <= {*triggers.split(), *packs.split()}


def test_every_trigger_fires_and_every_pack_is_attached_somewhere() -> None:
    fired = {trigger for _, triggers, _, _ in SYSTEMS.values() for trigger in triggers.split()}
    attached = {pack for _, _, packs, _ in SYSTEMS.values() for pack in packs.split()}
    assert fired == {question.key for _, question in TRIGGER_SHEET.questions()}
    assert attached == {pack.code for pack in FRAMEWORKS[0].packs}


def test_an_answer_that_fires_is_explained_in_a_sentence() -> None:
    for case in CASES.values():
        reasons = [each.reason for each in case.screenings[0].triggers.values() if each.value != "no"]
        assert all(reason.endswith(("。", ".")) for reason in reasons), case.key
