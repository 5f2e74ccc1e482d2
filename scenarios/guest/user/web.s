; web.s: a web server at work: n requests come over the network; a server process hands each through a pipe to a worker, which
; reads 1 KiB of a file on the disk and computes a checksum of it; the answer goes back the same way.

    .include "ulib.inc"

.equ SERVER_PORT, 9
.equ CLIENT_PORT, 10
.equ REQUEST, 32                        ; word 0: number, word 1: how many there will be, word 2: answer
.equ PAGES, 200                         ; the site: 200 pages of 1 KiB: 50 blocks of the disk

    MAIN
    movi a0, SERVER_PORT
    SYS  SYS_SOCKET
    bltz a0, .failed
    mov  a4, a0
    SYS  SYS_FORK
    bltz a0, .failed
    beqz a0, server
    movi a0, CLIENT_PORT
    SYS  SYS_SOCKET
    bltz a0, .failed
    mov  a4, a0
.next:
    la   a2, message
    std  s2, [a2]
    std  s0, [a2+8]
    mov  a0, a4
    movi a1, SERVER_PORT
    movi a3, REQUEST
    SYS  SYS_SEND
    bgeu s2, s0, .done                  ; that was number n: the server ends
    mov  a0, a4
    la   a1, message
    movi a2, REQUEST
    mov  a3, zero
    SYS  SYS_RECV
    la   a1, message
    ldd  a0, [a1+16]
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    mov  a0, zero
    SYS  SYS_WAIT
    END_MAIN "web"
.failed:
    FAIL "web: no socket"

; The server: a worker behind two pipes.
server:
    la   a0, jobs
    SYS  SYS_PIPE
    la   a0, results
    SYS  SYS_PIPE
    SYS  SYS_FORK
    bltz a0, .end
    beqz a0, worker
.next:
    mov  a0, a4
    la   a1, message
    movi a2, REQUEST
    la   a3, from
    SYS  SYS_RECV
    bltz a0, .end
    la   a1, message
    ldd  a2, [a1]
    ldd  a3, [a1+8]
    bgeu a2, a3, .end
    la   a0, jobs
    ldd  a0, [a0+8]
    movi a2, 8
    SYS  SYS_WRITE
    la   a0, results
    ldd  a0, [a0]
    la   a1, message + 16
    movi a2, 8
    SYS  SYS_READ
    mov  a0, a4
    la   a1, from
    ldd  a1, [a1]
    la   a2, message
    movi a3, REQUEST
    SYS  SYS_SEND
    jmp  .next
.end:
    la   a0, jobs                       ; the worker's input ends
    ldd  a0, [a0+8]
    SYS  SYS_CLOSE
    mov  a0, zero
    SYS  SYS_WAIT
    mov  a0, zero
    SYS  SYS_EXIT

; The worker: request i is for page 7i mod PAGES.
worker:
    la   a0, jobs
    ldd  a0, [a0+8]
    SYS  SYS_CLOSE                      ; or it would wait for itself to write
    la   a0, path
    SYS  SYS_OPEN
    bltz a0, .end
    mov  a4, a0
.next:
    la   a0, jobs
    ldd  a0, [a0]
    la   a1, message
    movi a2, 8
    SYS  SYS_READ
    movi a2, 8
    bne  a0, a2, .end
    la   a1, message
    ldd  a1, [a1]
    movi a2, 7
    mul  a1, a1, a2
    movi a2, PAGES
    rem  a1, a1, a2
    shli a1, a1, 10
    mov  a0, a4
    SYS  SYS_SEEK
    mov  a0, a4
    la   a1, page
    movi a2, 1024
    SYS  SYS_READ
    li   s1, HASH_START
    la   a1, page
    addi a2, a1, 1024
.each:
    ldd  a0, [a1]
    HASH s1, a0, s3
    addi a1, a1, 8
    bltu a1, a2, .each
    la   a1, message
    std  s1, [a1]
    la   a0, results
    ldd  a0, [a0+8]
    movi a2, 8
    SYS  SYS_WRITE
    jmp  .next
.end:
    mov  a0, zero
    SYS  SYS_EXIT

    .rodata
path:       .asciz "disk/data"
    .bss
jobs:       .space 16
results:    .space 16
from:       .space 8
message:    .space REQUEST
page:       .space 1024
