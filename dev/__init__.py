"""What `make demo` and `make test` need from the machine. Standard library only: it runs before `.venv` exists."""
