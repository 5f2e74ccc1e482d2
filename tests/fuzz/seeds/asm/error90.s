.fill 3, 1, 256
