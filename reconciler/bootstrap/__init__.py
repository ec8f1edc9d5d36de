"""The only place that knows every adapter: settings in, wired services out."""
