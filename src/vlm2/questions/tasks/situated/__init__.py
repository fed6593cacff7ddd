"""Questions in the manner of SQA3D, of one who stands somewhere and faces something: what, is, how many, which, can."""
