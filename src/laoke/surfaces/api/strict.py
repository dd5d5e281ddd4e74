"""Query parameters that an address does not have are refused, for every operation alike.

A filter that is mistyped or made up would otherwise be passed over, and the whole list come back as if it had been
applied: `GET /v1/members?phone=...` would answer with everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.operation import Operation
from ninja.params.models import QueryModel

from laoke.kernel.errors import LaokeError

_LONGEST_NAME = 60
# Where to go instead, by the beginning of the operation's path.
_INSTEAD = {
    "/members": (
        ". To find a member send POST /v1/members/lookup or POST /v1/members/search: "
        "what identifies a person travels in the body"
    )
}


class UnknownParameter(LaokeError):
    """The address holds a query parameter that this operation does not have; `parameter` names it.

    Nothing is passed over: an answer without the filter that was asked for would look like the answer to it.
    """

    code, status, title = "unknown-parameter", 422, "A parameter of the address is unknown"

    def __init__(self, name: str, known: frozenset[str], path: str) -> None:
        takes = f"This address takes {', '.join(sorted(known))}" if known else "This address takes none"
        instead = next((hint for start, hint in _INSTEAD.items() if path.startswith(start)), "")
        shown = name[:_LONGEST_NAME]
        super().__init__(
            f"There is no parameter {shown!r}. {takes}{instead}", parameter=shown, known=sorted(known)
        )


def parameters_of(operation: Operation) -> frozenset[str]:
    """The query parameters an operation declares, as addresses write them."""
    # Ninja reads simple parameters by their alias and keeps a map from each of these to its place.
    return frozenset(
        name
        for model in operation.models
        if issubclass(model, QueryModel)
        for name in getattr(model, "__ninja_flatten_map__", {})
    )


def known_parameters_only(run: Callable[..., Any]) -> Callable[..., Any]:
    """Make an operation refuse query parameters it does not declare: after the key was checked, before anything is
    done. For `NinjaAPI.add_decorator` with the mode "view", which gives the operation's own bound `run`.
    """
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    known = parameters_of(operation)
    view = operation.view_func

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **values: Any) -> Any:
        for name in request.GET:
            if name not in known:
                raise UnknownParameter(name, known, operation.path)
        return view(request, *args, **values)

    operation.view_func = checked
    return run
