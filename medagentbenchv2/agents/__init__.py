"""Scripted agents: oracle, null, cheats; played in process or served as an OpenAI-compatible model."""
