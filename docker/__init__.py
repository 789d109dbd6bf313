"""What the image stands on and what is in it: the base's digest, known vulnerabilities, the bill of materials."""
