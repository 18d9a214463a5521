"""Files that keep what was written: every write whole, checked, and on the disk when it is done."""
