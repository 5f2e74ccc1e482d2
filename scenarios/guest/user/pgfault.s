; pgfault.s: touches n fresh pages: each is a page fault, a page found and filled with zeros. Memory is mapped 1 MiB at a time.

    .include "ulib.inc"

.equ CHUNK, 0x100000

    MAIN
.chunk:
    bgeu s2, s0, .done
    li   a0, CHUNK
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    mov  a2, a0
    li   a3, CHUNK
    add  a3, a2, a3
.page:
    std  s2, [a2]                       ; the fault
    ldd  a1, [a2+8]                     ; 0: a fresh page has nothing in it
    ldd  a4, [a2]
    add  a1, a1, a4
    HASH s1, a1, s3
    addi s2, s2, 1
    li   a1, 4096
    add  a2, a2, a1
    bgeu s2, s0, .unmap
    bltu a2, a3, .page
.unmap:
    li   a1, CHUNK
    SYS  SYS_MUNMAP
    jmp  .chunk
.done:
    END_MAIN "pgfault"
.failed:
    FAIL "pgfault: no memory"
