; diskfs.s: files on the disk. Block 0 is a directory with rows like the RAM disk's; every file has its place and its
; length once and for all, so that a position in a file is simply a position on the disk.

; The directory's row for path a0. out a0: its address, or 0.
diskfs_find:
    ENTER 2
    mov  s0, a0
    la   a0, disk_sectors
    ldd  a0, [a0]
    beqz a0, .none
    call cache_acquire
    la   s1, disk_directory
    ldd  a0, [s1]
    bnez a0, .have
    ; The first time: a copy for ever, as block 0's slot in the cache is wanted by others, too.
    mov  a0, zero
    movi a1, 1
    call cache_block
    movi t0, -PAGE
    bgeu a0, t0, .failed
    push a0
    call frame_alloc
    pop  a1
    beqz a0, .failed
    push a1
    call frame_disown
    pop  a1
    P2V  a0, a0
    std  a0, [s1]
    li   a2, BLOCK
    call memcpy
.have:
    call cache_release
    ldd  a1, [s1]
    ldd  a2, [a1]
    li   a3, RD_MAGIC
    bne  a2, a3, .none
    mov  a0, s0
    call directory_find
    LEAVE 2
.failed:
    call cache_release
.none:
    mov  a0, zero
    LEAVE 2

; Reads or writes: a0 file, a1 program's buffer, a2 bytes, a3: 0 read, 1 write. One block at a time, through the cache.
disk_write:
    movi a3, 1
    jmp  disk_transfer
disk_read:
    mov  a3, zero
disk_transfer:
    ENTER 4
    addi sp, sp, -32                    ; [sp] bytes done, [sp+8] write?, [sp+16] bytes of this block, [sp+24] block
    mov  s0, a0
    mov  s1, a1
    std  a3, [sp+8]
    std  zero, [sp]
    call file_rest
    mov  s2, a2
    call cache_acquire
.block:
    beqz s2, .done
    ldd  a0, [s0+F_POS]
    ldd  a1, [s0+F_BASE]
    add  a0, a0, a1
    andi s3, a0, BLOCK - 1              ; where in the block
    shri a0, a0, 12
    std  a0, [sp+24]
    li   a2, BLOCK
    sub  a2, a2, s3
    bgeu s2, a2, .all
    mov  a2, s2
.all:
    std  a2, [sp+16]
    ldd  a3, [sp+8]
    movi a1, 1
    beqz a3, .read_it
    li   a3, BLOCK
    bne  a2, a3, .read_it
    mov  a1, zero                       ; a whole block is overwritten
.read_it:
    call cache_block
    movi t0, -PAGE
    bgeu a0, t0, .failed
    add  a1, a0, s3
    ldd  a2, [sp+16]
    ldd  a3, [sp+8]
    bnez a3, .write
    mov  a0, s1
    call copy_to_user
    bnez a0, .failed
    jmp  .next
.write:
    mov  a0, a1
    mov  a1, s1
    call copy_from_user
    push a0
    ldd  a0, [sp+24+8]
    call cache_write                    ; also after a failed copy: cache and disk must agree
    pop  a1
    bnez a0, .failed
    mov  a0, a1
    bnez a0, .failed
.next:
    ldd  a2, [sp+16]
    add  s1, s1, a2
    sub  s2, s2, a2
    ldd  a0, [sp]
    add  a0, a0, a2
    std  a0, [sp]
    ldd  a0, [s0+F_POS]
    add  a0, a0, a2
    std  a0, [s0+F_POS]
    jmp  .block
.failed:
    std  a0, [sp]
.done:
    call cache_release
    ldd  a0, [sp]
    addi sp, sp, 32
    LEAVE 4
