 add a0, 5, a1
