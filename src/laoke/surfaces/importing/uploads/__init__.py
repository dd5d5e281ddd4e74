"""Files that come in through the console: received, looked at, mapped, checked, imported, forgotten."""
