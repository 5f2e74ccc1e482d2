; file.s: open files. A process's file descriptor is an index into its table of pointers to open-file objects; what read, write
; and close do depends on the object's kind.

; Per kind: read, write, release. read and write: a0 file, a1 program's buffer, a2 bytes; out a0: bytes or an error.
    .align 8
file_ops:
    .quad no_transfer, no_transfer, no_release          ; (none)
    .quad console_read, console_write, no_release       ; FK_CONSOLE
    .quad ram_read, ram_write, no_release               ; FK_RAM
    .quad disk_read, disk_write, no_release             ; FK_DISK
    .quad upper_read, upper_write, no_release           ; FK_UPPER
    .quad pipe_read, no_transfer, pipe_release          ; FK_PIPE_R
    .quad no_transfer, pipe_write, pipe_release         ; FK_PIPE_W
    .quad no_transfer, no_transfer, socket_release      ; FK_SOCKET

no_transfer:
    movi a0, -EBADF
no_release:
    ret

; A new open-file object of kind a0. out a0: it, with one user, or 0 if there are too many. Loses a1, a2, t0, t1.
file_new:
    la   a1, files_lock
    LOCK a1
    la   a2, files
    movi t0, OPEN_MAX
.look:
    ldd  t1, [a2+F_REFS]
    beqz t1, .found
    addi a2, a2, F_SIZE
    addi t0, t0, -1
    bnez t0, .look
    mov  a0, zero
    UNLOCK a1
    ret
.found:
    movi t1, 1
    std  t1, [a2+F_REFS]
    std  a0, [a2+F_KIND]
    std  zero, [a2+F_POS]
    std  zero, [a2+F_BASE]
    std  zero, [a2+F_LEN]
    UNLOCK a1
    mov  a0, a2
    ret

; One user less of file a0; the last one releases what it stands for.
file_put:
    ENTER 1
    mov  s0, a0
    la   a1, files_lock
    LOCK a1
    ldd  a2, [s0+F_REFS]
    addi a2, a2, -1
    bnez a2, .still
    UNLOCK a1                           ; nobody else can reach it now
    ldd  a1, [s0+F_KIND]
    movi a2, 24
    mul  a1, a1, a2
    la   a2, file_ops
    add  a1, a1, a2
    ldd  a1, [a1+16]
    callr a1
    std  zero, [s0+F_REFS]
    LEAVE 1
.still:
    std  a2, [s0+F_REFS]
    UNLOCK a1
    LEAVE 1

; The open file behind descriptor a0. out a0: it, or 0. Loses t0.
fd_file:
    movi t0, FILES_MAX
    bgeu a0, t0, .none
    shli a0, a0, 3
    CURRENT t0
    add  a0, a0, t0
    ldd  a0, [a0+T_FILES]
    ret
.none:
    mov  a0, zero
    ret

; Gives file a0 the lowest free descriptor. out a0: it, or -EMFILE. Loses t0-t2.
fd_install:
    CURRENT t0
    mov  t1, zero
.look:
    ldd  t2, [t0+T_FILES]
    beqz t2, .found
    addi t0, t0, 8
    addi t1, t1, 1
    movi t2, FILES_MAX
    bne  t1, t2, .look
    movi a0, -EMFILE
    ret
.found:
    std  a0, [t0+T_FILES]
    mov  a0, t1
    ret

; Closes all files of the running task, which ends.
files_close:
    ENTER 2
    CURRENT s0
    addi s0, s0, T_FILES
    movi s1, FILES_MAX
.next:
    ldd  a0, [s0]
    beqz a0, .none
    std  zero, [s0]
    call file_put
.none:
    addi s0, s0, 8
    addi s1, s1, -1
    bnez s1, .next
    LEAVE 2

; read(descriptor, buffer, bytes), write likewise: the kind decides.
sys_read:
    mov  a4, zero
    jmp  transfer
sys_write:
    movi a4, 8
transfer:
    ENTER 0
    call fd_file
    beqz a0, .bad
    li   t0, USER_TOP
    bgeu a2, t0, .invalid
    ldd  a3, [a0+F_KIND]
    movi t0, 24
    mul  a3, a3, t0
    add  a3, a3, a4
    la   t0, file_ops
    add  a3, a3, t0
    ldd  a3, [a3]
    callr a3
    LEAVE 0
.invalid:
    movi a0, -EINVAL
    LEAVE 0
.bad:
    movi a0, -EBADF
    LEAVE 0

