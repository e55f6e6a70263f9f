"""What proves an issued report: the files attached to it, and the sidecar that covers every byte of it (docs/proofs.md §1).

Everything is read from the ledger and its first checkpoint that covers the entry, so it is the same whenever it is asked for.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from governance.ledger import checkpoints
from governance.ledger.services import subject_events
from governance.reports.sealed import Attached, Seal

ISSUED = {"report": "ReportIssued", "paper": "PaperIssued"}


def proved(session: Session, seq: int) -> Seal:
    """Return the seal of a record whose entry a checkpoint covers, with the files that prove it."""
    found = checkpoints.entry_proof(session, seq, with_body=False)
    if found is None:
        raise LookupError(f"no checkpoint covers entry {seq}")
    proof, checkpoint = found
    terms = checkpoints.terms(session)
    more = (
        Attached("checkpoint.txt", checkpoint.note.encode(), "Signed checkpoint of the ledger"),
        Attached("event.json", checkpoints.body(session, seq), "Entry of the ledger that names the record"),
        Attached(checkpoints.KEYS_NAME, checkpoints.key_list(terms), "Public keys, for information only"),
        Attached("record.tlog-proof", proof.encode(), "Proof that the entry is in the ledger"),
    )
    return Seal(seq, checkpoint.size, bytes(checkpoint.root), terms[-1].key.vkey, more)


def sidecar(session: Session, subject: str, id: str, file_digest: str) -> bytes | None:
    """Return the proof that a file was issued: the first entry that names it; None until a checkpoint covers that entry.

    `subject` is the kind of thing in the ledger: `report` or `paper`.
    """
    for entry in subject_events(session, subject, id):
        if entry.type == ISSUED[subject] and entry.body["refs"].get("file") == file_digest:
            found = checkpoints.entry_proof(session, entry.seq, with_body=True)
            return found[0].encode() if found else None
    return None
