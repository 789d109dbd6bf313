"""What a pooler such as PgBouncer says when it turns the bot away: most of it under one code, so its words are read."""

HANDED_ON = "a pooler hands sessions on"
SESSIONS = (
    "It must give each client a session of its own: pool_mode=session for this database in PgBouncer, with a "
    "default_pool_size of 20 for each process of the bot; or use the server's direct address."
)
SETTINGS = (
    "A pooler such as PgBouncer stands between and does not take what the address asks for: leave out options=, "
    "set pool_mode=session there, or use the server's direct address."
)
_NO_SESSION = (
    "A pooler such as PgBouncer stands between, and gave no session in time: raise its default_pool_size to 20 for "
    "each process of the bot (the server's max_connections must be larger), or look whether its server is there: its "
    "log says so."
)
_NO_SERVER = (
    "A pooler such as PgBouncer stands between, and cannot reach its server or is not let in: look at host, port, user "
    "and password in its [databases], and at its log."
)
POOLERS_SILENCE = (
    "If a pooler such as PgBouncer answers there: its server is away, or it had no session to give (it needs a "
    "default_pool_size of 20 for each process of the bot); its log says which."
)
_OUR_MAX = "The bot takes 18 at the most, each process of it."

#: A piece of what PgBouncer 1.7 to 1.24 say, what is wrong, what to do. The first that is found counts.
_TROUBLES = (
    ("statement pooling", HANDED_ON, SESSIONS),
    ("prepared statement", HANDED_ON, SESSIONS),
    ("startup parameter", "settings refused", SETTINGS),
    (
        "client_connections",
        "too many connections",
        (
            "A pooler such as PgBouncer stands between, and takes no more clients for this user or database: raise its "
            f"max_user_client_connections or max_db_client_connections. {_OUR_MAX}"
        ),
    ),
    (
        "no more connections allowed",
        "too many connections",
        f"A pooler such as PgBouncer stands between, and takes no more clients: raise its max_client_conn. {_OUR_MAX}",
    ),
    ("query_wait_timeout", "no session is free", _NO_SESSION),
    ("client_login_timeout", "no session is free", _NO_SESSION),
    ("does not exist", "no such database", ""),
    ("no such database", "no such database", ""),
    ("bouncer config error", "no such database", ""),
    ("no pg_hba.conf entry", "its pooler is not let in", _NO_SERVER),
    ("cannot connect to server", "its pooler cannot reach it", _NO_SERVER),
    ("server login", "its pooler cannot reach it", _NO_SERVER),
    ("DNS lookup failed", "its pooler cannot reach it", _NO_SERVER),
    ("authentication failed", "password refused", ""),
    ("no such user", "password refused", ""),
    ("login rejected", "user refused", ""),
    ("SSL required", "user refused", ""),
    ("TLS required", "user refused", ""),
    ("not allow connections", "not ready yet", ""),
    ("is disabled", "not ready yet", ""),
    ("shutting down", "not ready yet", ""),
    ("shut down", "not ready yet", ""),
)
_ADVICE = {
    "no such database": (
        "A pooler such as PgBouncer stands between: this database must be in its [databases] and on its server; or "
        "look at the name behind the last / of DATABASE_URL."
    ),
    "password refused": (
        "A pooler such as PgBouncer stands between: user and password in DATABASE_URL must be those of its auth_file "
        "(or auth_query)."
    ),
    "user refused": (
        "A pooler such as PgBouncer stands between, and lets this user in neither from here nor in this way: look at "
        "its auth_hba_file, or try sslmode=require."
    ),
    "not ready yet": "A pooler such as PgBouncer stands between, and is closed to clients: open it, or try again.",
}


def pooler_trouble(said: str) -> tuple[str, str] | None:
    """What is wrong, and what to do, by what it said; None for anything that no pooler is known to say."""
    for piece, word, advice in _TROUBLES:
        if piece in said:
            return word, advice or _ADVICE[word]
    return None
