"""Two verifiers, written apart from docs/proofs.md, say the same of every report, true or twisted.

`PROOF_CASES=10000` judges the ten thousand of a release; a run of the suite judges a tenth of them, others each day.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from governance.verifier.verify_report import Asked, check, trusted
from tests.reports.proof_cases import Case
from tests.reports.proof_twists import random_case
from tests.reports.test_verify_js import judged

CASES = int(os.environ.get("PROOF_CASES", "1000"))
KINDS = ("record", "file", "history")
GOLDEN = Path(__file__).parents[1] / "golden"
_UNREADABLE = {"revision", "attachments"}


def other_opinion(case: Case) -> dict[str, tuple[str, str]]:
    """Return what the verifier in Python says."""
    asked = Asked(case.pdf, trusted(case.keys), case.sidecar, case.saved, case.consistency)
    return {kind: (told.state, told.code) for kind, told in zip(KINDS, check(asked).values(), strict=True)}


def agree(name: str, ours: dict[str, tuple[str, str]], theirs: dict[str, tuple[str, str]]) -> bool:
    """Say whether two opinions are the same.

    A bit turned in the syntax of the PDF itself may be met by one reader and not by the other, or be read as another damage:
    then one of them refuses the file, and they still agree on its bytes.
    """
    if ours == theirs:
        return True
    refused = {ours["record"][1], theirs["record"][1]} & _UNREADABLE
    return name == "bits of the file" and bool(refused) and ours["file"] == theirs["file"]


def test_two_verifiers_agree() -> None:
    seed = datetime.now(UTC).toordinal()
    rng = random.Random(seed)
    cases = [random_case(rng) for _ in range(CASES)]
    met: Counter[str] = Counter()
    for number, (case, told) in enumerate(zip(cases, judged(cases), strict=True)):
        assert "refused" not in told, (seed, number, case.name, told)
        ours = {kind: (told[kind][0], told[kind][1]) for kind in KINDS}
        theirs = other_opinion(case)
        assert agree(case.name, ours, theirs), (seed, number, case.name, ours, theirs)
        met.update(f"{kind} {code}" for kind, (_, code) in ours.items())
    wanted = {"record ok", "record json", "record signature", "file file", "file ok", "history fork", "history ok"}
    assert wanted <= set(met)


def test_a_report_of_an_earlier_version_is_confirmed_for_ever() -> None:
    golden = Case(
        "golden",
        (GOLDEN / "report.pdf").read_bytes(),
        (GOLDEN / "report.pdf.tlog-proof").read_bytes(),
        ((GOLDEN / "key.txt").read_text().strip(),),
        (GOLDEN / "checkpoint.txt").read_bytes(),
        tuple((GOLDEN / name).read_bytes() for name in ("record.link", "file.link")),
    )
    [told] = judged([golden])
    assert all(told[kind][:2] == ["ok", "ok"] for kind in KINDS)
