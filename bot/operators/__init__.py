"""For whoever runs the bot: what they are told, and what they may do."""
