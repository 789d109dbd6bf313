"""Everything on one machine, without any account: a Discord, a music API and a page, all on loopback."""
