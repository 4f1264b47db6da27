"""One file a noun; `cli.main` imports a noun only when it is called."""
