"""Bringing a retailer's files in: orders, members, products, stores."""
