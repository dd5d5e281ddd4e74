"""`laoke programme`: the rules of points, tiers, prices and offers as text: written, checked, published."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from laoke.kernel.errors import LaokeError
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, say

if TYPE_CHECKING:
    from laoke.benefits.library.publication import Library
    from laoke.checkout.programme import Plan, Programme
    from laoke.engine.policy import PointsPolicy
    from laoke.engine.tiering import Ladder, Need, Window
    from laoke.points.activities.rules import ActivityRules
    from laoke.points.adjustments.limits import AdjustmentRules
    from laoke.promotions.documents.files import File
    from laoke.promotions.policy import PricingPolicy
    from laoke.tiers.memberships.plans import Plans

app = typer.Typer(
    help="The programme: points, the ladder of tiers, how baskets are priced, offers.", no_args_is_help=True
)
_DOCUMENT = "A document as `export` writes it, or some of its sections; - is stdin."


class UnreadableProgramme(LaokeError):
    """The file of a programme cannot be read as YAML with sections."""

    code, status, title = "unreadable-programme", 422, "The programme cannot be read"


class Difference(NamedTuple):
    """One value that changes, by its place; None: not there."""

    place: str
    before: object
    after: object


@app.command("show")
def show(
    json: Json = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print the document that `apply` reads.")] = False,
) -> None:
    """Show the programme in force: in words, or as the document that `apply` reads.

    Example: laoke programme show --yaml > programme.yaml
    """
    with ready():
        from django.conf import settings

        from laoke.checkout import programme

        found = programme.current()
        document = programme.to_document(found)
        text = _yaml(document) if yaml else "\n".join(_words(found, settings.LAOKE.currency))
        emit(document, as_json=json, text=text.rstrip("\n"))


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is stdout.")] = Path("-"),
) -> None:
    """Write the programme in force as the document that `plan` and `apply` read.

    Example: laoke programme export programme.yaml
    """
    with ready():
        from laoke.checkout import programme

        found = programme.current()
        text = _yaml(programme.to_document(found))
        if str(file) == "-":
            typer.echo(text, nl=False)
            return
        _write(file, text)
        say(f"Version {found.version} is in {file}.")


@app.command("plan")
def plan(
    file: Annotated[Path, typer.Argument(help=_DOCUMENT)],
    json: Json = False,
) -> None:
    """Check a programme and print what `apply` would change; nothing is published.

    Ends with 0 when nothing differs, 1 when something does, 2 when the programme is refused: every fault is then told
    with its line.

    Example: laoke programme plan programme.yaml
    """
    with ready():
        document, lines = _read(file)
        planned = _planned(file, document, lines)
        changes = _changes(planned)
        if json:
            emit(_result(planned, changes, lines), as_json=True, text="")
        else:
            _warn(planned, file, lines)
            for line in _told(planned, changes):
                typer.echo(line)
        if changes:
            sys.exit(Exit.DIFFERENCES)


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(help=_DOCUMENT)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the differences and publish nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Publish a programme: print what changes and what it gives back, then put it in force at once.

    Everything the document says, or nothing: what cannot be used is told with its line, and nothing is published.

    Example: laoke programme apply programme.yaml
    """
    with ready():
        from laoke.checkout import programme
        from laoke.foundation.access import SYSTEM

        document, lines = _read(file)
        planned = _planned(file, document, lines)
        changes = _changes(planned)
        result = _result(planned, changes, lines) | {"published": False}
        if not json:
            # On stderr and before anything is published: there is still time for Ctrl-C.
            _warn(planned, file, lines)
            for line in _told(planned, changes):
                say(line)
        words = "Nothing differs." if not changes else "Nothing was published: a dry run."
        if changes and not dry_run:
            published = programme.apply(SYSTEM, document, at=now())
            result |= {"version": published.version, "published": True}
            words = f"Published as version {published.version}."
        emit(result, as_json=json, text=words)


@app.command("schema")
def schema(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is stdout.")] = Path("-"),
) -> None:
    """Write the JSON Schema of programme files, with which editors complete and check them.

    A file says where it is in its first line: # yaml-language-server: $schema=programme.schema.json

    Example: laoke programme schema programme.schema.json
    """
    with ready():
        from laoke.checkout import programme_schema

        text = programme_schema.text()
        if str(file) == "-":
            typer.echo(text, nl=False)
            return
        _write(file, text)
        say(f"The schema is in {file}.")


