 ldd a0, [a1*8]
