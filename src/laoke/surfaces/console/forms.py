"""Forms of the console: Django's, with refusals of the domain put at the field they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from django import forms

from laoke.kernel.errors import LaokeError


class Form(forms.Form):
    """A form whose refused values stand in their fields again, each with what is wrong with it.

    `error_fields` says which field a refusal of the domain is about; one with a `field` extension says so itself.
    """

    error_fields: ClassVar[Mapping[type[LaokeError], str]] = {}
    use_required_attribute = False  # the browser's own bubbles speak its language, not the page's

    def refused(self, error: LaokeError) -> None:
        """Put a refusal at its field, or on top when it is about none of them."""
        field = next((name for kind, name in self.error_fields.items() if isinstance(error, kind)), None)
        if field is None:
            field = str(error.extensions.get("field", "")) or None
        self.add_error(field if field in self.fields else None, error.detail)


def digest(values: object) -> str:
    """What was shown, in few characters: a form sent back with another digest was filled on older values."""
    told = orjson.dumps(values, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return hashlib.sha256(told).hexdigest()[:32]


class Seen(forms.Form):
    """Mixed into forms that edit something: knows whether somebody else changed it while the form was open.

    Shown with `{% seen page.current %}`, which writes the digest of the values as they were shown.
    """

    seen = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def changed_meanwhile(self, current: Any) -> bool:
        """Whether `current` is not what the form was filled on. Forms without a digest count as filled just now."""
        shown = str(self.data.get("seen", ""))
        return bool(shown) and shown != digest(current)
