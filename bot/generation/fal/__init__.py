"""The contract of fal's queue: submit, status, result, cancel, and the history in which a lost POST is found again."""