; close(descriptor)
sys_close:
    ENTER 1
    mov  s0, a0
    call fd_file
    beqz a0, .bad
    shli s0, s0, 3
    CURRENT t0
    add  s0, s0, t0
    std  zero, [s0+T_FILES]
    call file_put
    mov  a0, zero
    LEAVE 1
.bad:
    movi a0, -EBADF
    LEAVE 1

; dup(descriptor): another descriptor, the lowest free, for the same open file.
sys_dup:
    ENTER 1
    call fd_file
    beqz a0, .bad
    mov  s0, a0
    call fd_install
    bltz a0, .out
    mov  a2, a0
    addi a0, s0, F_REFS
    movi a1, 1
    call atomic_add
    mov  a0, a2
.out:
    LEAVE 1
.bad:
    movi a0, -EBADF
    LEAVE 1

; seek(descriptor, position): from the beginning. out a0: the file's length.
sys_seek:
    ENTER 0
    call fd_file
    beqz a0, .bad
    ldd  a2, [a0+F_KIND]
    addi a2, a2, -FK_RAM
    movi a3, 3                          ; only FK_RAM, FK_DISK and FK_UPPER have a position
    bgeu a2, a3, .bad
    std  a1, [a0+F_POS]
    ldd  a0, [a0+F_LEN]
    LEAVE 0
.bad:
    movi a0, -EBADF
    LEAVE 0

; open(path): a file of the RAM disk, or of the disk if its path begins with "disk/".
sys_open:
    ENTER 2
    addi sp, sp, -PATH_MAX
    mov  a1, a0
    mov  a0, sp
    movi a2, PATH_MAX
    call copy_text_from_user
    bltz a0, .out
    mov  a0, sp
    la   a1, .disk
    call text_starts
    bnez a0, .on_disk
    mov  a0, sp
    call ramdisk_find
    movi s1, FK_RAM
    jmp  .looked
.on_disk:
    mov  a0, sp
    call diskfs_find
    movi s1, FK_DISK
.looked:
    beqz a0, .no_file
    mov  s0, a0
    mov  a0, s1
    call file_new
    beqz a0, .too_many
    ldd  a1, [s0+RE_LEN]
    std  a1, [a0+F_LEN]
    ldd  a1, [s0+RE_OFFSET]
    movi a2, FK_DISK
    beq  s1, a2, .based
    la   a2, ramdisk
    ldd  a2, [a2]
    add  a1, a1, a2
    CURRENT a2
    ldd  a2, [a2+T_CT]
    beqz a2, .based
    call upper_look
.based:
    std  a1, [a0+F_BASE]
    mov  s0, a0
    call fd_install
    bgez a0, .out
    mov  s1, a0
    mov  a0, s0
    call file_put
    mov  a0, s1
    jmp  .out
.too_many:
    movi a0, -EMFILE
    jmp  .out
.no_file:
    movi a0, -ENOENT
.out:
    addi sp, sp, PATH_MAX
    LEAVE 2
.disk:
    .asciz "disk/"
    .align 4

; The row of the RAM disk's directory with path a0. out a0: its address, or 0.
ramdisk_find:
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, ct_find_file
; The same, whoever asks.
ramdisk_row:
    la   a1, ramdisk
    ldd  a1, [a1]
; The same for any directory, at a1.
directory_find:
    ENTER 3
    mov  s0, a0
    ldd  s2, [a1+RD_COUNT]
    addi s1, a1, RD_ENTRIES
.next:
    beqz s2, .none
    mov  a0, s0
    mov  a1, s1                         ; RE_NAME is first
    call text_equal
    bnez a0, .found
    addi s1, s1, RE_SIZE
    addi s2, s2, -1
    jmp  .next
.found:
    mov  a0, s1
    LEAVE 3
.none:
    mov  a0, zero
    LEAVE 3

; How much of a2 bytes can be read or written at file a0's position. out a2.
file_rest:
    ldd  t0, [a0+F_LEN]
    ldd  t1, [a0+F_POS]
    bgeu t1, t0, .end
    sub  t0, t0, t1
    bgeu t0, a2, .all
    mov  a2, t0
.all:
    ret
.end:
    mov  a2, zero
    ret

ram_read:
    ENTER 2
    mov  s0, a0
    call file_rest
    mov  s1, a2
    ldd  t0, [s0+F_BASE]
    ldd  t1, [s0+F_POS]
    mov  a0, a1
    add  a1, t0, t1
    call copy_to_user
    bnez a0, .out
    ldd  a1, [s0+F_POS]
    add  a1, a1, s1
    std  a1, [s0+F_POS]
    mov  a0, s1
.out:
    LEAVE 2
