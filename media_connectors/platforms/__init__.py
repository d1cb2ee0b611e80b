"""One package per vendor, one module per platform; platforms never import each other."""
