// take-player
