; pv_event.s: event channels instead of interrupt controllers. The hypervisor sets a bit in the shared page and calls us; one call may stand for
; several events, of which some may have come twice: a bit says "look", not "how often".

.equ TICKS_PER_SECOND, 1000
.equ NANOSECONDS_A_TICK, 1000000000 / TICKS_PER_SECOND

timer_init:
    la   t0, tickless
    ldd  t0, [t0]
    bnez t0, .none
    li   t0, NANOSECONDS_A_TICK
    HYPERCALL HC_SET_TIMER              ; one event; each asks for the next
.none:
    ret

; in a0: vector, which says nothing here. Runs with events off; must not sleep.
interrupt:
    ENTER 1
.again:
    li   a0, SHARED_INFO                ; fetch all bits at once, atomically: the hypervisor may be setting others
.take:
    ldd  t0, [a0+SI_PENDING]
    mov  s0, t0
    addi a1, a0, SI_PENDING
    cas  t0, a1, zero
    bne  t0, s0, .take
    beqz s0, .done
    andi a0, s0, 1 << CHANNEL_TIMER
    beqz a0, .not_timer
    li   t0, NANOSECONDS_A_TICK
    HYPERCALL HC_SET_TIMER
    call timer_tick
.not_timer:
    andi a0, s0, 1 << CHANNEL_BLOCK
    beqz a0, .not_block
    call disk_interrupt
.not_block:
    andi a0, s0, 1 << CHANNEL_NET
    beqz a0, .not_net
    call nic_interrupt
.not_net:
    andi a0, s0, 1 << CHANNEL_CONSOLE
    beqz a0, .again
    call console_interrupt
    jmp  .again
.done:
    LEAVE 1

; One processor: nobody to interrupt, and no lines to route.
send_ipi:
ioapic_init:
    ret
