"""Coupons: templates, codes, wallets; issued, held, used, given back."""
