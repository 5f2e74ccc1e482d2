; compile.s: what a build does to a system: n compilers run (cc.s), up to four at a time; each is forked, becomes a program, maps
; and touches fresh memory, forks once more, and ends. Nothing loads page tables like this.

    .include "ulib.inc"

.equ JOBS, 4

    MAIN
    mov  a4, zero                       ; compilers that run
.next:
    bgeu s2, s0, .finish
    movi a0, JOBS
    beq  a4, a0, .collect
    mov  a0, s2
    call start
    addi a4, a4, 1
    addi s2, s2, 1
    jmp  .next
.finish:
    beqz a4, .done
.collect:
    la   a0, status
    SYS  SYS_WAIT
    bltz a0, .failed
    la   a0, status
    ldd  a0, [a0]
    la   a1, total                      ; a sum, as they may end in any order
    ldd  a2, [a1]
    add  a2, a2, a0
    std  a2, [a1]
    addi a4, a4, -1
    jmp  .next
.done:
    la   a1, total
    ldd  a0, [a1]
    HASH s1, a0, s3
    END_MAIN "compile"
.failed:
    FAIL "compile: a compiler is lost"

; Starts the compiler of file a0. Keeps a4.
start:
    push lr, a4
    call put_decimal
    mov  a0, zero
    call put_byte
    SYS  SYS_FORK
    bltz a0, .failed
    beqz a0, .child
    la   a0, _line
    la   a1, _line_end
    std  a0, [a1]
    pop  lr, a4
    ret
.child:
    la   a0, path
    la   a1, _line
    SYS  SYS_EXEC
.failed:
    FAIL "compile: cannot start a compiler"

    .rodata
path:   .asciz "bin/cc"
    .bss
status: .space 8
total:  .space 8
