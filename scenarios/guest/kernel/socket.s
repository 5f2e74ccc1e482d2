; socket.s: the system calls for the network: a socket is a port of this machine; messages are sent from it and arrive at it.

.equ SO_OPEN, 0
.equ SO_HEAD, 8                         ; messages that have arrived
.equ SO_TAIL, 16
.equ SO_QUEUE, 24                       ; who waits for one
.equ SO_SIZE, 32

; socket(port): a descriptor for it; each port can be open once.
sys_socket:
    ENTER 3
    movi a1, PORTS
    bgeu a0, a1, .invalid
    mov  s0, a0
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, .container
.ours:
    movi a0, FK_SOCKET
    call file_new
    beqz a0, .too_many
    mov  s1, a0
    std  s0, [s1+F_POS]
    la   a1, sockets
    shli a2, s0, 5
    add  a1, a1, a2
    ARCH_IRQ_SAVE s2
    la   a2, nic_lock
    LOCK a2
    ldd  a3, [a1+SO_OPEN]
    bnez a3, .taken
    movi a3, 1
    std  a3, [a1+SO_OPEN]
    std  zero, [a1+SO_HEAD]
    std  zero, [a1+SO_TAIL]
    UNLOCK a2
    ARCH_IRQ_RESTORE s2
    std  a1, [s1+F_BASE]
    mov  a0, s1
    call fd_install
    bgez a0, .out
    mov  s2, a0
    mov  a0, s1
    call file_put
    mov  a0, s2
.out:
    LEAVE 3
.container:                             ; its own ports: the wire's have its number above them
    ldd  a1, [a1+CT_ID]
    shli a1, a1, PORT_BITS
    or   s0, s0, a1
    jmp  .ours
.taken:
    UNLOCK a2
    ARCH_IRQ_RESTORE s2
    std  zero, [s1+F_REFS]
.invalid:
    movi a0, -EINVAL
    LEAVE 3
.too_many:
    movi a0, -EMFILE
    LEAVE 3

; File a0, a socket, is closed: what nobody has read is dropped.
socket_release:
    ENTER 3
    ldd  s0, [a0+F_BASE]
    ARCH_IRQ_SAVE s2
    la   s1, nic_lock
    LOCK s1
    std  zero, [s0+SO_OPEN]
.next:
    ldd  a0, [s0+SO_HEAD]
    beqz a0, .done
    ldd  a1, [a0+B_NEXT]
    std  a1, [s0+SO_HEAD]
    call buffer_free
    jmp  .next
.done:
    std  zero, [s0+SO_TAIL]
    UNLOCK s1
    ARCH_IRQ_RESTORE s2
    LEAVE 3

; The socket behind descriptor a0: out a0: its file, or 0.
socket_file:
    ENTER 0
    call fd_file
    beqz a0, .none
    ldd  t0, [a0+F_KIND]
    movi t1, FK_SOCKET
    beq  t0, t1, .out
    mov  a0, zero
.none:
.out:
    LEAVE 0

; send(socket, port, address, bytes): one message to that port of the peer, which is this machine itself unless the
; kernel's command line names another. Returns when the card has the frame; whether it arrives, nobody promises.
sys_send:
    ENTER 4
    push a1, a2, a3
    li   t0, DATA_MAX
    bltu t0, a3, .invalid
    call socket_file
    beqz a0, .bad
    mov  s0, a0
.try:
    ARCH_IRQ_SAVE s3
    la   s2, nic_lock
    LOCK s2
    call tx_reclaim
    call buffer_take
    beqz a0, .no_buffer
    mov  s1, a0
    UNLOCK s2                           ; the copy below may fault: not with interrupts off
    ARCH_IRQ_RESTORE s3
    la   a1, nic_peer
    ldd  a1, [a1]
    stw  a1, [s1+B_FRAME]
    shri a1, a1, 32
    sth  a1, [s1+B_FRAME+4]
    la   a1, nic_mac
    ldd  a1, [a1]
    stw  a1, [s1+B_FRAME+6]
    shri a1, a1, 32
    sth  a1, [s1+B_FRAME+10]
    li   a1, ETHER_TYPE
    sth  a1, [s1+B_FRAME+FR_TYPE]
    ldd  a1, [sp]
    CURRENT a0
    ldd  a0, [a0+T_CT]
    bnez a0, .container
.port:
    sth  a1, [s1+B_FRAME+FR_TO]
    ldd  a1, [s0+F_POS]
    sth  a1, [s1+B_FRAME+FR_FROM]
    ldd  a2, [sp+16]
    sth  a2, [s1+B_FRAME+FR_BYTES]
    addi a0, s1, B_FRAME+FR_DATA
    ldd  a1, [sp+8]
    call copy_from_user
    mov  s0, a0
    jmp  .ring
.full:
    UNLOCK s2
    ARCH_IRQ_RESTORE s3
    call yield
.ring:
    ARCH_IRQ_SAVE s3
    LOCK s2
    bnez s0, .drop
    call tx_reclaim
    bnez a0, .full
    mov  a0, s1
    ldd  a1, [sp+16]
    addi a1, a1, FR_DATA
    call tx_start
    jmp  .sent
