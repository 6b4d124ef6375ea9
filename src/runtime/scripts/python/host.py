"""What is a scoring script's process? Guarded first, then the script, then one request after the other."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Descriptor 3 is the runtime's end of a pair of unix sockets.
RUNTIME = 3
IS_BATCH = "EDGEWRIGHT_BATCH_FORMAT" in os.environ


def host():
    # Python has put it first: the script's own modules go before ours.
    sys.path.pop(0)
    from_here("guard").stand_guard(RUNTIME)
    work = from_here("batch" if IS_BATCH else "serve")
    sys.path.insert(0, HERE + "/offered")
    work.serve(RUNTIME, stand_ins=HERE + "/stand_in")


def from_here(name):
    sys.path.append(HERE)
    try:
        return getattr(__import__("edgewright_host." + name), name)
    finally:
        sys.path.remove(HERE)


if __name__ == "__main__":
    host()
elif __name__ == "__mp_main__":
    # A process that the script has multiprocessing spawn: it asks for the script by its module's name,
    # and the script for what it was offered.
    from_here("user_script").offer_module()
    if not IS_BATCH:
        from_here("serve").alias_contrib()
