"""The yearly sheet: tables, disclosure control, formats."""
