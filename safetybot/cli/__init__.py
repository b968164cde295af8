"""Every command: parse, call one function, print."""
