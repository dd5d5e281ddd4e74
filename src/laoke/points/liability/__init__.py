"""Month-end: what outstanding points are worth, and the entries that say so."""
