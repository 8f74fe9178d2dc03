"""During the day: from last night's state and the sales so far to alerts, quotas and help."""
