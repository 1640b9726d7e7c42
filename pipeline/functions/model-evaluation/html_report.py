"""The evaluation as one page for a person: no script, no other file, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

NAMES = {
    "auc": "Area under the ROC curve",
    "average_precision": "Average precision",
    "ks": "Kolmogorov-Smirnov distance",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "precision_macro": "Precision, mean of classes",
    "recall_macro": "Recall, mean of classes",
    "f1_macro": "F1, mean of classes",
    "f1_weighted": "F1, mean of classes by rows",
    "mcc": "Matthews correlation",
    "false_positive_rate": "False positive rate",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "mse": "Mean squared error",
    "rmse": "Root mean squared error",
    "mae": "Mean absolute error",
    "median_absolute_error": "Median absolute error",
    "max_error": "Largest error",
    "mape": "Mean absolute percentage error",
    "r2": "R²",
}
FACTS = {
    "execution": "Execution",
    "training_job": "Training job",
    "data_version": "Data version",
    "code_version": "Code version",
    "dataset": "Data set",
    "etl_job_run": "ETL run",
}
# The side of a plot, and the room for its axes, in SVG units.
SIDE, LEFT, BOTTOM = 260, 44, 40
# The number of features that are listed by name.
MOST_IMPORTANT = 20

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6878; --line: #d9dee6; --page: #fff; --card: #f6f8fa;
  --mark: #2563eb; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #97a3b4; --line: #333c49; --page: #12161c;
  --card: #1a2028; --mark: #7aa7ff; --good: #4ade80; --bad: #f87171; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 58rem;
  margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; }
.verdict { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
.soft { color: var(--soft); } ul { padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); } td.n, th.n { text-align: right; }
td, th { padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; } dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .85rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--card); border-radius: .6rem; padding: .9rem; }
figcaption { font-weight: 600; margin-bottom: .4rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); } .even { stroke: var(--soft); stroke-dasharray: 4 4; }
.curve { stroke: var(--mark); stroke-width: 2; fill: none; } .dot { fill: var(--mark); }
.confusion { width: auto; } .confusion td { text-align: center; min-width: 6.5rem; font-size: 1.1rem; }
"""


def number(value: float) -> str:
    return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.1f}"


def bounds(threshold: dict[str, float]) -> str:
    parts = [f"{sign} {threshold[name]:g}" for name, sign in (("min", "≥"), ("max", "≤")) if name in threshold]
    return ", ".join(parts)


def metrics_table(
    metrics: dict[str, float], approved: dict[str, float], thresholds: dict[str, dict[str, float]]
) -> str:
    rows = []
    for name, value in metrics.items():
        limit = thresholds.get(name, {})
        met = limit.get("min", value) <= value <= limit.get("max", value)
        mark = f' class="n {"good" if met else "bad"}"' if limit else ' class="n"'
        before = number(approved[name]) if name in approved else "&ndash;"
        rows.append(
            f"<tr><td>{escape(NAMES.get(name, name))}</td><td{mark}>{number(value)}</td>"
            f'<td class="n soft">{before}</td><td class="n soft">{escape(bounds(limit)) or "&ndash;"}</td></tr>'
        )
    head = '<th>Metric</th><th class="n">This model</th><th class="n">Approved model</th><th class="n">Required</th>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def ticks(low: float, high: float) -> list[float]:
    return [low + share * (high - low) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def plot(
    title: str,
    x_name: str,
    y_name: str,
    points: Iterable[tuple[float, float]],
    *,
    diagonal: bool = False,
    line: bool = True,
    dots: bool = False,
    limits: tuple[float, float] = (0.0, 1.0),
) -> str:
    """Points between the limits of both axes. The diagonal says "no better than chance", or "as it should be"."""
    low, high = limits

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + (x - low) / (high - low) * SIDE, 10 + (high - y) / (high - low) * SIDE

    lines = []
    for tick in ticks(low, high):
        (x0, y0), (x1, _) = at(low, tick), at(high, tick)
        lines.append(f'<line class="grid" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y0}"/>')
        lines.append(f'<text x="{x0 - 8}" y="{y0 + 4}" text-anchor="end">{tick:.4g}</text>')
        lines.append(f'<text x="{at(tick, low)[0]}" y="{SIDE + 26}" text-anchor="middle">{tick:.4g}</text>')
    if diagonal:
        (x0, y0), (x1, y1) = at(low, low), at(high, high)
        lines.append(f'<line class="even" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>')
    places = [at(x, y) for x, y in points]
    if line:
        lines.append(f'<polyline class="curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    if dots:
        lines += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    lines.append(f'<text x="{LEFT + SIDE / 2}" y="{SIDE + BOTTOM + 4}" text-anchor="middle">{escape(x_name)}</text>')
    middle = 10 + SIDE / 2
    turned = f'transform="rotate(-90 12 {middle})" text-anchor="middle"'
    lines.append(f'<text x="12" y="{middle}" {turned}>{escape(y_name)}</text>')
    box = f"0 0 {LEFT + SIDE + 14} {SIDE + BOTTOM + 14}"
    label = f'role="img" aria-label="{escape(title)}"'
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="{box}" {label}>{"".join(lines)}</svg></figure>'
    )


def confusion_table(matrix: dict[str, dict[str, int]], words: str) -> str:
    rows = "".join(
        f"<tr><th>label {escape(actual)}</th>"
        + "".join(f'<td class="{"good" if said == actual else "bad"}">{cells[said]:,}</td>' for said in matrix)
        + "</tr>"
        for actual, cells in matrix.items()
    )
    said = "".join(f"<th>predicted {escape(name)}</th>" for name in matrix)
    table = f'<table class="confusion"><tr><th></th>{said}</tr>{rows}</table>'
    return f'<h2>Confusion matrix</h2>{table}<p class="soft">{escape(words)}</p>'


def classes_table(classes: dict[str, dict[str, float]]) -> str:
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{one["rows"]:,}</td>'
        + "".join(f'<td class="n">{number(one[metric])}</td>' for metric in ("precision", "recall", "f1"))
        + "</tr>"
        for name, one in classes.items()
    )
    head = "".join(f'<th class="n">{name}</th>' for name in ("Rows", "Precision", "Recall", "F1"))
    return f"<h2>Classes</h2><table><thead><tr><th>Class</th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def importances_table(fields: list[dict[str, Any]]) -> str:
    """The inputs by their shares of the gain, by the names of their columns and with their encodings."""
    if not fields:
        return ""
    rows = "".join(
        f"<tr><td>{escape(field['name'])}</td>"
        f'<td class="soft">{escape(field["encoding"])}</td><td class="n">{field["share"]:.1%}</td></tr>'
        for field in fields[:MOST_IMPORTANT]
    )
    rest = sum(field["share"] for field in fields[MOST_IMPORTANT:])
    if len(fields) > MOST_IMPORTANT:
        others = f"{len(fields) - MOST_IMPORTANT} others"
        rows += f'<tr><td class="soft">{others}</td><td></td><td class="n soft">{rest:.1%}</td></tr>'
    head = '<th>Feature</th><th>Encoding</th><th class="n">Share of the gain</th>'
    return f"<h2>Features by importance</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def binary_pictures(section: dict[str, Any], threshold: float) -> str:
    curve = section["receiver_operating_characteristic_curve"]
    retrieval = section["precision_recall_curve"]
    figures = [
        plot(
            "ROC curve",
            "False positive rate",
            "True positive rate",
            zip(curve["false_positive_rates"], curve["true_positive_rates"], strict=True),
            diagonal=True,
        ),
        plot(
            "Precision and recall",
            "Recall",
            "Precision",
            zip(retrieval["recalls"], retrieval["precisions"], strict=True),
        ),
        plot(
            "Calibration",
            "Predicted probability",
            "Share of positives",
            [(cell["predicted"], cell["observed"]) for cell in section["calibration"]],
            diagonal=True,
            dots=True,
        ),
    ]
    head = "<h2>How well it ranks, and how far its probabilities can be believed</h2>"
    words = f"Counted as positive from a probability of {threshold:g}."
    plots = f'{head}<div class="plots">{"".join(figures)}</div>'
    return confusion_table(section["confusion_matrix"], words) + plots


