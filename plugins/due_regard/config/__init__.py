"""Configuration: the installation's settings, one landlord's settings, and YAML files read strictly.

Add a setting here; what a setting does belongs to the room that reads it.
"""
