"""Putting what rests on each other in order, and naming the circles where no order exists.

Walks without recursion, so a chain of any length is no danger; used for questions and packs, but knows nothing of either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]
"""Every node with what it rests on; names that are no node are left out by the caller."""


def ordered(graph: Graph) -> list[str]:
    """Return the nodes, each after all it rests on; nodes in a circle or behind one are left out."""
    waiting = {node: len(set(rests)) for node, rests in graph.items()}
    behind: dict[str, list[str]] = {node: [] for node in graph}
    for node, rests in graph.items():
        for other in set(rests):
            behind[other].append(node)
    free = deque(node for node, count in waiting.items() if not count)
    found = []
    while free:
        node = free.popleft()
        found.append(node)
        for other in behind[node]:
            waiting[other] -= 1
            if not waiting[other]:
                free.append(other)
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Return one shortest circle of every knot of nodes that rest on each other, in the order of the graph."""
    in_order = set(ordered(graph))
    tangled = {node: [n for n in rests if n not in in_order] for node, rests in graph.items() if node not in in_order}
    found = []
    for knot in _knots(tangled):
        members = set(knot)
        start = next(node for node in graph if node in members)
        if len(knot) > 1 or start in tangled[start]:
            found.append(_around(start, {node: [n for n in tangled[node] if n in members] for node in knot}))
    place = {node: number for number, node in enumerate(graph)}
    return sorted(found, key=lambda circle: place[circle[0]])


def _knots(graph: Graph) -> list[list[str]]:
    """Return the strongly connected parts: those reached back from each node, in reverse order of finishing (Kosaraju)."""
    against: dict[str, list[str]] = {node: [] for node in graph}
    for node, rests in graph.items():
        for other in rests:
            against[other].append(node)
    seen: set[str] = set()
    return [_reached(node, against, seen) for node in reversed(_finished(graph)) if node not in seen]


def _finished(graph: Graph) -> list[str]:
    """Return the nodes in the order in which a walk in depth leaves them."""
    seen: set[str] = set()
    found = []
    for start in graph:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(graph[start]))]
        while path:
            node, rests = path[-1]
            following = next((n for n in rests if n not in seen), None)
            if following is None:
                found.append(node)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(graph[following])))
    return found


def _reached(start: str, graph: Mapping[str, Iterable[str]], seen: set[str]) -> list[str]:
    seen.add(start)
    found, ahead = [start], [start]
    while ahead:
        for other in graph[ahead.pop()]:
            if other not in seen:
                seen.add(other)
                found.append(other)
                ahead.append(other)
    return found


def _around(start: str, graph: Graph) -> list[str]:
    """Return a shortest way from `start` back to it, without naming it twice."""
    came: dict[str, str] = {}
    ahead = deque([start])
    while ahead:
        node = ahead.popleft()
        if start in graph[node]:
            way = [node]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        for other in graph[node]:
            if other not in came and other != start:
                came[other] = node
                ahead.append(other)
    raise AssertionError("a knot has a way around")
