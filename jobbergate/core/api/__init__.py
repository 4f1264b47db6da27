"""What the three resources' HTTP sides share."""
