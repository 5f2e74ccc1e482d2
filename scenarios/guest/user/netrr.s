; netrr.s: network request and response: a client sends n messages of 32 bytes to a server, and waits for each answer. Both are
; processes of this machine; the frames go out through the network card and come back in. Option s: be the server only; option c:
; the client only, of the machine that the kernel's peer= names, whose server gets 20 ms to boot.

    .include "ulib.inc"

.equ SERVER_PORT, 7
.equ CLIENT_PORT, 8
.equ LENGTH, 32

    MAIN
    movi a0, SERVER_PORT                ; opened before the fork: nothing can be sent too early
    SYS  SYS_SOCKET
    bltz a0, .failed
    mov  a4, a0
    movi a0, 's'
    call option
    bnez a0, server
    movi a0, 'c'
    call option
    bnez a0, .client
    SYS  SYS_FORK
    bltz a0, .failed
    beqz a0, server
    jmp  .both
.client:
    movi a0, 20
    SYS  SYS_SLEEP
.both:
    movi a0, CLIENT_PORT
    SYS  SYS_SOCKET
    bltz a0, .failed
    mov  a4, a0
.next:
    bgeu s2, s0, .done
    la   a2, message
    std  s2, [a2]
    std  s0, [a2+8]
    mov  a0, a4
    movi a1, SERVER_PORT
    movi a3, LENGTH
    SYS  SYS_SEND
    mov  a0, a4
    la   a1, message
    movi a2, LENGTH
    mov  a3, zero
    SYS  SYS_RECV
    la   a1, message
    ldd  a1, [a1+16]
    add  a0, a0, a1
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    ; The last word: a request numbered n tells the server to end.
    la   a2, message
    std  s0, [a2]
    std  s0, [a2+8]
    mov  a0, a4
    movi a1, SERVER_PORT
    movi a3, LENGTH
    SYS  SYS_SEND
    mov  a0, zero
    SYS  SYS_WAIT
    END_MAIN "netrr"
.failed:
    FAIL "netrr: no socket"

; Answers request i with i x i + 1 in the third word.
server:
    mov  a0, a4
    la   a1, message
    movi a2, LENGTH
    la   a3, from
    SYS  SYS_RECV
    bltz a0, .end
    la   a2, message
    ldd  a0, [a2]
    ldd  a1, [a2+8]
    bgeu a0, a1, .end
    mul  a0, a0, a0
    addi a0, a0, 1
    std  a0, [a2+16]
    la   a1, from
    ldd  a1, [a1]
    mov  a0, a4
    movi a3, LENGTH
    SYS  SYS_SEND
    jmp  server
.end:
    mov  a0, zero
    SYS  SYS_EXIT

    .bss
from:       .space 8
message:    .space LENGTH
