"""Pictures of what a session has seen."""
