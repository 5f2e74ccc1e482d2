// The network card of the reference machine, after docs/devices.md. The machine stands alone: a plug sends back to it what it sends.
#include "tests/ref/ref.h"

#include "sim/cost.h"

#include <string.h>

enum { PIN = 6, SHORTEST = 14, LONGEST = 1518, LARGEST_RING = 1024 };
enum { ON = 1, PROMISCUOUS = 8, RECEIVED = 1, SENT = 2, RING_ERROR = 4, PLUGGED = 0x100 };
enum { DESC_DONE = 1, DESC_ERROR = 2 };
#define ID  UINT64_C(0x2074656e34364154)
#define MAC UINT64_C(0x010034365402) // 02:54:36:34:00:01, the first byte lowest

void ref_nic_reset(struct ref_machine *m)
{
    memset(&m->nic, 0, sizeof m->nic);
    m->nic.sent_at = m->nic.arrives_at = UINT64_MAX;
}

static void show_line(struct ref_machine *m, const struct ref_cpu *from, uint64_t time)
{
    uint32_t wanted = m->nic.control >> 1 & 3; // the bits of STATUS that count, in their order
    ref_ioapic_line(m, from, time, PIN, (m->nic.status & wanted) != 0);
}

// ---- descriptors ---------------------------------------------------------------------------------

static uint64_t head_at(const struct ref_ring *r)
{
    return r->base + 16 * (uint64_t)r->head;
}

// False: it is not in RAM.
static bool get_descriptor(struct ref_machine *m, const struct ref_ring *r, uint64_t *address,
                           uint32_t *length)
{
    if (!ref_in_ram(m, head_at(r), 16)) {
        REF_COVER(m, NIC_RING);
        m->nic.status |= RING_ERROR;
        return false;
    }
    *address = ref_ram_get(m, head_at(r), 8);
    *length = (uint32_t)ref_ram_get(m, head_at(r) + 8, 4);
    return true;
}

static void put_descriptor(struct ref_machine *m, struct ref_ring *r, uint32_t length, bool ok)
{
    uint64_t flags = ok ? DESC_DONE : DESC_DONE | DESC_ERROR, value = flags << 32 | length;
    if (ref_in_ram(m, head_at(r) + 8, 8)) {
        ref_ram_write(m, head_at(r) + 8, &value, 8);
    } else {
        m->nic.status |= RING_ERROR;
    }
    r->head = (r->head + 1) % r->size;
}

// ---- frames --------------------------------------------------------------------------------------

// `now`: of the processor that rang the bell, or of the event.
static void send_next(struct ref_machine *m, uint64_t now)
{
    struct ref_nic *n = &m->nic;
    const struct cpu_model *costs = m->config.model;
    if (n->sent_at != UINT64_MAX || n->tx.head == n->tx.tail) {
        return;
    }
    if (!get_descriptor(m, &n->tx, &n->address, &n->length)) {
        n->tx.head = n->tx.tail;
        return;
    }
    n->sent_at = now + cost_cycles(costs, COST_NIC_FRAME);
    if (n->length <= LONGEST) {
        n->sent_at += cost_cycles_for(costs, COST_NIC_KIB, n->length, 1024);
    }
    n->sent_order = ++m->planned;
    ref_end_turn(m, n->sent_at);
}

static void plan_arrival(struct ref_machine *m)
{
    m->nic.arrives_at = m->nic.flights ? m->nic.flight[0].when : UINT64_MAX;
    m->nic.arrives_order = ++m->planned;
}

void ref_nic_sent(struct ref_machine *m, uint64_t time)
{
    struct ref_nic *n = &m->nic;
    bool ok = n->length >= SHORTEST && n->length <= LONGEST && ref_in_ram(m, n->address, n->length);
    n->sent_at = UINT64_MAX;
    if (ok && n->flights == REF_FLIGHTS) {
        n->dropped++;
    } else if (ok) {
        // They arrive in the order in which they were sent: all have the same way to go.
        struct ref_frame *f = &n->flight[n->flights++];
        f->when = time + cost_cycles(m->config.model, COST_LINK);
        f->size = n->length;
        ref_ram_read(m, n->address, f->bytes, n->length);
        if (n->flights == 1) {
            plan_arrival(m);
        }
    }
    ok ? REF_COVER(m, NIC_SENT) : REF_COVER(m, NIC_BAD_FRAME);
    put_descriptor(m, &n->tx, n->length, ok);
    n->status |= SENT;
    send_next(m, time);
    show_line(m, NULL, time);
}

