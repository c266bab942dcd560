"""What an agent may call: typed arguments, descriptions, normalisation, calculator."""
