"""MedAgentBench V2: clinical work in an electronic health record, as an environment for agents."""
