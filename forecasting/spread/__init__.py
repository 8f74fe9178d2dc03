"""How demand scatters around its mean."""
