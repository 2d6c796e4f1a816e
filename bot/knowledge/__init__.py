"""From files to passages that can be searched: reading, splitting, embedding, the index.

Importing this package costs nothing; Chroma and the sentence model are imported by the
functions that need them.
"""
