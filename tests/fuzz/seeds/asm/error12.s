 li a0, 010
