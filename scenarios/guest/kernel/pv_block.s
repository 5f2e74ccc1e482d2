; pv_block.s: the front half of the disk's driver. Requests go through a ring in a page that we share with the back end, in Dom0 or the host, where the
; real driver is; the memory that it may use for us is named by grants. One event tells it of any number of requests.

; The page of the ring: two counters, then slots.
.equ RING_PRODUCED, 0                   ; requests put in
.equ RING_DONE, 8                       ; and answered
.equ RING_SLOTS, 64
.equ SLOT_SHIFT, 6
.equ SLOT_COUNT, 32
.equ SL_OP, 0
.equ SL_SECTOR, 8
.equ SL_COUNT, 16
.equ SL_GRANT, 24
.equ SL_STATUS, 32
; Grants: frame address, bit 0 in use, bit 1 may be written. Ours for the disk is the first, as one request is under way at a time; the network has
; the rest.
.equ GRANT_DISK, 0
.equ GRANT_NET, 1
.equ GRANT_COUNT, 64
.equ GRANT_IN_USE, 1
.equ GRANT_WRITE, 2

; Grants physical address `pa` (its page) as number `ref`. Loses t0-t2.
.macro GRANT ref, pa, rights
    la   t0, grants
    shli t1, \ref, 3
    add  t0, t0, t1
    la   t1, pv_base
    ldd  t1, [t1]
    add  t1, t1, \pa
    shri t1, t1, PAGE_SHIFT
    shli t1, t1, PAGE_SHIFT
    ori  t1, t1, \rights
    std  t1, [t0]
.endm

; Is there a disk? Tells the hypervisor of our grants, too: this driver is the first.
disk_init:
    la   t0, grants
    la   t1, pv_v2m
    ldd  t1, [t1]
    add  t0, t0, t1
    movi t1, GRANT_COUNT
    HYPERCALL HC_GRANT_TABLE
    la   t1, block_ring
    la   t0, pv_v2m
    ldd  t0, [t0]
    add  t1, t1, t0
    movi t0, CHANNEL_BLOCK
    HYPERCALL HC_CHANNEL_BIND
    bltz t0, .none
    la   a2, disk_sectors
    std  t0, [a2]
.none:
    ret

; As the native driver's: one command. in a0: DISK_READ, DISK_WRITE, DISK_FLUSH; a1: block; a2: physical address. out a0: 0 or
; -EINVAL. Sleeps until it is done.
disk_command:
    ENTER 3
    ARCH_IRQ_SAVE s0
    la   s1, disk_lock
    LOCK s1
    la   s2, disk_result
    std  zero, [s2]
    movi a3, GRANT_DISK
    GRANT a3, a2, GRANT_IN_USE | GRANT_WRITE
    la   a3, block_ring
    ldd  a4, [a3+RING_PRODUCED]
    andi a5, a4, SLOT_COUNT - 1
    shli a5, a5, SLOT_SHIFT
    add  a5, a5, a3
    std  a0, [a5+RING_SLOTS+SL_OP]
    shli a1, a1, 3                      ; sectors of 512 bytes
    std  a1, [a5+RING_SLOTS+SL_SECTOR]
    movi a1, BLOCK / 512
    std  a1, [a5+RING_SLOTS+SL_COUNT]
    movi a1, GRANT_DISK
    std  a1, [a5+RING_SLOTS+SL_GRANT]
    std  zero, [a5+RING_SLOTS+SL_STATUS]
    addi a4, a4, 1
    std  a4, [a3+RING_PRODUCED]         ; last: now it is there
    movi t0, CHANNEL_BLOCK
    HYPERCALL HC_EVENT_SEND
.wait:
    la   a0, disk_queue
    mov  a1, s1
    call sleep_on
    ldd  a0, [s2]
    beqz a0, .wait
    la   a1, grants                     ; the memory is ours alone again
    std  zero, [a1+8*GRANT_DISK]
    UNLOCK s1
    ARCH_IRQ_RESTORE s0
    andi a0, a0, DISK_ERROR
    bnez a0, .failed
    LEAVE 3
.failed:
    movi a0, -EINVAL
    LEAVE 3

; The back end has answered.
disk_interrupt:
    ENTER 1
    la   s0, disk_lock
    LOCK s0
    la   a1, block_ring
    ldd  a2, [a1+RING_DONE]
    beqz a2, .not_ours
    addi a2, a2, -1
    andi a2, a2, SLOT_COUNT - 1
    shli a2, a2, SLOT_SHIFT
    add  a1, a1, a2
    ldd  a0, [a1+RING_SLOTS+SL_STATUS]
    la   a2, disk_result
    std  a0, [a2]
    la   a0, disk_queue
    call wake_up
.not_ours:
    UNLOCK s0
    LEAVE 1
