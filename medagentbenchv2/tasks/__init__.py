"""What is asked: families, the registry, variants and worlds. Knows nothing of any framework."""
