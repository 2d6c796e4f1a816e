"""A support chatbot over one article, behind a rule-based safety layer."""

__version__ = "0.1.0"
