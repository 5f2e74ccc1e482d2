; console.s: the console's driver: bytes out through a port, bytes in by interrupt; and printing for the kernel itself.

.equ CON_DATA, 0x3f8
.equ CON_INTERRUPT, 0x3f9
.equ CON_STATUS, 0x3fd
.equ CON_READY, 0x20
.equ CON_INPUT, 1
.equ INPUT_ROOM, 256                    ; a power of two
.equ END_OF_INPUT, 4                    ; Ctrl-D

; Prints the byte a0. Keeps all but t0-t2: it is used where nothing may be lost.
.ifndef PARAVIRT
putc:
.wait:
    in   t2, [zero+CON_STATUS]
    andi t2, t2, CON_READY
    beqz t2, .wait
    out  a0, [zero+CON_DATA]
    ret
.else
putc:
    addi sp, sp, -8
    stb  a0, [sp]
    mov  t0, sp
    movi t1, 1
    HYPERCALL HC_CONSOLE_WRITE
    addi sp, sp, 8
    ret
.endif

; Prints the text at a0. Loses a0, a1, t0-t2.
puts:
.ifndef PARAVIRT
    ENTER 0
    mov  a1, a0
.next:
    ldbu a0, [a1]
    beqz a0, .done
    call putc
    addi a1, a1, 1
    jmp  .next
.done:
    LEAVE 0
.else
    mov  t1, zero
.length:
    add  t2, a0, t1
    ldbu t2, [t2]
    addi t1, t1, 1
    bnez t2, .length
    addi t1, t1, -1
    mov  t0, a0
    HYPERCALL HC_CONSOLE_WRITE          ; all of it at once
    ret
.endif

; Prints a0 as 0x and 16 digits. Loses a0-a2, t0-t2.
put_hex:
    ENTER 0
    mov  a1, a0
    movi a0, '0'
    call putc
    movi a0, 'x'
    call putc
    movi a2, 60
.digit:
    shr  a0, a1, a2
    andi a0, a0, 15
    movi t0, 10
    bltu a0, t0, .decimal
    addi a0, a0, 'a' - 10 - '0'
.decimal:
    addi a0, a0, '0'
    call putc
    addi a2, a2, -4
    bgez a2, .digit
    LEAVE 0

; Prints a0, not negative, in decimal. Loses a0-a3, t0-t2.
put_decimal:
    ENTER 0
    addi sp, sp, -24
    addi a1, sp, 23
    stb  zero, [a1]
    movi a2, 10
.digit:
    rem  a3, a0, a2
    addi a3, a3, '0'
    addi a1, a1, -1
    stb  a3, [a1]
    div  a0, a0, a2
    bnez a0, .digit
    mov  a0, a1
    call puts
    addi sp, sp, 24
    LEAVE 0

; Prints the name of vector a0.
put_vector:
    la   a1, .names
    movi a2, 16
    bgeu a0, a2, .unknown
    shli a0, a0, 3
    add  a0, a1, a0
    jmp  puts
.unknown:
    addi a1, a0, -VEC_NO_MEMORY
    bnez a1, put_decimal
    la   a0, .no_memory
    jmp  puts
.no_memory:
    .asciz "out of memory"
    .align 4
.names:
    .ascii "#DE\0\0\0\0\0#DB\0\0\0\0\0#2\0\0\0\0\0\0#BP\0\0\0\0\0#4\0\0\0\0\0\0#5\0\0\0\0\0\0#UD\0\0\0\0\0#7\0\0\0\0\0\0"
    .ascii "#DF\0\0\0\0\0#9\0\0\0\0\0\0#10\0\0\0\0\0#11\0\0\0\0\0#12\0\0\0\0\0#GP\0\0\0\0\0#PF\0\0\0\0\0#15\0\0\0\0\0"

; ---- for programs: a0 file, a1 buffer, a2 bytes -------------------------------------------------
.equ CON_CHUNK, 128
console_write:
    ENTER 4
    addi sp, sp, -CON_CHUNK
    mov  s1, a1
    mov  s2, a2
    mov  s3, a2
