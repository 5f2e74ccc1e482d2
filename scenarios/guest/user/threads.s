; threads.s: four threads share one address space. Each adds to words that all of them change, n times, and touches pages that the others
; touch at the same time; meanwhile the first thread maps and unmaps memory, so that the processors which run the others
; must be told to forget translations: the TLB shootdown.

    .include "ulib.inc"

.equ THREADS, 4
.equ SHARED, 0x10000                    ; 16 pages
.equ STACK, 4096

    MAIN
    li   a0, SHARED
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    la   a1, shared
    std  a0, [a1]
    la   a1, length
    std  s0, [a1]
    ; Start.
    mov  s2, zero
.start:
    li   a0, STACK
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    li   a1, STACK
    add  a1, a0, a1
    la   a0, worker
    addi a2, s2, 1                      ; what it will add
    SYS  SYS_THREAD
    bltz a0, .failed
    addi s2, s2, 1
    movi a0, THREADS
    bltu s2, a0, .start
    ; Meanwhile.
    mov  s2, zero
.meanwhile:
    bgeu s2, s0, .wait
    li   a0, 2 * 4096
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    std  s2, [a0]
    ldd  a1, [a0+8]
    ldd  a2, [a0]
    add  a1, a1, a2
    HASH s1, a1, s3
    li   a1, 2 * 4096
    SYS  SYS_MUNMAP
    addi s2, s2, 16
    jmp  .meanwhile
.wait:
    movi s2, THREADS
.end:
    mov  a0, zero
    SYS  SYS_WAIT
    addi s2, s2, -1
    bnez s2, .end
    ; One word in each page.
    la   a1, shared
    ldd  a1, [a1]
    li   a2, SHARED
    add  a2, a1, a2
    li   a3, 4096
.sum:
    ldd  a0, [a1]
    HASH s1, a0, s3
    add  a1, a1, a3
    bltu a1, a2, .sum
    END_MAIN "threads"
.failed:
    FAIL "threads: a call failed"

; A thread. in a0: what to add, to page 0, 1, 2 … in turn.
worker:
    mov  a4, a0
    la   a1, length
    ldd  a1, [a1]
    la   a2, shared
    ldd  a2, [a2]
    mov  s2, zero
.next:
    bgeu s2, a1, .done
    andi a3, s2, 15
    shli a3, a3, 12
    add  a3, a3, a2
    ldd  t0, [a3]
.try:
    add  t1, t0, a4
    mov  t2, t0
    cas  t0, a3, t1
    bne  t0, t2, .try
    addi s2, s2, 1
    jmp  .next
.done:
    mov  a0, zero
    SYS  SYS_EXIT

    .bss
shared: .space 8
length: .space 8
