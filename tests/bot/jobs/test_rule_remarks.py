"""What is odd about limits, budgets and rules is said with the line and with what holds."""

from bot.jobs.admission import Terms
from bot.jobs.rule_remarks import RuleRow, remarks_on_rules, remarks_on_terms


def rule(number: int, value: str | None, **more: object) -> RuleRow:
    values = {"guild_id": 5, "subject_kind": "role", "subject_id": 10, "kind": "limit_day", **more}
    return RuleRow(id=number, value=value, **values)  # pyright: ignore[reportArgumentType]


def test_good_settings_and_rules_are_passed_over():
    terms = Terms(member_per_day=5, member_at_once=2, budget_per_day_micros=10**6, budget_per_month_micros=10**7)
    assert remarks_on_terms(terms, price_micros=37_000, currency="USD") == []
    rules = [rule(1, "3"), rule(2, "4", subject_id=11), rule(3, "4", kind="limit_at_once"), rule(4, None, kind="block")]
    assert remarks_on_rules(rules, {5: frozenset({10, 11})}) == []


def test_settings_that_disagree_are_named_with_the_one_that_holds():
    terms = Terms(
        member_per_day=5,
        member_at_once=9,
        guild_per_day=3,
        budget_per_day_micros=2 * 10**6,
        budget_per_month_micros=10**6,
    )
    assert remarks_on_terms(terms, price_micros=37_000, currency="USD") == [
        "LIMIT_MEMBER_AT_ONCE=9 is more than LIMIT_MEMBER_PER_DAY=5: LIMIT_MEMBER_PER_DAY holds.",
        "LIMIT_MEMBER_PER_DAY=5 is more than LIMIT_GUILD_PER_DAY=3: LIMIT_GUILD_PER_DAY holds.",
        "BUDGET_PER_DAY (2.00 USD) is more than BUDGET_PER_MONTH (1.00 USD): BUDGET_PER_MONTH holds.",
    ]
    (nobody, none) = remarks_on_terms(
        Terms(member_per_day=0, budget_per_day_micros=36_999), price_micros=37_000, currency="EUR"
    )
    assert nobody == "LIMIT_MEMBER_PER_DAY=0: nobody but operators may order."
    assert none.startswith("one song costs 0.037 EUR, over BUDGET_PER_DAY")


def test_rules_that_bind_nobody_are_named():
    rules = [rule(1, "many"), rule(2, "3", subject_id=12), rule(3, "3", guild_id=9), rule(4, "3", guild_id=8)]
    said = remarks_on_rules(rules, {5: frozenset({10}), 9: None})
    assert len(said) == 3
    assert said[0].startswith("rule 1: its limit 'many' is no whole number, so it does not hold")
    assert "rule 2 is about role 12, and server 5 has no such role any more" in said[1]
    assert "rule 3 is about server 9, and this bot is no member" in said[2]


def test_two_rules_that_disagree_are_named_with_what_holds():
    def of(one: str | None, other: str | None, **more: object) -> str:
        (said,) = remarks_on_rules([rule(1, one, **more), rule(2, other, **more)], {})
        return said

    assert (
        of("3", "20") == "rules 1 and 2 say different things (3 and 20) about the same role: the higher one, 20, holds."
    )
    assert of("0", None).endswith("(0 and no limit) about the same role: 0 holds.")
    assert of("3", "").endswith("no limit holds.")
    assert of("9", "3", subject_kind="guild").endswith("the later one, rule 2, holds.")
