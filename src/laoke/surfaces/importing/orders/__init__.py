"""Orders from line rows: checked as a whole, then played in date order through the rules of the till."""
