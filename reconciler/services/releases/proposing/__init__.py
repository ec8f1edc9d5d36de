"""What the schedule proposes on a release day."""
