"""Answers made of what the article says, each with its passage cited."""
