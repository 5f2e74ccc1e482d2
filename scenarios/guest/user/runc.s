; runc.s: runs the system in a container. The kernel starts it as process 1 if its command line begins with init=bin/runc; what follows are
; words for it, and behind "--" the command line that bin/init gets in the container.
;
;   shares=WEIGHT  quota=PER-CENT  memory=KIB  layer=NAME  neighbours=N
;
; Neighbours are other containers, of the usual weight and without limits, that compute all the time.
; That container may stop the machine, which ends with the container's programs in memory, then, as it would without. If the container
; ends before, the machine stops with status 1, or 137 if it was out of memory.

    .include "ulib.inc"

main:
    push lr, s0, s1
    la   a0, word_neighbours
    call word
    beqz a0, .alone
    mov  a1, a0
    call parse_decimal
    mov  s0, a0
.neighbour:
    beqz s0, .alone
    la   a0, neighbour
    SYS  SYS_CONTAINER
    bltz a0, .failed
    beqz a0, compute
    addi s0, s0, -1
    jmp  .neighbour
.alone:
    la   a0, word_shares
    movi a1, CN_SHARES
    call number
    la   a0, word_quota
    movi a1, CN_QUOTA
    call number
    la   a0, word_memory
    movi a1, CN_MEMORY
    call number
    la   a0, word_layer
    call word
    beqz a0, .no_layer
    la   a1, request + CN_LAYER
    movi a2, 23
.layer:
    ldbu a3, [a0]
    movi t0, ' ' + 1
    bltu a3, t0, .no_layer
    stb  a3, [a1]
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    bnez a2, .layer
.no_layer:
    la   a0, word_rest
    call word
    mov  s1, a0                         ; the command line inside
    beqz s1, .usage
    la   a0, request
    SYS  SYS_CONTAINER
    bltz a0, .failed
    bnez a0, .parent
    la   a0, path
    mov  a1, s1
    SYS  SYS_EXEC
    SAY  "runc: cannot run bin/init in the container\n"
    call put_flush
    movi a0, 127
    SYS  SYS_EXIT
.parent:
    mov  s0, a0
.wait:
    la   a0, status
    SYS  SYS_WAIT
    bltz a0, .ended
    bne  a0, s0, .wait
    la   a0, status
    ldd  a0, [a0]
    addi a0, a0, 256 + 257              ; VEC_NO_MEMORY
    bnez a0, .ended
    movi a0, 137
    SYS  SYS_POWEROFF
.ended:
    movi a0, 1
    SYS  SYS_POWEROFF
.usage:
    SAY  "runc: no command line for the container; put it behind --\n"
    jmp  .stop
.failed:
    SAY  "runc: cannot make a container\n"
.stop:
    call put_flush
    jmp  .ended

compute:
    jmp  compute

; The number behind the word at a0, if it is there, goes to request + a1.
number:
    push lr, s0
    la   s0, request
    add  s0, s0, a1
    call word
    beqz a0, .none
    mov  a1, a0
    call parse_decimal
    std  a0, [s0]
.none:
    pop  lr, s0
    ret

    .include "word.inc"

    .rodata
word_shares:    .asciz "shares="
word_quota:     .asciz "quota="
word_memory:    .asciz "memory="
word_layer:     .asciz "layer="
word_neighbours: .asciz "neighbours="
word_rest:      .asciz "-- "
path:           .asciz "bin/init"
    .data
neighbour:
    .quad 0, 0, 0, 0
    .ascii "neighbour"
    .space CN_SIZE - 32 - 9
request:
    .quad 1, 0, 0, 0
    .ascii "container"
    .space CN_SIZE - 32 - 9
    .bss
status: .space 8
