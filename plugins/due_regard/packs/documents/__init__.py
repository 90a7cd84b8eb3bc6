"""Documents of a pack: workbook, action list and paper, built from its content as bytes."""
