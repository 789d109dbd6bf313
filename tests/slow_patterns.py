"""Finds what makes a regular expression slow on some text, from its own parse tree: nothing is matched.

A search fails late when the same text can be divided among its repeats in many ways, or when every place in a long run
is a beginning that is followed to the run's end. Three rules keep a pattern linear:

- what is repeated without a bound is a single character class, or it is possessive and holds no other such repeat;
- between two unbounded repeats stands something that one of them cannot match;
- so it does before an unbounded repeat that something must follow, unless the pattern is tried at one place only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from re import _constants as ops  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

#: More than this is no bound.
MAX_TIMES = 255
#: Ways through a pattern's alternatives that are looked at.
MAX_WAYS = 3000

#: Stands for all characters: Latin, and some of every class that patterns name.
SAMPLE = [chr(code) for code in range(0x250)] + list(
    "\u0301\u0435\u05d0\u0627\u0e01\u200b\u200d\u2028\u3000、。“”夜か한🔥"
)

REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}
SINGLE = {ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY, ops.CATEGORY, ops.RANGE}
CATEGORIES = {
    ops.CATEGORY_DIGIT: str.isdecimal,
    ops.CATEGORY_SPACE: str.isspace,
    ops.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    ops.CATEGORY_NOT_DIGIT: lambda one: not one.isdecimal(),
    ops.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    ops.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One piece on a way through a pattern."""

    characters: frozenset[str] = frozenset()  #: what it may match, one of SAMPLE each
    may_be_empty: bool = False
    may_be_left_out: bool = False  #: with all else of its group
    is_unbounded: bool = False
    is_condition: bool = False  #: matches no text, but may say no
    parts: frozenset[frozenset[str]] = field(
        default=frozenset()
    )  #: a condition: runs of these hold it at one place only


def faults(pattern: str | bytes, flags: int = 0, *, anchored: bool = False) -> list[str]:
    """What is wrong with a pattern; `anchored`: it is only used with match or fullmatch."""
    if isinstance(pattern, bytes):
        pattern = pattern.decode("latin-1")
    tree = parser.parse(pattern, flags)
    return sorted(set(_Reader(tree.state.flags | flags).faults(tree, anchored=anchored)))


