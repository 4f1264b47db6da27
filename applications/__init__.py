"""Applications: reusable recipes, their versions, their files and their forms."""
