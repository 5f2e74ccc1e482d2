// dev_nic.c: one frame at a time goes out, at the wire's speed; what comes in waits in flight until its time and then needs a buffer.
#include "sim/dev_nic.h"

#include "sim/dev_reg.h"

#include <assert.h>
#include <string.h>

enum {
    REG_ID = 0x00,
    REG_MAC = 0x08,
    REG_CONTROL = 0x10,
    REG_STATUS = 0x18,
    REG_TX = 0x20,
    REG_RX = 0x40,
    REG_DROPPED = 0x60,
    RING_BASE = 0x00, // within REG_TX and REG_RX
    RING_SIZE = 0x08,
    RING_TAIL = 0x10,
    RING_HEAD = 0x18,
    CONTROL_BITS = NIC_RX_ON | NIC_RX_INTERRUPT | NIC_TX_INTERRUPT | NIC_PROMISCUOUS,
    STATUS_EVENTS = NIC_RECEIVED | NIC_SENT | NIC_RING_ERROR,
};

// A descriptor as it lies in memory, little endian like everything there.
struct descriptor {
    uint64_t address;
    uint32_t length, flags;
};

uint64_t nic_mac(unsigned index)
{
    return UINT64_C(0x0034365402) | (uint64_t)((index + 1) & 0xff) << 40;
}

bool nic_line(const struct nic *n)
{
    return ((n->control & NIC_RX_INTERRUPT) && (n->status & NIC_RECEIVED)) ||
           ((n->control & NIC_TX_INTERRUPT) && (n->status & NIC_SENT));
}

static uint64_t get_le(const uint8_t *from, unsigned n)
{
    uint64_t v = 0;
    while (n-- > 0) {
        v = v << 8 | from[n];
    }
    return v;
}

static void put_le(uint8_t *to, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++, v >>= 8) {
        to[i] = (uint8_t)v;
    }
}

static bool load_descriptor(const struct nic_ring *r, const struct dev_env *env,
                            struct descriptor *d)
{
    uint8_t raw[NIC_DESC_SIZE];
    if (!env->ops->dma_read(env->ctx, r->base + (uint64_t)r->head * NIC_DESC_SIZE, raw,
                            sizeof raw)) {
        return false;
    }
    *d = (struct descriptor){get_le(raw, 8), (uint32_t)get_le(raw + 8, 4),
                             (uint32_t)get_le(raw + 12, 4)};
    return true;
}

// The card is done with the descriptor at the head: say so in memory and go on to the next.
static void store_descriptor(struct nic *n, struct nic_ring *r, const struct dev_env *env,
                             uint32_t length, uint32_t flags)
{
    uint8_t raw[8];
    put_le(raw, 4, length);
    put_le(raw + 4, 4, flags);
    if (!env->ops->dma_write(env->ctx, r->base + (uint64_t)r->head * NIC_DESC_SIZE + 8, raw,
                             sizeof raw)) {
        n->status |= NIC_RING_ERROR;
    }
    r->head = (r->head + 1) & (r->size - 1);
}

// ---- sending -------------------------------------------------------------------------------------

// Begin with the frame at the head of the ring, if there is one and none is under way.
static void tx_start(struct nic *n, const struct dev_env *env)
{
    struct descriptor d;
    if (n->tx_event != EVENT_NONE || n->tx.head == n->tx.tail) {
        return;
    }
    if (!load_descriptor(&n->tx, env, &d)) {
        n->status |= NIC_RING_ERROR;
        n->tx.head = n->tx.tail; // the rest of such a ring is no better
        return;
    }
    uint64_t cycles = cost_cycles(env->model, COST_NIC_FRAME);
    n->tx_address = d.address;
    n->tx_length = d.length;
    if (d.length <= NIC_FRAME_MAX) {
        cycles += cost_cycles_for(env->model, COST_NIC_KIB, d.length, 1024);
    }
    n->tx_event =
        env->ops->schedule(env->ctx, env->ops->now(env->ctx) + cycles, DEV_EVENT_NIC_TX, 0);
}

void nic_fire_tx(struct nic *n, const struct dev_env *env)
{
    uint8_t frame[NIC_FRAME_MAX];
    uint32_t size = n->tx_length;
    bool ok = size >= NIC_FRAME_MIN && size <= NIC_FRAME_MAX &&
              env->ops->dma_read(env->ctx, n->tx_address, frame, size);
    n->tx_event = EVENT_NONE;
    if (ok) {
        n->sent++;
        if (env->ops->transmit) {
            env->ops->transmit(env->ctx, frame, size);
        }
    }
    store_descriptor(n, &n->tx, env, size, NIC_DESC_DONE | (ok ? 0u : NIC_DESC_ERROR));
    n->status |= NIC_SENT;
    tx_start(n, env);
}

// ---- receiving -----------------------------------------------------------------------------------

// Plan the arrival of the first frame in flight.
static void rx_plan(struct nic *n, const struct dev_env *env)
{
    env->ops->cancel(env->ctx, n->rx_event);
    n->rx_event = EVENT_NONE;
    if (n->flight_count > 0) {
        n->rx_event = env->ops->schedule(env->ctx, n->flight[0].when, DEV_EVENT_NIC_RX, 0);
    }
}

