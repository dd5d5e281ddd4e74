"""The editor of coupon templates: its form, and what is wrong or different in words."""
