"""What is checked before an offer starts: its worst basket, overlaps, money loops, the law of price promotions."""
