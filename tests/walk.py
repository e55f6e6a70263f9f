"""A walk over the links of the service: every kind of page that a person is led to, once."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.exceptions import HTTPException

from tests.visitor import Visitor

LINK = re.compile(r'href="(/[^"#]*)')
OK, SEE_OTHER = 200, 303


def walk(visitor: Visitor, begun: set[str], start: str = "/") -> dict[str, int]:
    """Follow the links from `start` and return the addresses that did not answer; `begun` takes the endpoints that were seen."""
    addresses = visitor.app.url_map.bind("localhost")
    ahead, faults = [start], {}
    while ahead:
        address = ahead.pop(0)
        try:
            endpoint, _ = addresses.match(address.partition("?")[0], method="GET")
        except HTTPException:
            faults[address] = 404
            continue
        if endpoint in begun or endpoint in ("static", "scripts"):
            continue
        begun.add(endpoint)
        answer = visitor.get(address)
        if answer.status_code == SEE_OTHER:
            ahead.append(answer.headers["Location"])
        elif answer.status_code != OK:
            faults[address] = answer.status_code
        elif answer.mimetype == "text/html":
            ahead.extend(unescape(each) for each in LINK.findall(answer.text))
    return faults
