"""From paths to the bytes worth analysing: files, notebooks, configuration, comments, and the gate before parsing."""
