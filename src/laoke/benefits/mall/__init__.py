"""The points mall: goods, services, coupons, seats and donations for points."""
