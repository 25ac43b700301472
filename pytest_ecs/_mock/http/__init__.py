"""What requests are made of and how answers are given: routes, forms, errors, microversions."""
