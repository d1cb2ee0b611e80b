"""Ocean Engine (巨量引擎): one API behind Douyin and Toutiao."""
