"""The sentences of notices: one for each kind, filled with what the notice keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from laoke.surfaces.console.directory import deeds
from laoke.surfaces.console.selectors import jobs
from laoke.surfaces.console.templatetags.figures import number, signed


def _of_act(told: Mapping[str, Any]) -> dict[str, Any]:
    """With the name of an act and why it broke off in the language of the reader."""
    return {
        "left": "",
        **told,
        "name": deeds.name_of(told.get("kind", ""), told.get("word", "")) or told.get("name", ""),
        "why": deeds.BROKE_OFF.get(told.get("why", ""), ""),
    }


def _of_offer(told: Mapping[str, Any]) -> dict[str, Any]:
    """With the name of an offer in the language of the reader."""
    return {**told, "name": told["zh" if (get_language() or "").startswith("zh") else "en"]}


@dataclass(frozen=True, slots=True)
class Kind:
    """`say` makes the sentence in the language of the reader; `tone` is "", "good" or "bad"."""

    icon: str
    tone: str
    say: Callable[[Mapping[str, Any]], str]


KINDS: dict[str, Kind] = {
    "export.ready": Kind(
        "download", "good", lambda told: _("The export “%(name)s” is ready: %(rows)s rows.") % told
    ),
    "export.failed": Kind(
        "download", "bad", lambda told: _("The export “%(name)s” could not be made.") % told
    ),
    "liability.asked": Kind(
        "lock",
        "",
        lambda told: (
            (
                _("%(by)s asks to close %(month)s. Somebody else has to let it pass.")
                if told.get("act") == "close"
                else _("%(by)s asks to reopen %(month)s. Somebody else has to let it pass.")
            )
            % told
        ),
    ),
    "liability.refused": Kind(
        "lock", "bad", lambda told: _("%(by)s did not let pass what you asked for %(month)s.") % told
    ),
    "ladder.asked": Kind(
        "award",
        "",
        lambda told: _("%(by)s proposes to change the tier rules. Somebody else has to decide.") % told,
    ),
    "ladder.approved": Kind(
        "award", "good", lambda told: _("%(by)s let your tier rules pass. They are being applied.") % told
    ),
    "ladder.refused": Kind(
        "award", "bad", lambda told: _("%(by)s did not let your tier rules pass: %(note)s") % told
    ),
    "import.done": Kind(
        "upload",
        "good",
        lambda told: _("The import “%(name)s” is done: %(added)s added, %(left_out)s left out.") % told,
    ),
    "import.failed": Kind("upload", "bad", lambda told: _("The import “%(name)s” stopped.") % told),
    "bulk.done": Kind(
        "users",
        "good",
        lambda told: _("“%(name)s”: %(done)s members changed, %(failed)s not.") % _of_act(told),
    ),
    "bulk.failed": Kind(
        "users",
        "bad",
        lambda told: _("“%(name)s” broke off after %(done)s members were changed. %(why)s") % _of_act(told),
    ),
    "bulk.undo_stopped": Kind(
        "users",
        "",
        lambda told: (
            _("Taking back “%(name)s” was stopped; %(left)s members are left. You can go on with it.")
            % _of_act(told)
        ),
    ),
    "job.given_up": Kind(
        "alert-triangle",
        "bad",
        lambda told: (
            _("The task “%(name)s” was given up after %(tries)s tries.")
            % {"name": jobs.label(told["name"]), "tries": told["tries"]}
        ),
    ),
    "adjustment.asked": Kind(
        "shield-check",
        "",
        lambda told: (
            _("%(who)s asks for %(points)s points for member %(member)s: they need your decision.")
            % {**told, "points": signed(told["points"])}
        ),
    ),
    "adjustment.decided": Kind(
        "shield-check",
        "",
        lambda told: (
            (
                _("Your adjustment of %(points)s points for member %(member)s was approved.")
                if told["state"] == "booked"
                else _("Your adjustment of %(points)s points for member %(member)s was refused: %(note)s")
                if told["state"] == "refused"
                else _("Nobody decided your adjustment of %(points)s points for member %(member)s in time.")
            )
            % {**told, "points": signed(told["points"])}
        ),
    ),
    "coupons.issued": Kind(
        "ticket",
        "",
        lambda told: (
            (
                _("Issue of coupons done: %(issued)s issued, %(refused)s members or codes without.")
                if told["state"] == "done"
                else _("Issue of coupons stopped: %(issued)s issued, %(refused)s members or codes without.")
            )
            % {"issued": number(told["issued"]), "refused": number(told["refused"])}
        ),
    ),
    "offer.budget_alarm": Kind(
        "alert-triangle",
        "",
        lambda told: _("The offer “%(name)s” has used %(percent)s%% of its budget.") % _of_offer(told),
    ),
    "offer.used_up": Kind(
        "alert-triangle",
        "bad",
        lambda told: _("The offer “%(name)s” is used up: nothing is left to give.") % _of_offer(told),
    ),
    "webhook.off": Kind(
        "alert-triangle",
        "bad",
        lambda told: _("Deliveries to %(name)s were switched off after failing.") % told,
    ),
}
