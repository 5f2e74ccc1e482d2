; check.s: does the kernel keep its promises? Each CHECK makes a system call or touches memory and says what must come of it. For the
; tests; also a list of what a program may try.

    .include "ulib.inc"

.equ ENOENT, 2
.equ EBADF, 9
.equ ECHILD, 10
.equ ENOMEM, 12
.equ EFAULT, 14
.equ EINVAL, 22
.equ EPIPE, 32
.equ ENOSYS, 38

; a0 must be `value`, a constant; else says so. Loses t0-t2, a0, a1.
.macro CHECK value, text
    li   a1, \value
    beq  a0, a1, .good\@
    la   a0, .text\@
    call complain
.good\@:
    .pushsection .rodata
.text\@:
    .asciz \text
    .popsection
.endm

main:
    push lr, s0, s1, s2, s3
    call check_files
    call check_pointers
    call check_memory
    call check_processes
    call check_pipes
    call check_time
    la   a1, failures
    ldd  s1, [a1]
    bnez s1, .bad
    SAY  "check: all is well\n"
    jmp  .end
.bad:
    SAY  "check: "
    mov  a0, s1
    call put_decimal
    SAY  " failed\n"
.end:
    call put_flush
    snez a0, s1
    pop  lr, s0, s1, s2, s3
    ret

complain:
    push lr, a0
    SAY  "check: wrong: "
    pop  lr, a0
    push lr
    call put_text
    SAY  "\n"
    call put_flush
    la   a1, failures
    ldd  a0, [a1]
    addi a0, a0, 1
    std  a0, [a1]
    pop  lr
    ret

check_files:
    push lr, s0, s1
    la   a0, no_path
    SYS  SYS_OPEN
    CHECK -ENOENT, "open of a file that is not there"
    la   a0, no_disk_path
    SYS  SYS_OPEN
    CHECK -ENOENT, "open of a file that is not on the disk"
    movi a0, 9
    la   a1, buffer
    movi a2, 1
    SYS  SYS_READ
    CHECK -EBADF, "read from a descriptor that is not open"
    movi a0, -1
    SYS  SYS_CLOSE
    CHECK -EBADF, "close of descriptor -1"
    la   a0, text_path
    SYS  SYS_OPEN
    mov  s0, a0
    CHECK 3, "open gives the lowest free descriptor"
    mov  a0, s0
    la   a1, buffer
    movi a2, 16
    SYS  SYS_WRITE
    CHECK -EBADF, "write to a file of the RAM disk"
    mov  a0, s0
    li   a1, 8190
    SYS  SYS_SEEK
    CHECK 8192, "seek gives the length"
    mov  a0, s0
    la   a1, buffer
    movi a2, 16
    SYS  SYS_READ
    CHECK 2, "read stops at the end"
    mov  a0, s0
    la   a1, buffer
    movi a2, 16
    SYS  SYS_READ
    CHECK 0, "read at the end"
    mov  a0, s0
    SYS  SYS_DUP
    CHECK 4, "dup"
    mov  a0, s0
    SYS  SYS_CLOSE
    CHECK 0, "close"
    movi a0, 4
    mov  a1, zero
    SYS  SYS_SEEK
    CHECK 8192, "a dup outlives its original"
    movi a0, 4
    SYS  SYS_CLOSE
    ; Across a block's border, and what was written is what is read.
    la   a0, scratch_path
    SYS  SYS_OPEN
    mov  s0, a0
    li   a1, 4090
    SYS  SYS_SEEK
    mov  a0, s0
    la   a1, text_path
    movi a2, 8
    SYS  SYS_WRITE
    CHECK 8, "write across two blocks"
    mov  a0, s0
    li   a1, 4090
    SYS  SYS_SEEK
    mov  a0, s0
    la   a1, buffer
    movi a2, 8
    SYS  SYS_READ
    la   a1, buffer
    ldd  s1, [a1]
    la   a1, text_path
    ldd  a1, [a1]
    sub  a0, s1, a1
    CHECK 0, "read across two blocks"
    mov  a0, s0
    SYS  SYS_CLOSE
    pop  lr, s0, s1
    ret

