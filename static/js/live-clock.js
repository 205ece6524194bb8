// live-clock
