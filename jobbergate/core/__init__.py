"""What every resource builds on: errors, the common columns, checks, health, and the manners of the API."""
