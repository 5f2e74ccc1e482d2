; layers.s: the files that a container sees: layers, one upon the other. The lowest is the RAM disk, which all share; nothing of it is
; copied for a container.

; The row of the RAM disk's directory that path a0 leads to in container a1: of its own layer, or else of the layer below, which all
; share and nobody can write. out a0: its address, or 0.
ct_find_file:
    ENTER 2
    mov  s0, a0
    mov  s1, a1
    addi sp, sp, -PATH_MAX - NAME_MAX - 8
    la   a1, .layers
    call text_starts
    bnez a0, .none                      ; as it happens, they are files here; to it, they are what it stands on
    ldbu a0, [s1+CT_LAYER]
    beqz a0, .lower
    mov  a0, sp
    la   a1, .layers
    call text_append
    addi a1, s1, CT_LAYER
    call text_append
    movi a1, '/'
    stb  a1, [a0]
    addi a0, a0, 1
    mov  a1, s0
    call text_append
    mov  a0, sp
    call ramdisk_row
    bnez a0, .out
.lower:
    mov  a0, s0
    call ramdisk_row
.out:
    addi sp, sp, PATH_MAX + NAME_MAX + 8
    LEAVE 2
.none:
    mov  a0, zero
    jmp  .out
.layers:
    .asciz "layers/"
    .align 4

; Copies the text at a1 to a0. out a0: where its zero is. Loses a1, t0.
text_append:
    ldbu t0, [a1]
    stb  t0, [a0]
    beqz t0, .end
    addi a0, a0, 1
    addi a1, a1, 1
    jmp  text_append
.end:
    ret
