"""How the process is put together: settings, composition, run modes, command line."""
