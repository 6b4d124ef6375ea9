"""What is a scoring script's process? Guarded first, then the script, then one request after the other."""

import sys

HERE = sys.path.pop(0)
sys.path.append(HERE)

from edgewright_host import guard  # noqa: E402

guard.die_with_parent()

from edgewright_host import serve  # noqa: E402

sys.path.remove(HERE)
sys.path.insert(0, HERE + "/offered")

if __name__ == "__main__":
    # Descriptor 3 is the runtime's end of a pair of unix sockets.
    serve.serve(3, stand_ins=HERE + "/stand_in")
