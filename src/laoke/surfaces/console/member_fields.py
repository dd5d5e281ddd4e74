"""Fields that forms about members share."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from laoke.foundation.access import Caller
from laoke.kernel.errors import LaokeError
from laoke.members.errors import IdentityTaken
from laoke.members.normal.person import FIRST_BIRTH_YEAR
from laoke.surfaces.console.labels import GENDERS, SAID
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.member.stores import home_stores
from laoke.surfaces.console.templatetags.figures import named

LANGUAGES = (
    ("", gettext_lazy("Not said")),
    ("zh-hans", gettext_lazy("Chinese, simplified")),
    ("zh-hant", gettext_lazy("Chinese, traditional")),
    ("en", pgettext_lazy("language of a person", "English")),
)
SOURCES = tuple(SAID.items())
_SEPARATORS = re.compile(r"[,，;；、\n]+")


class GenderField(forms.ChoiceField):
    """Male, female or not said."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Gender"),
            choices=(("", gettext_lazy("Not said")), *GENDERS.items()),
        )


class LanguageField(forms.ChoiceField):
    """What the member reads; `also` keeps one that came from elsewhere."""

    def __init__(self) -> None:
        super().__init__(required=False, label=gettext_lazy("Language"), choices=LANGUAGES)

    def keep(self, language: str) -> None:
        """Offer a language that is not among ours, because the member has it."""
        if language not in dict(LANGUAGES):
            self.choices = [*LANGUAGES, (language, language)]


class BirthDateField(forms.DateField):
    """A day in the past on which somebody alive may have been born."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"}),
            error_messages={"invalid": gettext_lazy("Enter year, month and day, such as 1990-12-03.")},
            **more,
        )

    today: date | None = None

    def clean(self, value: Any) -> date | None:
        """Refuses the future and what lies before 1900."""
        day: date | None = super().clean(value)
        if day is not None and (day.year < FIRST_BIRTH_YEAR or (self.today is not None and day > self.today)):
            raise forms.ValidationError(_("Enter a date from 1900 to today."))
        return day


class TagsField(forms.CharField):
    """Words between commas."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, **more)

    def clean(self, value: Any) -> Any:
        """A list of words, each once."""
        text = super().clean(value)
        return list(dict.fromkeys(word.strip() for word in _SEPARATORS.split(text) if word.strip()))


class HomeStoreField(forms.ChoiceField):
    """A store the account may choose. An account limited to stores has to choose one: it would see no other member."""

    def __init__(self) -> None:
        super().__init__(required=False, label=gettext_lazy("Home store"))

    def offer(self, caller: Caller, keep: int | None = None) -> None:
        """Fill in the stores of an account."""
        found = [(key, f"{code} {named(name)}") for key, code, name in home_stores(caller, keep)]
        if caller.stores is None:
            found.insert(0, ("", _("None")))
        else:
            self.required = True
            self.error_messages = {**self.error_messages, "required": _("Choose one of your stores.")}
        self.choices = found


def taken(error: LaokeError, caller: Caller, at: Any) -> SafeString | str:
    """What stands at a field whose value belongs to somebody else: who it is only for whoever may see them."""
    assert isinstance(error, IdentityTaken)
    member_id = int(str(error.extensions["member_id"]))
    try:
        state = state_of(caller, member_id, at)
    except LaokeError:
        return _("This belongs to another member, whom your account may not see.")
    return format_html(
        '{} <a href="/members/{}">{}</a>',
        _("This belongs to another member:"),
        member_id,
        f"{state.name} {member_id}".strip(),
    )
