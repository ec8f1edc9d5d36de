"""Lists, change logs and figures of releases."""
