"""Judges that others wrote: of what mlopsctl sends to AWS, and of the policies it prints."""
