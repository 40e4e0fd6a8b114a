"""Run a command on a terminal of its own: python3 terminal.py STEPS COMMAND...

STEPS is JSON: a list of [text, keys]; once the text has been shown, after what the step before waited for, the keys are
typed. What the terminal shows goes to stdout; the exit status is the command's.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios

steps = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
unseen = ""
while select.select([terminal], [], [], 60)[0]:
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        shown = b""
    if not shown:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
    # Without what only moves and colours; of a sequence that is not whole yet the rest is still to come.
    unseen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", unseen + shown.decode(errors="replace"))
    while steps and steps[0][0] in unseen:
        text, keys = steps.pop(0)
        unseen = unseen.split(text, 1)[1]
        os.write(terminal, keys.encode())
os.kill(child, signal.SIGKILL)
sys.exit(f"Nothing was shown for a minute; still to come: {steps}")
