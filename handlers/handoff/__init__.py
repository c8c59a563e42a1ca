"""When a person takes over: questions handed to facilitators, and what is relayed both ways."""
