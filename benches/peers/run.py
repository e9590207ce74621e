"""The same work in pileup, SimPy, Ciw and nexosim, in turn, on one core: what each costs, and the ratios of every round.

run.py PILEUP NEXOSIM PYTHON [ROUNDS]: the program `runs`, the program of nexosim/, a Python that has simpy and ciw.
Times are user time of the processor. Every answer is held against queueing theory, or against what the others answer.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent

# What must come out (workload: key of the answer, divided by, lowest, highest). The mean wait in an M/M/1 queue at 90 % load
# is ρ ÷ (μ − λ) = 9 service times; W2 and W3 have no closed form that fits on a line, so all tools have to agree.
GATES = {
    "w1": [("waiting_mean_s", None, 0.0080, 0.0100)],
    "w2": [
        ("latency_mean_s", None, 0.131, 0.136),
        ("timed_out", "messages", 0.009, 0.014),
        ("refused", "messages", 0.014, 0.025),
    ],
    "w3": [("crashes", None, 60, 61), ("succeeded", None, 0, 0)],
}
# What a cost is counted by.
COUNTED = {"w1": "messages", "w2": "messages", "w3": "attempts"}


def tools(pileup, nexosim, python):
    """Each workload, and how each tool is told to run it; pileup first. Runs are long enough for the gates."""
    simpy, ciw = str(HERE / "simpy_peer.py"), str(HERE / "ciw_peer.py")
    return {
        "w1": {
            "pileup": [pileup, "one", "w1"],
            "nexosim": [nexosim, "w1", "1000000"],
            "SimPy": [python, simpy, "w1", "200000"],
            "Ciw": [python, ciw, "w1", "200000"],
        },
        "w2": {
            "pileup": [pileup, "one", "w2", "duration=15625s"],
            "nexosim": [nexosim, "w2", "500000"],
            "SimPy": [python, simpy, "w2", "100000"],
        },
        "w3": {
            "pileup": [pileup, "one", "w3", "duration=1h"],
            "SimPy": [python, simpy, "w3", "1"],
        },
    }


def run(command):
    """What the command printed, and its user time in seconds: its own account where it gives one, else all of it."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}: ended with {process.returncode}")
        out.seek(0)
        told = json.loads(out.read())
    return told, told.get("seconds", usage.ru_utime)


def gate(workload, tool, told):
    """Ends everything if an answer is wrong: the speed of a wrong answer is of no interest."""
    for key, by, lowest, highest in GATES[workload]:
        value = told[key] / (told[by] if by else 1)
        if not lowest <= value <= highest:
            sys.exit(f"{workload} in {tool}: {key} is {value:.4g}, not within {lowest} and {highest}")


def spread(values, form):
    median, lowest, highest = statistics.median(values), min(values), max(values)
    return f"{median:{form}} ({lowest:{form}} to {highest:{form}})"


def tell(rounds, lines):
    """Prints the table, and writes it into its section of the document."""
    head = f"{date.today()}: the median of {rounds} rounds (lowest to highest), on one core; every answer is right."
    told = "\n".join([head, "", *lines])
    print(f"\n{told}")
    document = HERE.parent.parent / "PERFORMANCE.md"
    before, rest = document.read_text(encoding="utf-8").split("<!-- measured: peers -->\n", 1)
    _, after = rest.split("<!-- end -->", 1)
    text = f"{before}<!-- measured: peers -->\n\n{told}\n\n<!-- end -->{after}"
    document.write_text(text, encoding="utf-8")


def main():
    pileup, nexosim, python = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    costs = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for workload, commands in tools(pileup, nexosim, python).items():
            for tool, command in commands.items():
                told, seconds = run(command)
                gate(workload, tool, told)
                each = seconds * 1e9 / told[COUNTED[workload]]
                costs.setdefault((workload, tool), []).append(each)
    lines = [f"| {'':4} | {'':8} | {'ns each':>32} | {'× pileup, same round':>28} |", "|---|---|---:|---:|"]
    for (workload, tool), each in costs.items():
        ratios = [one / ours for one, ours in zip(each, costs[workload, "pileup"])]
        ratio = "" if tool == "pileup" else spread(ratios, ".1f")
        lines.append(f"| {workload.upper():4} | {tool:8} | {spread(each, '.1f'):>32} | {ratio:>28} |")
    tell(rounds, lines)


if __name__ == "__main__":
    main()
