; layers.s: the files that a container sees: layers, one upon the other. The lowest is the RAM disk, above it may lie a layer of the image;
; both are shared, and never written. The first write to a file copies it up, into a layer of the container's own.

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

; ---- the container's own layer ------------------------------------------------------------------
; A page describes a file there.
.equ U_NEXT, 0
.equ U_BASE, 8                          ; where the file is that it hides
.equ U_COUNT, 16
.equ U_PAGES, 24                        ; the pages it has instead, direct map
.equ U_PAGES_MAX, (PAGE - U_PAGES) / 8

; Has container a2 a file of its own instead of the one at a1? Then file a0 is of that kind, and a1 is it. Loses a2, a3, t0.
upper_look:
    ldd  a2, [a2+CT_UPPER]
.next:
    beqz a2, .none
    ldd  a3, [a2+U_BASE]
    beq  a3, a1, .found
    ldd  a2, [a2+U_NEXT]
    jmp  .next
.found:
    mov  a1, a2
    movi a2, FK_UPPER
    std  a2, [a0+F_KIND]
.none:
    ret

; Writes to a file of the RAM disk: for a container, to its own copy. in a0: file; a1: program's buffer; a2: bytes.
ram_write:
    CURRENT t0
    ldd  t0, [t0+T_CT]
    beqz t0, no_transfer
    ENTER 3
    push a1, a2
    mov  s0, a0
    mov  s1, t0
    addi s2, s1, CT_LOCK
    LOCK s2
    ldd  a1, [s0+F_BASE]
    mov  a2, s1
    call upper_look                     ; another descriptor's first write may have made it
    ldd  a2, [s0+F_KIND]
    addi a2, a2, -FK_UPPER
    beqz a2, .have
    mov  a0, s1
    ldd  a2, [s0+F_LEN]
    call upper_make
    mov  a1, a0
    beqz a0, .no_memory
    movi a0, FK_UPPER
    std  a0, [s0+F_KIND]
.have:
    std  a1, [s0+F_BASE]
    UNLOCK s2
    mov  a0, s0
    pop  a1, a2
    call upper_write
    LEAVE 3
.no_memory:
    UNLOCK s2
    addi sp, sp, 16
    movi a0, -ENOMEM
    LEAVE 3

; Copies the file at a1, of a2 bytes, into the layer of container a0. out a0: its description, or 0. The container's lock held.
upper_make:
    ENTER 4
    mov  s1, a0
    mov  s2, a1
    PAGE_UP s3, a2
    shri s3, s3, PAGE_SHIFT
    movi a0, U_PAGES_MAX
    bltu a0, s3, .too_long
    call frame_zalloc
    beqz a0, .too_long
    P2V  s0, a0
    std  s2, [s0+U_BASE]
.page:
    ldd  a0, [s0+U_COUNT]
    bgeu a0, s3, .done
    call frame_alloc
    beqz a0, .none
    P2V  a0, a0
    ldd  a1, [s0+U_COUNT]
    addi a2, a1, 1
    std  a2, [s0+U_COUNT]
    shli a2, a1, 3
    add  a2, a2, s0
    std  a0, [a2+U_PAGES]
    shli a1, a1, PAGE_SHIFT
    add  a1, a1, s2
    li   a2, PAGE
    call memcpy
    jmp  .page
.done:
    ldd  a0, [s1+CT_UPPER]
    std  a0, [s0+U_NEXT]
    std  s0, [s1+CT_UPPER]
    mov  a0, s0
    LEAVE 4
.none:
    mov  a0, s0
    call upper_free
.too_long:
    mov  a0, zero
    LEAVE 4

; Frees the file described by a0.
upper_free:
    ENTER 2
    mov  s0, a0
    ldd  s1, [s0+U_COUNT]
.page:
    beqz s1, .done
    addi s1, s1, -1
    shli a0, s1, 3
    add  a0, a0, s0
    ldd  a0, [a0+U_PAGES]
    V2P  a0, a0
    call frame_put
    jmp  .page
.done:
    V2P  a0, s0
    call frame_put
    LEAVE 2

; Container a0 is no more: nor is what it wrote.
upper_drop:
    ENTER 2
    ldd  s0, [a0+CT_UPPER]
    std  zero, [a0+CT_UPPER]
.next:
    beqz s0, .done
    mov  a0, s0
    ldd  s0, [s0+U_NEXT]
    call upper_free
    jmp  .next
.done:
    LEAVE 2

; in a0: file; a1: program's buffer; a2: bytes; out a0: bytes, or an error. Its length stays as it is.
upper_write:
    movi a3, 1
    jmp  upper_transfer
upper_read:
    mov  a3, zero
upper_transfer:
    ENTER 4
    push a1, a3
    mov  s0, a0
    call file_rest
    mov  s1, a2
    mov  s2, zero                       ; done
.chunk:
    beqz s1, .done
    ldd  a0, [s0+F_POS]
    ldd  a1, [s0+F_BASE]
    shri a2, a0, PAGE_SHIFT
    shli a2, a2, 3
    add  a1, a1, a2
    ldd  a1, [a1+U_PAGES]
    andi a0, a0, PAGE - 1
    add  a1, a1, a0
    li   s3, PAGE
    sub  s3, s3, a0
    bgeu s1, s3, .to_end
    mov  s3, s1
.to_end:
    ldd  a0, [sp]
    add  a0, a0, s2
    mov  a2, s3
    ldd  a3, [sp+8]
    beqz a3, .read
    mov  a3, a0
    mov  a0, a1
    mov  a1, a3
    call copy_from_user
    jmp  .copied
.read:
    call copy_to_user
.copied:
    bnez a0, .out
    ldd  a0, [s0+F_POS]
    add  a0, a0, s3
    std  a0, [s0+F_POS]
    add  s2, s2, s3
    sub  s1, s1, s3
    jmp  .chunk
.done:
    mov  a0, s2
.out:
    addi sp, sp, 16
    LEAVE 4
