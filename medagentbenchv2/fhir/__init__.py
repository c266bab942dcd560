"""A FHIR R4 engine: snapshot, overlay, search, dates, parsing, bundles, remote, server. Knows nothing of tasks."""
