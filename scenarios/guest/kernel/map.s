; map.s: regions of an address space, and the system calls that make and remove them.

; The region that holds address a1 of address space a0. out a0: it, or 0. Loses a0, a2, t0, t1.
region_find:
    ldd  a2, [a0+MM_LAST]
    addi a0, a0, MM_REGIONS
.next:
    bgeu a0, a2, .none
    ldd  t0, [a0+R_START]
    ldd  t1, [a0+R_END]
    bltu a1, t0, .other
    bltu a1, t1, .found
.other:
    addi a0, a0, R_SIZE
    jmp  .next
.none:
    mov  a0, zero
.found:
    ret

; Adds a region to address space a0: a1 start, a2 end, a3 flags of its entries, a4 kind. out a0: it, or 0 if there is no slot.
region_add:
    addi t0, a0, MM_REGIONS
    ldd  t1, [a0+MM_LAST]
.slot:
    bgeu t0, t1, .last
    ldd  t2, [t0+R_PTE]
    beqz t2, .got
    addi t0, t0, R_SIZE
    jmp  .slot
.last:
    addi t1, t0, R_SIZE
    addi t2, a0, MM_END
    bltu t2, t1, .full
    std  t1, [a0+MM_LAST]
.got:
    std  a1, [t0+R_START]
    std  a2, [t0+R_END]
    std  a3, [t0+R_PTE]
    std  a4, [t0+R_KIND]
    std  zero, [t0+R_FILE]
    std  zero, [t0+R_FSIZE]
    mov  a0, t0
    ret
.full:
    mov  a0, zero
    ret

; Flags of a page that programs may read and write, but not run.
.macro PTE_DATA rd
    movi \rd, 1
    shli \rd, \rd, PTE_NX_SHIFT
    ori  \rd, \rd, PTE_P | PTE_W | PTE_U
.endm

; mmap(bytes, flags): new zeroed memory. out a0: its address.
sys_mmap:
    ENTER 4
    CURRENT s0
    ldd  s0, [s0+T_MM]
    li   a2, USER_TOP
    bgeu a0, a2, .invalid
    beqz a0, .invalid
    andi s1, a1, MAP_HUGE
    movi s2, PAGE - 1                   ; alignment, less one
    beqz s1, .small
    li   s2, HUGE - 1
.small:
    add  s3, a0, s2
    not  a1, s2
    and  s3, s3, a1                     ; length
    LOCK s0
    ; First fit: put it behind whatever is in the way, until nothing is.
    li   a1, MMAP_BASE
.try:
    add  a2, a1, s3
    li   a3, STACK_TOP - STACK_SIZE
    bltu a3, a2, .full
    addi a3, s0, MM_REGIONS
    ldd  a4, [s0+MM_LAST]
.region:
    bgeu a3, a4, .free
    ldd  t0, [a3+R_START]
    bgeu t0, a2, .clear
    ldd  t0, [a3+R_END]
    bgeu a1, t0, .clear
    ldd  t1, [a3+R_PTE]
    beqz t1, .clear
    add  a1, t0, s2
    not  t1, s2
    and  a1, a1, t1
    jmp  .try
.clear:
    addi a3, a3, R_SIZE
    jmp  .region
.free:
    PTE_DATA a3
    movi a4, R_ANON
    beqz s1, .anon
    movi a4, R_HUGE
.anon:
    mov  a0, s0
    mov  s1, a1
    call region_add
    beqz a0, .full
    UNLOCK s0
    mov  a0, s1
    LEAVE 4
.full:
    UNLOCK s0
    movi a0, -ENOMEM
    LEAVE 4
.invalid:
    movi a0, -EINVAL
    LEAVE 4

; munmap(address, bytes): whatever is mapped there is no more.
sys_munmap:
    ENTER 4
    CURRENT s0
    ldd  s0, [s0+T_MM]
    li   a3, USER_TOP
    bgeu a0, a3, .invalid
    bgeu a1, a3, .invalid
    PAGE_DOWN s1, a0
    add  s2, a0, a1
    PAGE_UP s2, s2
    bltu a3, s2, .invalid
    LOCK s0
    addi s3, s0, MM_REGIONS
.region:
    ldd  a0, [s0+MM_LAST]
    bgeu s3, a0, .done
    ldd  a0, [s3+R_PTE]
    beqz a0, .next
    ldd  a1, [s3+R_START]
    ldd  a2, [s3+R_END]
    bgeu a1, s2, .next
    bgeu s1, a2, .next
    mov  a0, s3
    mov  a1, s1
    mov  a2, s2
    mov  a3, s0
    call region_cut
    bnez a0, .fail
.next:
    addi s3, s3, R_SIZE
    jmp  .region
.done:
    mov  a0, zero
.fail:
    UNLOCK s0
    LEAVE 4
.invalid:
    movi a0, -EINVAL
    LEAVE 4

; Cuts [a1, a2) out of region a0 of address space a3, with its pages; they overlap. out a0: 0 or an error.
region_cut:
    ENTER 4
    mov  s0, a0
    mov  s3, a3
    ldd  a4, [s0+R_START]
    ldd  a5, [s0+R_END]
    bgeu a1, a4, .low
    mov  a1, a4
.low:
    bgeu a5, a2, .high
    mov  a2, a5
