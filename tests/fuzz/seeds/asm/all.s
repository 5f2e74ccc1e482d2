 add a0, a1, a2
 addi a0, a1, -1
 ldd a0, [sp+8]
 out a0, [zero+0x3f8]
 movk a0, 65535
 shli a0, a0, 63
 int 128
 cas a0, a1, a2
 lea a0, .
 lptbr a0
 hlt
 li a0, 0xffff800000000000
.quad 1 ? 2 : 3, (1 << 4) | ~7 & 0x1f ^ 5, -9 / 2 % 3, 1 < 2 == 3 >= 4 || 0 && !1
