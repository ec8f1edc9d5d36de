"""Makes and sends commits and tags: as the user git is configured for, by plumbing, hookless."""
