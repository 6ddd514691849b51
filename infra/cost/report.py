"""The tables of docs/cost.md, and their place in it."""

from __future__ import annotations

from infra.cost import prices, traffic
from infra.cost.bill import Line, Month, bill, month_of, watch_dollars
from infra.cost.quota import DAY_S, day_of_calls, day_of_waiting, waiting_calls
from infra.cost.template import Bought
from infra.stages import Stage
from shared.limits import PLANS

INSTANCES = (100, 1_000, 10_000)
BEGIN, END = "<!-- made by python -m infra.cost -->", "<!-- end -->"


def report(has: Bought, stage: Stage) -> str:
    """Markdown: what is assumed, the bill for each number of instances, and where the money goes."""
    months = [month_of(instances, stage) for instances in INSTANCES]
    bills = [bill(month, has, stage) for month in months]
    return "\n".join([_assumed(stage), "", *_bill(months, bills), "", *_shares(months, bills), "", *_keys(has)])


def placed(document: str, tables: str) -> str:
    """The document with the tables in their place. Raises ValueError when it has no such place."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def _assumed(stage: Stage) -> str:
    return (
        f"Dollars a month in {prices.REGION}, list prices of {prices.AS_OF}, stage `{stage.name}`. An instance sends "
        f"{traffic.SENT} messages a day, of which {traffic.READ_SHARE:.0%} are read,\nand receives {traffic.RECEIVED}; "
        f"{traffic.OTHER_CALLS} other calls of the API; one endpoint hears every event and answers in "
        f"{traffic.ENDPOINT_S * 1000:.0f} ms."
    )


def _bill(months: list[Month], bills: list[list[Line]]) -> list[str]:
    heads = [f"{month.instances:,} instances" for month in months]
    rows = [_row("service", "what", *heads), _row("---", "---", *("---:" for _ in heads))]
    rows += [
        _row("", "messages", *(f"{month.messages / prices.MILLION:,.1f} M" for month in months)),
        _row("", "session hosts, partitions", *(f"{month.hosts}, {month.partitions}" for month in months)),
    ]
    rows += [
        _row(lines[0].service, lines[0].what, *(_money(line.dollars) for line in lines))
        for lines in zip(*bills, strict=True)
    ]
    totals = [sum(line.dollars for line in lines) for lines in bills]
    each = [total / month.instances for total, month in zip(totals, months, strict=True)]
    thousand = [1000 * total / month.messages for total, month in zip(totals, months, strict=True)]
    return [
        *rows,
        _row("**all**", "", *(f"**{_money(total)}**" for total in totals)),
        _row("", "for an instance", *(f"{dollars:,.2f}" for dollars in each)),
        _row("", "for 1,000 messages", *(f"{dollars:,.2f}" for dollars in thousand)),
    ]


def _shares(months: list[Month], bills: list[list[Line]]) -> list[str]:
    """By service, the largest at the greatest number of instances first."""
    rows = [_row("share of the bill", *(f"{month.instances:,}" for month in months))]
    rows.append(_row("---", *("---:" for _ in months)))
    by_service = [_by_service(lines) for lines in bills]
    largest_first = sorted(by_service[-1], key=lambda service: -by_service[-1][service])
    rows += [
        _row(name, *(f"{found[name] / sum(found.values()):.0%}" for found in by_service)) for name in largest_first
    ]
    watching = [watch_dollars(month) / sum(found.values()) for month, found in zip(months, by_service, strict=True)]
    rows.append(_row("of DynamoDB: leases and heartbeats", *(f"{share:.0%}" for share in watching)))
    return rows


def _keys(has: Bought) -> list[str]:
    """The most that one key can cost."""
    waits = f"each waiting {traffic.LONGEST_WAIT_S} s"
    heads = ("a key that spends its quota in a day", "calls", "each answered at once", waits, "calls that wait at once")
    rows = [_row(*heads), _row("---", *("---:" for _ in heads[1:]))]
    for plan in PLANS.values():
        waiting = waiting_calls(plan, has)
        dollars = (_money(day_of_calls(plan, has)), _money(day_of_waiting(plan, has)))
        at_once = f"{waiting * traffic.LONGEST_WAIT_S / DAY_S:,.0f}"
        rows.append(_row(f"`{plan.name}`", f"{plan.quota_per_day:,}", *dollars, at_once))
    return rows


def _by_service(lines: list[Line]) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in lines:
        found[line.service] = found.get(line.service, 0) + line.dollars
    return found


def _money(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars < 100 else f"{dollars:,.0f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
