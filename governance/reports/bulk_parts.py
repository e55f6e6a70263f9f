"""What is handed out of a bulk job: each report that may still be read, with its proof, and what the manifest says of each.

The rights are those of the moment: a report that the person may no longer read, one that was annulled and one whose copy was erased are
named in the manifest and left out. The ZIP (bulk_zip.py) and the folder of a bucket (bulk_folder.py) hold the same.
"""

from __future__ import annotations

from typing import Any

from governance.reports.bulk import fetchable
from governance.reports.bulk_zip import PROOF, Part
from governance.reports.models import BulkFile, BulkJob, Report
from governance.reports.proofs import sidecar
from governance.reports.redaction import INTERNAL
from governance.work import UnitOfWork


def parts_of(work: UnitOfWork, row: BulkJob) -> list[Part]:
    """Return what is handed out of a job, in the order of its files."""
    return [_part(work, file, report) for file, report in fetchable(work, row)]


# long: one line for each thing the manifest says
def _part(work: UnitOfWork, file: BulkFile, report: Report | None) -> Part:
    """Return what the archive or folder holds of one file and what its manifest says."""
    told: dict[str, Any] = {"position": file.position, "state": file.state, "error": file.problem or None, "file": None}
    if report is None:
        return Part("", "", told | {"state": "withheld"} if file.report_id else told)
    name = f"{report.number}.{report.lang}.pdf"
    proof = sidecar(work.session, "report", report.id, report.file_digest)
    told |= {
        "number": report.number,
        "kind": report.kind,
        "profile": report.profile or INTERNAL,
        "project": report.project.number if report.project else None,
        "lang": report.lang,
        "file": name,
        "proof": name + PROOF if proof else None,
        "sha256": report.file_digest,
        "record_sha256": report.record_digest,
        "size": report.size,
        "pages": report.pages,
    }
    if report.annulment is not None:
        return Part("", "", told | {"state": "annulled", "file": None, "proof": None})
    if report.erased_id is not None:
        return Part("", "", told | {"state": "erased", "file": None, "proof": None})
    return Part(name, report.file_digest, told, proof)
