// What the reference machine has on its bus: the local APIC with its timer, the console's output, the latch and the
// stop port, after docs/devices.md; the I/O APIC and the disk are in ref_disk.c, the
// network card is in ref_nic.c.
#include "tests/ref/ref.h"

#include <string.h>

enum { LVT_MASKED = 1 << 16, ONE_SHOT = 0, PERIODIC = 1, DEADLINE = 2 };

#define DISK_BASE   UINT64_C(0xfeb00000)
#define NIC_BASE    UINT64_C(0xfeb10000)
#define IOAPIC_BASE UINT64_C(0xfec00000)
#define APIC_BASE   UINT64_C(0xfee00000)

static int highest(const bool set[256])
{
    // Asked before each instruction, and nearly always in vain.
    if (!memchr(set, true, 256)) {
        return -1;
    }
    for (int v = 255; v >= 0; v--) {
        if (set[v]) {
            return v;
        }
    }
    return -1;
}

// ---- timer ---------------------------------------------------------------------------------------

static unsigned mode(const struct ref_apic *a)
{
    unsigned bits = a->lvt_timer >> 17 & 3;
    return bits == 3 ? ONE_SHOT : bits;
}

static uint64_t divider(const struct ref_apic *a)
{
    switch (a->divide & 0xb) {
    case 0x0: return 2;
    case 0x1: return 4;
    case 0x2: return 8;
    case 0x3: return 16;
    case 0x8: return 32;
    case 0x9: return 64;
    case 0xa: return 128;
    default: return 1;
    }
}

// Lets expiries up to `now` pass without a request.
static void skip_expiries(struct ref_apic *a, uint64_t now)
{
    while (mode(a) != DEADLINE && a->expiry <= now) {
        a->expiry = mode(a) == PERIODIC ? a->expiry + a->initial * divider(a) : UINT64_MAX;
    }
}

static uint32_t current_count(const struct ref_apic *a, uint64_t now)
{
    struct ref_apic copy = *a;
    skip_expiries(&copy, now);
    if (mode(a) == DEADLINE || copy.expiry == UINT64_MAX) {
        return 0;
    }
    return (uint32_t)((copy.expiry - now + divider(a) - 1) / divider(a));
}

static void write_lvt(struct ref_apic *a, uint64_t now, uint32_t value)
{
    unsigned before = mode(a);
    skip_expiries(a, now);
    a->lvt_timer = value & 0x700ff;
    if ((before == DEADLINE) != (mode(a) == DEADLINE)) {
        a->expiry = UINT64_MAX;
        a->deadline = 0;
    }
    a->parked = false;
}

static void write_initial(struct ref_apic *a, uint64_t now, uint32_t value)
{
    a->initial = value;
    if (mode(a) != DEADLINE) {
        a->expiry = value ? now + value * divider(a) : UINT64_MAX;
        a->parked = false;
    }
}

static void write_divide(struct ref_apic *a, uint64_t now, uint32_t value)
{
    uint32_t current = current_count(a, now);
    a->divide = value & 0xb;
    if (mode(a) != DEADLINE && current) {
        a->expiry = now + current * divider(a);
    } else {
        a->expiry = UINT64_MAX;
    }
    a->parked = false;
}

void ref_timer(struct ref_machine *m, struct ref_cpu *c, uint64_t now)
{
    struct ref_apic *a = &c->apic;
    bool masked = a->lvt_timer & LVT_MASKED;
    unsigned vector = a->lvt_timer & 0xff;
    if (mode(a) == DEADLINE) {
        if (a->deadline != 0 && a->deadline <= now) {
            a->deadline = 0;
            REF_COVER(m, TIMER_DEADLINE);
            if (!masked && vector >= 32) {
                a->irr[vector] = true;
            }
        }
        return;
    }
    if (a->expiry <= now && !masked) {
        if (vector >= 32) {
            a->irr[vector] = true;
        }
        mode(a) == PERIODIC ? REF_COVER(m, TIMER_PERIODIC) : REF_COVER(m, TIMER_ONE_SHOT);
        a->parked = mode(a) == PERIODIC; // its vector waits now, or never will
    }
    skip_expiries(a, now);
}

uint64_t ref_next_event(const struct ref_cpu *c)
{
    const struct ref_apic *a = &c->apic;
    if (mode(a) == DEADLINE) {
        return a->deadline ? a->planned : UINT64_MAX;
    }
    return a->lvt_timer & LVT_MASKED || a->parked ? UINT64_MAX : a->expiry;
}