def differences(before: object, after: object, place: str = "") -> Iterator[Difference]:
    """Every leaf that is another one, in the order of the documents."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(
                before.get(name), after.get(name), f"{place}.{name}" if place else str(name)
            )
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            left = before[index] if index < len(before) else None
            right = after[index] if index < len(after) else None
            yield from differences(left, right, f"{place}[{index}]")
    elif before != after:
        yield Difference(place, before, after)


def percent(share: Fraction) -> str:
    """A share in percent, to two decimals where it needs them: "1 %", "0.67 %"."""
    hundredths = round_ratio(share.numerator * 10_000, share.denominator, Rounding.HALF_UP)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".") + " %"


def planned(file: Path) -> Plan:
    """The plan of a file, or its refusal with the line of every fault."""
    document, lines = _read(file)
    return _planned(file, document, lines)


def _planned(file: Path, document: Mapping[str, Any], lines: File) -> Plan:
    """The plan of a document, or its refusal with the line of every fault."""
    from laoke.checkout import programme

    try:
        return programme.plan(document, at=now())
    except LaokeError as error:
        faults = programme.faults_of(error)
        if not faults:
            raise
        told = "\n".join(_located(file, lines, place, says) for place, says in faults)
        raise UnreadableProgramme(told) from None


def _located(file: Path, lines: File, place: Sequence[str | int], says: str) -> str:
    line = _line(lines, place)
    where = "" if line is None else f", line {line}"
    return f"{file}{where}: {'.'.join(map(str, place))}: {says}"


def _line(lines: File, place: Sequence[str | int]) -> int | None:
    """The line of a place, None when it stands in a section that the file leaves as it is."""
    return lines.line_of(place) if lines.has(str(place[0])) else None


def _changes(planned: Plan) -> list[Difference]:
    from laoke.checkout import programme

    return list(differences(programme.to_document(planned.before), planned.document))


def _warn(planned: Plan, file: Path, lines: File) -> None:
    for place, says in sorted(planned.warnings, key=lambda each: _line(lines, each[0]) or 0):
        say(f"Warning: {_located(file, lines, place, says)}")


def _told(planned: Plan, changes: list[Difference]) -> Iterator[str]:
    """What changes, and what the programme gives back."""
    for change in changes:
        yield f"{change.place}: {_shown(change.before)} → {_shown(change.after)}"
    before, after = planned.before.points.give_back, planned.points.give_back
    yield f"Give-back: {percent(before)} → {percent(after)}"
    yield from _cost(before, after)


def _cost(before: Fraction, after: Fraction) -> Iterator[str]:
    """What the give-back costs in 30 days, at what members bought in the last 90."""
    from django.conf import settings

    from laoke.kernel.money import Money
    from laoke.review import selectors as review

    found = review.members_sales([review.WHOLE_SHOP])
    if found is not None and before != after:
        was, will = (Money(int(found[0] * share / 3), settings.LAOKE.currency) for share in (before, after))
        yield f"Cost:      {was} → {will} in 30 days, at the members' sales of the 90 days up to {found[1]}"


def _result(planned: Plan, changes: list[Difference], lines: File) -> dict[str, Any]:
    return {
        "changes": [change._asdict() for change in changes],
        "warnings": [
            {"at": list(place), "line": _line(lines, place), "says": says} for place, says in planned.warnings
        ],
        "give_back_before": str(planned.before.points.give_back),
        "give_back_after": str(planned.points.give_back),
        "version": planned.before.version,
    }


def _read(file: Path) -> tuple[Mapping[str, Any], File]:
    from laoke.checkout.programme import SECTIONS
    from laoke.promotions.documents.files import LARGEST, NotYaml, read_file

    known = f"{', '.join(list(SECTIONS)[:-1])} and {list(SECTIONS)[-1]}"
    try:
        text = sys.stdin.read(LARGEST + 1) if str(file) == "-" else _text(file, LARGEST + 1)
        lines = read_file(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableProgramme(
            f"{file}: {getattr(error, 'strerror', None) or 'it is not text in UTF-8'}."
        ) from None
    except NotYaml as error:
        raise UnreadableProgramme(f"{file}: {error.detail}") from None
    if not isinstance(lines.document, Mapping) or not lines.document:
        raise UnreadableProgramme(f"{file}: it takes the sections {known}. `laoke programme export`.")
    return lines.document, lines


def _text(file: Path, most: int) -> str:
    with file.open(encoding="utf-8") as opened:
        return opened.read(most)


def _write(file: Path, text: str) -> None:
    """The whole file or none of it."""
    made = file.with_name(f".{file.name}.new")
    try:
        made.write_text(text, encoding="utf-8")
        made.replace(file)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise UnreadableProgramme(f"{file}: {error.strerror}.") from None


def _yaml(value: object, *, flow: bool = False) -> str:
    import yaml

    # The one in C writes ten times as fast.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(
            value,
            Dumper=dumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style=flow,
            width=1_000_000,
        )
    )


def _shown(value: object) -> str:
    if value is None:
        return "(nothing)"
    if not isinstance(value, str | list | dict):
        return str(value)
    return _yaml(value, flow=True).removesuffix("...\n").strip()


def _words(found: Programme, currency: str) -> Iterator[str]:
    yield f"Version {found.version}"
    yield from _points(found.points, currency)
    yield from _earning(found, currency)
    yield from _ladder(found.ladder, currency)
    yield from _pricing(found.pricing, currency)
    yield from _adjustments(found.adjustments)
    yield from _activities(found.activities)
    if found.coupons.documents:
        yield ""
        yield "Coupons"
        for key, template in found.coupons.documents.items():
            yield f"  {key} ({template.name.zh}, {template.name.en}): {template.kind.value}"
    yield from _benefits(found.benefits, currency)
    yield from _memberships(found.memberships, currency)
    if found.offers.documents:
        yield ""
        yield "Offers"
        for key, offer in found.offers.documents.items():
            days = " ".join(
                f"{word} {day.isoformat()}"
                for word, day in (("from", offer.starts), ("until", offer.ends))
                if day
            )
            yield f"  {key} ({offer.name.zh}, {offer.name.en}): stage {offer.stage.value}{days and ', ' + days}"


def _pricing(pricing: PricingPolicy, currency: str) -> Iterator[str]:
    from laoke.kernel.money import Money

    said, guards = pricing.document, pricing.guards
    yield ""
    others = said.policies.model_dump(mode="json", exclude_none=True)
    differs = "".join(f", {name} {value}" for name, value in others.items())
    yield f"Baskets    priced by the preset {said.preset.value}{differs}"
    shares = [("of a line", guards.line_share), ("of a basket", guards.basket_share)]
    for words, share in shares:
        if share is not None:
            yield f"Guard      offers take at most {percent(share)} {words}"
    for category, share in guards.price_floors.items():
        yield f"Guard      {category}: at least {percent(share)} of the list price is left"
    for category, share in guards.margins.items():
        yield f"Guard      {category}: a margin of at least {percent(share)} is left"
    yield f"Refunds    {said.refunds.value}"
    if pricing.four_eyes_above_minor is not None:
        amount = Money(pricing.four_eyes_above_minor, currency)
        yield f"Approval   by a second person above a budget of {amount}"


def _benefits(library: Library, currency: str) -> Iterator[str]:
    from laoke.kernel.money import Money

    if not library.benefits:
        return
    yield ""
    yield "Benefits"
    for key, benefit in library.benefits.items():
        document = benefit.document
        who = [*document.tiers, *(["everybody"] if document.everybody is not None else [])]
        yield (
            f"  {key} ({document.name.zh}, {document.name.en}): {document.kind.value} for {', '.join(who)}"
            + (f", granted on {document.granted.on.value}" if document.granted else "")
        )
    for tier, budget in library.document.budgets.items():
        yield f"  {tier} may cost {Money(budget.per_year_minor, currency)} a year"


def _memberships(found: Plans, currency: str) -> Iterator[str]:
    from laoke.kernel.money import Money

    if not found.plans:
        return
    yield ""
    yield "Paid memberships"
    for code, plan in found.plans.items():
        months, days = plan.length
        lasts = f"{months} months" if months else f"{days} days"
        said = f"{plan.tier} for {lasts} for {Money(plan.price_minor, currency)}"
        if plan.trial:
            said += f", {plan.trial.days} days on trial for {Money(plan.trial.price_minor, currency)}"
        yield f"  {code} ({plan.zh}, {plan.en}): {said}{'' if plan.on_sale else ', not on sale'}"


def _adjustments(rules: AdjustmentRules) -> Iterator[str]:
    if not rules.limits:
        return
    yield ""
    yield f"By hand    points above these limits wait up to {rules.open_days} days for a second person"
    for who, limit in rules.limits.items():
        parts = [(limit.each, "points at once"), (limit.per_day, "a day")]
        said = ", ".join(f"{points:,} {words}" for points, words in parts if points is not None)
        yield f"  {who}: {said or 'no limit'}"


def _activities(found: ActivityRules) -> Iterator[str]:
    if not found.kinds:
        return
    yield ""
    yield f"Beside buying, told up to {found.late_days} days late"
    for kind, rule in found.kinds.items():
        often = ", ".join(
            f"{most} {words}"
            for most, words in (
                (rule.times.day, "a day"),
                (rule.times.week, "a week"),
                (rule.times.total, "in all"),
            )
            if most is not None
        )
        row = f", {rule.streak.bonus:,} more for each {rule.streak.days} days in a row" if rule.streak else ""
        friend = f", {rule.friend_points:,} for the friend" if rule.friend_points else ""
        yield f"  {kind} ({rule.zh}, {rule.en}): {rule.points:,} points{friend}{row}{often and f', at most {often}'}"


def _points(policy: PointsPolicy, currency: str) -> Iterator[str]:
    from laoke.engine.policy import Household, Transfers
    from laoke.kernel.money import Money

    earn, spend = policy.earn, policy.spend
    yield ""
    yield f"Earn       {earn.points} points for every {Money(earn.per_minor, currency)}, rounded {earn.rounding.value}"
    yield (
        f"Spend      {spend.points} points = {Money(spend.worth_minor, currency)}, in steps of {spend.step}, "
        f"up to {spend.max_percent} % of the amount due"
    )
    yield f"Give-back  {percent(policy.give_back)} of what members spend, if every point is redeemed"
    ends = {
        "rolling": f"{policy.valid_months} months",
        "year_end": "until the end of the year",
        "next_year_end": "until the end of the year after",
        "inactivity": f"{policy.valid_months} months after the last purchase that earned or spent points",
    }[policy.expires.value]
    yield f"Valid      {ends}; given back to an expired lot: {policy.grace_days} days"
    if policy.pending_days:
        yield f"Pending    points of a purchase can be used {policy.pending_days} days later"
    used = {"expiry": "those that end soonest", "age": "the oldest"}[policy.order_of_use.value]
    yield f"Used first {used}"
    taken = {
        "debt": "the rest becomes a debt",
        "floor": f"the rest becomes a debt of at most {policy.debt_limit:,}, more is given up",
        "waive": "the rest is given up",
        "forbid": "the return is refused",
    }[policy.shortfall.value]
    yield f"Returns    points spent before they had to be taken back: {taken}"
    if policy.transfers is not Transfers.OFF:
        lasts = {"keep": "they end as before", "restart": "they are as new"}[policy.transfers.value]
        most = f"up to {policy.transfers_per_day:,} a day, " if policy.transfers_per_day else ""
        yield f"Transfers  members may give points to each other, {most}{lasts}"
    if policy.household is Household.POOL:
        yield "Household  members spend their own points, then those of people they live with who share theirs"


def _earning(found: Programme, currency: str) -> Iterator[str]:
    """What is declared of earning beside the rate."""
    from laoke.checkout import naming
    from laoke.promotions import earning_words
    from laoke.promotions.soundness.earning import highest_factor

    if found.points.earn.basis.value == "net":
        yield "Basis      what points pay earns too"
    if found.earning is None:
        return
    telling, document = naming.telling(found), found.earning.document
    ladder = [tier.code for tier in found.ladder.tiers]
    for rule in document.rules:
        yield f"  {rule.key} ({rule.name.zh}, {rule.name.en}): {earning_words.rule(rule, telling, ladder).en}"
    for code, factor in document.tiers.items():
        yield f"  tier {code}: {earning_words.times(factor).en}"
    for says in earning_words.limits(document, telling):
        yield f"  {says.en}"
    most = highest_factor(document) * found.points.give_back
    yield f"Give-back  {percent(most)} where everything that multiplies meets"


def _ladder(ladder: Ladder, currency: str) -> Iterator[str]:
    from laoke.engine.tiering import Fall
    from laoke.tiers import words

    yield ""
    down = words.STEPS[ladder.downgrade] if ladder.fall is Fall.AT_REVIEW else words.falls(ladder)
    yield f"Tiers, reviewed {ladder.review.value}, {down.en}; {words.RISES[ladder.upgrade].en}"
    for tier in ladder.tiers:
        needs = " and ".join(_need(need, currency) for need in tier.needs) or "everybody"
        yield f"  {tier.code} ({tier.name_zh}, {tier.name_en}): {needs}"
        for told in words.lasts(tier, currency):
            yield f"    {told.en}"


def _need(need: Need, currency: str) -> str:
    from laoke.engine.tiering import AllOf, AnyOf, Metric
    from laoke.kernel.money import Money
    from laoke.tiers import words

    if isinstance(need, AnyOf):
        return f"({' or '.join(_need(part, currency) for part in need.needs)})"
    if isinstance(need, AllOf):
        return " and ".join(_need(part, currency) for part in need.needs)

    if need.metric is Metric.SPEND:
        return f"{Money(need.at_least, currency)} {_window(need.window)}"
    if need.metric is Metric.INTERACTIONS:
        return f"{words.counted(need.kind, need.at_least)} {_window(need.window)}"
    noun = "point" if need.metric is Metric.POINTS_EARNED else "purchase"
    told = f"{need.at_least} {noun}{'' if need.at_least == 1 else 's'}"
    return f"{told}{' earned' if noun == 'point' else ''} {_window(need.window)}"


def _window(window: Window) -> str:
    from laoke.engine.tiering import Span

    if window.span is Span.LIFETIME:
        return "in all"
    if window.span is Span.ROLLING:
        return f"in {window.months} months" if window.months else f"in {window.days} days"
    return f"in the {window.span.value.replace('_', ' ')}"
