"""Job scripts: what an application and a person's answers become."""
