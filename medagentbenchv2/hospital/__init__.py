"""Synthetic hospitals: people, stays, readings, diagnoses, procedures, orders, and the ward where families plant."""
