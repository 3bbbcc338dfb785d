"""Runs a command for as long as someone holds the other end of this process's standard input.

``python guard.py FOLDER COMMAND …`` starts the command and reads standard input. At its end, which
comes when the starter closes it or dies, however that happens, the command and all its children are
ended and FOLDER is removed. So a test that is killed leaves no server behind. A script on its own:
it is started by its path, and imports nothing of the package.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

import psutil

GRACE_SECONDS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run the command until standard input ends."""
    folder, *command = arguments
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    sys.stdin.buffer.read()
    end(process.pid)
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def end(pid: int) -> None:
    """End a process and all its children: asked first, forced after :data:`GRACE_SECONDS`."""
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs(family, timeout=GRACE_SECONDS)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
