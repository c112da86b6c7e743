"""Fixes: text edits that remove a finding, tried out on the file before anybody is offered them."""
