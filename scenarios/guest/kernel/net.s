; net.s: the network card's driver, and sockets: numbered mailboxes for short messages, each in one Ethernet frame.
;
;   frame:  destination (6)  source (6)  type 0x88b5 (2)  to port (2)  from port (2)  bytes (2)  data
;
; A buffer is a page: the link to the next in its queue, then the frame. Buffers go round: free list, receive ring, socket's
; queue, and free again when a program has read them. nic_lock guards all of it; the interrupt handler takes it, too.

.equ NIC_ID, 0x2074_656e_3436_4154
.equ NIC_MAC, 0x08
.equ NIC_CONTROL, 0x10
.equ NIC_STATUS, 0x18
.equ NIC_TX_RING, 0x20
.equ NIC_TX_SIZE, 0x28
.equ NIC_TX_TAIL, 0x30
.equ NIC_TX_HEAD, 0x38
.equ NIC_RX_RING, 0x40
.equ NIC_RX_SIZE, 0x48
.equ NIC_RX_TAIL, 0x50
.equ NIC_RX_HEAD, 0x58
.equ NIC_RECEIVE, 1
.equ NIC_INTERRUPT, 2
.equ NIC_RECEIVED, 1
.equ RING, 16                           ; descriptors in either ring
.equ BUFFERS, 40
.equ SPARE, 8                           ; so many free buffers are kept for sending: sockets that nobody reads cannot take all
.equ PORTS, 16                          ; of each container
.equ PORT_BITS, 4
.equ NO_PORT, 0xffff
.equ D_ADDRESS, 0
.equ D_LENGTH, 8
.equ D_FLAGS, 12
.equ D_DONE, 1

.equ B_NEXT, 0
.equ B_FRAME, 16
.equ FR_TYPE, 12
.equ FR_TO, 14
.equ FR_FROM, 16
.equ FR_BYTES, 18
.equ FR_DATA, 20
.equ FRAME_MAX, 1514
.equ DATA_MAX, FRAME_MAX - FR_DATA
.equ ETHER_TYPE, 0xb588                 ; 0x88b5 in network order

; With a paravirtual card (nic_ring; ring_block.s tells of its kind), tails are in the page of the rings, which is shared with the back end. A
; paravirtual kernel names buffers by grants: GRANT_NET + slot those of frames to send, RING more those of frames to receive; a
; descriptor's upper 16 bits name its buffer's.
.equ NET_TX_TAIL, 0
.equ NET_RX_TAIL, 8
.equ NET_MAC, 16
.equ NET_HUNGRY, 24                     ; the back end wants to be told of new empty buffers
.equ NET_TX, 64
.equ D_GRANT, 14

; Rings, buffers, receiver on. Messages go to this machine itself, through the card's loop-back plug, or, if the command line
; says peer=N, to machine N on the cable, from 1: all machines' addresses differ in the last byte only.
nic_init:
    ENTER 2
.ifdef PARAVIRT
    la   s0, net_page
    la   t1, pv_v2m
    ldd  t1, [t1]
    add  t1, t1, s0
    movi t0, CHANNEL_NET
    HYPERCALL HC_CHANNEL_BIND
    bltz t0, .none
    ldd  a1, [s0+NET_MAC]
.else
    li   s0, NIC
    ldd  a1, [s0]
    li   a2, NIC_ID
    beq  a1, a2, .real
    li   s0, RING_NET
    ldd  a1, [s0]
    li   a2, RING_NET_ID
    bne  a1, a2, .none
    movi a1, 1
    la   a2, nic_ring
    std  a1, [a2]
    la   a1, net_page
    V2P  a1, a1
    std  a1, [s0+RING_PAGE]
    li   a0, IOAPIC
    IOAPIC_ENTRY 8, VEC_NIC, 0
.real:
    ldd  a1, [s0+NIC_MAC]               ; the same register in both
.endif
    la   a2, nic_mac
    std  a1, [a2]
    mov  s1, a1
    la   a0, cmdline
    ldd  a0, [a0]
    la   a1, .word_peer
    call find_word
    beqz a0, .self
    shli s1, s1, 24
    shri s1, s1, 24
    shli a0, a0, 40
    or   s1, s1, a0
.self:
    la   a2, nic_peer
    std  s1, [a2]
.ifndef PARAVIRT
    la   a0, nic_ring
    ldd  a0, [a0]
    bnez a0, .rings
    la   a0, tx_ring
    V2P  a0, a0
    std  a0, [s0+NIC_TX_RING]
    movi a1, RING
    std  a1, [s0+NIC_TX_SIZE]
    la   a0, rx_ring
    V2P  a0, a0
    std  a0, [s0+NIC_RX_RING]
    std  a1, [s0+NIC_RX_SIZE]
.rings:
.endif
    movi s1, BUFFERS
.buffer:
    call frame_alloc
    beqz a0, .enough
    P2V  a0, a0
    call buffer_free
    addi s1, s1, -1
    bnez s1, .buffer
.enough:
    call rx_refill
.ifndef PARAVIRT
    la   a0, nic_ring
    ldd  a0, [a0]
    bnez a0, .none
    movi a0, NIC_RECEIVE | NIC_INTERRUPT
    std  a0, [s0+NIC_CONTROL]
.endif
.none:
    LEAVE 2
