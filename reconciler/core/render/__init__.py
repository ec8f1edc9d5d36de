"""Plans and their kin as text, JSON, Markdown, annotations and SARIF: values in, text out."""
