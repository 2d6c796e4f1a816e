"""One module per file format; each has a ``parse`` that gives a ``Parsed``."""
