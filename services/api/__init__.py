"""HTTP: documents, the live stream, health and the page."""
