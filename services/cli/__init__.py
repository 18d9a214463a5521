"""The commands: thin, each wires what it needs and prints what came of it."""
