"""Price elasticities of SKUs, learned from the shop's own price cuts, with their uncertainty."""
