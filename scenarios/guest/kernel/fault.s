; fault.s: page faults. A program's memory is promised when it is mapped and given when it is touched: pages of zeros, pages
; of the program's file, and, after fork, a private copy of a page when one of its users first writes.

; in a0: trap frame.
page_fault:
    ENTER 2
    mov  s0, a0
    ARCH_FAULT_ADDR s1
    CURRENT a1
    std  s1, [a1+T_FAULT]
    ldd  a0, [s0+TF_FLAGS]
    andi a0, a0, FLAG_IF
    beqz a0, .masked
    ARCH_STI                            ; the address is safe: let interrupts come again, if they were on
.masked:
    li   a0, USER_TOP
    bgeu s1, a0, .bad
    ldd  a0, [a1+T_MM]
    beqz a0, .bad
    mov  a1, s1
    ldd  a2, [s0+TF_ERROR]
    call mm_fault
    bnez a0, .refused
    LEAVE 2
.refused:
    addi a0, a0, ENOMEM
    bnez a0, .bad
    CURRENT a0
    ldd  a0, [a0+T_CT]
    beqz a0, .no_container
    call ct_out_of_memory
    bnez a0, .ends
.no_container:
    movi a0, VEC_NO_MEMORY              ; not the program's fault: the message will say so
    std  a0, [s0+TF_VECTOR]
.bad:
    ldd  a0, [s0+TF_RING]
    andi a0, a0, 3
    movi a1, 3
    bne  a0, a1, .kernel
    mov  a0, s0
    call kill
.ends:                                  ; the container does, and this task with it, on its way out at the latest
    ldd  a0, [s0+TF_RING]
    andi a0, a0, 3
    movi a1, 3
    beq  a0, a1, ct_exit
.kernel:
    ; The kernel may meet a bad address only while it copies from or to a program's memory: then the copy fails.
    ldd  a0, [s0+TF_PC]
    la   a1, user_copy_begin
    la   a2, user_copy_end
    bltu a0, a1, .mistake
    bgeu a0, a2, .mistake
    la   a0, user_copy_failed
    std  a0, [s0+TF_PC]
    LEAVE 2
.mistake:
    mov  a1, s0
    la   a0, .message
    call panic
.message:
    .asciz "page fault in the kernel"
    .align 4

; Makes the page at address a1 of address space a0 accessible, if its region allows it. in a2: error code. out a0: 0,
; -EFAULT if it does not, or -ENOMEM.
mm_fault:
    ENTER 4
    mov  s0, a0
    mov  s2, a2
    LOCK s0                             ; MM_LOCK is its first word
    PAGE_DOWN s1, a1
    mov  a1, s1
    call region_find
    beqz a0, .bad
    mov  s3, a0
    ldd  a3, [s3+R_PTE]
    andi a1, s2, PF_WRITE
    beqz a1, .not_write
    andi a1, a3, PTE_W
    beqz a1, .bad
.not_write:
    andi a1, s2, PF_FETCH
    beqz a1, .not_fetch
    bltz a3, .bad                       ; NX is the sign bit
.not_fetch:
    ldd  a2, [s3+R_KIND]
    addi a2, a2, -R_HUGE
    beqz a2, .huge
    ldd  a0, [s0+MM_ROOT]
    mov  a1, s1
    movi a2, 1
    movi a3, 1
    call pt_walk
    beqz a0, .no_memory
    ARCH_GET_PTE a1, a0
    andi a2, a1, PTE_P
    bnez a2, .present
    andi a2, s2, PF_WRITE
    mov  a1, s1
    mov  a3, a2
    mov  a2, s3
    call fault_absent
    jmp  .done
.present:
    andi a2, s2, PF_WRITE
    beqz a2, .good                      ; another thread was faster
    andi a2, a1, PTE_W
    bnez a2, .good
    mov  a2, s1
    mov  a3, s0
    call fault_copy
    jmp  .done
.huge:
    mov  a0, s0
    mov  a1, s1
    mov  a2, s3
    call fault_huge
    jmp  .done
.good:
    mov  a0, zero
.done:
    UNLOCK s0
    LEAVE 4
.bad:
    movi a0, -EFAULT
    jmp  .done
.no_memory:
    movi a0, -ENOMEM
    jmp  .done

