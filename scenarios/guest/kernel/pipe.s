; pipe.s: a pipe is a page: some counters and a ring of bytes. The counters only grow; written - read is what is in it. Who finds it
; empty, or full, sleeps until the other side has done something.

.equ P_LOCK, 0
.equ P_READ, 8
.equ P_WRITTEN, 16
.equ P_READERS, 24
.equ P_WRITERS, 32
.equ P_READ_QUEUE, 40                   ; waiting for bytes
.equ P_WRITE_QUEUE, 48                  ; waiting for room
.equ P_DATA, 2048
.equ P_ROOM, 2048                       ; a power of two

; pipe(address of two words): descriptors to read from and to write to.
sys_pipe:
    ENTER 4
    mov  s3, a0
    addi sp, sp, -16
    call frame_alloc
    beqz a0, .no_memory
    P2V  s0, a0
    mov  a0, s0
    addi a1, s0, 64
.clear:
    std  zero, [a0]
    addi a0, a0, 8
    bltu a0, a1, .clear
    movi a0, 1
    std  a0, [s0+P_READERS]
    std  a0, [s0+P_WRITERS]
    movi a0, FK_PIPE_R
    call file_new
    beqz a0, .no_reader
    std  s0, [a0+F_BASE]
    mov  s1, a0
    movi a0, FK_PIPE_W
    call file_new
    beqz a0, .no_writer
    std  s0, [a0+F_BASE]
    mov  s2, a0
    mov  a0, s1
    call fd_install
    std  a0, [sp]
    bltz a0, .no_fd
    mov  a0, s2
    call fd_install
    std  a0, [sp+8]
    bltz a0, .no_second
    mov  a0, s3
    mov  a1, sp
    movi a2, 16
    call copy_to_user
.out:
    addi sp, sp, 16
    LEAVE 4
.no_memory:
    movi a0, -ENOMEM
    jmp  .out
.no_reader:
    V2P  a0, s0
    call frame_put
    movi a0, -EMFILE
    jmp  .out
.no_writer:
    std  zero, [s0+P_WRITERS]
    jmp  .drop_reader
.no_second:
    ldd  a0, [sp]
    shli a0, a0, 3
    CURRENT t0
    add  a0, a0, t0
    std  zero, [a0+T_FILES]
.no_fd:
    mov  a0, s2
    call file_put
.drop_reader:
    mov  a0, s1
    call file_put
    movi a0, -EMFILE
    jmp  .out

; in a0: file; a1: program's buffer; a2: bytes. out a0: bytes read: at least one, or 0 if nobody will ever write.
pipe_read:
    ENTER 4
    ldd  s0, [a0+F_BASE]
    mov  s1, a1
    mov  s2, a2
    LOCK s0
.look:
    ldd  a0, [s0+P_READ]
    ldd  a1, [s0+P_WRITTEN]
    bne  a0, a1, .some
    ldd  a2, [s0+P_WRITERS]
    beqz a2, .end
    addi a0, s0, P_READ_QUEUE
    mov  a1, s0
    call sleep_on
    jmp  .look
.end:
    mov  a0, zero
    jmp  .out
.some:
    mov  s3, zero
.chunk:                                 ; at most two: up to the ring's end, and from its beginning
    ldd  a0, [s0+P_READ]
    ldd  a2, [s0+P_WRITTEN]
    sub  a2, a2, a0
    beqz a2, .done
    bgeu s2, a2, .available
    mov  a2, s2
.available:
    beqz a2, .done
    andi a1, a0, P_ROOM - 1
    movi a3, P_ROOM
    sub  a3, a3, a1
    bgeu a3, a2, .contiguous
    mov  a2, a3
.contiguous:
    add  a1, a1, s0
    addi a1, a1, P_DATA
    mov  a0, s1
    add  s1, s1, a2
    sub  s2, s2, a2
    add  s3, s3, a2
    push a2
    call copy_to_user
    pop  a2
    bnez a0, .out
    ldd  a0, [s0+P_READ]
    add  a0, a0, a2
    std  a0, [s0+P_READ]
    jmp  .chunk
.done:
    ldd  a0, [s0+P_WRITE_QUEUE]
    beqz a0, .nobody
    addi a0, s0, P_WRITE_QUEUE
    call wake_up
.nobody:
    mov  a0, s3
.out:
    UNLOCK s0
    LEAVE 4

; Likewise. out a0: bytes written: all, or -EPIPE if nobody will ever read them.
pipe_write:
    ENTER 4
    ldd  s0, [a0+F_BASE]
    mov  s1, a1
    mov  s2, a2
    mov  s3, a2
    LOCK s0
.chunk:
    beqz s2, .done
    ldd  a0, [s0+P_READERS]
    beqz a0, .broken
    ldd  a0, [s0+P_READ]
    ldd  a1, [s0+P_WRITTEN]
    sub  a2, a1, a0
    movi a3, P_ROOM
    sub  a2, a3, a2
    beqz a2, .full
    bgeu s2, a2, .room
    mov  a2, s2
.room:
    andi a0, a1, P_ROOM - 1
    sub  a3, a3, a0
    bgeu a3, a2, .contiguous
    mov  a2, a3
.contiguous:
    add  a0, a0, s0
    addi a0, a0, P_DATA
    mov  a1, s1
    add  s1, s1, a2
    sub  s2, s2, a2
    push a2
    call copy_from_user
    pop  a2
    bnez a0, .out
    ldd  a0, [s0+P_WRITTEN]
    add  a0, a0, a2
    std  a0, [s0+P_WRITTEN]
    ldd  a0, [s0+P_READ_QUEUE]
    beqz a0, .chunk
    addi a0, s0, P_READ_QUEUE
    call wake_up
    jmp  .chunk
.full:
    addi a0, s0, P_WRITE_QUEUE
    mov  a1, s0
    call sleep_on
    jmp  .chunk
.done:
    mov  a0, s3
    jmp  .out
.broken:
    movi a0, -EPIPE
.out:
    UNLOCK s0
    LEAVE 4

; One end, file a0, is closed: the other side must learn of it; the last one frees the page.
pipe_release:
    ENTER 1
    ldd  s0, [a0+F_BASE]
    ldd  a1, [a0+F_KIND]
    LOCK s0
    movi a2, FK_PIPE_R
    bne  a1, a2, .writer
    std  zero, [s0+P_READERS]
    jmp  .wake
.writer:
    std  zero, [s0+P_WRITERS]
.wake:
    addi a0, s0, P_READ_QUEUE
    call wake_up
    addi a0, s0, P_WRITE_QUEUE
    call wake_up
    ldd  a1, [s0+P_READERS]
    ldd  a2, [s0+P_WRITERS]
    UNLOCK s0
    or   a1, a1, a2
    bnez a1, .used
    V2P  a0, s0
    call frame_put
.used:
    LEAVE 1