def regression_pictures(section: dict[str, Any]) -> str:
    sample = section["sample"]
    points = list(zip(sample["labels"], sample["predictions"], strict=True))
    low, high = min(map(min, points)), max(map(max, points))
    limits = (low, high) if low < high else (low - 1, high + 1)
    figure = plot("Predictions", "Label", "Prediction", points, diagonal=True, line=False, dots=True, limits=limits)
    sizes = "".join(
        f'<tr><td>{float(share):.0%} of the rows</td><td class="n">{number(size)}</td></tr>'
        for share, size in section["absolute_error_quantiles"].items()
    )
    head = '<tr><th></th><th class="n">Error at most</th></tr>'
    return f'<h2>How large its errors are</h2><div class="plots">{figure}<table>{head}{sizes}</table></div>'


def pictures(report: dict[str, Any], threshold: float) -> str:
    if "binary_classification_metrics" in report:
        return binary_pictures(report["binary_classification_metrics"], threshold)
    if "multiclass_classification_metrics" in report:
        section = report["multiclass_classification_metrics"]
        return confusion_table(section["confusion_matrix"], "The most probable class.") + classes_table(
            section["classes"]
        )
    return regression_pictures(report["regression_metrics"])


def render(decision: dict[str, Any], report: dict[str, Any], event: dict[str, Any]) -> str:
    """The page for a decision, the report it rests on and the event that asked for it."""
    good = decision["register"]
    verdict = "Good enough to be registered" if good else "Not good enough to be registered"
    said = [*decision["reasons"], *decision["notes"]]
    if decision["comparison"] and not decision["comparison"]["refused"]:
        said.append(decision["comparison"]["told"])
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in said)
    lineage = event.get("lineage") or {}
    facts = "".join(
        f"<dt>{escape(FACTS.get(name, name))}</dt><dd>{escape(str(value))}</dd>" for name, value in lineage.items()
    )
    if decision["comparison"]:
        facts += f"<dt>Compared with</dt><dd>{escape(decision['approved_package'])}</dd>"
    drawn = pictures(report, decision["decision_threshold"])
    table = metrics_table(decision["metrics"], decision["approved_metrics"], event.get("thresholds") or {})
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Model evaluation</title><style>{STYLE}</style></head>
<body>
<h1>Model evaluation</h1>
<p><span class="verdict {"good" if good else "bad"}">{verdict}</span>
<span class="soft">· {decision["rows"]:,} test rows</span></p>
<ul>{reasons}</ul>
<h2>Metrics</h2>
{table}
{drawn}
{importances_table(report.get("feature_importances", []))}
<h2>What it was made from</h2>
<dl>{facts}</dl>
</body>
</html>
"""
