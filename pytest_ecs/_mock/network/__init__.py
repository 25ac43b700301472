"""Networks, NICs, elastic IPs and security groups."""
