"""What members may still order, in German."""

TEXTS: dict[str, str] = {
    "quota.under_way": "In Arbeit: {songs}.",
    "quota.last": "Das war dein letzter Song für heute. Wieder {again}.",
    "quota.last_ask": "Das ist dein letzter Song für heute. **{title}** noch einmal machen?",
    "quota.used_one_left": "Das war einer deiner Songs für heute; einer ist übrig.",
    "quota.used": "Das war einer deiner Songs für heute; {left} sind übrig.",
    "quota.heading": "Deine Songs",
    "quota.left": "Für heute bleiben dir **{left} von {per_day}**.",
    "quota.no_limit": "Du kannst am Tag so viele Songs bestellen, wie du magst.",
    "quota.next": "Der nächste Platz wird frei: {next}.",
    "quota.at_once": "Gleichzeitig: {live} von {at_once}.",
    "quota.none_under_way": "Von dir ist gerade nichts in Arbeit.",
    "quota.price_with": "Ein Song mit {model} kostet etwa {price}.",
    "quota.price": "Ein Song kostet etwa {price}.",
}
