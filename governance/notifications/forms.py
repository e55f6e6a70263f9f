"""The shape of the form in which a person chooses how often to get mail: one select per group of kinds."""

from __future__ import annotations

from wtforms import SelectField

from governance.notifications.rules import RHYTHMS, TOPICS
from governance.pages import Form, locale, options


class MailForm(Form):
    """One choice per group; the fields are those of the table of groups."""

    def offer(self) -> None:
        """Put the words of the fields in the reader's language."""
        for code, field in self.topics():
            field.label.text = TOPICS[code].name.in_(locale())
            field.choices = options(RHYTHMS.items())

    def topics(self) -> list[tuple[str, SelectField]]:
        """Return the fields by group."""
        return [(code, self._fields[code]) for code in TOPICS]


for _code in TOPICS:
    setattr(MailForm, _code, SelectField(""))
