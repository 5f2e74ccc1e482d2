; mm.s: physical memory, one page frame at a time, and page tables of any number of levels.
;
; Every frame has a count of its users (page tables and the kernel itself) in the array frame_refs: copy-on-write needs to know
; whether a page is shared. Free frames form a list through their own first words; frames that were never used are not in it,
; so that booting need not touch all memory.

; in: first_free, ram_end (physical). The array of counts comes first, then what is left is free.
frames_init:
    ENTER 0
    la   a0, first_free
    ldd  a1, [a0]
    P2V  a2, a1
    la   a3, frame_refs
    std  a2, [a3]
    la   a3, ram_end
    ldd  a3, [a3]
    shri a3, a3, PAGE_SHIFT - 2         ; 4 bytes a frame
    add  a4, a1, a3
    PAGE_UP a4, a4
    std  a4, [a0]
    ; What the kernel, its tables and the RAM disk occupy has one user for ever: never freed, never taken for private.
    shri a1, a4, PAGE_SHIFT
    movi a3, 1
.mark:
    stw  a3, [a2]
    addi a2, a2, 4
    addi a1, a1, -1
    bnez a1, .mark
    call frame_zalloc
    la   a1, zero_frame                 ; one page of zeros, which all untouched pages share
    std  a0, [a1]
    LEAVE 0

; Address of the count of the frame with physical address ra.
.macro REFS_OF rd, ra
    la   t2, frame_refs
    ldd  t2, [t2]
    shri \rd, \ra, PAGE_SHIFT
    shli \rd, \rd, 2
    add  \rd, \rd, t2
.endm

; A count's upper bits name the container that has taken the frame, to whose account it goes until it is free again.
.equ OWNER_SHIFT, 24
.equ USERS_SHIFT, 64 - OWNER_SHIFT
; Puts ra frames to the account of container ct; to `over` if that would be more than it may have. Loses t1, t2, ra. frames_lock held.
.macro CHARGE ct, ra, over
    ldd  t1, [\ct+CT_FRAMES]
    add  \ra, \ra, t1
    ldd  t1, [\ct+CT_LIMIT]
    bltu t1, \ra, .over\@
    std  \ra, [\ct+CT_FRAMES]
    ldd  t1, [\ct+CT_PEAK]
    bgeu t1, \ra, .charged\@
    std  \ra, [\ct+CT_PEAK]
    jmp  .charged\@
.over\@:
    ldd  t1, [\ct+CT_FAILS]
    addi t1, t1, 1
    std  t1, [\ct+CT_FAILS]
    jmp  \over
.charged\@:
.endm

; A frame with one user, its content whatever it was. out a0: physical address, 0 if memory is out. Loses a1, a2, t0-t2.
frame_alloc:
    la   a1, frames_lock
    LOCK a1
    CURRENT a2
    ldd  a2, [a2+T_CT]
    bnez a2, .charge
.charged:
    la   a2, free_list
    ldd  a0, [a2]
    beqz a0, .fresh
    P2V  t0, a0
    ldd  t1, [t0]
    std  t1, [a2]
    jmp  .got
.fresh:
    la   a2, first_free
    ldd  a0, [a2]
    la   t0, ram_end
    ldd  t0, [t0]
    bgeu a0, t0, .out
    addi t0, a0, PAGE
    std  t0, [a2]
.got:
    REFS_OF t0, a0
    movi t1, 1
    CURRENT a2
    ldd  a2, [a2+T_CT]
    bnez a2, .owned
.count:
    stw  t1, [t0]
    UNLOCK a1
    ret
.owned:
    ldd  a2, [a2+CT_ID]
    shli a2, a2, OWNER_SHIFT
    or   t1, t1, a2
    jmp  .count
.charge:
    movi t0, 1
    CHARGE a2, t0, .refused
    jmp  .charged
.out:
    CURRENT a2
    ldd  a2, [a2+T_CT]
    beqz a2, .refused
    ldd  t0, [a2+CT_FRAMES]
    addi t0, t0, -1
    std  t0, [a2+CT_FRAMES]
.refused:
    mov  a0, zero
    UNLOCK a1
    ret

; The same, filled with zeros. Loses a1-a3, t0-t2.
frame_zalloc:
    push lr
    call frame_alloc
    pop  lr
    beqz a0, .none
    P2V  a1, a0
    addi a2, a1, PAGE
.clear:
    std  zero, [a1]
    std  zero, [a1+8]
    std  zero, [a1+16]
    std  zero, [a1+24]
    std  zero, [a1+32]
    std  zero, [a1+40]
    std  zero, [a1+48]
    std  zero, [a1+56]
    addi a1, a1, 64
    bltu a1, a2, .clear
.none:
    ret

; One user more for frame a0. Loses a1, t0-t2.
frame_get:
    la   a1, frames_lock
    LOCK a1
    REFS_OF t0, a0
    ldwu t1, [t0]
    addi t1, t1, 1
    stw  t1, [t0]
    UNLOCK a1
    ret

; One user less for frame a0; the last one frees it. Loses a1, a2, t0-t2.
frame_put:
    la   a1, frames_lock
    LOCK a1
    REFS_OF t0, a0
    ldwu t1, [t0]
    addi t1, t1, -1
    stw  t1, [t0]
    shli t0, t1, USERS_SHIFT ; users
    bnez t0, .still
    bnez t1, .owned
.free:
    P2V  t0, a0
    la   a2, free_list
    ldd  t1, [a2]
    std  t1, [t0]
    std  a0, [a2]
.still:
    UNLOCK a1
    ret
.owned:
    shri t1, t1, OWNER_SHIFT
    CT_OF t0, t1
    ldd  t1, [t0+CT_FRAMES]
    addi t1, t1, -1
    std  t1, [t0+CT_FRAMES]
    jmp  .free

