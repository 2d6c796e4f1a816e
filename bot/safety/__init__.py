"""The rule-based safety layer: it needs no model, index or network, and imports in a blink."""

from bot.safety.layer import SafetyLayer

__all__ = ["SafetyLayer"]
