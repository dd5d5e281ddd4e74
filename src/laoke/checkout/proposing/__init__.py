"""Changes of the programme that two people agree on."""
