"""How the tables came to be: numbered steps, forward only; a released step is never edited."""
