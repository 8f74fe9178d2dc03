"""Replays: the nightly policy through months of the shop's own past, arm beside arm."""
