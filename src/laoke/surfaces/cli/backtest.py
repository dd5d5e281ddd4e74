"""`laoke backtest`: what an offer would have done, and whether booked orders come out again as they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laoke.kernel.errors import LaokeError
from laoke.surfaces.cli import moments
from laoke.surfaces.cli.output import Json, emit, padded_columns
from laoke.surfaces.cli.session import Exit, now, ready, say

if TYPE_CHECKING:
    from laoke.promotions.backtest.files import Tried
    from laoke.promotions.backtest.live import Compared
    from laoke.promotions.backtest.reading import Period
    from laoke.promotions.backtest.report import Report
    from laoke.promotions.launch.checks import Checked

_DAYS = 28


class UnreadableOffer(LaokeError):
    """The file of an offer cannot be read, or the offer in it cannot be used."""

    code, status, title = "unreadable-offer", 422, "The offer cannot be read"


def backtest(
    file: Annotated[
        Path | None,
        typer.Argument(help="The offer, as in the section `offers` of a programme; - is stdin."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day; 28 days up to --to unless given.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day, included; yesterday unless given.")
    ] = None,
    stores: Annotated[
        str | None, typer.Option("--stores", metavar="CODES", help="Only these stores: S001,S002.")
    ] = None,
    offer: Annotated[
        str | None, typer.Option("--offer", metavar="KEY", help="Which, when the file has several.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Price booked orders again and compare; takes no file.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--checks/--no-checks", help="Look for the worst basket, overlaps and loops too.")
    ] = True,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, max=256, help="As many as there are processors.")
    ] = None,
    json: Json = False,
) -> None:
    """Price past orders again with an offer: whom it hits, what it costs, what it does to others.

    With --live: price booked orders again by the offers of then. They come to what was booked, or every difference is
    told with its reason (exit code 1).

    Example: laoke backtest offer.yaml --from 2026-10-01 --to 2026-10-31 --stores S001
    """
    with ready():
        from django.conf import settings

        from laoke.promotions.backtest.reading import Period

        at = now()
        today = at.astimezone(settings.LAOKE.zone).date()
        last_day = moments.day(last, today, "--to") if last else today - timedelta(days=1)
        first_day = moments.day(first, last_day, "--from") if first else last_day - timedelta(days=_DAYS - 1)
        ids, codes = _stores(stores)
        period = Period(first_day, last_day, ids)
        if live:
            if file is not None:
                raise typer.BadParameter("with --live there is no offer to try", param_hint="FILE")
            _compare(period, processes, json)
            return
        if file is None:
            raise typer.BadParameter("an offer to try, or --live", param_hint="FILE")
        _try(_read(file, offer), period, codes, processes, json, checks=checks)


def _try(
    tried: Tried,
    period: Period,
    codes: tuple[str, ...] | None,
    processes: int | None,
    json: bool,
    *,
    checks: bool,
) -> None:
    from laoke.promotions.backtest import report, running
    from laoke.promotions.backtest.parallel import Stopped
    from laoke.surfaces.cli.progress import shown

    plan = running.Plan(tried.key, tried.document, period, now(), codes, tried.responses)
    try:
        with shown("replaying", None, "orders", stoppable=True) as work:

            def advance(done: int, whole: int) -> bool:
                work.expect(whole)
                work.reach(done)
                return not work.stop_requested

            found = running.run(plan, processes=processes, advance=advance)
    except Stopped:
        say("Stopped.")
        sys.exit(Exit.STOPPED)
    result, text = report.to_json(found), list(_told(found))
    if checks:
        from laoke.promotions.launch.checks import check, to_json

        checked = check(tried.key, tried.document, at=now())
        result["checks"] = to_json(checked)
        text += ["", *_checked(checked)]
    emit(result, as_json=json, text="\n".join(text))


def _compare(period: Period, processes: int | None, json: bool) -> None:
    from dataclasses import asdict

    from laoke.promotions.backtest import live
    from laoke.promotions.backtest.parallel import Stopped
    from laoke.surfaces.cli.progress import shown

    try:
        with shown("pricing again", None, "orders", stoppable=True) as work:

            def advance(done: int, whole: int) -> bool:
                work.expect(whole)
                work.reach(done)
                return not work.stop_requested

            found, seconds = live.compare(period, now=now(), processes=processes, advance=advance)
    except Stopped:
        say("Stopped.")
        sys.exit(Exit.STOPPED)
    emit(asdict(found) | {"seconds": round(seconds, 2)}, as_json=json, text="\n".join(_compared(found)))
    if found.differences:
        sys.exit(Exit.DIFFERENCES)


def _checked(found: Checked) -> Iterator[str]:
    yield "Before launch"
    for each in found.findings:
        article = f" ({each.article.en})" if each.article else ""
        yield f"  {each.severity.value:8} {each.says.en}{article}"
    worst = found.by_money
    if worst is None:
        return
    yield ""
    yield "The worst basket" + ("" if worst.exact else f", of {worst.tried:,} that were priced")
    rows: list[tuple[str, ...]] = [("Article", "Units", "Price", "Amount", "Off", "Paid", "Cost")]
    for line in worst.lines:
        amounts = (
            line.unit_price_minor,
            line.amount_minor,
            line.discount_minor,
            line.net_minor,
            line.cost_minor,
        )
        rows.append((line.sku, f"{line.units:,}", *map(_amount, amounts)))
    yield from padded_columns(rows, right=range(1, 7))
    for key, minor in worst.given:
        yield f"  {key} takes off {_amount(minor)}"
    known = ", ".join(
        f"{name} {' and '.join(sorted(value)) if isinstance(value, frozenset) else value}"
        for name, value in worst.known.items()
    )
    if known or worst.codes:
        yield f"  for: {known or 'anybody'}{', with ' + ', '.join(worst.codes) if worst.codes else ''}"


def _compared(found: Compared) -> Iterator[str]:
    from django.conf import settings

    from laoke.kernel.money import Money

    booked, replayed = (
        Money(minor, settings.LAOKE.currency) for minor in (found.booked_minor, found.replayed_minor)
    )
    yield f"{found.orders:,} orders priced with offers, {found.equal:,} of them come out as they were booked."
    yield f"Offers gave {booked}; priced again they give {replayed}."
    for each in found.differing:
        yield (
            f"  order {each.order_id}, {each.offer}: booked {_amount(each.booked_minor)}, "
            f"now {_amount(each.replayed_minor)}: {each.why}"
        )
    if found.differences > len(found.differing):
        yield f"  … and {found.differences - len(found.differing):,} more"


def _read(file: Path, key: str | None) -> Tried:
    from laoke.promotions.backtest.files import tried
    from laoke.promotions.documents.files import LARGEST, NotYaml, read_file
    from laoke.promotions.documents.offers import Fault

    try:
        if str(file) == "-":
            text = sys.stdin.read(LARGEST + 1)
        else:
            with file.open(encoding="utf-8") as opened:
                text = opened.read(LARGEST + 1)
        lines = read_file(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableOffer(
            f"{file}: {getattr(error, 'strerror', None) or 'it is not text in UTF-8'}."
        ) from None
    except NotYaml as error:
        raise UnreadableOffer(f"{file}: {error.detail}") from None
    try:
        return tried(lines.document, key)
    except Fault as error:
        told = "\n".join(
            f"{file}, line {lines.line_of(place)}: {'.'.join(map(str, place))}: {says}"
            for place, says in error.faults
        )
        raise UnreadableOffer(told) from None


def _stores(text: str | None) -> tuple[tuple[int, ...] | None, tuple[str, ...] | None]:
    """The ids and codes of stores."""
    if text is None:
        return None, None
    from laoke.purchases.selectors import stores_by_code

    known = stores_by_code()
    codes = tuple(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
    if unknown := [code for code in codes if code not in known]:
        raise typer.BadParameter(f"there is no active store {', '.join(unknown)}", param_hint="--stores")
    return tuple(known[code].id for code in codes), codes


def _told(found: Report) -> Iterator[str]:
    from laoke.promotions.backtest.words import assumption

    where = "all stores" if found.stores is None else ", ".join(found.stores)
    yield f"{found.key}: {found.first_day} to {found.last_day}, {where}"
    yield (
        f"{found.orders:,} orders replayed in {found.seconds:,.1f} s ({found.baskets_per_second:,}/s), "
        f"against programme version {found.programme_version}"
    )
    yield ""
    yield from padded_columns(list(_figures(found)))
    yield ""
    yield from padded_columns(list(_offers(found)), right=range(2, 8))
    yield ""
    yield from padded_columns(list(_responses(found)), right=range(1, 7))
    needed = found.break_even_percent
    if needed is None:
        yield "Break-even: never; further orders like these bring no margin."
    else:
        yield f"Break-even: {needed:g} % more orders like these."
    yield ""
    for code in found.assumptions:
        yield f"  {assumption(code).en}"


def _figures(found: Report) -> Iterator[tuple[str, str]]:
    hit = f"{found.hit.part:,} orders ({found.hit.percent:g} %)"
    if found.refused_by_limits:
        hit += f"; {found.refused_by_limits:,} more but for its limits"
    yield "Given to", hit
    yield "Members", f"{found.hit_members:,} in {found.hit_orders_of_members:,} of these orders"
    budget = f" of a budget of {_amount(found.budget_minor)}" if found.budget_minor is not None else ""
    yield "Takes off", _amount(found.given_minor) + budget
    yield "Due", f"{_amount(found.before_minor)} → {_amount(found.after_minor)}"
    known = f"{found.cost_known.percent:g} % of what is due has a known cost"
    yield (
        "Margin",
        f"{_amount(found.margin_before.margin_minor)} ({_share(found.margin_before.percent)}) → "
        f"{_amount(found.margin_after.margin_minor)} ({_share(found.margin_after.percent)}); {known}",
    )
    yield (
        "Bought anyway",
        f"{found.anyway.part:,} of the {found.anyway.whole:,} orders that reach it or nearly do; "
        f"{found.near_orders:,} are within reach",
    )
    for sku, pieces in found.gifts:
        yield "Gift", f"{pieces:,} × {sku or '(to be chosen)'}"
    for template, pieces in found.coupons:
        yield "Coupons", f"{pieces:,} × {template}"
    if found.points:
        yield "Points", f"{found.points:+,}, worth {_amount(found.points_cost_minor)}"
    if found.orders_at_floor or found.orders_capped:
        yield (
            "Guards",
            f"{found.orders_at_floor:,} orders with a line at its floor, {found.orders_capped:,} at the most that may "
            "be taken off",
        )


def _offers(found: Report) -> Iterator[tuple[str, ...]]:
    yield "Offer", "Stage", "Orders", "→", "Takes off", "→", "Together", "Gets less"
    for each in found.offers:
        yield (
            each.key,
            each.stage,
            f"{each.orders_before:,}",
            f"{each.orders_after:,}",
            _amount(each.minor_before),
            _amount(each.minor_after),
            f"{each.together:,}",
            f"{each.pushed_out:,}",
        )


def _responses(found: Report) -> Iterator[tuple[str, ...]]:
    yield "If shoppers answer", "Fill up", "Come more", "Takes off", "of it anyway", "Due", "Margin"
    for each in found.responses:
        yield (
            each.name,
            f"{each.near_orders:g} %",
            f"{each.more_orders:g} %",
            _amount(each.given_minor),
            _amount(each.given_anyway_minor),
            _amount(each.turnover_minor),
            _amount(each.margin_minor),
        )


def _amount(minor: int | None) -> str:
    from django.conf import settings

    from laoke.kernel.money import Money

    return "nothing" if minor is None else str(Money(minor, settings.LAOKE.currency))


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:g} %"
