"""Every SQL statement: the job table on SQLite or PostgreSQL, its migrations, and what may go wrong with a database."""
