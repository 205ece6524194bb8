"""What the studio promises in numbers, measured on this machine: `make bench`.

Rule: real processes, real servers, one module for each measurement; targets are shown and never
fail a run, since a busy machine would. `python -m tests.bench draft` measures what has "draft"
in its name. Price: some four minutes for all. The figures also go to `build/bench.json`.
"""
