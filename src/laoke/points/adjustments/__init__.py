"""Points given and taken by hand: within a limit at once, above it with a second person, many from a file."""
