"""Conditions: one typed tree over one vocabulary, for offers, segments, tiers, benefits and journeys alike."""

from laoke.engine.conditions.tree import ALWAYS, All, AnyOf, Is, Not, Op, Tree, leaves

__all__ = ["ALWAYS", "All", "AnyOf", "Is", "Not", "Op", "Tree", "leaves"]
