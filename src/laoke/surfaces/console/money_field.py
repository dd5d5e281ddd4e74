"""An amount of money in a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from laoke.kernel.money import format_minor, parse_minor


class MoneyField(forms.CharField):
    """An amount in the shop's currency, kept in minor units."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)

    def prepare_value(self, value: Any) -> Any:
        """Minor units as they are typed; what was typed stays."""
        return format_minor(value, settings.LAOKE.currency) if type(value) is int else value

    def clean(self, value: Any) -> int | None:
        """The amount in minor units; None for nothing typed."""
        text = super().clean(value).replace(",", "").replace("，", "").lstrip("¥￥")
        if not text:
            return None
        try:
            minor = parse_minor(text, settings.LAOKE.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount such as 12.50.")) from None
        if not 0 <= minor <= 10**12:
            raise forms.ValidationError(_("Enter an amount from 0 to 10,000,000,000."))
        return minor
