"""From source text to instructions. The only room that knows Python's syntax."""
