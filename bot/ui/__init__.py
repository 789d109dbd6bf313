"""What members read and press: cards, controls, forms, lists. What can be pure is pure; the rest speaks discord.py."""
