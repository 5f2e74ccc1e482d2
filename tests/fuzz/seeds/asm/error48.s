 in a0, [zero+0x8000]
