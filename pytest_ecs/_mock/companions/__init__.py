"""Services beside ECS of which clients need a little (not in the document): images, disks, networks, ports, addresses.

The catalogue names them as clients of OpenStack expect it, and they show what servers are made from and what
becomes of servers: the same images, disks, NICs and security groups that the native APIs know.
"""
