"""In which form personal data is kept: cleaned, comparable, and masked for the eye."""