check_pointers:
    push lr
    movi a0, 1
    li   a1, 0xffffffffe0010000         ; the kernel's code
    movi a2, 8
    SYS  SYS_WRITE
    CHECK -EFAULT, "write from the kernel's memory"
    movi a0, 1
    movi a1, 16
    movi a2, 8
    SYS  SYS_WRITE
    CHECK -EFAULT, "write from address 16"
    movi a0, 1
    li   a1, 0x1ffffffc
    movi a2, 8
    SYS  SYS_WRITE
    CHECK -EFAULT, "write from across the end of the program's half"
    li   a0, 0xffffffffe0010000
    SYS  SYS_OPEN
    CHECK -EFAULT, "open with a path in the kernel"
    la   a0, main                       ; read-only
    SYS  SYS_PIPE
    CHECK -EFAULT, "pipe that stores into code"
    movi a0, 3
    SYS  SYS_CLOSE
    movi a0, 4
    SYS  SYS_CLOSE
    li   a5, 1000
    syscall
    CHECK -ENOSYS, "a system call that does not exist"
    la   a0, no_path
    la   a1, no_path
    SYS  SYS_EXEC
    CHECK -ENOENT, "exec of a file that is not there"
    la   a0, text_path
    la   a1, no_path
    SYS  SYS_EXEC
    CHECK -8, "exec of a file that is no program"
    pop  lr
    ret

check_memory:
    push lr, s0, s1
    mov  a0, zero
    mov  a1, zero
    SYS  SYS_MMAP
    CHECK -EINVAL, "mmap of nothing"
    li   a0, 0x1f000000
    mov  a1, zero
    SYS  SYS_MMAP
    CHECK -ENOMEM, "mmap of more than there is room for"
    movi a0, -1
    SYS  SYS_SBRK
    CHECK -ENOMEM, "sbrk below the heap's beginning"
    li   a0, 0x3000
    SYS  SYS_SBRK
    mov  s0, a0
    li   a1, 0x2000
    add  s1, s0, a1
    std  s0, [s1]
    li   a0, -0x1000
    SYS  SYS_SBRK
    li   a0, 0x1000
    SYS  SYS_SBRK
    ldd  a0, [s1]
    CHECK 0, "memory that sbrk gave back and got again is fresh"
    ; A hole in the middle of a mapping: its neighbours stay, and it can be filled again.
    li   a0, 0x3000
    mov  a1, zero
    SYS  SYS_MMAP
    mov  s0, a0
    li   a1, 0x1000
    add  s1, s0, a1
    std  a1, [s0]
    std  a1, [s1]
    mov  a0, s1
    SYS  SYS_MUNMAP
    CHECK 0, "munmap of a part"
    ldd  a0, [s0]
    CHECK 0x1000, "what is before the hole stays"
    li   a0, 0x1000
    mov  a1, zero
    SYS  SYS_MMAP
    sub  a0, a0, s1
    CHECK 0, "the hole is found again"
    ldd  a0, [s1]
    CHECK 0, "and it is fresh"
    mov  a0, s0
    li   a1, 0x3000
    SYS  SYS_MUNMAP
    li   a0, 0x200000
    movi a1, MAP_HUGE
    SYS  SYS_MMAP
    mov  s0, a0
    std  s0, [s0+64]
    SYS  SYS_FORK
    beqz a0, .child
    mov  a0, zero
    SYS  SYS_WAIT
    ldd  a0, [s0+64]
    sub  a0, a0, s0
    CHECK 0, "a huge page is the parent's own after fork"
    mov  a0, s0
    li   a1, 0x200000
    SYS  SYS_MUNMAP
    CHECK 0, "munmap of a huge page"
    pop  lr, s0, s1
    ret
.child:
    std  zero, [s0+64]
    SYS  SYS_EXIT

; Runs function `name` in a child; a0: its exit status.
.macro IN_CHILD name
    SYS  SYS_FORK
    bnez a0, .parent\@
    call \name
    SYS  SYS_EXIT
.parent\@:
    la   a0, status
    SYS  SYS_WAIT
    la   a0, status
    ldd  a0, [a0]
.endm

