"""The contract of ACE-Step 1.5's own server, which whoever owns a GPU runs: a form with the song in it, jobs by id."""
