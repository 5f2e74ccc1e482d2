; forkexec.s: n times forks a child that becomes another program (child.s) and ends at once; waits for it.

    .include "ulib.inc"

    MAIN
.next:
    bgeu s2, s0, .done
    mov  a0, s2
    call put_decimal                    ; the child's argument: which one it is
    mov  a0, zero
    call put_byte
    SYS  SYS_FORK
    bltz a0, .failed
    bnez a0, .parent
    la   a0, path
    la   a1, _line
    SYS  SYS_EXEC
    FAIL "forkexec: cannot exec"
.parent:
    la   a0, _line
    la   a1, _line_end
    std  a0, [a1]
    la   a0, status
    SYS  SYS_WAIT
    la   a0, status
    ldd  a0, [a0]
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    END_MAIN "forkexec"
.failed:
    FAIL "forkexec: cannot fork"

    .rodata
path:   .asciz "bin/child"
    .bss
status: .space 8
