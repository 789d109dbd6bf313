"""What things cost and how well they are done: measured by hand or in CI, beside the code that they measure."""
