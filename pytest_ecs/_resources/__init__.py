"""What a run creates: servers and other things, jobs that are waited for, and the ledger that knows them."""
