"""What keeps the processes of a script from outliving the runtime? A guard, the parent of them all.

It is forked before the script's process has imported anything, and sleeps. What that starts, however
it detaches itself, becomes the guard's child when its own parent ends; when the script's process or
the runtime is gone, or the runtime says so with SIGTERM, the guard kills all of it and ends as the
script's process did.
"""

# The module behind `signal`, which would bring enum and its like: a guard holds 3.6 MB without, 6.1 with.
import _signal as signal
import os
import select
import time

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

# What sleeps in the kernel, or belongs to another user, is not waited for longer than this.
GIVE_UP_S = 10

_HEARD = {signal.SIGCHLD, signal.SIGTERM}
_UNHEARD = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}


def stand_guard(runtime):
    """Returns in the script's process alone. `runtime` is the descriptor of the runtime's socket."""
    adopts = _prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD | _UNHEARD)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The runtime ended before the wish was heard.
    if _hung_up(runtime):
        os._exit(1)
    guard = os.getpid()
    script = os.fork()
    if script == 0:
        _become_script(guard, before)
        return
    os.close(runtime)
    status = _wait(script)
    _end_all(None if adopts else script)
    _leave(status)


def _become_script(guard, mask):
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def _wait(script):
    """The status that the script's process ended with, or 0 when all is to end."""
    # Ignored signals do not wake anybody up.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while signal.sigwait(_HEARD) == signal.SIGCHLD:
        status = _reap().get(script)
        if status is not None:
            return status
    return 0


def _reap():
    """Statuses of the children that have ended."""
    ended = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    except ChildProcessError:
        pass
    return ended


def _end_all(group):
    """Kills until no child is left. `group` is the script's, where the kernel lets nobody adopt."""
    end = time.monotonic() + GIVE_UP_S
    pause_s = 0.001
    while time.monotonic() < end:
        if group is not None:
            _kill(-group)
        for pid in _descendants():
            _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.05)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def _descendants():
    """Parents before their children: who is killed starts nobody any more."""
    children = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit():
            parent = _parent(name)
            if parent is not None:
                children.setdefault(parent, []).append(int(name))
    found = children.get(os.getpid(), [])
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _parent(pid):
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            # The name, in parentheses, may hold anything.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _leave(status):
    """The runtime sees the guard end: in the way that the script's process did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # One core file is enough.
        _prctl(PR_SET_DUMPABLE, 0)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def _hung_up(descriptor):
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _prctl(option, value):
    """False where this system has no such call."""
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError):
        return False
