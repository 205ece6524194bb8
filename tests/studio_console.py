"""A Python in a studio's own settings that runs what it is told: `python -m tests.studio_console`.

Reads lines of JSON `{"code", "given"}` and answers each with `{"result"}` or `{"error"}`. One
process for all questions, since a fresh one costs a second. See `tests.studio_process`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import django
from django.db import close_old_connections


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the code prints must not get between the answers
    django.setup()
    for line in sys.stdin:
        question = json.loads(line)
        close_old_connections()
        print(json.dumps(_answer(question), default=str), file=answers, flush=True)
        close_old_connections()


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {"given": question["given"], "result": None}
    try:
        exec(compile(question["code"], "<run_python>", "exec"), names)
    except Exception:  # noqa: BLE001 - told to who asked
        return {"error": traceback.format_exc()}
    return {"result": names["result"]}


if __name__ == "__main__":
    main()
