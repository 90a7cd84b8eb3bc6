"""What a pack says: definition, tables, headlines, disclosure control. Values in, values out; no file is written."""
