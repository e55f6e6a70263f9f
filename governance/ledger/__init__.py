"""The tamper-evident record of what happened and when: one event per act, written with the act or not at all."""
