"""One thin layer per framework. No clinical knowledge lives here."""
