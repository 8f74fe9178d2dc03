"""Which lane supplies each key, and what each location feeds."""
