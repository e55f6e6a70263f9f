"""The demonstration ends with one erasure performed and one waiting."""

from __future__ import annotations

from governance.demo import scenes_erasure
from governance.erasure import services
from governance.ledger.audit import verify_database
from tests.builders import World, registered
from tests.erasure.conftest import Office


def test_the_demonstration_erases_somebody_who_left(made: World) -> None:
    made = Office(**vars(made))
    made.people["privacy"] = made.people["stranger"]
    project = registered(made)
    scenes_erasure.play(made.database, made.actor("secretariat"), made.actor("privacy"), project)
    with made.acting("legal", read_only=True) as work:
        assert [row.state for row in services.erasures(work)] == ["requested", "performed"]
    assert verify_database(made.database).faults == []
