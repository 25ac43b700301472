"""What servers are made from and counted against: flavors, images, key pairs, groups, quotas."""
