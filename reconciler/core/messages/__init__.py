"""Messages: coded statements to people about a consequence; one pure rule per code."""
