; pods.s: several containers at once, and what each sees and gets. The length chooses: 0 names, 1 shares, 2 memory, 3 layers, 4 the end, 5 writing, 6 ports.
; Run it as workload=pods:N on any kernel that is not in a container itself.

    .include "ulib.inc"

.equ PERIOD, 60                         ; ms that programs compete
.equ IMAGE_PAGES, 16
.equ PAGE, 4096

main:
    push lr
    call argument
    movi a1, CASES
    bgeu a0, a1, .none
    shli a0, a0, 3
    la   a1, cases
    add  a1, a1, a0
    ldd  a1, [a1]
    callr a1
    call put_flush
    mov  a0, zero
    pop  lr
    ret
.none:
    FAIL "pods: there are 0 to 6"

; A container with host name a0 that runs function a1 with a2, and ends with what it returns; shares, memory and layer are those in
; `request`. out a0: its number out here.
start:
    push lr, s0, s1
    mov  s0, a1
    mov  s1, a2
    la   a1, request + CN_NAME
    call copy_name
    la   a0, request
    SYS  SYS_CONTAINER
    bltz a0, .failed
    beqz a0, .inside
    pop  lr, s0, s1
    ret
.inside:
    mov  a0, s1
    callr s0
    push a0
    call put_flush
    pop  a0
    SYS  SYS_EXIT
.failed:
    FAIL "pods: cannot make a container"

; Copies the text at a0 to a1.
copy_name:
    ldbu t0, [a0]
    stb  t0, [a1]
    addi a0, a0, 1
    addi a1, a1, 1
    bnez t0, copy_name
    ret

; Waits for a0 children; the last one's status is in `status`.
await:
    push lr, s0
    mov  s0, a0
.next:
    la   a0, status
    SYS  SYS_WAIT
    addi s0, s0, -1
    bnez s0, .next
    pop  lr, s0
    ret

; The account of container a0 in `account`.
look:
    la   a1, account
    SYS  SYS_CGROUP
    ret

; ---- 0: names -----------------------------------------------------------------------------------
names:
    push lr
    movi a0, 9
    SYS  SYS_SOCKET
    call view
    la   a0, one
    la   a1, view_and_stay
    call start
    la   a0, ubuntu
    la   a1, request + CN_LAYER
    call copy_name
    la   a0, two
    la   a1, view_and_stay
    call start
    movi a0, 2
    call await
    pop  lr
    ret

view_and_stay:
    push lr
    movi a0, 9
    SYS  SYS_SOCKET
    bltz a0, .taken
    call view
    movi a0, 5
    SYS  SYS_SLEEP
.taken:
    pop  lr
    ret

; Prints what this process sees.
view:
    push lr
    la   a0, uname
    SYS  SYS_UNAME
    la   a0, uname + 24
    ldbu a1, [a0]
    bnez a1, .named
    la   a0, host
.named:
    call put_text
    SAY  ": process "
    SYS  SYS_GETPID
    call put_decimal
    SAY  " of "
    mov  a0, zero
    mov  a1, zero
    SYS  SYS_PROCESSES
    call put_decimal
    SAY  ", kernel "
    la   a0, uname
    call put_text
    SAY  ", port 9 is its own, files of "
    call put_os
    call put_flush
    pop  lr
    ret

; Puts the line in etc/os.
put_os:
    push lr
    la   a0, os
    SYS  SYS_OPEN
    mov  a4, a0
    la   a1, buffer
    movi a2, 100
    SYS  SYS_READ
    la   a1, buffer
    add  a1, a1, a0
    stb  zero, [a1]
    mov  a0, a4
    SYS  SYS_CLOSE
    la   a0, buffer
    call put_text
    pop  lr
    ret

; ---- 1: shares ----------------------------------------------------------------------------------
shares:
    push lr, s0, s1
    SYS  SYS_TIME
    addi a0, a0, PERIOD
    la   a1, deadline
    std  a0, [a1]
    la   a0, request
    li   a1, 3072
    std  a1, [a0+CN_SHARES]
    la   a0, one
    la   a1, burn
    call start
    mov  s0, a0
    la   a0, request
    li   a1, 1024
    std  a1, [a0+CN_SHARES]
    la   a0, two
    la   a1, burn
    call start
    mov  s1, a0
    movi a0, 2
    call await
    mov  a0, s0
    call look
    la   a0, account
    ldd  s0, [a0]
    mov  a0, s1
    call look
    la   a0, account
    ldd  s1, [a0]
    SAY  "shares 3072 and 1024: "
    add  s1, s1, s0
    movi a0, 1000
    mul  s0, s0, a0
    div  a0, s0, s1
    call put_decimal
    SAY  " and "
    div  a0, s0, s1
    movi a1, 1000
    sub  a0, a1, a0
    call put_decimal
    SAY  " thousandths of the processor\n"
    pop  lr, s0, s1
    ret

burn:
    la   a4, deadline
    ldd  a4, [a4]
.again:
    SYS  SYS_TIME
    bltu a0, a4, .again
    mov  a0, zero
    ret

    .include "pods.inc"

    .rodata
cases:      .quad names, shares, memory, layers, end, writing, ports
.equ CASES, 7
one:        .asciz "one"
two:        .asciz "two"
ubuntu:     .asciz "ubuntu"
host:       .asciz "host"
os:         .asciz "etc/os"
changed:    .ascii "TOYOS"
    .align 4096
image:      .space IMAGE_PAGES * PAGE, 1
    .data
request:    .space CN_SIZE
    .bss
status:     .space 8
deadline:   .space 8
account:    .space CG_SIZE
ends:       .space 16
uname:      .space 48
buffer:     .space 128
