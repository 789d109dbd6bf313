"""The examiner of the offline generator: songs whose truth is known, an ear that is not ours, and a report."""
