"""What each key needs tonight: stock projected, cost curves, order-up-to levels."""
