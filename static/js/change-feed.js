// change-feed
