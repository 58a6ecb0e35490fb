"""Values as files and back."""
