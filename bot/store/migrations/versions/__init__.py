"""One file for each step; its number is the revision."""
