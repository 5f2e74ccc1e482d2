; cc.s: compile's compiler. Reads a text and puts its words into a table (on fresh memory from sbrk), "generates code" into fresh memory
; from mmap, and lets a child finish the work, whose writes to the table are copy-on-write. Its status is the checksum.

    .include "ulib.inc"

.equ SLOTS, 4096                        ; 8 pages
.equ CODE, 0x10000

    MAIN
    mov  a3, s0                         ; which file we are: makes every run's numbers differ
    li   a0, SLOTS * 8
    SYS  SYS_SBRK
    bltz a0, .failed
    la   a1, table
    std  a0, [a1]
    la   a0, path
    SYS  SYS_OPEN
    bltz a0, .failed
    mov  s0, a0
    mov  s2, zero                       ; the word so far
.read:
    mov  a0, s0
    la   a1, buffer
    li   a2, 2048
    SYS  SYS_READ
    blez a0, .read_all
    la   a1, buffer
    add  a2, a1, a0
    la   a4, table
    ldd  a4, [a4]
.letter:
    ldbu t0, [a1]
    movi t1, ' '
    beq  t0, t1, .word_ends
    movi t1, 31
    mul  s2, s2, t1
    add  s2, s2, t0
.letter_done:
    addi a1, a1, 1
    bltu a1, a2, .letter
    jmp  .read
.word_ends:
    xor  t0, s2, a3
    andi t0, t0, SLOTS - 1
    shli t0, t0, 3
    add  t0, t0, a4
    ldd  t1, [t0]
    add  t1, t1, s2
    std  t1, [t0]
    mov  s2, zero
    jmp  .letter_done
.read_all:
    ; Every eighth slot of the table goes into the sum.
    mov  a1, a4
    li   a2, SLOTS * 8
    add  a2, a2, a4
.slot:
    ldd  a0, [a1]
    HASH s1, a0, s3
    addi a1, a1, 64
    bltu a1, a2, .slot
    ; Code: a word in each page of fresh memory.
    li   a0, CODE
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    li   a2, CODE
    add  a2, a0, a2
    li   a3, 4096
.page:
    std  s1, [a0]
    ldd  a1, [a0]
    add  a1, a1, a3
    HASH s1, a1, s3
    add  a0, a0, a3
    bltu a0, a2, .page
    ; The child's part: a word in each page of the table.
    SYS  SYS_FORK
    bltz a0, .failed
    bnez a0, .parent
    li   a2, SLOTS * 8
    add  a2, a2, a4
.change:
    ldd  a1, [a4]
    xor  a1, a1, s1
    std  a1, [a4]
    HASH s1, a1, s3
    add  a4, a4, a3
    bltu a4, a2, .change
    mov  a0, s1
    SYS  SYS_EXIT
.parent:
    la   a0, table                      ; the place has served: now for the status
    SYS  SYS_WAIT
    la   a0, table
    ldd  a0, [a0]
    pop  lr, s0, s1, s2, s3
    ret
.failed:
    FAIL "cc: failed"

    .rodata
path:   .asciz "etc/text"
    .bss
table:  .space 8
buffer: .space 2048
