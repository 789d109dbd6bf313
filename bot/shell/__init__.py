"""The shell's twins of what operators do on Discord, and what only a shell can do: beside a running bot or without one.

Nothing here prints: each command gives an CommandOutput, and `bot.__main__` says it.
"""