.chunk:
    beqz s2, .done
    movi s0, CON_CHUNK
    bgeu s2, s0, .full
    mov  s0, s2
.full:
    mov  a0, sp
    mov  a1, s1
    mov  a2, s0
    call copy_from_user
    bnez a0, .out
    add  s1, s1, s0
    sub  s2, s2, s0
    la   a1, print_lock
    LOCK a1
.ifndef PARAVIRT
    mov  a2, sp
    add  a3, sp, s0
.one:
    ldbu a0, [a2]
    call putc
    addi a2, a2, 1
    bltu a2, a3, .one
.else
    mov  t0, sp
    mov  t1, s0
    HYPERCALL HC_CONSOLE_WRITE
.endif
    UNLOCK a1
    jmp  .chunk
.done:
    mov  a0, s3
.out:
    addi sp, sp, CON_CHUNK
    LEAVE 4

; What has been typed, at least one byte; 0 for the end of input. The first reader turns the interrupt on.
console_read:
    ENTER 4
    mov  s1, a1
    mov  s2, a2
    mov  s3, zero
    beqz s2, .out
.ifndef PARAVIRT
    movi a0, 1
    out  a0, [zero+CON_INTERRUPT]
.else
    mov  t0, zero
    mov  t1, zero
    HYPERCALL HC_CONSOLE_READ           ; no bytes yet, but tell us of them
.endif
.look:
    ARCH_IRQ_SAVE s0
    la   a1, input_lock
    LOCK a1
.wait:
    la   a2, input_read
    ldd  a3, [a2]
    ldd  a4, [a2+8]                     ; input_written
    bne  a3, a4, .some
    bnez s3, .enough
    addi a0, a2, 16                     ; input_queue
    call sleep_on
    la   a1, input_lock
    jmp  .wait
.some:
    andi a4, a3, INPUT_ROOM - 1
    la   a5, input_ring
    add  a5, a5, a4
    ldbu a5, [a5]
    addi a4, a5, -END_OF_INPUT
    bnez a4, .one
    bnez s3, .enough                    ; the end comes in a read of its own
.one:
    addi a3, a3, 1
    std  a3, [a2]
    UNLOCK a1
    ARCH_IRQ_RESTORE s0
    beqz a4, .out
    push a5
    mov  a0, s1
    mov  a1, sp
    movi a2, 1
    call copy_to_user
    pop  a5
    bnez a0, .fault
    addi s1, s1, 1
    addi s3, s3, 1
    movi a0, 10
    beq  a5, a0, .out                   ; a line at most
    bltu s3, s2, .look
    jmp  .out
.enough:
    UNLOCK a1
    ARCH_IRQ_RESTORE s0
.out:
    mov  a0, s3
.fault:
    LEAVE 4

console_interrupt:
    ENTER 0
    la   a3, input_lock
    LOCK a3
    la   a2, input_read
.next:
.ifndef PARAVIRT
    in   a0, [zero+CON_STATUS]
    andi a0, a0, CON_INPUT
    beqz a0, .done
    in   a0, [zero+CON_DATA]
.else
    addi sp, sp, -8
    mov  t0, sp
    movi t1, 1
    HYPERCALL HC_CONSOLE_READ
    ldbu a0, [sp]
    addi sp, sp, 8
    beqz t0, .done
.endif
    ldd  a4, [a2+8]
    ldd  a5, [a2]
    sub  a5, a4, a5
    movi a1, INPUT_ROOM
    bgeu a5, a1, .next                  ; nobody reads: it is lost
    andi a5, a4, INPUT_ROOM - 1
    la   a1, input_ring
    add  a1, a1, a5
    stb  a0, [a1]
    addi a4, a4, 1
    std  a4, [a2+8]
    jmp  .next
.done:
    addi a0, a2, 16
    push a3
    call wake_up
    pop  a3
    UNLOCK a3
    LEAVE 0

; The open file that process 1 has as its descriptors 0, 1 and 2. out a0.
open_console:
    ENTER 0
    movi a0, FK_CONSOLE
    call file_new
    movi a1, 3
    std  a1, [a0+F_REFS]
    LEAVE 0
