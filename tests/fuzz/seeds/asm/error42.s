 andi a0, a1, -1
