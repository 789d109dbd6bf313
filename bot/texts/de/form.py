"""What stands on forms, in German. Discord: titles and labels at most 45 characters, descriptions 100."""

TEXTS: dict[str, str] = {
    "form.compose": "Komponieren",
    "form.edit": "Text ändern",
    "form.other_song": "Ein anderer Song",
    "form.title": "Titel",
    "form.title.about": "Wie das Stück heißt. Leer: seine erste Zeile",
    "form.lyrics": "Text",
    "form.lyrics.about": "Höchstens {limit} Zeichen werden gesungen. Eine leere Zeile ist eine Pause.",
    "form.style": "Stil",
    "form.style.about": "Wie es klingen soll, etwa: langsamer Folk, Frauenstimme. Darf leer bleiben",
    "form.style.about_some": "Wie es klingen soll. Nur für {models}",
    "form.model": "Modell",
    "form.model.about": "Wer das Stück macht",
    "form.song": "Song",
    "form.song.needed": "MP3 oder WAV mit Musik und Gesang, über {min_seconds} Sekunden",
    "form.song.chosen": "Leer lassen, um {name} zu behalten",
}
