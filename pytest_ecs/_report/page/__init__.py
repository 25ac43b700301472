"""What stands in report.html beside the certificate: compact data, and what is drawn over time."""