.drop:
    mov  a0, s1
    call buffer_free
.sent:
    UNLOCK s2
    ARCH_IRQ_RESTORE s3
    mov  a0, s0
    jmp  .out
.container:                             ; to its own ports only
    movi a2, PORTS
    bgeu a1, a2, .nowhere
    ldd  a0, [a0+CT_ID]
    shli a0, a0, PORT_BITS
    or   a1, a1, a0
    jmp  .port
.nowhere:
    li   a1, NO_PORT
    jmp  .port
.no_buffer:
    UNLOCK s2
    ARCH_IRQ_RESTORE s3
    call yield
    jmp  .try
.invalid:
    movi a0, -EINVAL
    jmp  .out
.bad:
    movi a0, -EBADF
.out:
    addi sp, sp, 24
    LEAVE 4

; Frees the buffers of frames that have been sent. out a0: 0 if the ring has room now. Lock held.
tx_reclaim:
    ENTER 2
    la   s0, tx_seen
    la   s1, tx_filled
.next:
    ldd  a1, [s0]
    ldd  a2, [s1]
    beq  a1, a2, .done
    andi a3, a1, RING - 1
    shli a2, a3, 4
    la   a0, tx_ring
    add  a0, a0, a2
    ldhu a0, [a0+D_FLAGS]
    beqz a0, .done
    addi a1, a1, 1
    std  a1, [s0]
    shli a3, a3, 3
    la   a0, tx_buffers
    add  a0, a0, a3
    ldd  a0, [a0]
    call buffer_free
    jmp  .next
.done:
    ldd  a1, [s0]
    ldd  a0, [s1]
    sub  a0, a0, a1
    movi a1, RING - 2
    sltu a0, a1, a0                     ; full: RING - 1 in it
    LEAVE 2

; Gives the card buffer a0 with a frame of a1 bytes. Lock held; there is room.
tx_start:
    la   t0, tx_filled
    ldd  a2, [t0]
    addi a3, a2, 1
    std  a3, [t0]
    andi a2, a2, RING - 1
    la   t0, tx_buffers
    shli t1, a2, 3
    add  t0, t0, t1
    std  a0, [t0]
    la   t0, tx_ring
    shli t1, a2, 4
    add  t0, t0, t1
    addi a0, a0, B_FRAME
    V2P  a0, a0
    std  a0, [t0+D_ADDRESS]
    stw  a1, [t0+D_LENGTH]
    stw  zero, [t0+D_FLAGS]
    andi a3, a3, RING - 1
.ifdef PARAVIRT
    addi a2, a2, GRANT_NET
    sth  a2, [t0+D_GRANT]
    GRANT a2, a0, GRANT_IN_USE
.else
    la   t0, nic_ring
    ldd  t0, [t0]
    bnez t0, .ring
    li   t0, NIC
    std  a3, [t0+NIC_TX_TAIL]           ; the doorbell
    ret
.ring:
.endif
    la   t0, net_page
    std  a3, [t0+NET_TX_TAIL]
    RING_BELL NET
    ret

; recv(socket, address, bytes, address for the sender's port or 0): waits for a message. out a0: its bytes (what does not fit
; is lost).
sys_recv:
    ENTER 4
    push a1, a2, a3
    call socket_file
    beqz a0, .bad
    ldd  s0, [a0+F_BASE]
    ARCH_IRQ_SAVE s3
    la   s1, nic_lock
    LOCK s1
.look:
    ldd  s2, [s0+SO_HEAD]
    bnez s2, .got
    addi a0, s0, SO_QUEUE
    mov  a1, s1
    call sleep_on
    jmp  .look
.got:
    ldd  a1, [s2+B_NEXT]
    std  a1, [s0+SO_HEAD]
    bnez a1, .more
    std  zero, [s0+SO_TAIL]
.more:
    UNLOCK s1
    ARCH_IRQ_RESTORE s3
    ldd  a3, [sp+16]
    beqz a3, .no_port
    ldhu a0, [s2+B_FRAME+FR_FROM]
    andi a0, a0, PORTS - 1
    push a0
    mov  a0, a3
    mov  a1, sp
    movi a2, 8
    call copy_to_user
    addi sp, sp, 8
    bnez a0, .fault
.no_port:
    ldhu s0, [s2+B_FRAME+FR_BYTES]
    ldd  a0, [sp+8]
    bgeu a0, s0, .fits
    mov  s0, a0
.fits:
    ldd  a0, [sp]
    addi a1, s2, B_FRAME+FR_DATA
    mov  a2, s0
    call copy_to_user
    beqz a0, .copied
.fault:
    mov  s0, a0
.copied:
    ARCH_IRQ_SAVE s3
    LOCK s1
    mov  a0, s2
    call buffer_free
    call rx_refill
    UNLOCK s1
    ARCH_IRQ_RESTORE s3
    mov  a0, s0
    jmp  .out
.bad:
    movi a0, -EBADF
.out:
    addi sp, sp, 24
    LEAVE 4