check_processes:
    push lr, s0, s1
    mov  a0, zero
    SYS  SYS_WAIT
    CHECK -ECHILD, "wait without a child"
    la   a1, shared
    movi a0, 5
    std  a0, [a1]
    IN_CHILD child_writes
    CHECK 6, "a child's exit status"
    la   a1, shared
    ldd  a0, [a1]
    CHECK 5, "a child's write is not seen by its parent"
    IN_CHILD child_faults
    CHECK -256 - 14, "a child that faults ends with its vector"
    IN_CHILD child_divides
    CHECK -256, "a child that divides by zero"
    IN_CHILD child_steps
    CHECK -256 - 1, "a child that sets TF"
    IN_CHILD child_steps_in_call
    CHECK -256 - 1, "a child that sets TF just before a system call"
    IN_CHILD child_breaks
    CHECK -256 - 3, "a child that says BRK"
    IN_CHILD child_recurses
    CHECK -256 - 14, "a child whose stack is used up"
    ; Its registers survive a system call.
    movi s0, 77
    movi a3, 78
    SYS  SYS_YIELD
    add  a0, s0, a3
    CHECK 155, "registers after a system call"
    pop  lr, s0, s1
    ret

child_writes:
    la   a1, shared
    ldd  a0, [a1]
    addi a0, a0, 1
    std  a0, [a1]
    ret
child_faults:
    ldd  a0, [zero]
    ret
child_divides:
    div  a0, a0, zero
    ret
child_steps:
    movi a0, 1 << 8
    wrflags a0
    nop
    ret
child_steps_in_call:
    movi a0, 1 << 8
    movi a5, SYS_YIELD
    wrflags a0
    syscall                             ; the step's exception comes in the kernel, which lets it pass; the next is ours
    nop
    ret
child_breaks:
    brk
    ret
child_recurses:
    push lr
    call child_recurses
    pop  lr
    ret
check_pipes:
    push lr, s0, s1
    la   a0, ends
    SYS  SYS_PIPE
    CHECK 0, "pipe"
    la   a1, ends
    ldd  a0, [a1+8]
    SYS  SYS_CLOSE
    la   a1, ends
    ldd  a0, [a1]
    la   a1, buffer
    movi a2, 1
    SYS  SYS_READ
    CHECK 0, "read from a pipe that nobody can write to"
    la   a1, ends
    ldd  a0, [a1]
    SYS  SYS_CLOSE
    la   a0, ends
    SYS  SYS_PIPE
    la   a1, ends
    ldd  a0, [a1]
    SYS  SYS_CLOSE
    la   a1, ends
    ldd  a0, [a1+8]
    la   a1, buffer
    movi a2, 1
    SYS  SYS_WRITE
    CHECK -EPIPE, "write to a pipe that nobody reads from"
    la   a1, ends
    ldd  a0, [a1+8]
    SYS  SYS_CLOSE
    ; More than fits: the writer sleeps until the reader has made room, several times.
    la   a0, ends
    SYS  SYS_PIPE
    SYS  SYS_FORK
    beqz a0, .writer
    la   a1, ends
    ldd  a0, [a1+8]
    SYS  SYS_CLOSE
    mov  s0, zero
.read:
    la   a1, ends
    ldd  a0, [a1]
    la   a1, buffer
    movi a2, 100
    SYS  SYS_READ
    add  s0, s0, a0
    bgtz a0, .read
    mov  a0, s0
    CHECK 10000, "all of a long write arrives"
    la   a0, status
    SYS  SYS_WAIT
    la   a0, status
    ldd  a0, [a0]
    CHECK 10000, "and the writer knows"
    la   a1, ends
    ldd  a0, [a1]
    SYS  SYS_CLOSE
    pop  lr, s0, s1
    ret
.writer:
    la   a1, ends
    ldd  a0, [a1+8]
    la   a1, big
    li   a2, 10000
    SYS  SYS_WRITE
    SYS  SYS_EXIT

check_time:
    push lr, s0
    SYS  SYS_TIME
    mov  s0, a0
    movi a0, 3
    SYS  SYS_SLEEP
    CHECK 0, "sleep"
    SYS  SYS_TIME
    sub  a0, a0, s0
    slti a0, a0, 3
    CHECK 0, "sleep lasts as long as it should"
    pop  lr, s0
    ret

    .rodata
no_path:        .asciz "bin/nothing"
no_disk_path:   .asciz "disk/nothing"
text_path:      .asciz "etc/text"
scratch_path:   .asciz "disk/scratch"
    .bss
    .align 8
failures:       .space 8
status:         .space 8
shared:         .space 8
ends:           .space 16
buffer:         .space 128
big:            .space 10000
