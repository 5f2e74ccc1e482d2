; block.s: the disk's driver, and a cache of its blocks. The disk takes one command at a time and interrupts when it is done;
; meanwhile other tasks run. A disk that exists only in a virtual machine has a driver of its own: ring_block.s.

.equ BLOCK, 4096
.equ DISK_ID, 0x6b73_6964_3436_4154
.equ DISK_SECTORS, 0x08
.equ DISK_SECTOR, 0x10
.equ DISK_COUNT, 0x18
.equ DISK_ADDRESS, 0x20
.equ DISK_COMMAND, 0x28
.equ DISK_STATUS, 0x30
.equ DISK_CONTROL, 0x38
.equ DISK_READ, 1
.equ DISK_WRITE, 2
.equ DISK_FLUSH, 3
.equ DISK_DONE, 2
.equ DISK_ERROR, 4

    .include "ring_block.s"

.ifdef PARAVIRT
.equ disk_init, ring_disk_init
.equ disk_command, ring_disk_command
.equ disk_interrupt, ring_disk_interrupt
.else
; Is there a disk? Lets it interrupt.
disk_init:
    li   a0, DISK
    ldd  a1, [a0]
    li   a2, DISK_ID
    bne  a1, a2, ring_disk_init
    ldd  a1, [a0+DISK_SECTORS]
    la   a2, disk_sectors
    std  a1, [a2]
    movi a1, 1
    std  a1, [a0+DISK_CONTROL]
    ret

; One command. in a0: DISK_READ, DISK_WRITE, DISK_FLUSH; a1: block; a2: physical address. out a0: 0, or -EINVAL if the disk reports
; an error. Sleeps until it is done. Only one task at a time comes here: it holds the cache (below).
disk_command:
    la   t0, disk_ring
    ldd  t0, [t0]
    bnez t0, ring_disk_command
    ENTER 3
    ARCH_IRQ_SAVE s0                    ; the interrupt handler takes disk_lock, too
    la   s1, disk_lock
    LOCK s1
    la   s2, disk_result
    std  zero, [s2]
    li   a3, DISK
    shli a1, a1, 3                      ; sectors of 512 bytes
    std  a1, [a3+DISK_SECTOR]
    movi a1, BLOCK / 512
    std  a1, [a3+DISK_COUNT]
    std  a2, [a3+DISK_ADDRESS]
    std  a0, [a3+DISK_COMMAND]
.wait:
    la   a0, disk_queue
    mov  a1, s1
    call sleep_on_device
    ldd  a0, [s2]
    beqz a0, .wait
    UNLOCK s1
    ARCH_IRQ_RESTORE s0
    andi a0, a0, DISK_ERROR
    bnez a0, .failed
    LEAVE 3
.failed:
    movi a0, -EINVAL
    LEAVE 3

disk_interrupt:
    la   t0, disk_ring
    ldd  t0, [t0]
    bnez t0, ring_disk_interrupt
    ENTER 1
    la   s0, disk_lock
    LOCK s0
    li   a1, DISK
    ldd  a0, [a1+DISK_STATUS]
    andi a2, a0, DISK_DONE
    beqz a2, .not_ours
    la   a2, disk_result
    std  a0, [a2]
    movi a0, DISK_DONE
    std  a0, [a1+DISK_STATUS]           ; acknowledge
    la   a0, disk_queue
    call wake_up
.not_ours:
    UNLOCK s0
    LEAVE 1
.endif

; ---- cache --------------------------------------------------------------------------------------
; CACHE_SLOTS blocks, each in the slot that its number says (direct-mapped, like the TLB). Written through: the disk is
; never behind. One task at a time uses it, however long the disk takes: a lock to sleep on, not to spin on.

.equ CACHE_SLOTS, 64
.equ C_BLOCK, 0                         ; number + 1; 0: the slot is empty
.equ C_PAGE, 8                          ; its memory (direct map)
.equ C_SIZE, 16

cache_acquire:
    ENTER 1
    la   s0, cache_lock
    LOCK s0
.look:
    la   a0, cache_busy
    ldd  a1, [a0]
    beqz a1, .free
    la   a0, cache_queue
    mov  a1, s0
    call sleep_on_device
    jmp  .look
.free:
    movi a1, 1
    std  a1, [a0]
    UNLOCK s0
    LEAVE 1

cache_release:
    ENTER 1
    la   s0, cache_lock
    LOCK s0
    la   a0, cache_busy
    std  zero, [a0]
    la   a0, cache_queue
    ldd  a1, [a0]
    beqz a1, .nobody
    call wake_up
.nobody:
    UNLOCK s0
    LEAVE 1

; The block with number a0, for its holder. in a1: 0 if all of it will be overwritten, so that it need not be read. out a0: address
; of its bytes, or an error.
cache_block:
    ENTER 3
    mov  s0, a0
    mov  s1, a1
    andi a1, a0, CACHE_SLOTS - 1
    shli a1, a1, 4
    la   s2, cache_slots
    add  s2, s2, a1
    ldd  a1, [s2+C_BLOCK]
    addi a2, s0, 1
    beq  a1, a2, .hit
    ldd  a0, [s2+C_PAGE]
    bnez a0, .page
    call frame_alloc
    beqz a0, .no_memory
    call frame_disown
    P2V  a0, a0
    std  a0, [s2+C_PAGE]
.page:
    std  zero, [s2+C_BLOCK]
    beqz s1, .filled
    V2P  a2, a0
    mov  a1, s0
    movi a0, DISK_READ
    call disk_command
    bnez a0, .out
.filled:
    addi a1, s0, 1
    std  a1, [s2+C_BLOCK]
.hit:
    ldd  a0, [s2+C_PAGE]
.out:
    LEAVE 3
.no_memory:
    movi a0, -ENOMEM
    LEAVE 3

; The holder has changed block a0: writes it to the disk. out a0: 0 or an error; then the cache does not keep it.
cache_write:
    ENTER 1
    mov  a1, a0
    andi a2, a0, CACHE_SLOTS - 1
    shli a2, a2, 4
    la   s0, cache_slots
    add  s0, s0, a2
    ldd  a2, [s0+C_PAGE]
    V2P  a2, a2
    movi a0, DISK_WRITE
    call disk_command
    beqz a0, .out
    std  zero, [s0+C_BLOCK]
.out:
    LEAVE 1

; sync(): what was written is on the platter.
sys_sync:
    ENTER 1
    la   a0, disk_sectors
    ldd  a0, [a0]
    beqz a0, .out
    call cache_acquire
    movi a0, DISK_FLUSH
    mov  a1, zero
    mov  a2, zero
    call disk_command
    mov  s0, a0
    call cache_release
    mov  a0, s0
.out:
    LEAVE 1
