"""Kuaishou (磁力引擎): campaign, unit and creative; 厘 in writes, yuan in reports."""