; First touch of a page. in a0: its entry; a1: address; a2: region; a3: not 0 for a write. out a0: 0 or -ENOMEM.
fault_absent:
    ENTER 4
    mov  s0, a0
    mov  s1, a3
    ldd  s3, [a2+R_PTE]
    ldd  a4, [a2+R_KIND]
    beqz a4, .anonymous
    ldd  a4, [a2+R_START]
    sub  a4, a1, a4
    ldd  a5, [a2+R_FSIZE]
    bgeu a4, a5, .anonymous             ; behind the file's part: zeros
    ldd  s2, [a2+R_FILE]
    add  s2, s2, a4
    jmp  .from_page
.anonymous:
    bnez s1, .new_zeros
    la   s2, zero_frame
    ldd  s2, [s2]
.from_page:                             ; s2: a page that exists, to be read by many or copied by a writer
    bnez s1, .copy
    mov  a0, s2
    call frame_get
    movi a0, PTE_W                      ; read-only, whatever the region allows: the first write will copy it
    not  a0, a0
    and  s3, s3, a0
    jmp  .map
.copy:
    mov  a0, s2
    call frame_copy
    mov  s2, a0
    bnez a0, .map
    jmp  .none
.new_zeros:
    call frame_zalloc
    mov  s2, a0
    beqz a0, .none
.map:
    or   s3, s3, s2
    ARCH_SET_PTE s0, s3
    mov  a0, zero
    LEAVE 4
.none:
    movi a0, -ENOMEM
    LEAVE 4

; Write to a page that is mapped read-only although its region allows writing: copy-on-write. in a0: its entry; a1: the
; entry's value; a2: address; a3: address space. out a0: 0 or -ENOMEM.
fault_copy:
    ENTER 4
    mov  s0, a0
    mov  s1, a1
    mov  s2, a2
    mov  s3, a3
    PTE_FRAME a0, a1
    call frame_users
    movi a1, 1
    beq  a0, a1, .last_user
    PTE_FRAME a0, s1
    call frame_copy
    beqz a0, .none
    PTE_FRAME a1, s1
    xor  a2, s1, a1                     ; the flags alone
    or   a2, a2, a0
    ori  a2, a2, PTE_W
    push a1
    ARCH_SET_PTE s0, a2
    ARCH_FLUSH_PAGE s2
    mov  a0, s3                         ; threads on other processors still read the old page: not after this
    mov  a1, s2
    movi a2, 1
    mov  a3, zero
    call shootdown
    pop  a0
    call frame_put
    mov  a0, zero
    LEAVE 4
.last_user:                             ; all others have made their copies: this one is ours
    ori  s1, s1, PTE_W
    ARCH_SET_PTE s0, s1
    ARCH_FLUSH_PAGE s2
    mov  a0, zero
    LEAVE 4
.none:
    movi a0, -ENOMEM
    LEAVE 4

; First touch of a huge page. in a0: address space; a1: address; a2: region. out a0: 0 or -ENOMEM.
fault_huge:
    ENTER 4
    mov  s0, a0
    mov  s1, a1
    ldd  s2, [a2+R_PTE]
    ldd  a0, [s0+MM_ROOT]
    movi a2, 2
    movi a3, 1
    call pt_walk
    beqz a0, .none
    mov  s3, a0
    ARCH_GET_PTE a1, s3
    beqz a1, .absent
    andi a2, a1, PTE_PS
    bnez a2, .good                      ; another thread was faster
    ; Small pages were here once; their table, empty now, is in the way. Processors may have it in their walk caches.
    push a1
    ARCH_SET_PTE s3, zero
    ARCH_FLUSH_PAGE s1
    mov  a0, s0
    movi a2, 1
    mov  a3, zero
    mov  a1, s1
    call shootdown
    pop  a1
    PTE_FRAME a0, a1
    ARCH_PT_UNPIN a0
    call frame_put
.absent:
    call huge_alloc
    beqz a0, .none
    or   a0, a0, s2
    ori  a0, a0, PTE_PS
    ARCH_SET_PTE s3, a0
.good:
    mov  a0, zero
    LEAVE 4
.none:
    movi a0, -ENOMEM
    LEAVE 4

; A new frame with the content of frame a0. out a0: it, or 0.
frame_copy:
    ENTER 1
    mov  s0, a0
    call frame_alloc
    beqz a0, .none
    P2V  a1, s0
    P2V  a2, a0
    addi a3, a1, PAGE
.words:
    ldd  t0, [a1]
    ldd  t1, [a1+8]
    std  t0, [a2]
    std  t1, [a2+8]
    ldd  t0, [a1+16]
    ldd  t1, [a1+24]
    std  t0, [a2+16]
    std  t1, [a2+24]
    addi a1, a1, 32
    addi a2, a2, 32
    bltu a1, a3, .words
.none:
    LEAVE 1
