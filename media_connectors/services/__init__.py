"""What other apps may ask of this one: lines to accounts, commands, connecting, health."""
