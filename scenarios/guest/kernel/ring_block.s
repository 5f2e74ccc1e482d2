; ring_block.s: the front half of the disk's driver where the disk is not a real one: under a hypervisor that has a back end for it, in Dom0 or the
; host, where the real driver is. Requests go through a ring in a page that both share; one ring of the bell tells of any number of them, one
; interrupt of any number of answers. How the bell is rung and how memory is named differs: a paravirtual kernel makes a hypercall and grants its pages one
; by one; the native kernel has found a paravirtual device, which may reach all memory, as hardware may.

; The page of the ring: counters, then slots.
.equ RING_PRODUCED, 0                   ; requests put in
.equ RING_DONE, 8                       ; and answered
.equ RING_EVENT, 16                     ; interrupt us when so many are answered
.equ RING_FIRST, 64
.equ SLOT_SHIFT, 6
.equ SLOT_COUNT, 32
.equ SL_OP, 0
.equ SL_SECTOR, 8
.equ SL_COUNT, 16
.equ SL_BUFFER, 24
.equ SL_STATUS, 32

.ifdef PARAVIRT
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

; Rings the bell of device BLOCK or NET. Loses t0-t2.
.macro RING_BELL device
    movi t0, CHANNEL_\device
    HYPERCALL HC_EVENT_SEND
.endm

; Is there a disk? Tells the hypervisor of our grants, too: this driver is the first.
ring_disk_init:
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
.else
; The devices' registers (docs/devices.md).
.equ RING_BLOCK, 0xfffffffffeb20000
.equ RING_NET, 0xfffffffffeb30000
.equ RING_BLOCK_ID, 0x6b6c_625f_3436_4154
.equ RING_NET_ID, 0x7465_6e5f_3436_4154
.equ RING_CONFIG, 0x08
.equ RING_PAGE, 0x10
.equ RING_BELL_AT, 0x18

.macro RING_BELL device
    li   t0, RING_\device
    std  t0, [t0+RING_BELL_AT]
.endm

; Is there a paravirtual disk? There was no real one.
ring_disk_init:
    li   t0, RING_BLOCK
    ldd  a1, [t0]
    li   a2, RING_BLOCK_ID
    bne  a1, a2, .none
    la   a1, block_ring
    V2P  a1, a1
    std  a1, [t0+RING_PAGE]
    li   a0, IOAPIC
    IOAPIC_ENTRY 7, VEC_DISK, 0
    ldd  a1, [t0+RING_CONFIG]
    la   a2, disk_sectors
    std  a1, [a2]
    movi a1, 1
    la   a2, disk_ring
    std  a1, [a2]
.none:
    ret
.endif

; As the driver of a real disk: one command. in a0: DISK_READ, DISK_WRITE, DISK_FLUSH; a1: block; a2: physical address. out a0: 0 or
; -EINVAL. Sleeps until it is done.
ring_disk_command:
    ENTER 3
    ARCH_IRQ_SAVE s0
    la   s1, disk_lock
    LOCK s1
    la   s2, disk_result
    std  zero, [s2]
.ifdef PARAVIRT
    movi a3, GRANT_DISK
    GRANT a3, a2, GRANT_IN_USE | GRANT_WRITE
    mov  a2, a3
.endif
    la   a3, block_ring
    ldd  a4, [a3+RING_PRODUCED]
    andi a5, a4, SLOT_COUNT - 1
    shli a5, a5, SLOT_SHIFT
    add  a5, a5, a3
    std  a0, [a5+RING_FIRST+SL_OP]
    shli a1, a1, 3                      ; sectors of 512 bytes
    std  a1, [a5+RING_FIRST+SL_SECTOR]
    movi a1, BLOCK / 512
    std  a1, [a5+RING_FIRST+SL_COUNT]
    std  a2, [a5+RING_FIRST+SL_BUFFER]
    std  zero, [a5+RING_FIRST+SL_STATUS]
    addi a4, a4, 1
    std  a4, [a3+RING_EVENT]
    std  a4, [a3+RING_PRODUCED]         ; last: now it is there
    RING_BELL BLOCK
.wait:
    la   a0, disk_queue
    mov  a1, s1
    call sleep_on_device
    ldd  a0, [s2]
    beqz a0, .wait
.ifdef PARAVIRT
    la   a1, grants                     ; the memory is ours alone again
    std  zero, [a1+8*GRANT_DISK]
.endif
    UNLOCK s1
    ARCH_IRQ_RESTORE s0
    andi a0, a0, DISK_ERROR
    bnez a0, .failed
    LEAVE 3
.failed:
    movi a0, -EINVAL
    LEAVE 3

; The back end has answered.
ring_disk_interrupt:
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
    ldd  a0, [a1+RING_FIRST+SL_STATUS]
    la   a2, disk_result
    std  a0, [a2]
    la   a0, disk_queue
    call wake_up
.not_ours:
    UNLOCK s0
    LEAVE 1
