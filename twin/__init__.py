"""The model: values, state and rules of a rack fleet. No I/O, clock, loop or logging."""
