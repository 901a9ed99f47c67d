"""Statistics on plain arrays and small frames: no AnnData, no genes, the sample as the unit."""
