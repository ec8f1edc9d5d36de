"""A declarative GitOps reconciler for the release environments of integration platforms."""

__version__ = "0.1.0"
