; apic.s: the interrupt controllers. Each processor has a local APIC, with a timer and the means to interrupt the
; others; the I/O APIC brings the devices' lines to a processor.

.equ LAPIC_EOI, 0xb0
.equ LAPIC_ICR, 0x300
.equ LAPIC_ICR_HIGH, 0x310
.equ LAPIC_TIMER, 0x320
.equ LAPIC_COUNT, 0x380
.equ LAPIC_DIVIDE, 0x3e0
.equ TIMER_PERIODIC, 1 << 17
.equ ICR_STARTUP, 6 << 8

.equ TICKS_PER_SECOND, 1000

; Lets this processor's timer tick, unless the system is to do without.
timer_init:
    ENTER 0
    la   a0, tickless
    ldd  a0, [a0]
    bnez a0, .none
    movi a0, 0x16                       ; a0: MHz of the counter that the timer counts too
    ARCH_CPUID
    li   a1, 1000000 / TICKS_PER_SECOND
    mul  a1, a0, a1
    li   a0, LAPIC
    movi a2, 0xb                        ; divide by 1
    stw  a2, [a0+LAPIC_DIVIDE]
    li   a2, TIMER_PERIODIC | VEC_TIMER
    stw  a2, [a0+LAPIC_TIMER]
    stw  a1, [a0+LAPIC_COUNT]
.none:
    LEAVE 0

; The interrupt in service is finished: the next may come.
lapic_eoi:
    li   t0, LAPIC
    stw  zero, [t0+LAPIC_EOI]
    ret

; Interrupts processor a0 with vector a1. Two registers, so no interrupt handler may come between that does the same.
send_ipi:
    ARCH_IRQ_SAVE a2
    li   t0, LAPIC
    shli a0, a0, 24
    stw  a0, [t0+LAPIC_ICR_HIGH]
    stw  a1, [t0+LAPIC_ICR]
    ARCH_IRQ_RESTORE a2
    ret

; Starts processor a0 at page a1.
send_startup:
    li   a2, ICR_STARTUP
    or   a1, a1, a2
    jmp  send_ipi

; One device line: a pin of the I/O APIC at a0 becomes a vector, on processor 0, level-triggered unless mode is 0. Loses a1.
.equ LEVEL, 1 << 15
.macro IOAPIC_ENTRY pin, vector, mode=LEVEL
    movi a1, 0x10 + 2 * \pin
    stw  a1, [a0]
    li   a1, \vector | \mode
    stw  a1, [a0+0x10]
    movi a1, 0x11 + 2 * \pin
    stw  a1, [a0]
    stw  zero, [a0+0x10]
.endm
ioapic_init:
    li   a0, IOAPIC
    IOAPIC_ENTRY 4, VEC_CONSOLE
    IOAPIC_ENTRY 5, VEC_DISK
    IOAPIC_ENTRY 6, VEC_NIC
    ret