class _Reader:
    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._found: list[str] = []

    def faults(self, tree: Any, *, anchored: bool) -> list[str]:
        ways = self._ways(tree)
        for way in ways:
            self._judge(way, anchored=anchored)
        return self._found

    def _judge(self, way: list[Step], *, anchored: bool) -> None:
        unbounded = [at for at, step in enumerate(way) if step.is_unbounded]
        if any(not _parted(way, first, second) for first, second in combinations(unbounded, 2)):
            self._found.append("two neighbouring repeats can match the same text")
        if anchored:
            return
        for at in unbounded:
            if not _may_fail(way[at + 1 :]):
                continue
            if all(_passable(step, way[at].characters) for step in way[:at]):
                self._found.append("every place in a run is a beginning that is followed to the run's end")

    def _ways(self, tree: Any) -> list[list[Step]]:
        ways: list[list[Step]] = [[]]
        for op, value in tree:
            further = self._steps(op, value)
            ways = [[*way, *more] for way in ways for more in further]
            if len(ways) > MAX_WAYS:
                self._found.append("too many alternatives with unbounded repeats to judge")
                return ways[:1]
        return ways

    def _steps(self, op: Any, value: Any) -> list[list[Step]]:
        if op in SINGLE:
            return [[Step(characters=self._matched(op, value))]]
        if op in REPEATS:
            return self._repeat(op, *value)
        if op is ops.SUBPATTERN:
            _, added, removed, body = value
            outside, self._flags = self._flags, (self._flags | added) & ~removed
            ways = self._ways(body)
            self._flags = outside
            return ways
        if op is ops.ATOMIC_GROUP:
            return self._ways(value)
        if op is ops.BRANCH:
            if not any(_has_unbounded(branch) for branch in value[1]):
                return [[self._lump(value[1])]]
            return [way for branch in value[1] for way in self._ways(branch)]
        return [[self._condition(op, value)]]

    def _repeat(self, op: Any, least: int, most: Any, body: Any) -> list[list[Step]]:
        is_single = len(body) == 1 and body[0][0] in SINGLE
        if most is ops.MAXREPEAT or most > MAX_TIMES:
            if not is_single and (op is not ops.POSSESSIVE_REPEAT or _has_unbounded(body)):
                self._found.append("an unbounded repeat of more than one character class")
            lump = self._lump([body])
            return [[Step(characters=lump.characters, may_be_empty=least == 0 or lump.may_be_empty, is_unbounded=True)]]
        if not _has_unbounded(body):
            lump = self._lump([body])
            return [[Step(characters=lump.characters, may_be_empty=least == 0 or lump.may_be_empty)]]
        once = self._ways(body)
        if least == 0:
            once = [[replace(step, may_be_left_out=True) for step in way] for way in once]
        twice = [[*one, *other] for one in once for other in once] if most > 1 else []
        return [*([[]] if least == 0 else []), *once, *twice]

    def _lump(self, branches: list[Any]) -> Step:
        """Bounded alternatives as one step."""
        characters: set[str] = set()
        for branch in branches:
            for op, value in branch:
                for way in self._steps(op, value):
                    characters.update(*(step.characters for step in way))
        return Step(
            characters=frozenset(characters),
            may_be_empty=any(branch.getwidth()[0] == 0 for branch in branches),
        )

    def _matched(self, op: Any, value: Any) -> frozenset[str]:
        return frozenset(one for one in SAMPLE if self._matches(op, value, one))

    def _matches(self, op: Any, value: Any, one: str) -> bool:
        forms = {one}
        if self._flags & re.IGNORECASE:
            forms |= {form for form in (one.lower(), one.upper()) if len(form) == 1}
        if op is ops.ANY:
            return one != "\n" or bool(self._flags & re.DOTALL)
        if op is ops.LITERAL:
            return any(ord(form) == value for form in forms)
        if op is ops.NOT_LITERAL:
            return not any(ord(form) == value for form in forms)
        if op is ops.RANGE:
            return any(value[0] <= ord(form) <= value[1] for form in forms)
        if op is ops.CATEGORY:
            return CATEGORIES[value](one)
        negated = value[0][0] is ops.NEGATE
        return negated != any(self._matches(part, inner, one) for part, inner in value if part is not ops.NEGATE)

    def _condition(self, op: Any, value: Any) -> Step:
        """What looks around; in a run of which characters it can hold at one place only."""
        word = frozenset(one for one in SAMPLE if CATEGORIES[ops.CATEGORY_WORD](one))
        everything = frozenset(SAMPLE)
        parts: set[frozenset[str]] = set()
        if op is ops.AT and value in {ops.AT_BEGINNING_STRING, ops.AT_BEGINNING}:
            is_of_lines = self._flags & re.MULTILINE and value is ops.AT_BEGINNING
            parts = {everything - {"\n"} if is_of_lines else everything}
        elif op is ops.AT and value is ops.AT_BOUNDARY:
            parts = {word, everything - word}
        elif op in {ops.ASSERT, ops.ASSERT_NOT} and value[0] < 0:
            behind = self._lump([value[1][-1:]]).characters
            parts = {behind if op is ops.ASSERT_NOT else everything - behind}
        # a group that was matched before is text of any kind
        if op in {ops.GROUPREF, ops.GROUPREF_EXISTS}:
            return Step(characters=everything, may_be_empty=True)
        return Step(may_be_empty=True, is_condition=True, parts=frozenset(parts))


def _has_unbounded(tree: Any) -> bool:
    return any(
        (op in REPEATS and (value[1] is ops.MAXREPEAT or value[1] > MAX_TIMES))
        or any(map(_has_unbounded, _inside(value)))
        for op, value in tree
    )


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _inside(part)


def _parted(way: list[Step], first: int, second: int) -> bool:
    """Whether something between two repeats, or what they match themselves, keeps them apart."""
    mine, other = way[first].characters, way[second].characters
    between = way[first + 1 : second]
    if any(not step.may_be_empty and not (step.characters & mine and step.characters & other) for step in between):
        return True
    return not mine & other


def _passable(step: Step, characters: frozenset[str]) -> bool:
    """Whether a place within a run of these characters can have this before it."""
    if step.is_condition:
        return not any(characters <= part for part in step.parts)
    return step.may_be_empty or bool(step.characters & characters)


def _may_fail(rest: list[Step]) -> bool:
    return any((step.is_condition or not step.may_be_empty) and not step.may_be_left_out for step in rest)
