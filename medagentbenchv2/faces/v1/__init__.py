"""The v1 face: taskset, harness, toolset and env on the public names of `verifiers.v1` (0.3.0 to 0.4)."""
