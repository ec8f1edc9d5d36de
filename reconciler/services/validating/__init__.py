"""What must hold of a repository beyond each file by itself: read-only folders, policy, history."""
