"""Random tensor programs, judged from their text and executed: how often the two agree."""
