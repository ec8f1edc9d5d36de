"""Where secret values come from, and how stored ones are sealed."""
