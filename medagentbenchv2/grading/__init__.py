"""End state against expectation, nothing else: expectation, matching, judge, verdict."""
