"""A second, slow reading of the assessment contract, row by row, to hold the engine to account.

Plain Python and the csv module: the judging imports nothing of the package under test, so that a fault of one is not
repeated by the other; only the maker of drops takes its columns from there. The five policies stand in the code as the
contract's tables give them. Add a rule where the contract adds one; keep speed, pandas and policy files out.
"""
