"""The verdict: pure, over what is asked, the rules, what is used, and the time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Reason
from bot.jobs.admission import (
    Burnt,
    Money,
    Pause,
    PlaceRequest,
    Refused,
    Rule,
    RuleKind,
    Rules,
    SubjectKind,
    Taken,
    Terms,
    Usage,
    Window,
    limits_of,
    next_month_of,
    recheck,
    verdict,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASKED = PlaceRequest(member_id=77, guild_id=5, price_micros=100, role_ids=frozenset({10, 11}))
DIRECT = replace(ASKED, guild_id=None, role_ids=frozenset())


def said(terms: Terms, usage: Usage | None = None, *rows: Rule, pause: Pause | None = None) -> Taken | Refused:
    rules = Rules(terms=terms, rows=rows, pause=pause)
    return verdict(ASKED, rules, usage or Usage(), NOW)


def reason(answer: Taken | Refused) -> Reason | None:
    return answer.reason if isinstance(answer, Refused) else None


def role(role_id: int, value: int | None, kind: RuleKind = RuleKind.LIMIT_DAY, guild_id: int = 5) -> Rule:
    return Rule(guild_id=guild_id, subject_kind=SubjectKind.ROLE, subject_id=role_id, kind=kind, value=value)


def block(guild_id: int, until: datetime | None = None) -> Rule:
    return Rule(guild_id=guild_id, subject_kind=SubjectKind.MEMBER, subject_id=77, kind=RuleKind.BLOCK, until=until)


def used(count: int, oldest: timedelta = HOUR) -> Window:
    return Window(count=count, oldest_at=NOW - oldest)


def test_without_terms_everybody_is_let_in():
    assert said(Terms(), Usage(member=used(999), live=999, money=Money(day=10**12))) == Taken(
        left=None, next_at=NOW + 23 * HOUR
    )


def test_the_last_one_of_the_day_is_known_as_that():
    answer = said(Terms(member_per_day=5), Usage(member=used(4, 20 * HOUR)))
    assert answer == Taken(left=0, next_at=NOW + 4 * HOUR)


def test_a_limit_says_its_number_and_when_the_oldest_place_comes_free():
    answer = said(Terms(member_per_day=5), Usage(member=used(5, 20 * HOUR)))
    assert answer == Refused(reason=Reason.LIMIT_DAY, until=NOW + 4 * HOUR, limit=5)
    answer = said(Terms(guild_per_day=3), Usage(guild=used(3, 23 * HOUR)))
    assert answer == Refused(reason=Reason.LIMIT_GUILD, until=NOW + HOUR, limit=3)
    assert said(Terms(member_at_once=2), Usage(live=2)) == Refused(reason=Reason.LIMIT_AT_ONCE, limit=2)


@pytest.mark.parametrize("terms", [Terms(member_per_day=0), Terms(member_at_once=0), Terms(guild_per_day=0)])
def test_nought_lets_nobody_order_and_names_no_time(terms: Terms):
    assert said(terms) == Refused(reason=Reason.NOT_ALLOWED)


def test_a_servers_limit_does_not_bind_direct_messages():
    assert isinstance(verdict(DIRECT, Rules(terms=Terms(guild_per_day=0)), Usage(), NOW), Taken)


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        ({}, 5),
        ({10: 3}, 3),
        ({10: 3, 11: 20}, 20),
        ({10: 3, 11: None}, None),
        ({10: None, 11: 0}, 0),
        ({99: 50}, 5),  # a role that they have not, or that is gone
        ({5: 7}, 7),  # everybody's
        ({5: 0, 11: 20}, 0),
    ],
)
def test_the_highest_role_holds_also_over_the_default_but_nought_over_all(
    values: dict[int, int | None], limit: int | None
):
    rows = [role(role_id, value) for role_id, value in values.items()]
    elsewhere = [role(10, 1_000, guild_id=6), role(10, 2_000, guild_id=0)]
    expired = replace(role(11, 0), until=NOW)
    rules = Rules(terms=Terms(member_per_day=5, member_at_once=2), rows=[*rows, *elsewhere, expired])
    limits = limits_of(ASKED, rules, NOW)
    assert (limits.member_per_day, limits.member_at_once) == (limit, 2)


def test_a_role_may_have_more_at_once_and_a_server_a_limit_of_its_own():
    guild = Rule(guild_id=0, subject_kind=SubjectKind.GUILD, subject_id=5, kind=RuleKind.LIMIT_DAY, value=50)
    rules = Rules(
        terms=Terms(member_at_once=2, guild_per_day=10),
        rows=[role(10, 4, RuleKind.LIMIT_AT_ONCE), guild, replace(guild, guild_id=5, value=60)],
    )
    limits = limits_of(ASKED, rules, NOW)
    assert (limits.member_at_once, limits.guild_per_day) == (4, 60)


def test_a_members_own_limit_is_of_its_kind_alone_and_the_bots_operators_go_before_the_servers():
    own = Rule(guild_id=5, subject_kind=SubjectKind.MEMBER, subject_id=77, kind=RuleKind.LIMIT_DAY, value=9)
    terms = Terms(member_per_day=5, member_at_once=2)
    limits = limits_of(ASKED, Rules(terms=terms, rows=[own, replace(own, subject_id=78, value=1)]), NOW)
    assert (limits.member_per_day, limits.member_at_once) == (9, 2)
    everywhere = replace(own, guild_id=0, value=3)
    for rows in ([own, everywhere], [everywhere, own]):
        assert limits_of(ASKED, Rules(terms=terms, rows=rows), NOW).member_per_day == 3


def test_gifts_add_to_a_limit_but_open_nothing_that_is_closed():
    assert limits_of(ASKED, Rules(terms=Terms(member_per_day=5), gifts=3), NOW).member_per_day == 8
    assert limits_of(ASKED, Rules(terms=Terms(member_per_day=0), gifts=3), NOW).member_per_day == 0


def test_operators_are_outside_every_limit_and_inside_every_budget():
    terms = Terms(
        member_per_day=0, member_at_once=0, guild_per_day=0, budget_per_day_micros=150, operators=frozenset({77})
    )
    assert said(terms) == Taken(left=None, next_at=NOW + 24 * HOUR)
    assert reason(said(terms, Usage(money=Money(held=100)))) is Reason.BUDGET


def test_held_money_counts_in_every_window():
    assert isinstance(said(Terms(budget_per_day_micros=300), Usage(money=Money(held=100, day=100))), Taken)
    assert reason(said(Terms(budget_per_day_micros=300), Usage(money=Money(held=101, day=100)))) is Reason.BUDGET
    assert reason(said(Terms(budget_per_month_micros=300), Usage(money=Money(held=101, month=100)))) is Reason.BUDGET


def test_a_budget_names_the_time_when_it_ends_or_none_where_it_never_does():
    over = Usage(money=Money(day=300, month=300, day_frees_at=NOW + 2 * HOUR))
    assert said(Terms(budget_per_day_micros=300), over) == Refused(reason=Reason.BUDGET, until=NOW + 2 * HOUR)
    month = datetime(2026, 2, 1, tzinfo=UTC)
    assert said(Terms(budget_per_month_micros=300), over) == Refused(reason=Reason.BUDGET, until=month)
    both = Terms(budget_per_day_micros=300, budget_per_month_micros=300)
    assert said(both, over) == Refused(reason=Reason.BUDGET, until=month)
    assert said(Terms(budget_per_day_micros=99)) == Refused(reason=Reason.BUDGET)


def test_what_costs_nothing_is_never_over_a_budget():
    free = replace(ASKED, price_micros=0)
    assert isinstance(verdict(free, Rules(terms=Terms(budget_per_day_micros=0)), Usage(), NOW), Taken)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-12-31T23:59:59+00:00", "2027-01-01"),
        ("2028-02-29T12:00:00+00:00", "2028-03-01"),
        ("2026-01-31T23:30:00-02:00", "2026-03-01"),
    ],
)
def test_the_next_month_begins_on_its_first_day_by_universal_time(moment: str, month: str):
    assert f"{next_month_of(datetime.fromisoformat(moment)):%Y-%m-%dT%H:%M%z}" == f"{month}T00:00+0000"


def test_a_pause_stops_everybody_until_it_is_over():
    pause = Pause(reason="a concert", until=NOW + HOUR)
    operators = Terms(operators=frozenset({77}))
    assert said(operators, pause=pause) == Refused(reason=Reason.PAUSED, until=NOW + HOUR, note="a concert")
    assert isinstance(said(operators, pause=replace(pause, until=NOW)), Taken)
    assert Pause.parsed(pause.written()) == pause
    assert Pause.parsed("") is Pause.parsed(None) is None


def test_a_block_holds_in_its_server_or_everywhere_until_it_ends():
    assert said(Terms(), None, block(0)) == Refused(reason=Reason.BLOCKED)
    assert said(Terms(), None, block(5, NOW + HOUR)) == Refused(reason=Reason.BLOCKED, until=NOW + HOUR)
    assert said(Terms(), None, block(5, NOW + HOUR), block(0)) == Refused(reason=Reason.BLOCKED)
    assert isinstance(said(Terms(), None, block(6), block(5, NOW)), Taken)


def test_before_the_post_nothing_is_counted_again():
    rules = Rules(terms=Terms(member_per_day=0))
    assert recheck(ASKED, rules, is_held=True, now=NOW) is None
    assert recheck(ASKED, rules, is_held=False, now=NOW) == Refused(reason=Reason.PLACE_GONE)
    blocked = recheck(ASKED, replace(rules, rows=[block(0)]), is_held=True, now=NOW)
    assert blocked == Refused(reason=Reason.BLOCKED)


def test_the_same_press_once_more_names_the_song_that_is_meant():
    assert said(Terms(), Usage(twin=17)) == Refused(reason=Reason.ALREADY_TAKEN, job_id=17)


def burnt(count: int, *, oldest: timedelta, newest: timedelta) -> Usage:
    return Usage(burnt=Burnt(count=count, oldest_at=NOW - oldest, newest_at=NOW - newest))


MINUTE = timedelta(minutes=1)


def test_three_burnt_checks_within_an_hour_cost_ten_minutes_from_the_last():
    answer = said(Terms(), burnt(3, oldest=61 * MINUTE, newest=MINUTE))
    assert answer == Refused(reason=Reason.HEARING_WAITS, until=NOW + 9 * MINUTE)
    assert answer.error().values == {"until": NOW + 9 * MINUTE}


@pytest.mark.parametrize(
    "usage",
    [
        burnt(2, oldest=5 * MINUTE, newest=MINUTE),
        burnt(3, oldest=62 * MINUTE, newest=MINUTE),
        burnt(3, oldest=15 * MINUTE, newest=10 * MINUTE),
    ],
    ids=["two", "over more than an hour", "ten minutes are over"],
)
def test_fewer_or_older_burnt_checks_cost_nothing(usage: Usage):
    assert isinstance(said(Terms(), usage), Taken)


def test_who_waits_to_be_heard_may_try_a_song_again_that_was_heard_and_operators_never_wait():
    usage = burnt(3, oldest=2 * MINUTE, newest=MINUTE)
    assert isinstance(verdict(replace(ASKED, is_heard=True), Rules(), usage, NOW), Taken)
    assert isinstance(said(Terms(operators=frozenset({77})), usage), Taken)
