"""How well the bot looks after generations: lag times looks, beside fixed pauses and what could be reached."""