; How many users has frame a0? out a0.
frame_users:
    REFS_OF a0, a0
    ldwu a0, [a0]
    shli a0, a0, USERS_SHIFT
    shri a0, a0, USERS_SHIFT
    ret

; Frame a0 becomes the kernel's: to no container's account any more. Loses a1, t0-t2.
frame_disown:
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, .owned
    ret
.owned:
    la   t0, frames_lock
    push t0
    mov  t2, t0
    LOCK t2
    REFS_OF t0, a0
    movi t1, 1
    stw  t1, [t0]
    ldd  t1, [a1+CT_FRAMES]
    addi t1, t1, -1
    std  t1, [a1+CT_FRAMES]
    pop  t0
    UNLOCK t0
    ret

; 2 MiB of contiguous, zeroed memory for a huge page, from the top of memory down. out a0: physical address or 0.
huge_alloc:
    la   a1, frames_lock
    LOCK a1
    CURRENT a2
    ldd  a2, [a2+T_CT]
    bnez a2, .charge
.charged:
    la   a2, huge_list                  ; used before?
    ldd  a0, [a2]
    beqz a0, .fresh
    P2V  t0, a0
    ldd  t1, [t0]
    std  t1, [a2]
    jmp  .clear
.fresh:
    la   a2, ram_end
    ldd  a0, [a2]
    shri a0, a0, 21
    shli a0, a0, 21
    li   t0, HUGE
    sub  a0, a0, t0
    la   t0, first_free
    ldd  t0, [t0]
    bltu a0, t0, .out
    std  a0, [a2]
.clear:
    CURRENT a2
    ldd  a2, [a2+T_CT]
    REFS_OF t0, a0
    mov  t1, zero
    beqz a2, .nobody
    ldd  t1, [a2+CT_ID]
    shli t1, t1, OWNER_SHIFT
.nobody:
    stw  t1, [t0]
    UNLOCK a1
    P2V  a1, a0
    li   a2, HUGE
    add  a2, a1, a2
.each:
    std  zero, [a1]
    std  zero, [a1+8]
    std  zero, [a1+16]
    std  zero, [a1+24]
    addi a1, a1, 32
    bltu a1, a2, .each
    ret
.charge:
    movi t0, HUGE_FRAMES
    CHARGE a2, t0, .refused
    jmp  .charged
.out:
    CURRENT a2
    ldd  a2, [a2+T_CT]
    beqz a2, .refused
    ldd  t0, [a2+CT_FRAMES]
    addi t0, t0, -HUGE_FRAMES
    std  t0, [a2+CT_FRAMES]
.refused:
    mov  a0, zero
    UNLOCK a1
    ret

; Gives a huge page back. in a0: physical address.
huge_free:
    la   a1, frames_lock
    LOCK a1
    REFS_OF t0, a0
    ldwu t1, [t0]
    shri t1, t1, OWNER_SHIFT
    beqz t1, .nobody
    CT_OF t0, t1
    ldd  t1, [t0+CT_FRAMES]
    addi t1, t1, -HUGE_FRAMES
    std  t1, [t0+CT_FRAMES]
.nobody:
    P2V  t0, a0
    la   a2, huge_list
    ldd  t1, [a2]
    std  t1, [t0]
    std  a0, [a2]
    UNLOCK a1
    ret

; ---- page tables --------------------------------------------------------------------------------
; Finds the entry that maps an address. in a0: physical address of the highest table; a1: virtual address; a2: level of the
; entry wanted (1: a 4 KiB page, 2: a huge one); a3: not 0: make the tables that are missing. out a0: address of the entry, or 0.
; A walk meets a huge page only if the caller looks below it; that ends it as if nothing were there.
pt_walk:
    ENTER 4
    mov  s0, a1
    mov  s1, a3
    la   a1, levels
    ldd  s2, [a1]
    sub  s2, s2, a2                     ; tables to go through before the one with the entry
    movi t0, 9
    mul  a2, a2, t0
    addi a2, a2, 3                      ; shift of that level's index
    mul  t0, s2, t0
    add  s3, t0, a2                     ; shift of the highest level's index
.table:
    li   t2, KBASE
    add  a0, a0, t2
    shr  t0, s0, s3
    andi t0, t0, 511
    shli t0, t0, 3
    add  a0, a0, t0
    beqz s2, .found
    ARCH_GET_PTE t1, a0
    andi t0, t1, PTE_P
    beqz t0, .missing
    andi t0, t1, PTE_PS
    bnez t0, .none
.down:
    PTE_FRAME a0, t1
    addi s3, s3, -9
    addi s2, s2, -1
    jmp  .table
.missing:
    beqz s1, .none
    push a0
    call frame_zalloc
    pop  a1
    beqz a0, .none
    addi a2, s3, -PAGE_SHIFT            ; the new table's level: shift of the index above it, less 12, by 9
    movi a3, 9
    div  a2, a2, a3
    ARCH_PT_PIN a0, a2
    ori  a0, a0, PTE_P | PTE_W | PTE_U  ; the leaf alone decides what is allowed
    ARCH_SET_PTE a1, a0
    mov  t1, a0
    jmp  .down
.none:
    mov  a0, zero
.found:
    LEAVE 4

; frames(): how many page frames are in use, the kernel's own and the RAM disk's included (huge pages are not counted).
sys_frames:
    la   a1, frames_lock
    LOCK a1
    la   a2, first_free
    ldd  a0, [a2]
    shri a0, a0, PAGE_SHIFT
    la   a2, free_list
    ldd  a2, [a2]
.free:
    beqz a2, .done
    addi a0, a0, -1
    P2V  t0, a2
    ldd  a2, [t0]
    jmp  .free
.done:
    UNLOCK a1
    ret
