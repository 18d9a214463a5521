"""The wire: how twin values look outside. No sockets, files, loop or clock."""
