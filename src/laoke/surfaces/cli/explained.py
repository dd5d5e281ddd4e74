"""An account in words. Expects the language to be active; knows no table and asks no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from laoke.engine import tiering
from laoke.engine.tiering import Finding, Metric, Tier
from laoke.insight.rfm.explain import Explanation
from laoke.insight.rfm.explain import Statement as Held
from laoke.kernel.money import Money, format_minor
from laoke.points.statement import Entry
from laoke.surfaces.cli.account import Account
from laoke.surfaces.cli.moments import last_day
from laoke.surfaces.cli.output import padded_columns
from laoke.tiers import spans
from laoke.tiers import words as tier_words

_BAR = 10
# Those that end first; a member who shops every week has fifty.
_LOTS = 10
_MONEY_MEASURES = frozenset({"monetary_minor", "annual_minor"})


def explained(account: Account, zone: tzinfo, language: str) -> str:
    """The whole page.

    Args:
        zone: the programme's, for days and hours.
        language: "zh-hans" or "en", for names that exist in both.
    """
    words = _Words(account, zone, language)
    parts = (words.person(), words.tier(), words.points(), words.orders(), words.classes(), words.consents())
    return "\n\n".join("\n".join(part) for part in parts)


class _Words:
    """One account on its way into words; a method for each part of the page."""

    def __init__(self, account: Account, zone: tzinfo, language: str) -> None:
        self._account = account
        self._zone = zone
        self._chinese = language.startswith("zh")

    def person(self) -> Iterator[str]:
        profile = self._account.profile
        status = {
            "active": pgettext("member", "active"),
            "blocked": pgettext("member", "blocked"),
            "merged": pgettext("member", "merged"),
            "erased": pgettext("member", "erased"),
        }[profile.status.value]
        yield _("Member %(id)s  %(name)s  %(status)s") % {
            "id": profile.id,
            "name": profile.name_masked or _("(no name)"),
            "status": status,
        }
        kinds = {
            "card": pgettext("identity", "card"),
            "phone": pgettext("identity", "phone"),
            "email": _("e-mail"),
            "wechat_openid": _("WeChat openid"),
            "wechat_unionid": _("WeChat unionid"),
            "shop_account": _("shop account"),
        }
        # Recorded in one moment, they have no order of their own.
        ordered = sorted(
            profile.identities, key=lambda each: (list(kinds).index(each.kind.value), each.added_at, each.id)
        )
        rows = [(kinds[each.kind.value], f"{each.masked} {each.issuer}".rstrip()) for each in ordered]
        where = f"  {self._account.home_store}" if self._account.home_store else ""
        rows.append((_("joined"), f"{profile.registered_date}{where}"))
        if profile.birthday:
            rows.append((_("birthday"), f"{profile.birthday[0]:02}-{profile.birthday[1]:02}"))
        if profile.tags:
            rows.append((_("tags"), "  ".join(tag.tag for tag in profile.tags)))
        yield from _indented(rows)

    def tier(self) -> Iterator[str]:
        place = self._account.position
        yield _("Tier: %(tier)s, since %(day)s") % {
            "tier": self._tier(place.tier),
            "day": self._day(place.since),
        }
        for said in place.lasting:
            yield f"  {self._says(said)}"
        if place.upper:
            yield "  " + _("To %(tier)s:") % {"tier": self._tier(place.upper)}
            for found in place.missing:
                yield f"    {_bar(found.value, found.at_least)}  {self._finding(found)}"
        else:
            yield "  " + _("The highest tier.")
        if place.next_review:
            yield "  " + _("Next review: %(day)s") % {"day": place.next_review}
        yield from _indented(
            [
                (
                    self._day(step.at),
                    f"{step.from_tier} → {step.to_tier}" if step.from_tier else step.to_tier,
                    self._says(tier_words.CAUSES[step.cause])
                    if step.cause in tier_words.CAUSES
                    else step.cause,
                    self._reasons(step.reasons),
                )
                for step in place.steps
            ]
        )

    def points(self) -> Iterator[str]:
        points = self._account.points
        yield _("Points: %(points)s available, worth %(money)s") % {
            "points": f"{points.available:,}",
            "money": self._money(self._account.points_worth_minor),
        }
        if points.held:
            yield "  " + _("Set aside for purchases not paid yet: %(points)s") % {
                "points": f"{points.held:,}"
            }
        if points.pending:
            yield "  " + _("To be used only later: %(points)s") % {"points": f"{points.pending:,}"}
        if points.debt:
            yield "  " + _("Debt: %(points)s, repaid by what is earned next") % {"points": f"{points.debt:,}"}
        yield "  " + _("In all: %(earned)s earned, %(redeemed)s spent, %(expired)s expired") % {
            "earned": f"{points.earned_total:,}",
            "redeemed": f"{points.redeemed_total:,}",
            "expired": f"{points.expired_total:,}",
        }
        if points.lots:
            yield "  " + _("Usable until:")
            origins = {
                "order": _("order %(order)s"),
                "adjustment": _("adjusted by hand"),
                "merge": _("carried over from a merged member"),
                "restore": _("given back"),
                "transfer": _("received from another member"),
            }
            yield from _indented(
                [
                    (
                        str(last_day(lot.expires_at, self._zone)),
                        _("%(left)s of %(points)s")
                        % {"left": f"{lot.remaining:,}", "points": f"{lot.points:,}"},
                        pgettext("points of a lot", "from %(day)s") % {"day": self._day(lot.accrued_at)},
                        origins.get(lot.origin, lot.origin) % {"order": self._order(lot.order_id)},
                    )
                    for lot in points.lots[:_LOTS]
                ],
                by=4,
            )
        if later := points.lots[_LOTS:]:
            yield "    " + _("… and %(points)s more in %(lots)s lots until %(day)s") % {
                "points": f"{sum(lot.remaining for lot in later):,}",
                "lots": len(later),
                "day": last_day(later[-1].expires_at, self._zone),
            }
        if points.entries:
            yield "  " + _("How the balance came about (points, balance):")
            before = points.entries[0].balance - points.entries[0].points
            rows = [("", "", f"{before:,}", _("balance before"))] if before else []
            rows += [
                (self._minute(each.at), f"{each.points:+,}", f"{each.balance:,}", self._cause(each))
                for each in points.entries
            ]
            yield from _indented(rows, by=4, right=(1, 2))

    def orders(self) -> Iterator[str]:
        if not self._account.purchases:
            yield _("No purchases yet.")
            return
        yield _("Last purchases")
        rows = []
        for each in self._account.purchases:
            notes = []
            if each.points_redeemed:
                notes.append(_("%(points)s points spent") % {"points": f"{each.points_redeemed:,}"})
            if each.points_earned:
                notes.append(_("%(points)s points earned") % {"points": f"{each.points_earned:,}"})
            if each.returned_minor:
                notes.append(_("%(money)s of it returned") % {"money": self._money(each.returned_minor)})
            store = each.store if self._chinese else each.store_en
            rows.append(
                (
                    self._minute(each.placed_at),
                    store,
                    each.order_no,
                    self._amount(each.total_minor),
                    _(", ").join(notes),
                )
            )
        yield from _indented(rows, right=(3,))

    def classes(self) -> Iterator[str]:
        found = self._account.classes
        if found is None:
            yield _("Classes: not computed yet. `laoke recompute rfm` does.")
            return
        known = found.features
        yield _("Classes as of %(day)s") % {"day": known.as_of}
        if known.r_score is not None:
            yield "  " + _("Scores, 1 to 5: recency %(r)s, frequency %(f)s, money %(m)s") % {
                "r": known.r_score,
                "f": known.f_score,
                "m": known.m_score,
            }
        names = {
            "high_value": pgettext("class", "high value"),
            "potential": pgettext("class", "potential"),
            "dormant": pgettext("class", "dormant"),
            "new": pgettext("class", "new customer"),
            "core": pgettext("class", "core"),
            "basic": pgettext("class", "basic"),
        }
        for title, explanation in ((_("By RFM"), found.rfm), (_("By value"), found.value)):
            yield "  " + _("%(system)s: %(name)s (%(rule)s)") % {
                "system": title,
                "name": names[explanation.outcome],
                "rule": explanation.rule,
            }
            yield from (f"    {line}" for line in self._because(explanation))

    def consents(self) -> Iterator[str]:
        given = self._account.profile.consents
        if not given:
            yield _("Consents: never asked, so none.")
            return
        yield _("Consents")
        channels = {
            "sms": _("text message"),
            "email": _("e-mail"),
            "wechat": _("WeChat"),
            "app": pgettext("consent", "app"),
            "phone": _("telephone"),
            "post": pgettext("consent", "post"),
        }
        purposes = {
            "service": pgettext("consent", "service"),
            "marketing": pgettext("consent", "marketing"),
            "profiling": pgettext("consent", "profiling"),
        }
        yield from _indented(
            [
                (
                    channels[each.channel.value],
                    purposes[each.purpose.value],
                    pgettext("consent", "yes") if each.granted else pgettext("consent", "no"),
                    self._day(each.at),
                    each.source,
                )
                for each in given
            ]
        )

    def _says(self, said: tier_words.Says) -> str:
        return said.zh if self._chinese else said.en

    def _tier(self, tier: Tier) -> str:
        return f"{tier.name_zh if self._chinese else tier.name_en} ({tier.code})"

    def _finding(self, found: Finding) -> str:
        value, wanted, missing = found.value, found.at_least, found.missing
        window = self._window(tiering.window_as_json(found.window))
        if found.metric is Metric.SPEND:
            words = _("%(value)s of %(wanted)s spent in %(window)s") % {
                "value": self._money(value),
                "wanted": self._money(wanted),
                "window": window,
            }
            short = self._money(missing)
        else:
            words = self._counted(found.metric, found.kind) % {
                "value": value,
                "wanted": wanted,
                "window": window,
            }
            short = str(missing)
        if not missing:
            return f"{words} ✓"
        return words + _(", %(missing)s missing") % {"missing": short}

    def _counted(self, metric: str, kind: str) -> str:
        """What a criterion found, of what is no money."""
        if metric == Metric.POINTS_EARNED:
            return _("%(value)s of %(wanted)s points earned in %(window)s")
        if metric == Metric.INTERACTIONS:
            told = _("%%(value)s of %%(wanted)s times %(interaction)s in %%(window)s")
            return told % {"interaction": self._says(tier_words.interaction(kind)).replace("%", "%%")}
        return _("%(value)s of %(wanted)s purchases in %(window)s")

    def _reasons(self, reasons: Sequence[object]) -> str:
        parts = []
        for reason in reasons:
            assert isinstance(reason, dict)
            money = reason["metric"] == Metric.SPEND
            window = self._window(reason["window"])
            template = (
                _("%(value)s of %(wanted)s spent in %(window)s")
                if money
                else self._counted(reason["metric"], reason.get("kind", ""))
            )
            parts.append(
                template
                % {
                    "value": self._money(reason["value"]) if money else reason["value"],
                    "wanted": self._money(reason["at_least"]) if money else reason["at_least"],
                    "window": window,
                }
            )
        return _(", ").join(parts)

    def _window(self, window: Mapping[str, Any]) -> str:
        if "window" in window:
            return spans.name(window["window"])
        months, days = window.get("months", 0), window.get("days") or window.get("last_days", 0)
        if months:
            return ngettext("%(count)s month", "%(count)s months", months) % {"count": months}
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}

    def _cause(self, entry: Entry) -> str:
        values = {
            "order": self._order(entry.order_id),
            "return": self._account.return_numbers.get(entry.return_id or 0, "?"),
            "points": f"{entry.moved:,}",
        }
        words = {
            "accrual": _("earned with order %(order)s"),
            "redemption": _("spent on order %(order)s"),
            "expiry": _("expired"),
            "clawback": _("earned with order %(order)s, taken back with return %(return)s"),
            "restoration": _("spent on order %(order)s, given back with return %(return)s"),
            "repayment": _("%(points)s points went to the debt"),
            "adjustment": _("adjusted by hand"),
            "merge": _("moved by a merge of members"),
            "transfer": _("given to another member")
            if entry.points < 0
            else _("received from another member"),
        }.get(entry.kind, entry.kind) % values
        if entry.order_id is None and entry.kind in ("redemption", "restoration"):
            words = _("spent") if entry.kind == "redemption" else _("spent, and given back")
        return f"{words}: {entry.note}" if entry.note else words

    def _because(self, explanation: Explanation) -> Iterator[str]:
        for held in explanation.because:
            yield self._held(held)

    def _held(self, held: Held) -> str:
        measures = {
            "recency_days": _("days since the last purchase"),
            "frequency": _("purchases in a year"),
            "monetary_minor": _("spent in a year"),
            "orders_total": _("purchases ever"),
            "r_score": _("recency score"),
            "f_score": _("frequency score"),
            "m_score": _("money score"),
            "annual_minor": _("spent in a year"),
            "annual_repurchases": _("repeat purchases in a year"),
            "interactions": _("interactions"),
            "days_since_first": _("days since the first purchase"),
            "days_since_registration": _("days since joining"),
        }

        def number(value: int | None) -> str:
            if value is None:
                return "-"
            return self._money(value) if held.measure in _MONEY_MEASURES else str(value)

        bounds = []
        if held.at_least is not None:
            bounds.append(_("at least %(bound)s") % {"bound": number(held.at_least)})
        if held.at_most is not None:
            bounds.append(_("at most %(bound)s") % {"bound": number(held.at_most)})
        return _("%(measure)s: %(value)s (%(bounds)s)") % {
            "measure": measures[held.measure],
            "value": number(held.value),
            "bounds": _(", ").join(bounds),
        }

    def _order(self, order_id: int | None) -> str:
        return self._account.order_numbers.get(order_id or 0, "?")

    def _money(self, minor: int) -> str:
        return str(Money(minor, self._account.currency))

    def _amount(self, minor: int) -> str:
        return format_minor(minor, self._account.currency)

    def _day(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d}"

    def _minute(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _bar(value: int, whole: int) -> str:
    full = min(_BAR, value * _BAR // whole)
    return "█" * full + "░" * (_BAR - full)


def _indented(rows: Sequence[Sequence[str]], by: int = 2, right: Sequence[int] = ()) -> Iterator[str]:
    for line in padded_columns(rows, right):
        yield " " * by + line
