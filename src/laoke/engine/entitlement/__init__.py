"""Who may use which benefit now, how much of it, and why not the rest."""

from laoke.engine.entitlement.gradient import Step, falls
from laoke.engine.entitlement.judging import Granted, Holder, Past, Verdict, judge
from laoke.engine.entitlement.periods import Period, Span, span
from laoke.engine.entitlement.rights import Right, Share

__all__ = [
    "Granted",
    "Holder",
    "Past",
    "Period",
    "Right",
    "Share",
    "Span",
    "Step",
    "Verdict",
    "falls",
    "judge",
    "span",
]