void nic_deliver(struct nic *n, const struct dev_env *env, sim_time_t when, const uint8_t *frame,
                 size_t size)
{
    assert(size >= NIC_FRAME_MIN && size <= NIC_FRAME_MAX);
    if (n->flight_count == NIC_FLIGHT_MAX) {
        n->dropped++;
        return;
    }
    uint32_t at = n->flight_count;
    while (at > 0 && n->flight[at - 1].when > when) { // behind those of the same time
        at--;
    }
    memmove(&n->flight[at + 1], &n->flight[at], (n->flight_count - at) * sizeof *n->flight);
    n->flight_count++;
    n->flight[at].when = when;
    n->flight[at].size = (uint32_t)size;
    memcpy(n->flight[at].bytes, frame, size);
    if (at == 0) {
        rx_plan(n, env);
    }
}

static bool for_us(const struct nic *n, const uint8_t *frame)
{
    return (n->control & NIC_PROMISCUOUS) || (frame[0] & 1) || get_le(frame, 6) == n->mac;
}

// The frame has arrived: into the next buffer, or lost.
static void receive(struct nic *n, const struct dev_env *env, const struct nic_flight *f)
{
    struct descriptor d;
    if (!(n->control & NIC_RX_ON)) {
        n->dropped++;
        return;
    }
    if (!for_us(n, f->bytes)) {
        return;
    }
    if (n->rx.head == n->rx.tail) {
        n->dropped++;
        return;
    }
    if (!load_descriptor(&n->rx, env, &d)) {
        n->status |= NIC_RING_ERROR;
        n->dropped++;
        return;
    }
    bool ok = d.length >= f->size && env->ops->dma_write(env->ctx, d.address, f->bytes, f->size);
    store_descriptor(n, &n->rx, env, ok ? f->size : 0, NIC_DESC_DONE | (ok ? 0u : NIC_DESC_ERROR));
    n->status |= NIC_RECEIVED;
    n->received += ok;
    n->dropped += !ok;
}

void nic_fire_rx(struct nic *n, const struct dev_env *env)
{
    sim_time_t now = env->ops->now(env->ctx);
    uint32_t arrived = 0;
    n->rx_event = EVENT_NONE;
    while (arrived < n->flight_count && n->flight[arrived].when <= now) {
        receive(n, env, &n->flight[arrived++]);
    }
    n->flight_count -= arrived;
    memmove(&n->flight[0], &n->flight[arrived], n->flight_count * sizeof *n->flight);
    rx_plan(n, env);
}

// ---- registers -----------------------------------------------------------------------------------

static uint64_t ring_read(const struct nic_ring *r, uint64_t reg)
{
    switch (reg) {
    case RING_BASE: return r->base;
    case RING_SIZE: return r->size;
    case RING_TAIL: return r->tail;
    default: return r->head;
    }
}

uint64_t nic_read(const struct nic *n, const struct dev_env *env, uint64_t offset, unsigned size)
{
    uint64_t at = offset & ~UINT64_C(7), reg = UINT64_MAX;
    if (at >= REG_TX && at < REG_RX) {
        reg = ring_read(&n->tx, at - REG_TX);
    } else if (at >= REG_RX && at < REG_DROPPED) {
        reg = ring_read(&n->rx, at - REG_RX);
    } else if (at == REG_ID) {
        reg = NIC_ID;
    } else if (at == REG_MAC) {
        reg = n->mac;
    } else if (at == REG_CONTROL) {
        reg = n->control;
    } else if (at == REG_STATUS) {
        reg = n->status | (env->ops->transmit ? NIC_PLUGGED : 0u);
    } else if (at == REG_DROPPED) {
        reg = n->dropped;
    }
    return reg_get(reg, offset, size);
}

// Returns whether the write was a doorbell.
static bool ring_write(struct nic_ring *r, uint64_t reg, uint64_t offset, unsigned size,
                       uint64_t value)
{
    bool low = !(offset & 4);
    if (reg == RING_BASE) {
        r->base = reg_put(r->base, offset, size, value) & ~UINT64_C(15);
    } else if (reg == RING_SIZE && low) {
        value &= UINT32_MAX;
        bool good = value >= 2 && value <= NIC_RING_MAX && (value & (value - 1)) == 0;
        r->size = good ? (uint32_t)value : 0;
        r->head = r->tail = 0;
    } else if (reg == RING_TAIL && low && r->size > 0) {
        r->tail = (uint32_t)value & (r->size - 1);
        return true;
    }
    return false;
}

void nic_write(struct nic *n, const struct dev_env *env, uint64_t offset, unsigned size,
               uint64_t value)
{
    uint64_t at = offset & ~UINT64_C(7);
    if (at >= REG_TX && at < REG_RX) {
        if (at == REG_TX + RING_SIZE ||
            at == REG_TX + RING_BASE) { // the frame under way belonged to the old ring
            env->ops->cancel(env->ctx, n->tx_event);
            n->tx_event = EVENT_NONE;
        }
        if (ring_write(&n->tx, at - REG_TX, offset, size, value)) {
            tx_start(n, env);
        }
    } else if (at >= REG_RX && at < REG_DROPPED) {
        ring_write(&n->rx, at - REG_RX, offset, size, value);
    } else if (at == REG_CONTROL && !(offset & 4)) {
        n->control = value & CONTROL_BITS;
    } else if (at == REG_STATUS && !(offset & 4)) {
        n->status &= ~((uint32_t)value & STATUS_EVENTS);
    }
}
