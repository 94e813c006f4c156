"""Who takes a reply to which platform: one file for each channel, put together in `making`."""
