"""`python -m tests.benchmarks [NAME …] [--seed N] [--scale X]`."""

import argparse
import subprocess
import sys

from tests.benchmarks import harness


def main() -> int:
    """Run what was asked for; return 0 when everything could run."""
    names = harness.benchmark_names()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; all when none is given")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="size; 1.0 is the documented one")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(names)}")
    if len(options.names) == 1:
        sys.stdout.write(harness.run(options.names[0], seed=options.seed, scale=options.scale) + "\n")
        return 0
    failed = 0
    for name in options.names or names:
        # A process each: memory and connections of one must not show in the next one's numbers.
        command = [sys.executable, "-m", "tests.benchmarks", name, "--seed", str(options.seed)]
        failed |= subprocess.run([*command, "--scale", str(options.scale)], check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
