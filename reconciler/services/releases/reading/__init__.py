"""What git and the store have of releases: manifests, contents, tags, what is live."""
