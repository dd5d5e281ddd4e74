"""Offers as plain text values: what programme files, the API and the editor write."""