.high:
    mov  s1, a1
    mov  s2, a2
    ldd  a0, [s0+R_KIND]
    movi t0, R_HUGE
    bne  a0, t0, .split
    bne  s1, a4, .invalid               ; huge pages go all at once
    bne  s2, a5, .invalid
.split:
    ; What remains behind the hole moves to a region of its own if something remains before it, too.
    beq  s2, a5, .unmap
    beq  s1, a4, .unmap
    ldd  t0, [s0+R_KIND]
    movi t1, R_IMAGE
    beq  t0, t1, .invalid
    mov  a0, s3
    mov  a1, s2
    mov  a2, a5
    ldd  a3, [s0+R_PTE]
    mov  a4, t0
    call region_add
    beqz a0, .full
    std  s2, [s0+R_END]
.unmap:
    mov  a0, s3
    mov  a1, s1
    mov  a2, s2
    call unmap
    ldd  a4, [s0+R_START]
    ldd  a5, [s0+R_END]
    beq  s1, a4, .from_start
    std  s1, [s0+R_END]
    jmp  .good
.from_start:
    beq  s2, a5, .all
    std  s2, [s0+R_START]
    sub  a0, s2, a4                     ; a program's file moves along
    ldd  a1, [s0+R_FILE]
    add  a1, a1, a0
    std  a1, [s0+R_FILE]
    ldd  a1, [s0+R_FSIZE]
    bgeu a1, a0, .shorter
    mov  a1, a0
.shorter:
    sub  a1, a1, a0
    std  a1, [s0+R_FSIZE]
    jmp  .good
.all:
    std  zero, [s0+R_PTE]
    std  zero, [s0+R_START]
    std  zero, [s0+R_END]
.good:
    mov  a0, zero
    LEAVE 4
.invalid:
    movi a0, -EINVAL
    LEAVE 4
.full:
    movi a0, -ENOMEM
    LEAVE 4

; Takes the pages of [a1, a2) out of the tables of address space a0. No frame may be used again before no TLB knows it any
; more, so frames are gathered, then the TLBs are cleaned, then the frames are freed: GATHER at a time.
.equ GATHER, 32
unmap:
    ENTER 4
    mov  s0, a0
    mov  s1, a1
    mov  s2, a2
    addi sp, sp, -8 * GATHER
.batch:
    mov  s3, zero                       ; frames gathered
    push s1
    ARCH_MMU_BATCH_BEGIN
.page:
    bgeu s1, s2, .flush
    movi a0, GATHER
    beq  s3, a0, .flush
    ldd  a0, [s0+MM_ROOT]
    mov  a1, s1
    movi a2, 1
    mov  a3, zero
    call pt_walk
    beqz a0, .no_table
    ARCH_GET_PTE a1, a0
    beqz a1, .next
    ARCH_SET_PTE a0, zero
    ARCH_FLUSH_PAGE s1
    PTE_FRAME a1, a1
    shli a2, s3, 3
    add  a2, a2, sp
    std  a1, [a2+8]                     ; (the pushed word is below)
    addi s3, s3, 1
.next:
    addi s1, s1, PAGE
    jmp  .page
.no_table:                              ; no table for these 2 MiB, or a huge page
    ldd  a0, [s0+MM_ROOT]
    mov  a1, s1
    movi a2, 2
    mov  a3, zero
    call pt_walk
    beqz a0, .skip
    ARCH_GET_PTE a1, a0
    andi a2, a1, PTE_PS
    beqz a2, .skip
    ARCH_SET_PTE a0, zero
    ARCH_FLUSH_PAGE s1
    push a1
    mov  a0, s0
    mov  a1, s1
    movi a2, 1
    mov  a3, zero
    call shootdown
    pop  a0
    PTE_FRAME a0, a0
    call huge_free
.skip:
    shri s1, s1, 21
    addi s1, s1, 1
    shli s1, s1, 21
    jmp  .page
.flush:
    ARCH_MMU_BATCH_END
    pop  a1
    beqz s3, .freed
    mov  a0, s0
    sub  a2, s1, a1
    shri a2, a2, PAGE_SHIFT
    movi a3, 4 * GATHER
    bltu a2, a3, .few
    mov  a2, zero                       ; that many: drop all
.few:
    mov  a3, zero
    call shootdown
.free:
    addi s3, s3, -1
    shli a0, s3, 3
    add  a0, a0, sp
    ldd  a0, [a0]
    call frame_put
    bnez s3, .free
.freed:
    bltu s1, s2, .batch
    addi sp, sp, 8 * GATHER
    LEAVE 4

; sbrk(bytes): moves the end of the heap, up or down. out a0: where it was.
sys_sbrk:
    ENTER 4
    CURRENT s0
    ldd  s0, [s0+T_MM]
    mov  s1, a0
    LOCK s0
    ldd  s2, [s0+MM_HEAP]
    ldd  s3, [s2+R_END]
    add  a1, s3, s1
    li   a2, MMAP_BASE
    bltu a2, a1, .no
    ldd  a3, [s2+R_START]
    bltu a1, a3, .no
    bgez s1, .grow
    mov  a0, s0
    PAGE_UP a1, a1
    PAGE_UP a2, s3
    call unmap
.grow:
    add  a1, s3, s1
    std  a1, [s2+R_END]
    UNLOCK s0
    mov  a0, s3
    LEAVE 4
.no:
    UNLOCK s0
    movi a0, -ENOMEM
    LEAVE 4
