"""What the command line does, one module a subcommand or a family of them."""
