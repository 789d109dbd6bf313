"""What a song goes through: pure rules, one step at a time, what cogs may ask. The outside is known as Protocols."""
