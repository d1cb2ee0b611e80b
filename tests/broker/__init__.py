"""What the brokers must do for us: a message outlives the process that worked on it."""
