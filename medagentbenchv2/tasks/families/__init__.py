"""The twenty families of clinical tasks, one module each."""
