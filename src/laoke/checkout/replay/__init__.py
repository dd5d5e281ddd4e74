"""Playing past orders and returns in date order through the rules of the till."""

from laoke.checkout.replay.events import GiveBackEvent, Sale, SaleLine
from laoke.checkout.replay.player import Played, Player

__all__ = ["GiveBackEvent", "Played", "Player", "Sale", "SaleLine"]
