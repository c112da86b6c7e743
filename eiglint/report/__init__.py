"""A report in the forms that people, editors and servers read."""
