; lib.s: copying and comparing bytes; and the only code of the kernel that touches programs' memory.

; Copies a2 bytes from a1 to a0, eight at a time as long as it can. Loses a0-a2, t0, t1.
memcpy:
    movi t1, 8
.words:
    bltu a2, t1, .bytes
    ldd  t0, [a1]
    std  t0, [a0]
    addi a0, a0, 8
    addi a1, a1, 8
    addi a2, a2, -8
    jmp  .words
.bytes:
    beqz a2, .done
    ldbu t0, [a1]
    stb  t0, [a0]
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    jmp  .bytes
.done:
    ret

; The bytes before the zero of the text at a0. out a0. Loses t0, t1.
text_length:
    mov  t0, a0
.next:
    ldbu t1, [t0]
    addi t0, t0, 1
    bnez t1, .next
    sub  a0, t0, a0
    addi a0, a0, -1
    ret

; Are the texts at a0 and a1 equal? out a0: 1 or 0. Loses a1, t0, t1.
text_equal:
    ldbu t0, [a0]
    ldbu t1, [a1]
    bne  t0, t1, .no
    addi a0, a0, 1
    addi a1, a1, 1
    bnez t0, text_equal
    movi a0, 1
    ret
.no:
    mov  a0, zero
    ret

; Does the text at a0 begin with the one at a1? out a0: 1 or 0. Loses a1, t0, t1.
text_starts:
    ldbu t1, [a1]
    beqz t1, .yes
    ldbu t0, [a0]
    bne  t0, t1, .no
    addi a0, a0, 1
    addi a1, a1, 1
    jmp  text_starts
.yes:
    movi a0, 1
    ret
.no:
    mov  a0, zero
    ret

; ---- programs' memory ---------------------------------------------------------------------------
; Addresses from a program may be nonsense. They must lie in the program's half, or it could read the kernel's secrets through
; us; and touching them may fault. If the fault handler cannot mend that, it lets the copy go on at user_copy_failed: that
; is why these functions call nothing and push nothing.
user_copy_begin:

; Copies a2 bytes from kernel address a1 to program address a0. out a0: 0 or -EFAULT. Loses a1, a2, t0, t1.
copy_to_user:
    li   t1, USER_TOP
    bgeu a0, t1, user_copy_failed
    bgeu a2, t1, user_copy_failed
    add  t0, a0, a2
    bltu t1, t0, user_copy_failed
    jmp  user_copy
; Copies a2 bytes from program address a1 to kernel address a0. Likewise.
copy_from_user:
    li   t1, USER_TOP
    bgeu a1, t1, user_copy_failed
    bgeu a2, t1, user_copy_failed
    add  t0, a1, a2
    bltu t1, t0, user_copy_failed
user_copy:
    movi t1, 8
.words:
    bltu a2, t1, .bytes
    ldd  t0, [a1]
    std  t0, [a0]
    addi a0, a0, 8
    addi a1, a1, 8
    addi a2, a2, -8
    jmp  .words
.bytes:
    beqz a2, .done
    ldbu t0, [a1]
    stb  t0, [a0]
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    jmp  .bytes
.done:
    mov  a0, zero
    ret

; Copies a text from program address a1 to kernel address a0, at most a2 bytes with its zero. out a0: its length, -E2BIG or
; -EFAULT. Loses a1, a2, t0-t2.
copy_text_from_user:
    mov  t2, a0
    li   t1, USER_TOP
.next:
    beqz a2, .long
    bgeu a1, t1, user_copy_failed
    ldbu t0, [a1]
    stb  t0, [a0]
    beqz t0, .end
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    jmp  .next
.end:
    sub  a0, a0, t2
    ret
.long:
    movi a0, -E2BIG
    ret

user_copy_failed:
    movi a0, -EFAULT
    ret
user_copy_end:
