"""Offers in the console: as sentences with fields in them, in words, and as what they give to a basket."""