static bool meant(const struct ref_nic *n, const struct ref_frame *f)
{
    static const uint8_t own[6] = {0x02, 0x54, 0x36, 0x34, 0x00, 0x01};
    return n->control & PROMISCUOUS || f->bytes[0] % 2 || memcmp(f->bytes, own, 6) == 0;
}

static void receive(struct ref_machine *m, const struct ref_frame *f)
{
    struct ref_nic *n = &m->nic;
    uint64_t address;
    uint32_t room;
    if (n->control & ON && !meant(n, f)) {
        REF_COVER(m, NIC_NOT_OURS);
        return;
    }
    if (!(n->control & ON) || n->rx.head == n->rx.tail ||
        !get_descriptor(m, &n->rx, &address, &room)) {
        REF_COVER(m, NIC_NO_BUFFER);
        n->dropped++;
        return;
    }
    bool ok = room >= f->size && ref_in_ram(m, address, f->size);
    if (ok) {
        REF_COVER(m, NIC_RECEIVED);
        ref_ram_write(m, address, f->bytes, f->size);
    } else {
        REF_COVER(m, NIC_BAD_BUFFER);
        n->dropped++;
    }
    put_descriptor(m, &n->rx, ok ? f->size : 0, ok);
    n->status |= RECEIVED;
}

void ref_nic_arrived(struct ref_machine *m, uint64_t time)
{
    struct ref_nic *n = &m->nic;
    while (n->flights > 0 && n->flight[0].when <= time) {
        receive(m, &n->flight[0]);
        n->flights--;
        memmove(&n->flight[0], &n->flight[1], n->flights * sizeof n->flight[0]);
    }
    plan_arrival(m);
    show_line(m, NULL, time);
}

// ---- registers -----------------------------------------------------------------------------------

uint64_t ref_nic_read(const struct ref_machine *m, uint64_t offset, unsigned size)
{
    const struct ref_nic *n = &m->nic;
    const uint64_t reg[] = {ID,         MAC,        n->control, n->status | PLUGGED, n->tx.base,
                            n->tx.size, n->tx.tail, n->tx.head, n->rx.base,          n->rx.size,
                            n->rx.tail, n->rx.head, n->dropped};
    uint64_t value = offset < sizeof reg ? reg[offset / 8] : UINT64_MAX;
    return size == 4 && offset & 4 ? value >> 32 : value;
}

static void set_size(struct ref_ring *r, uint32_t size)
{
    bool power = size >= 2 && size <= LARGEST_RING && (size & (size - 1)) == 0;
    r->size = power ? size : 0;
    r->head = r->tail = 0;
}

static void set_base(struct ref_ring *r, uint64_t offset, unsigned size, uint64_t value)
{
    uint64_t half = size == 8    ? value
                    : offset & 4 ? value << 32 | (uint32_t)r->base
                                 : (r->base >> 32 << 32) | (uint32_t)value;
    r->base = half & ~UINT64_C(15);
}

void ref_nic_write(struct ref_machine *m, const struct ref_cpu *c, uint64_t offset, unsigned size,
                   uint64_t value)
{
    struct ref_nic *n = &m->nic;
    struct ref_ring *r = offset < 0x40 ? &n->tx : &n->rx;
    bool low = !(offset & 4);
    switch (offset / 8) {
    case 2: n->control = low ? value & 15 : n->control; break;
    case 3: n->status &= low ? ~(uint32_t)(value & 7) : UINT32_MAX; break;
    case 4:
    case 8:
    case 5:
    case 9:
        if (r == &n->tx) { // what was under way is forgotten
            n->sent_at = UINT64_MAX;
        }
        if (offset / 8 % 4 == 0) {
            set_base(r, offset, size, value);
        } else if (low) {
            set_size(r, (uint32_t)value);
        }
        break;
    case 6:
    case 10:
        if (low && r->size > 0) {
            r->tail = (uint32_t)value % r->size;
            if (r == &n->tx) {
                send_next(m, c->time);
            }
        }
        break;
    default: break;
    }
    show_line(m, c, c->time);
}
