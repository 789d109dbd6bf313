"""What processes on one database go by differently."""

from bot.agreement import differences, settings_alike
from bot.settings import load_settings


def alike(**given: object) -> str:
    keys = {"discord_token": "A.B.C", "generation_api_key": "sk-secret-17"}
    return settings_alike(load_settings(_env_file=None, **keys, **given))


def test_nothing_is_said_of_the_same_and_each_difference_is_named_with_both_values():
    assert differences(alike(), alike()) == []
    found = differences(alike(generation_concurrency=5, budget_per_day="2.50"), alike(limit_member_per_day=None))
    assert found == [
        "GENERATION_CONCURRENCY (here 5, there 20)",
        "LIMIT_MEMBER_PER_DAY (here 5, there (unset))",
        "BUDGET_PER_DAY (here 2.50, there (unset))",
    ]


def test_no_secret_is_written_down_and_what_another_version_wrote_is_no_difference():
    assert "secret" not in alike()
    for theirs in ("", "{", "[]", '{"SOMETHING_NEW": "1"}'):
        assert differences(alike(), theirs) == []
