"""The tables of checkout, where Django looks for them."""

from laoke.checkout.proposing.models import Proposal as Proposal
