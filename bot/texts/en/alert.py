"""What whoever runs the bot is told, in English: what happened, and what to do."""

TEXTS: dict[str, str] = {
    "alert.heading": "⚠️ **Compose**:",
    "alert.seen_by": "(Seen by another process: {seen_by}.)",
    "alert.key_refused": "The music API does not accept this bot's key.",
    "alert.key_refused_do": (
        "What to do: put a valid key into `GENERATION_API_KEY` and restart the bot; `python -m bot check` says whether "
        "it is taken. What was paid for is fetched and delivered afterwards."
    ),
    "alert.no_credits": "The account at the music API has run out of credits.",
    "alert.no_credits_do": "What to do: top the account up. Until then no song can be made.",
    "alert.address_wrong": "The music API has no such call at the address that the bot asks.",
    "alert.address_wrong_do": (
        "What to do: look at `GENERATION_API_URL` and restart the bot; `python -m bot check` says whether it is right."
    ),
    "alert.budget_80_day": "{percent} % of the day's budget are used: {spent} of {budget}.",
    "alert.budget_80_day_do": (
        "What to do: nothing, if that is meant. At 100 % new orders are refused until the first songs are 24 hours "
        "old; `BUDGET_PER_DAY` is the limit."
    ),
    "alert.budget_80_month": "{percent} % of the month's budget are used: {spent} of {budget}.",
    "alert.budget_80_month_do": (
        "What to do: nothing, if that is meant. At 100 % new orders are refused until the month ends (UTC); "
        "`BUDGET_PER_MONTH` is the limit."
    ),
    "alert.budget_100_day": "The day's budget is used up: {spent} of {budget}. New orders are refused.",
    "alert.budget_100_day_do": (
        "What to do: wait (members are told when it goes on), or raise `BUDGET_PER_DAY` and restart the bot. Songs "
        "under way are finished."
    ),
    "alert.budget_100_month": "The month's budget is used up: {spent} of {budget}. New orders are refused.",
    "alert.budget_100_month_do": (
        "What to do: wait for the next month (UTC), or raise `BUDGET_PER_MONTH` and restart the bot. Songs under way "
        "are finished."
    ),
    "alert.disk": "The disk of `DATA_DIR` fails or is nearly full: {trouble}.",
    "alert.disk_do": (
        "What to do: make room on it, or look why it cannot be written. Finished tracks wait; a write is tried every "
        "ten seconds, and the bot goes on by itself."
    ),
    "alert.loop": "A part of the bot died and was started again: {loop} ({error}).",
    "alert.loop_do": "What to do: look into the log, where its trace stands. If it goes on, restart the bot.",
    "alert.brake_on": "Waiting songs are held, because the music API refuses the account.",
    "alert.brake_on_do": (
        "What to do: look after key and credits. No song is lost: every five minutes the bot looks whether to go on."
    ),
    "alert.model_missing": "Songs wait for `{model}` ({provider}), which is not configured any more: {songs}.",
    "alert.model_missing_do": (
        "What to do: name it in `GENERATION_MODEL` again, or give its service's key, and restart the bot. No song is "
        "lost, and none goes to another service."
    ),
    "alert.address_changed": (
        "Songs were begun at another address of their service, and the present one does not know them: {songs}."
    ),
    "alert.address_changed_do": (
        "What to do: put the former address back and restart the bot until they are delivered. They wait until then."
    ),
    "alert.brake_off": "The music API takes songs again; those that waited go on.",
    "alert.brake_off_do": "What to do: nothing.",
    "alert.unknown_outcomes": (
        "Of the last hour's {attempts} requests to the music API, {unknown} ended without a clear answer. Each may "
        "have been charged."
    ),
    "alert.unknown_outcomes_do": (
        "What to do: look at the music API's status and at this machine's network; `/compose-owner pause` stops new "
        "ones. Each member decides whether their song is sent again."
    ),
    "alert.migrated": "The database was brought from revision {before} to {after}.",
    "alert.migrated_do": "What to do: nothing.",
    "alert.migrated_file": "The database was brought from revision {before} to {after}.",
    "alert.migrated_file_do": (
        "What to do: keep the copy `{backup}` until you are content, then delete it: it holds members' lyrics."
    ),
    "alert.log_channel": "The log channel <#{channel}> of a server does not take messages (server {server}).",
    "alert.log_channel_do": (
        "What to do: have its managers let the bot see it and write there, or choose another by `/compose-admin "
        "log-channel`. Its lines are left out until then."
    ),
    "alert.report": "Song {song} was reported by a member. Their reason stands in the audit table.",
    "alert.report_do": (
        "What to do: look at it with `python -m bot song {song}`. A server with a log channel gets such reports there."
    ),
}
