"""What an auditor takes away from the pages: the sidecar beside its file, the verifier, the keys; and that a newer report is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

from governance.ledger.services import events
from governance.notary import notary_of
from governance.reports import services
from governance.reports.compose import House
from governance.reports.models import Report
from governance.reports.services import Order
from governance.storage.files import FileStore
from governance.texts import Text
from governance.verifier import verify_report as verifier
from governance.work import SYSTEM, open_work
from tests.builders import World, answered, opened, registered, submitted
from tests.visitor import Visitor, account, service


def test_the_sidecar_lies_beside_its_report_and_a_newer_report_is_told(
    made: World, printed: list[str], tmp_path: Path
) -> None:
    app = service(made.database, tmp_path)
    project = registered(made)
    screening = opened(made, project)
    answered(made, screening)
    submitted(made, screening)
    store = FileStore(tmp_path / "files")
    ids = [services.issue(made.database, made.actor("expert"), store, Order(project, "ja", "監査"))]
    account(made.database, "kansa@test.example", "auditor")
    auditor = Visitor(app)
    auditor.sign_in("kansa@test.example")
    sidecar = auditor.get(f"/reports/{ids[0]}/proof")
    assert sidecar.status_code == 200
    assert "サイドカー" in auditor.get(f"/reports/{ids[0]}").text
    notary = notary_of(made.database)
    assert notary is not None
    with open_work(made.database, SYSTEM, read_only=True) as work:
        row = work.session.get_one(Report, ids[0])
        digest, file = row.file_digest, store.read(row.file_digest)
        assert "KeyRotated" in {each.type for each in events(work.session)}
    found = verifier.check_file(file, sidecar.data, verifier.trusted([notary.key()[0].vkey]), ())
    assert found.verdict.state == "ok"
    assert "#" in printed[0].partition("data-seal=")[2][:80], "the foot of each page says where it stands"
    assert "新しい版" not in Visitor(app).get(f"/verify?d={digest}").text
    other = House(Text("別の組織", "Another house"), Text("社外秘", "Confidential"))
    services.issue(made.database, made.actor("expert"), store, Order(project, "ja", "監査", house=other))
    page = Visitor(app).get(f"/verify?d={digest}").text
    assert notary.key()[0].vkey in page
    assert "新しい版：AIG-R1-" in page
    taken = Visitor(app).get("/verify/verify_report.py").data
    assert hashlib.sha256(taken).hexdigest()[:8] in page
    assert Visitor(app).get("/verify/keys.json").json["keys"][0]["vkey"] == notary.key()[0].vkey
    assert Visitor(app).get(f"/reports/{ids[0]}/proof").status_code in (302, 303, 401, 403, 404)
