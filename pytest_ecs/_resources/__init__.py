"""What a run creates: servers and other resources, jobs that are waited for, and the ledger that knows them."""
