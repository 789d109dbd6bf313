"""Streams a URL into a file, with a cap and per-phase timeouts: the one way bytes from outside reach the disk."""
