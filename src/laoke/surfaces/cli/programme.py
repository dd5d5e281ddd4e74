"""`laoke programme`: the rules of points and tiers as text, shown and published."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from laoke.kernel.errors import LaokeError
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import now, ready, say

if TYPE_CHECKING:
    from laoke.checkout.programme import Programme
    from laoke.engine.policy import PointsPolicy
    from laoke.engine.tiering import Criterion, Ladder

app = typer.Typer(
    help="The programme: how points are earned and spent, and the ladder of tiers.", no_args_is_help=True
)
_LARGEST_BYTES = 1_000_000


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


@app.command("apply")
def apply(
    file: Annotated[
        Path, typer.Argument(help="A document as `show --yaml` prints it, or a part of it; - is stdin.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the differences and publish nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Publish a programme: print what changes and what it gives back, then put it in force at once.

    Example: laoke programme apply programme.yaml --dry-run
    """
    with ready():
        from laoke.checkout import programme
        from laoke.foundation.access import SYSTEM
        from laoke.points import policy
        from laoke.tiers import ladder

        document, text = _read(file)
        before = programme.current()
        points = policy.parse(document["points"]) if "points" in document else before.points
        rungs = ladder.parse(document["ladder"]) if "ladder" in document else before.ladder
        wanted = {"points": policy.to_document(points), "ladder": ladder.to_document(rungs)}
        wanted["offers"] = _offers(document, before, file, text)
        changes = list(differences(programme.to_document(before), wanted))
        result = {
            "changes": [change._asdict() for change in changes],
            "give_back_before": str(before.points.give_back),
            "give_back_after": str(points.give_back),
            "version": before.version,
            "published": False,
        }
        if not json:
            # On stderr and before anything is published: there is still time for Ctrl-C.
            for change in changes:
                say(f"{change.place}: {_shown(change.before)} → {_shown(change.after)}")
            say(f"Give-back: {percent(before.points.give_back)} → {percent(points.give_back)}")
        words = "Nothing differs." if not changes else "Nothing was published: a dry run."
        if changes and not dry_run:
            published = programme.apply(SYSTEM, document, at=now())
            result |= {"version": published.version, "published": True}
            words = f"Published as version {published.version}."
        emit(result, as_json=json, text=words)


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


def _offers(document: Mapping[str, Any], before: Programme, file: Path, text: str) -> dict[str, Any]:
    """The offers the document asks for, as they would be written back; each fault with its line in the file."""
    from laoke.promotions import publication
    from laoke.promotions.documents.files import read_file
    from laoke.promotions.documents.offers import Fault

    if "offers" not in document:
        return publication.to_document(before.offers)
    lines = read_file(text)
    try:
        return {
            key: publication.written(offer) for key, offer in publication.parse(document["offers"]).items()
        }
    except Fault as error:
        told = "\n".join(
            f"{file}, line {lines.line_of(place)}: {'.'.join(map(str, place))}: {says}"
            for place, says in error.faults
        )
        raise UnreadableProgramme(told) from None


def _read(file: Path) -> tuple[Mapping[str, Any], str]:
    import yaml

    from laoke.engine.policy import BadPolicy

    try:
        text = sys.stdin.read(_LARGEST_BYTES + 1) if str(file) == "-" else _text(file)
        document = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableProgramme(
            f"{file}: {getattr(error, 'strerror', None) or 'it is not text in UTF-8'}."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UnreadableProgramme(f"{file}{where}: {getattr(error, 'problem', 'not YAML')}.") from None
    if not isinstance(document, Mapping) or not document:
        raise UnreadableProgramme(
            f"{file}: it takes the sections points, ladder and offers. `laoke programme show --yaml`."
        )
    for name, section in document.items():
        if name not in ("points", "ladder", "offers"):
            raise BadPolicy(str(name), "there is no such section. Known are ladder, offers, points")
        if not isinstance(section, Mapping):
            raise BadPolicy(str(name), "takes named fields")
    return document, text


def _text(file: Path) -> str:
    with file.open(encoding="utf-8") as opened:
        return opened.read(_LARGEST_BYTES)


def _yaml(document: Mapping[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def _shown(value: object) -> str:
    if value is None:
        return "(nothing)"
    return _yaml({"": value}).removeprefix("'': ").strip() if isinstance(value, str) else str(value)


def _words(found: Programme, currency: str) -> Iterator[str]:
    yield f"Version {found.version}"
    yield from _points(found.points, currency)
    yield from _ladder(found.ladder, currency)
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


def _points(policy: PointsPolicy, currency: str) -> Iterator[str]:
    from laoke.kernel.money import Money

    earn, spend = policy.earn, policy.spend
    yield ""
    yield f"Earn       {earn.points} points for every {Money(earn.per_minor, currency)}, rounded {earn.rounding.value}"
    yield (
        f"Spend      {spend.points} points = {Money(spend.worth_minor, currency)}, in steps of {spend.step}, "
        f"up to {spend.max_percent} % of the amount due"
    )
    yield f"Give-back  {percent(policy.give_back)} of what members spend, if every point is redeemed"
    yield f"Valid      {policy.valid_months} months; given back to an expired lot: {policy.grace_days} days"
    taken = {"debt": "the rest becomes a debt", "waive": "the rest is given up"}[policy.shortfall.value]
    yield f"Returns    points spent before they had to be taken back: {taken}"


def _ladder(ladder: Ladder, currency: str) -> Iterator[str]:
    yield ""
    fall = {"to_qualified": "down to what is earned", "one_step": "one step down"}[ladder.downgrade.value]
    yield f"Tiers, reviewed {ladder.review.value}, {fall}; up at once"
    for tier in ladder.tiers:
        needs = " and ".join(_need(need, currency) for need in tier.needs) or "everybody"
        yield f"  {tier.code} ({tier.name_zh}, {tier.name_en}): {needs}"


def _need(need: Criterion, currency: str) -> str:
    from laoke.engine.tiering import Metric
    from laoke.kernel.money import Money

    window = f"{need.window.months} months" if need.window.months else f"{need.window.days} days"
    if need.metric is Metric.SPEND:
        return f"{Money(need.at_least, currency)} in {window}"
    return f"{need.at_least} purchases in {window}"
