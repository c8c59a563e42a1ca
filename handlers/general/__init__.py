"""What belongs to no one feature: welcome, help, groups, privacy, what nobody understood."""
