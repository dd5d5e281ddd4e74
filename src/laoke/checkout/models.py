"""The tables of checkout, where Django looks for them."""

from laoke.checkout.proposing.models import Draft as Draft
from laoke.checkout.proposing.models import Proposal as Proposal
