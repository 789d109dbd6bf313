"""Numbers, money and ids as operators write them."""

from decimal import Decimal

import pytest

from bot.amounts import (
    currency_of,
    ids_of,
    limit_of,
    micros_of,
    money_in_words,
    money_of,
    numbers_in_words,
    shards_of,
    yes_or_no,
)


@pytest.mark.parametrize(
    ("written", "limit"), [("", None), (None, None), ("0", 0), ("5", 5), (7, 7), ("100000", 100_000)]
)
def test_a_limit_is_a_number_of_songs_or_none(written: object, limit: int | None):
    assert limit_of(written) == limit


@pytest.mark.parametrize("written", ["five", "-1", "1.5", "100001", "٥", "1e3", "none"])
def test_what_is_no_limit_is_named_with_what_is_wanted(written: str):
    with pytest.raises(ValueError, match=r"no number of songs.*0 lets nobody order, empty means no limit"):
        limit_of(written)


@pytest.mark.parametrize(("written", "micros"), [("0", 0), ("0.037", 37_000), ("2.50", 2_500_000), ("10", 10_000_000)])
def test_money_becomes_millionths(written: str, micros: int):
    amount = money_of(written)
    assert amount is not None
    assert micros_of(amount) == micros


@pytest.mark.parametrize("written", ["0,5", "$5", "-1", "NaN", "Infinity", "1e3", "0.0000001", "five"])
def test_what_is_no_money_is_named_with_what_is_wanted(written: str):
    with pytest.raises(ValueError, match=r"no amount of money.*such as 2\.50"):
        money_of(written)
    assert money_of("") is None
    assert micros_of(Decimal("0.000001")) == 1


@pytest.mark.parametrize(("micros", "words"), [(37_000, "0.037 USD"), (2_500_000, "2.50 USD"), (0, "0.00 USD")])
def test_money_is_shown_as_people_write_it(micros: int, words: str):
    assert money_in_words(micros, "USD") == words


def test_ids_come_with_commas_or_blanks_and_what_is_none_is_named():
    assert ids_of(" 12, 34\n56,") == {12, 34, 56}
    assert ids_of(None) == frozenset()
    with pytest.raises(ValueError, match="'@ada' is no id"):
        ids_of("12, @ada")


def test_a_currency_has_three_letters_and_a_switch_is_yes_or_no():
    assert currency_of("eur") == "EUR"
    assert [yes_or_no(value) for value in ("on", "TRUE", "0", "no")] == ["yes", "yes", "no", "no"]
    with pytest.raises(ValueError, match="such as USD or EUR"):
        currency_of("€")
    with pytest.raises(ValueError, match="neither yes nor no"):
        yes_or_no("maybe")


@pytest.mark.parametrize(
    ("ids", "count", "shards"),
    [
        (None, None, ()),
        ("", 4, ()),
        (" ", None, ()),
        ("0", 4, (0,)),
        ("3, 1", 4, (1, 3)),
        ("2-3", 4, (2, 3)),
        ("0, 2 - 3", 4, (0, 2, 3)),
        ("0-3", 4, ()),
        ("0", 1, ()),
        ("0-8191", 16_384, tuple(range(8_192))),
    ],
)
def test_shards_are_numbers_and_runs_and_all_of_them_are_as_none(ids: str | None, count: int | None, shards: object):
    assert shards_of(ids, count) == shards


@pytest.mark.parametrize(
    ("ids", "count", "sentence"),
    [
        ("0", None, "SHARD_COUNT does not say of how many"),
        ("4", 4, "a number from 0 to 3: SHARD_COUNT is 4, and counting begins at 0"),
        ("2-4", 4, "numbers from 0 to 3: SHARD_COUNT is 4, and counting begins at 0"),
        ("99999999999999999999", 4, "a number from 0 to 3"),
        ("0,0", 4, "names twice: 0"),
        ("0-2,1-3", 8, "names twice: 1, 2"),
        ("3-1", 4, "runs backwards; write 1-3"),
        *((wrong, 4, "such as 0,1 or 0-3") for wrong in ("x", "-1", "1-", "0--1", ",", "1.5", "٣", "0:3", "all")),
    ],
)
def test_what_are_no_shards_gets_a_sentence(ids: str, count: int | None, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        shards_of(ids, count)


def test_numbers_are_told_as_runs():
    assert numbers_in_words([5, 0, 1, 2, 7, 8]) == "0-2, 5, 7, 8"
