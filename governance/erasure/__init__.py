"""Erasure (消去): what was written of a project or a person is taken away by two people, and the ledger says so."""
