// script-list
