"""Questions in the manner of SQA3D, of a person who stands by one object and faces another."""
