"""What the measuring scripts share: traffic, switches, statistics, drawings."""
