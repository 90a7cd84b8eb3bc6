"""Calendars: working days of a nation and a landlord, and calendar quarters.

Date arithmetic only; which duty counts which days is said by the policy.
"""
