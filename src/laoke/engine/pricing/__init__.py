"""The price of a basket: offers, points as tender, points earned. Pure: the same answer every time."""
