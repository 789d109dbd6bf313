"""Thin features, one file each; everything they do is a call into the core."""
