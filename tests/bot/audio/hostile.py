"""What code does that has taken a decoder's child over: each attack by name, and which layers of the fence hold it.

`ATTACKS` is source: it runs inside the real worker, in the place of FFmpeg's door, see `tests.tampering`.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

FILES, CALLS, PRIVILEGES, PROCESSES = "files", "system calls", "no privileges", "no processes"
MEMORY, BOUND = "closed memory", "ends with the bot"

#: The worker's layers without some.
WITHOUT = """
if sys.orig_argv[-1] == "bot.audio.worker":
    import bot.audio.fence
    bot.audio.fence.LAYERS = {{k: v for k, v in bot.audio.fence.LAYERS.items() if k not in {off!r}}}
"""

ATTACKS = """
import json, socket, stat
libc = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()

def must(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def reading(path):
    return lambda: open(path, "rb").read(1)

def memory():
    text = open(f"/proc/{PARENT}/maps").readline()
    with open(f"/proc/{PARENT}/mem", "rb") as file:
        file.seek(int(text.split("-")[0], 16))
        file.read(1)

def process_vm_readv():
    there, here = ctypes.create_string_buffer(8), ctypes.create_string_buffer(8)
    own = (ctypes.c_size_t * 2)(ctypes.addressof(here), 8)
    theirs = (ctypes.c_size_t * 2)(SOME_ADDRESS, 8)
    must(libc.process_vm_readv(PARENT, own, 1, theirs, 1, 0))

def rewrite():
    with open(AT["database"], "r+b") as file:
        file.write(b"x")

def fork():
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)

def execute():
    try:
        os.execv("/nowhere/at/all", ["x"])
    except FileNotFoundError:
        pass

def tcp():
    socket.create_connection(("127.0.0.1", AT["port"]), 5).close()

def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))

def shared_memory():
    must(libc.shmctl(must(libc.shmget(0, 4096, 0o600)), 0, None))

def limits_of_the_parent():
    import resource
    resource.prlimit(PARENT, resource.RLIMIT_CORE, resource.prlimit(PARENT, resource.RLIMIT_CORE))

def io_uring():
    os.close(must(libc.syscall(425, 1, ctypes.create_string_buffer(120))))

def dumpable():
    if libc.prctl(3) == 0:
        raise PermissionError

def gain_privileges():
    if libc.prctl(39, 0, 0, 0, 0) == 1:
        raise PermissionError

EACH = {
    "read the parent's environment": reading(f"/proc/{PARENT}/environ"),
    "read the parent's memory": memory,
    "read it by a system call": process_vm_readv,
    "attach to the parent": lambda: must(libc.ptrace(0x4206, PARENT, 0, 0)),
    "read .env": reading(AT["env"]),
    "read the database": reading(AT["database"]),
    "read another member's song": reading(AT["other"]),
    "list the folder": lambda: os.listdir(os.path.dirname(AT["database"])),
    "write into the database": rewrite,
    "write beside the database": lambda: open(AT["database"] + "-journal", "w").close(),
    "remove a file": lambda: os.unlink(AT["doomed"]),
    "lend the database to others": lambda: os.chmod(AT["database"], 0o644),
    "open a TCP connection": tcp,
    "send by UDP": udp,
    "open a UNIX socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "start a process": fork,
    "start a program": execute,
    "signal the parent": lambda: os.kill(PARENT, 0),
    "signal everybody": lambda: os.kill(-1, 0),
    "take hold of the parent": lambda: os.close(must(libc.syscall(434, PARENT, 0))),
    "limit the parent": limits_of_the_parent,
    "slow the parent down": lambda: os.setpriority(os.PRIO_PROCESS, PARENT, os.getpriority(os.PRIO_PROCESS, PARENT)),
    "share memory": shared_memory,
    "use io_uring": io_uring,
    "become root of its own": lambda: must(libc.unshare(0x10000000)),
    "put the alarm off": lambda: signal.setitimer(signal.ITIMER_REAL, 30),
    "survive the bot": lambda: must(libc.prctl(1, 0, 0, 0, 0)),
    "be read by other children": dumpable,
    "gain privileges": gain_privileges,
}

def attack(*_, **__):
    done = {}
    for name, each in EACH.items():
        try:
            each()
            done[name] = ""
        except Exception as error:
            done[name] = f"{type(error).__name__} {getattr(error, 'errno', '')}"
    kinds = []
    for number in range(3, 256):
        try:
            kinds.append(stat.S_IFMT(os.fstat(number).st_mode))
        except OSError:
            pass
    with open(AT["out"], "w") as out:
        json.dump({"done": done, "environment": sorted(os.environ), "descriptors": kinds}, out)
    os._exit(0)

opening(attack)
"""


def landlock_version() -> int:
    """What this kernel offers; 0: none."""
    from bot.audio.landlock import version

    try:
        return version()
    except OSError:
        return 0


def holders() -> Mapping[str, frozenset[str]]:
    """Attack -> the layers of which each one alone holds it, on this machine and for this user."""
    is_root = sys.platform != "win32" and os.getuid() == 0
    # whose capabilities are fewer than the parent's may not look into it; others have none to give up
    shorn = {PRIVILEGES} if is_root else set[str]()
    counted = set[str]() if is_root else {PROCESSES}
    scoped = {FILES} if landlock_version() >= 6 else set[str]()
    tcp = {FILES} if landlock_version() >= 4 else set[str]()
    held: dict[str, set[str]] = {
        "read the parent's environment": {FILES} | shorn,
        "read the parent's memory": {FILES} | shorn,
        "read it by a system call": {FILES, CALLS} | shorn,
        "attach to the parent": {FILES, CALLS} | shorn,
        "read .env": {FILES},
        "read the database": {FILES},
        "read another member's song": {FILES},
        "list the folder": {FILES},
        "write into the database": {FILES},
        "write beside the database": {FILES},
        "remove a file": {FILES, CALLS},
        "lend the database to others": {CALLS},
        "open a TCP connection": {CALLS} | tcp,
        "send by UDP": {CALLS},
        "open a UNIX socket": {CALLS},
        "start a process": {CALLS} | counted,
        "start a program": {CALLS},
        "signal the parent": {CALLS} | scoped,
        "signal everybody": {CALLS},  # the call claims success where each single one is refused
        "take hold of the parent": {CALLS},
        "limit the parent": {CALLS},
        "slow the parent down": {CALLS} | shorn,
        "share memory": {CALLS},
        "use io_uring": {CALLS},
        "become root of its own": {CALLS},
        "put the alarm off": {CALLS},
        "survive the bot": {CALLS},
        "be read by other children": {MEMORY},
        "gain privileges": {PRIVILEGES},
    }
    return {attack: frozenset(layers) for attack, layers in held.items()}


#: Machines forbid these to everybody too: Yama, sysctls, a container's profile.
OFTEN_FORBIDDEN = frozenset(
    {
        "read the parent's memory",
        "read it by a system call",
        "attach to the parent",
        "use io_uring",
        "become root of its own",
        "signal everybody",
    }
)


def code(at: Mapping[str, object], off: frozenset[str]) -> str:
    """For `tampered`: all attacks, with the layers `off` not raised."""
    address = id(Path)  # some address of the parent's
    return f"{WITHOUT.format(off=off)}\nAT = {dict(at)!r}\nSOME_ADDRESS = {address}\n{ATTACKS}"
