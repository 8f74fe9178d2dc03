"""Champions: challengers registered, judged on evidence, promoted, and rolled back."""
