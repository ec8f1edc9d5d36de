"""Use cases, written against the ports; they know no technology."""
