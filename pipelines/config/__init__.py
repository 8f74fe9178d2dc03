"""The configuration of a run: ``stockwright.toml``, its presets, and the date it runs for."""

from pipelines.config.load import load_config
from pipelines.config.model import Config

__all__ = ["Config", "load_config"]
