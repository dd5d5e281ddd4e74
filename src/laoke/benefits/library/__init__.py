"""The benefits a programme gives: what they are, who has them, what tiers may cost."""
