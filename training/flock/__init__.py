"""Trains squads of tiny agents and exports them as a Murmuration bundle."""
