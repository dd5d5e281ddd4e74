"""Paid memberships: plans, and who has paid for which until when."""
