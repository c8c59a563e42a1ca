"""Parts common to all features: welcome, help, groups, privacy, and the fallback."""
