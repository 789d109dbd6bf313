"""What whoever runs the bot is told, in German: what happened, and what to do."""

TEXTS: dict[str, str] = {
    "alert.heading": "⚠️ **Compose**:",
    "alert.seen_by": "(Bemerkt von einem anderen Prozess: {seen_by}.)",
    "alert.key_refused": "Die Musik-API nimmt den Schlüssel dieses Bots nicht an.",
    "alert.key_refused_do": (
        "Was zu tun ist: einen gültigen Schlüssel in `GENERATION_API_KEY` eintragen und den Bot neu starten; `python "
        "-m bot check` sagt, ob er angenommen wird. Was bezahlt ist, wird danach geholt und ausgeliefert."
    ),
    "alert.no_credits": "Das Guthaben bei der Musik-API ist aufgebraucht.",
    "alert.no_credits_do": "Was zu tun ist: das Konto aufladen. Bis dahin entsteht kein Song.",
    "alert.address_wrong": "Unter der Adresse, die der Bot fragt, kennt die Musik-API diesen Aufruf nicht.",
    "alert.address_wrong_do": (
        "Was zu tun ist: `GENERATION_API_URL` prüfen und den Bot neu starten; `python -m bot check` sagt, ob sie "
        "stimmt."
    ),
    "alert.budget_80_day": "{percent} % des Tagesbudgets sind verbraucht: {spent} von {budget}.",
    "alert.budget_80_day_do": (
        "Was zu tun ist: nichts, wenn das so gewollt ist. Bei 100 % werden neue Aufträge abgelehnt, bis die ersten "
        "Songs 24 Stunden alt sind; die Grenze ist `BUDGET_PER_DAY`."
    ),
    "alert.budget_80_month": "{percent} % des Monatsbudgets sind verbraucht: {spent} von {budget}.",
    "alert.budget_80_month_do": (
        "Was zu tun ist: nichts, wenn das so gewollt ist. Bei 100 % werden neue Aufträge bis zum Monatsende (UTC) "
        "abgelehnt; die Grenze ist `BUDGET_PER_MONTH`."
    ),
    "alert.budget_100_day": "Das Tagesbudget ist verbraucht: {spent} von {budget}. Neue Aufträge werden abgelehnt.",
    "alert.budget_100_day_do": (
        "Was zu tun ist: warten (den Mitgliedern wird gesagt, wann es weitergeht) oder `BUDGET_PER_DAY` erhöhen und "
        "den Bot neu starten. Laufende Songs werden fertig."
    ),
    "alert.budget_100_month": "Das Monatsbudget ist verbraucht: {spent} von {budget}. Neue Aufträge werden abgelehnt.",
    "alert.budget_100_month_do": (
        "Was zu tun ist: auf den nächsten Monat (UTC) warten oder `BUDGET_PER_MONTH` erhöhen und den Bot neu starten. "
        "Laufende Songs werden fertig."
    ),
    "alert.disk": "Die Festplatte von `DATA_DIR` versagt oder ist fast voll: {trouble}.",
    "alert.disk_do": (
        "Was zu tun ist: Platz schaffen oder nachsehen, warum nicht geschrieben werden kann. Fertige Stücke warten; "
        "alle zehn Sekunden wird es versucht, und der Bot macht von selbst weiter."
    ),
    "alert.loop": "Ein Teil des Bots ist abgestürzt und wurde neu gestartet: {loop} ({error}).",
    "alert.loop_do": "Was zu tun ist: ins Log sehen, dort steht der Trace. Hört es nicht auf, den Bot neu starten.",
    "alert.brake_on": "Wartende Songs werden zurückgehalten, weil die Musik-API das Konto abweist.",
    "alert.brake_on_do": (
        "Was zu tun ist: Schlüssel und Guthaben prüfen. Kein Song geht verloren: Alle fünf Minuten sieht der Bot nach, "
        "ob es weitergeht."
    ),
    "alert.model_missing": "Songs warten auf `{model}` ({provider}), das nicht mehr eingerichtet ist: {songs}.",
    "alert.model_missing_do": (
        "Was zu tun ist: es wieder in `GENERATION_MODEL` nennen oder den Schlüssel seines Dienstes angeben und den Bot "
        "neu starten. Kein Song geht verloren, und keiner geht an einen anderen Dienst."
    ),
    "alert.address_changed": (
        "Songs wurden unter einer anderen Adresse ihres Dienstes begonnen, und die jetzige kennt sie nicht: {songs}."
    ),
    "alert.address_changed_do": (
        "Was zu tun ist: die frühere Adresse wieder eintragen und den Bot neu starten, bis sie geliefert sind. So "
        "lange warten sie."
    ),
    "alert.brake_off": "Die Musik-API nimmt wieder Songs an; die wartenden laufen weiter.",
    "alert.brake_off_do": "Was zu tun ist: nichts.",
    "alert.unknown_outcomes": (
        "Von {attempts} Anfragen der letzten Stunde an die Musik-API endeten {unknown} ohne klare Antwort. Jede kann "
        "Geld gekostet haben."
    ),
    "alert.unknown_outcomes_do": (
        "Was zu tun ist: den Status der Musik-API und das Netz dieser Maschine prüfen; `/compose-owner pause` hält "
        "neue Anfragen auf. Ob ein Song noch einmal gesendet wird, entscheidet das jeweilige Mitglied."
    ),
    "alert.migrated": "Die Datenbank wurde von Revision {before} auf {after} gebracht.",
    "alert.migrated_do": "Was zu tun ist: nichts.",
    "alert.migrated_file": "Die Datenbank wurde von Revision {before} auf {after} gebracht.",
    "alert.migrated_file_do": (
        "Was zu tun ist: die Kopie `{backup}` behalten, bis alles läuft, dann löschen: Sie enthält Songtexte der "
        "Mitglieder."
    ),
    "alert.log_channel": "Der Log-Kanal <#{channel}> eines Servers nimmt keine Nachrichten an (Server {server}).",
    "alert.log_channel_do": (
        "Was zu tun ist: Wer den Server verwaltet, lässt den Bot dort sehen und schreiben oder wählt mit "
        "`/compose-admin log-channel` einen anderen. Bis dahin fallen die Zeilen weg."
    ),
    "alert.report": "Song {song} wurde von einem Mitglied gemeldet. Der Grund steht in der Audit-Tabelle.",
    "alert.report_do": (
        "Was zu tun ist: mit `python -m bot song {song}` ansehen. Ein Server mit Log-Kanal bekommt solche Meldungen "
        "dort."
    ),
}
