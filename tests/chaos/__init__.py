"""Kills and faults at random, seeded: what the design promises about states and crash windows, put to the test."""