// Before a timer register is written: what fell due inside this very instruction happens first.
static void catch_up(struct ref_machine *m, struct ref_cpu *c)
{
    ref_timer(m, c, c->time);
    ref_end_turn(m, ref_next_event(c)); // planned, if only for a moment
}

// ---- interrupts ----------------------------------------------------------------------------------

int ref_apic_pending(const struct ref_cpu *c)
{
    int vector = highest(c->apic.irr);
    if (vector < 0 || vector / 16 <= (int)c->tpr) {
        return -1;
    }
    int serving = highest(c->apic.isr);
    return serving >= 0 && vector / 16 <= serving / 16 ? -1 : vector;
}

void ref_apic_take(struct ref_cpu *c, unsigned vector)
{
    c->apic.irr[vector] = false;
    c->apic.isr[vector] = true;
    if (c->apic.parked && vector == (c->apic.lvt_timer & 0xff)) {
        c->apic.parked = false;
        skip_expiries(&c->apic, c->time);
    }
}

void ref_apic_reset(struct ref_machine *m, struct ref_cpu *c)
{
    (void)m;
    c->apic = (struct ref_apic){.lvt_timer = LVT_MASKED, .expiry = UINT64_MAX};
}

// An inter-processor interrupt, as the low half of the ICR says.
static void send_ipi(struct ref_machine *m, struct ref_cpu *from, uint32_t low)
{
    unsigned vector = low & 0xff, kind = low >> 8 & 7, whom = low >> 18 & 3;
    uint32_t destination = from->apic.icr_high >> 24;
    for (unsigned i = 0; i < m->config.cpus; i++) {
        struct ref_cpu *to = &m->cpu[i];
        bool meant = whom == 1   ? to == from
                     : whom == 2 ? true
                     : whom == 3 ? to != from
                                 : destination == i || destination == 0xff;
        if (!meant) {
            continue;
        }
        bool ran = ref_runnable(to);
        if (kind == 0 && vector >= 32) {
            to == from ? REF_COVER(m, IPI_SELF) : REF_COVER(m, IPI_OTHER);
            to->apic.irr[vector] = true;
        } else if (kind == 6 && to->waiting) {
            REF_COVER(m, START_UP);
            to->waiting = false;
            to->pc = (uint64_t)vector << 12;
        }
        if (to != from && !ran && ref_runnable(to)) {
            ref_wait(to, from->time);
            ref_end_turn(m, to->time + m->config.quantum);
        }
    }
}

// ---- registers -----------------------------------------------------------------------------------

static uint32_t bit_register(const bool set[256], uint64_t offset)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 32; i++) {
        value |= (uint32_t)set[(offset >> 4 & 7) * 32 + i] << i;
    }
    return value;
}

static uint64_t apic_read(const struct ref_machine *m, const struct ref_cpu *c, uint64_t offset)
{
    const struct ref_apic *a = &c->apic;
    int serving = highest(a->isr);
    uint32_t task = c->tpr << 4, class = serving < 0 ? 0 : (uint32_t)serving & 0xf0;
    if (offset % 16 == 0 && offset >= 0x100 && offset <= 0x170) {
        return bit_register(a->isr, offset);
    }
    if (offset % 16 == 0 && offset >= 0x200 && offset <= 0x270) {
        return bit_register(a->irr, offset);
    }
    switch (offset) {
    case 0x20: return (uint64_t)(c - m->cpu) << 24;
    case 0x30: return 0x14;
    case 0x80: return task;
    case 0xa0: return task > class ? task : class;
    case 0x300: return a->icr_low;
    case 0x310: return a->icr_high;
    case 0x320: return a->lvt_timer;
    case 0x380: return a->initial;
    case 0x390: return current_count(a, c->time);
    case 0x3e0: return a->divide;
    default: return UINT64_MAX;
    }
}

static void apic_write(struct ref_machine *m, struct ref_cpu *c, uint64_t offset, uint32_t value)
{
    struct ref_apic *a = &c->apic;
    int serving = highest(a->isr);
    switch (offset) {
    case 0x80: c->tpr = value >> 4 & 15; break;
    case 0xb0:
        if (serving >= 0) {
            a->isr[serving] = false;
            ref_ioapic_eoi(m, c, (unsigned)serving);
        }
        break;
    case 0x300:
        a->icr_low = value & 0xc07ff;
        send_ipi(m, c, value);
        break;
    case 0x310: a->icr_high = value & 0xff000000; break;
    case 0x320:
        catch_up(m, c);
        write_lvt(a, c->time, value);
        break;
    case 0x380:
        catch_up(m, c);
        write_initial(a, c->time, value);
        break;
    case 0x3e0:
        catch_up(m, c);
        write_divide(a, c->time, value);
        break;
    default: break;
    }
}

