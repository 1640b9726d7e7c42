"""Writes a made-up customer churn data set, for trying the pipeline out.

The label follows from the columns through a logistic model with an interaction, so
that a tree model has something to find; the best possible AUC is about 0.84. Some values are
missing, and a known share of the rows is broken in the ways that real exports are.
The same seed gives the same bytes.

    python generate.py --rows 5000 --seed 7 churn.csv
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TextIO

HEADER = [
    "customer_id",
    "signup_date",
    "tenure_months",
    "plan",
    "payment",
    "monthly_charge",
    "support_calls",
    "weekly_hours",
    "autopay",
    "churned",
]
CHARGES = {"basic": 20.0, "plus": 45.0, "pro": 90.0}
TODAY = date(2025, 1, 1)
NULL_SHARE = 0.03
# Each breaks one field in a way that the schema beside this file rejects.
FAULTS = (("tenure_months", "-3"), ("plan", "platinum"), ("monthly_charge", "n.a. €"), ("churned", ""))


def churn_probability(customer: dict[str, float], plan: str, autopay: bool) -> float:
    score = 0.4
    score -= 0.06 * customer["tenure_months"]
    score += 0.55 * customer["support_calls"]
    score -= 0.16 * customer["weekly_hours"]
    score += 0.012 * customer["monthly_charge"]
    score -= 0.7 if autopay else 0.0
    if plan == "basic" and customer["support_calls"] >= 3:
        score += 1.2
    return 1.0 / (1.0 + math.exp(-score))


def customer_row(rng: random.Random, number: int) -> dict[str, str]:
    tenure = min(int(rng.expovariate(1 / 24)), 240)
    plan = rng.choices(list(CHARGES), weights=(5, 3, 2))[0]
    charge = max(5.0, rng.gauss(CHARGES[plan], 6.0))
    calls = min(int(rng.expovariate(1 / 1.6)), 100)
    hours = max(0.0, rng.gauss(9.0, 4.0))
    autopay = rng.random() < 0.55
    numbers = {"tenure_months": tenure, "monthly_charge": charge, "support_calls": calls, "weekly_hours": hours}
    churned = rng.random() < churn_probability(numbers, plan, autopay)
    signup = TODAY - timedelta(days=30 * tenure + rng.randrange(30))
    row = {
        "customer_id": f"C{number:07d}",
        "signup_date": signup.isoformat(),
        "tenure_months": str(tenure),
        "plan": plan,
        "payment": rng.choice(("card", "invoice", "transfer")),
        "monthly_charge": f"{charge:.2f}",
        "support_calls": str(calls),
        "weekly_hours": f"{hours:.1f}",
        "autopay": "true" if autopay else "false",
        "churned": str(int(churned)),
    }
    for name in ("payment", "support_calls", "weekly_hours"):
        if rng.random() < NULL_SHARE:
            row[name] = ""
    return row


def rows(count: int, seed: int, bad_share: float) -> Iterator[dict[str, str]]:
    """`count` customers; about `bad_share` of them carry one fault."""
    rng = random.Random(seed)
    for number in range(count):
        row = customer_row(rng, number)
        if rng.random() < bad_share:
            name, value = rng.choice(FAULTS)
            row[name] = value
        yield row


def write(target: TextIO, count: int, seed: int, bad_share: float) -> None:
    writer = csv.DictWriter(target, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(count, seed, bad_share))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up churn data set as CSV.")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bad-share", type=float, default=0.01, help="share of rows with one fault")
    parser.add_argument("output", nargs="?", help="standard output unless given")
    options = parser.parse_args()
    if options.output is None:
        write(sys.stdout, options.rows, options.seed, options.bad_share)
        return
    with open(options.output, "w", encoding="utf-8", newline="") as target:
        write(target, options.rows, options.seed, options.bad_share)


if __name__ == "__main__":
    main()
