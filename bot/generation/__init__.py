"""The music services: one folder for each contract, one table of what each model is like, and what they share."""
