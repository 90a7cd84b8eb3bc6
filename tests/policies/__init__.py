"""Tests of the policies as data: what each rule answers, what a policy file may say, how a wrong one is refused."""
