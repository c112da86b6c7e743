"""Evidence from running programs: records, verdicts, and the join with what the static analysis found."""
