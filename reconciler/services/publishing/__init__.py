"""What people on the forge are told: comments, statuses, deployments, pull requests."""
