"""Prediction by retrieval: proteins against every term of the release, with evidence, in the forms that others read."""