bool ref_is_device(const struct ref_machine *m, uint64_t pa)
{
    (void)m;
    static const uint64_t page[] = {DISK_BASE, NIC_BASE, IOAPIC_BASE, APIC_BASE};
    for (size_t i = 0; i < sizeof page / sizeof *page; i++) {
        if (pa >= page[i] && pa - page[i] < PAGE_SIZE) {
            return true;
        }
    }
    return false;
}

uint64_t ref_device_read(struct ref_machine *m, struct ref_cpu *c, uint64_t pa, unsigned size)
{
    uint64_t value = UINT64_MAX;
    if (pa >= APIC_BASE) {
        value = apic_read(m, c, pa - APIC_BASE);
    } else if (pa >= IOAPIC_BASE) {
        value = ref_ioapic_read(m, pa - IOAPIC_BASE);
    } else if (pa - DISK_BASE < PAGE_SIZE) {
        value = ref_disk_read(m, pa - DISK_BASE, size);
    } else if (pa - NIC_BASE < PAGE_SIZE) {
        value = ref_nic_read(m, pa - NIC_BASE, size);
    }
    return size == 4 ? (uint32_t)value : value;
}

void ref_device_write(struct ref_machine *m, struct ref_cpu *c, uint64_t pa, unsigned size,
                      uint64_t value)
{
    if (pa >= APIC_BASE) { // of both APICs' registers, the low half is what counts
        apic_write(m, c, pa - APIC_BASE, (uint32_t)value);
    } else if (pa >= IOAPIC_BASE) {
        ref_ioapic_write(m, c, pa - IOAPIC_BASE, (uint32_t)value);
    } else if (pa - DISK_BASE < PAGE_SIZE) {
        ref_disk_write(m, c, pa - DISK_BASE, size, value);
    } else if (pa - NIC_BASE < PAGE_SIZE) {
        ref_nic_write(m, c, pa - NIC_BASE, size, value);
    }
}

uint32_t ref_port_read(struct ref_machine *m, struct ref_cpu *c, unsigned port)
{
    (void)c;
    switch (port) {
    case 0x80: return m->latch;
    case 0x3f8: return 0; // no input
    case 0x3f9: return m->console_enable;
    case 0x3fa: return 0xc1;
    case 0x3fd: return 0x60;
    default: return UINT32_MAX;
    }
}

void ref_port_write(struct ref_machine *m, struct ref_cpu *c, unsigned port, uint32_t value)
{
    switch (port) {
    case 0x80: m->latch = value; break;
    case 0x3f8:
        if (m->console_size < REF_CONSOLE_MAX) {
            m->console[m->console_size++] = (char)(value & 0xff);
        }
        break;
    case 0x3f9: m->console_enable = value & 1; break;
    case 0xf4:
        REF_COVER(m, STOP_PORT);
        m->stop = (struct stop_info){
            .reason = STOP_POWEROFF, .cpu = (unsigned)(c - m->cpu), .status = value, .pc = c->pc};
        break;
    default: break;
    }
}

bool ref_msr_read(struct ref_machine *m, struct ref_cpu *c, uint64_t number, uint64_t now,
                  uint64_t *value)
{
    switch (number) {
    case 0x10: *value = now; return true;
    case 0x1b: *value = APIC_BASE | (c == m->cpu ? 1u << 8 : 0); return true;
    case 0x175: *value = c->kstack; return true;
    case 0x6e0: *value = c->apic.deadline; return true;
    case 0xc0000082: *value = c->lstar; return true;
    default: return false;
    }
}

bool ref_msr_write(struct ref_machine *m, struct ref_cpu *c, uint64_t number, uint64_t value)
{
    switch (number) {
    case 0x175: c->kstack = value; return true;
    case 0x6e0:
        catch_up(m, c);
        if (mode(&c->apic) == DEADLINE) {
            c->apic.deadline = value;
            c->apic.planned = value > c->time ? value : c->time;
        }
        return true;
    case 0xc0000082:
        if (value % 4 || !ref_canonical(m, value)) {
            return false;
        }
        c->lstar = value;
        return true;
    default: return false;
    }
}
