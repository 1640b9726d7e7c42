"""The life of a platform on a real account, step by step, with a report."""
