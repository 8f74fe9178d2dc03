"""Supply as it is: what receipts teach, calendars with closures, and orders to come."""
