"""Loading: a validated drop into versions of records, file by file, and drops that are held."""
