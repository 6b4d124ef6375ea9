"""What keeps a script's process from outliving the runtime and from taking it down?"""

import os

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def die_with_parent():
    """The kernel kills this process when the runtime ends, however that happens.

    A fork forgets the wish: the script's own children ask again.
    """
    _ask_kernel()
    os.register_at_fork(after_in_child=_ask_kernel)
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def _ask_kernel():
    try:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass
