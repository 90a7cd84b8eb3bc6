"""Everything that holds the package to the contract; one folder a room."""
