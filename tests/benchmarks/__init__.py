"""Benchmarks of the product's real code paths. A benchmark is a module here with `run(seed, scale) -> Result`.

`python -m tests.benchmarks NAME --seed N --scale X` prints exactly one JSON line on stdout; what it does meanwhile goes
to stderr. Without a name all run, each in a process of its own. The exit code tells only whether they could run.
"""