.word_peer:
    .asciz "peer="
    .align 4

; Buffer a0 is free. Lock held.
buffer_free:
    la   t0, nic_free
    ldd  t1, [t0]
    std  t1, [a0+B_NEXT]
    std  a0, [t0]
    ldd  t1, [t0+8]                     ; nic_free_count
    addi t1, t1, 1
    std  t1, [t0+8]
    ret

; A free buffer, in a0; 0 if there is none. Lock held.
buffer_take:
    la   t0, nic_free
    ldd  a0, [t0]
    beqz a0, .none
    ldd  t1, [a0+B_NEXT]
    std  t1, [t0]
    ldd  t1, [t0+8]
    addi t1, t1, -1
    std  t1, [t0+8]
.none:
    ret

; Puts empty buffers into the receive ring while it has room. Lock held.
rx_refill:
    ENTER 3
    la   s0, rx_filled
    la   s1, rx_seen
.next:
    ldd  a1, [s0]
    ldd  a2, [s1]
    sub  a2, a1, a2
    movi a3, RING - 1
    bgeu a2, a3, .done
    call buffer_take
    beqz a0, .done
    andi a1, a1, RING - 1
    la   a3, rx_buffers
    shli a2, a1, 3
    add  a3, a3, a2
    std  a0, [a3]
    la   a3, rx_ring
    shli a2, a1, 4
    add  a3, a3, a2
    addi a0, a0, B_FRAME
    V2P  a0, a0
    std  a0, [a3+D_ADDRESS]
    movi t0, FRAME_MAX + 4
    stw  t0, [a3+D_LENGTH]
    stw  zero, [a3+D_FLAGS]
.ifdef PARAVIRT
    addi a1, a1, GRANT_NET + RING
    sth  a1, [a3+D_GRANT]
    GRANT a1, a0, GRANT_IN_USE | GRANT_WRITE
.endif
    ldd  a1, [s0]
    addi a1, a1, 1
    std  a1, [s0]
    jmp  .next
.done:
    ldd  a1, [s0]
    andi a1, a1, RING - 1
.ifndef PARAVIRT
    la   a0, nic_ring
    ldd  a0, [a0]
    bnez a0, .ring
    li   a0, NIC
    std  a1, [a0+NIC_RX_TAIL]
    LEAVE 3
.ring:
.endif
    la   a0, net_page
    std  a1, [a0+NET_RX_TAIL]
    ldd  a1, [a0+NET_HUNGRY]            ; else it looks for itself with the next frame
    beqz a1, .fed
    RING_BELL NET
.fed:
    LEAVE 3

; Frames have come: each goes to the socket that its port says, or is dropped.
nic_interrupt:
    ENTER 3
    la   s0, nic_lock
    LOCK s0
.ifndef PARAVIRT
    la   a0, nic_ring
    ldd  a0, [a0]
    bnez a0, .next                      ; the back end has seen to the card
    li   a0, NIC
    movi a1, NIC_RECEIVED
    std  a1, [a0+NIC_STATUS]            ; first acknowledge, then look: what comes in between interrupts again
.endif
.next:
    la   s1, rx_seen
    ldd  a1, [s1]
    la   a2, rx_filled
    ldd  a2, [a2]
    beq  a1, a2, .done
    andi a1, a1, RING - 1
    la   a2, rx_ring
    shli a3, a1, 4
    add  a2, a2, a3
    ldhu a3, [a2+D_FLAGS]
    beqz a3, .done
    ldwu a4, [a2+D_LENGTH]
    la   a2, rx_buffers
    shli a1, a1, 3
    add  a2, a2, a1
    ldd  s2, [a2]                       ; the buffer
    ldd  a1, [s1]
    addi a1, a1, 1
    std  a1, [s1]
    movi a1, D_DONE
    bne  a3, a1, .drop                  ; failed
    movi a1, FR_DATA
    bltu a4, a1, .drop
    ldhu a1, [s2+B_FRAME+FR_TYPE]
    li   a2, ETHER_TYPE
    bne  a1, a2, .drop
    ldhu a1, [s2+B_FRAME+FR_BYTES]
    addi a1, a1, FR_DATA
    bltu a4, a1, .drop
    ldhu a1, [s2+B_FRAME+FR_TO]
    movi a2, CT_MAX * PORTS
    bgeu a1, a2, .drop
    la   a2, sockets
    shli a1, a1, 5                      ; SO_SIZE is 32
    add  a2, a2, a1
    ldd  a1, [a2+SO_OPEN]
    beqz a1, .drop
    la   a1, nic_free
    ldd  a1, [a1+8]
    movi a3, SPARE
    bltu a1, a3, .drop
    ; Behind the last in the socket's queue.
    std  zero, [s2+B_NEXT]
    ldd  a1, [a2+SO_TAIL]
    std  s2, [a2+SO_TAIL]
    beqz a1, .first
    std  s2, [a1+B_NEXT]
    jmp  .wake
.first:
    std  s2, [a2+SO_HEAD]
.wake:
    addi a0, a2, SO_QUEUE
    ldd  a1, [a0]
    beqz a1, .next
    call wake_up
    jmp  .next
.drop:
    mov  a0, s2
    call buffer_free
    jmp  .next
.done:
    call rx_refill
    UNLOCK s0
    LEAVE 3
