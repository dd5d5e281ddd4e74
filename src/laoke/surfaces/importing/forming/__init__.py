"""Making a mapping with a form: what a person chose, what can be guessed, how the first rows read."""
