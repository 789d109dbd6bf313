"""Which processes a database takes, said before it is opened."""

import pytest

from bot.errors import StartError
from bot.jobs.sharing import ProcessKind
from bot.processes import ProcessRole, refuse_lonely_database

FILE = "sqlite+aiosqlite:////nowhere/compose.db"
SERVER = "postgresql+asyncpg://bot@db.example/songs"
RUN, STANDBY, WORKER = ProcessRole(), ProcessRole(standby=True), ProcessRole(kind=ProcessKind.WORKER)


@pytest.mark.parametrize(
    ("role", "shards", "what"), [(WORKER, (), "a worker"), (RUN, (0, 1), "SHARD_IDS"), (STANDBY, (), "--standby")]
)
def test_a_file_takes_one_process_and_whoever_needs_company_is_told_what_to_do(
    role: ProcessRole, shards: tuple[int, ...], what: str
):
    with pytest.raises(StartError, match=f"takes one process; {what} needs PostgreSQL. Move there with python -m bot"):
        refuse_lonely_database(FILE, role, shards)
    refuse_lonely_database(SERVER, role, shards)


def test_one_process_with_all_shards_is_at_home_in_a_file():
    refuse_lonely_database(FILE, RUN, ())


@pytest.mark.parametrize(("role", "shards"), [(WORKER, ()), (RUN, (0,))])
def test_whoever_needs_company_is_told_which_package_is_missing(role: ProcessRole, shards: tuple[int, ...]):
    with pytest.raises(StartError, match=r"need the package pgqueuer, which requirements/postgres\.lock lists"):
        refuse_lonely_database(SERVER, role, shards, has_queue=lambda: False)


@pytest.mark.parametrize("role", [RUN, STANDBY])
def test_without_that_package_one_works_and_others_wait_for_it(role: ProcessRole):
    refuse_lonely_database(SERVER, role, (), has_queue=lambda: False)
