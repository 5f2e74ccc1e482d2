 li a0, @
