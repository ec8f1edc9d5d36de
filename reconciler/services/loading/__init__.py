"""From a snapshot of git to what is desired: every finding at once, known blobs not read again."""
