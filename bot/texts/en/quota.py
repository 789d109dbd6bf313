"""What members may still order, in English."""

TEXTS: dict[str, str] = {
    "quota.under_way": "Under way: {songs}.",
    "quota.last": "That was your last song for today. Again {again}.",
    "quota.last_ask": "This is your last song for today. Make **{title}** once more?",
    "quota.used_one_left": "That took one of your songs for today; one is left.",
    "quota.used": "That took one of your songs for today; {left} are left.",
    "quota.heading": "Your songs",
    "quota.left": "**{left} of {per_day}** left for today.",
    "quota.no_limit": "You may order as many songs a day as you like.",
    "quota.next": "The next place comes free {next}.",
    "quota.at_once": "At the same time: {live} of {at_once}.",
    "quota.none_under_way": "None of yours is being made right now.",
    "quota.price_with": "A song with {model} costs about {price}.",
    "quota.price": "A song costs about {price}.",
}
