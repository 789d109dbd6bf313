"""What stands on buttons and in menus, and the short answers to a press, in German. Labels: at most 80 characters."""

TEXTS: dict[str, str] = {
    "control.cancel": "Abbrechen",
    "control.cancel_paid": "Abbrechen (wird trotzdem berechnet)",
    "control.cancel_stops": "Abbrechen (kann trotzdem kosten)",
    "control.again": "Noch einmal",
    "control.again_sure": "Ja, machen",
    "control.retry": "Neuer Versuch",
    "control.after_all": "Doch noch machen",
    "control.with_other": "Neuer Versuch mit einem anderen Modell",
    "control.with": "Neuer Versuch mit {model}",
    "control.edit": "Text ändern",
    "control.other_song": "Anderer Song",
    "control.lyrics": "Text",
    "control.delete": "Löschen",
    "control.risk": "Neuer Versuch (evtl. doppelt berechnet)",
    "control.dismiss": "Auf sich beruhen lassen",
    "control.look": "Noch einmal nachsehen",
    "control.fetch": "Noch einmal senden",
    "control.link": "Stück öffnen",
    "control.card": "Zum Stück",
    "control.edit_draft": "Ändern und neu senden",
    "control.back": "Zurück",
    "control.older": "Ältere",
    "control.newer": "Neuere",
    "control.post": "Hier senden",
    "control.file": "Gib mir die Datei",
    "control.remove": "Entfernen",
    "control.jump": "Hinspringen",
    "control.choose": "Wähle einen Song",
    "control.delete_sure": "Ja, löschen",
    "control.my_data": "Gib mir meine Daten",
    "control.forget": "Alles von mir löschen",
    "control.forget_sure": "Ja, alles löschen",
    "control.cancelled": "Abgebrochen. Es wurde nichts berechnet.",
    "control.cancelled_paid": (
        "Ich warte nicht länger darauf. Der Song war schon gesendet und kann noch berechnet werden."
    ),
    "control.dismissed": "Gut, ich lasse es auf sich beruhen.",
    "control.risked": "Gut, ich versuche es noch einmal.",
    "control.looking": "Ich sehe noch einmal nach. Das kostet nichts.",
    "control.delete_ask_moderator": (
        "Die Nachrichten zu **{title}** entfernen? Ein bezahlter Song bleibt dem Mitglied in `/tracks` erhalten."
    ),
    "control.delete_ask": (
        "**{title}** löschen? Die Nachricht, das Stück und alles Aufgehobene sind dann für immer weg."
    ),
    "control.deleted": "Gelöscht: die Nachricht, die Dateien und alles, was ich davon aufgehoben hatte.",
    "control.deleted_moderator": (
        "Gelöscht: die Nachrichten. Was bezahlt ist, bleibt allein bei seinem Mitglied; alles andere ist für immer weg."
    ),
    "control.deleted_partly": (
        "Hier gelöscht. Die Nachricht im Kanal konnte ich nicht entfernen; bitte die Moderation darum."
    ),
    "control.not_yours": "Das kann nur, wer diesen Song bestellt hat.",
    "control.not_yours_moderator": "Das kann nur, wer diesen Song bestellt hat, oder die Moderation.",
    "control.finished": "Zum Abbrechen ist es zu spät: Das Stück ist fertig und auf dem Weg hierher.",
    "control.too_late": "Das geht nicht mehr: Der Song ist schon weiter.",
    "control.too_late_live": "An diesem Song wird noch gearbeitet. Bitte brich ihn erst ab, oder warte darauf.",
    "control.already": "Er ist schon unterwegs: {link}",
    "control.gone": "Diesen Song kenne ich nicht mehr. Er wurde gelöscht.",
    "control.old": "Dieser Knopf stammt aus einer älteren Fassung. Bitte nimm `/tracks`.",
}
