// world.c: windows of lockstep, and between them the switch. Time is in picoseconds inside, so that a cycle of any clock has a time of
// its own and comes back as the same cycle.
#include "sim/world.h"

#include "sim/dev_machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUTBOX_MAX = 1024, // frames that all machines may send in one window
    WINDOW_NS_MIN =
        500, // a model with shorter links still gets windows worth the effort; its frames then arrive a little late
};

// A frame that left a card in this window.
struct sent {
    uint64_t arrival; // picoseconds
    uint32_t port, order;
    uint32_t size;
    uint8_t bytes[NIC_FRAME_MAX];
};

struct node {
    struct machine *machine;
    struct world *world;
    unsigned port;
    uint32_t mhz;
    uint64_t link; // picoseconds
    enum stop_reason stopped;
};

struct world {
    struct net_switch net;
    struct node node[SWITCH_PORTS_MAX];
    uint64_t now; // picoseconds
    uint64_t overflows;
    uint32_t sent_count;
    struct sent sent[OUTBOX_MAX];
};

#define PS_PER_US UINT64_C(1000000)

static uint64_t to_ps(uint64_t cycles, uint32_t mhz)
{
    return cycles / mhz * PS_PER_US + cycles % mhz * PS_PER_US / mhz;
}

// Rounded up, so that no event lies before its cause.
static uint64_t to_cycles(uint64_t ps, uint32_t mhz)
{
    return ps / PS_PER_US * mhz + (ps % PS_PER_US * mhz + PS_PER_US - 1) / PS_PER_US;
}

struct world *world_create(void)
{
    return calloc(1, sizeof(struct world));
}

void world_destroy(struct world *w)
{
    for (unsigned i = 0; w && i < w->net.ports; i++) {
        machine_net_plug(w->node[i].machine, 0, NULL, NULL);
    }
    free(w);
}

static void sink(void *ctx, sim_time_t when, const uint8_t *frame, size_t size)
{
    const struct node *n = ctx;
    struct world *w = n->world;
    if (w->sent_count == OUTBOX_MAX) {
        w->overflows++;
        return;
    }
    struct sent *s = &w->sent[w->sent_count];
    s->arrival = to_ps(when, n->mhz) + n->link;
    s->port = n->port;
    s->order = w->sent_count++;
    s->size = (uint32_t)size;
    memcpy(s->bytes, frame, size);
}

int world_add(struct world *w, struct machine *m)
{
    if (w->net.ports == SWITCH_PORTS_MAX) {
        return -1;
    }
    const struct cpu_model *model = machine_devices(m)->env.model;
    unsigned port = w->net.ports++;
    w->node[port] = (struct node){.machine = m,
                                  .world = w,
                                  .port = port,
                                  .mhz = model->mhz,
                                  .link = (uint64_t)model->cost[COST_LINK].value * 1000};
    machine_net_plug(m, port, sink, &w->node[port]);
    return (int)port;
}

// By time; at one time by port, then as sent. All three differ between any two, so the order is total.
static int compare_sent(const void *a, const void *b)
{
    const struct sent *x = a, *y = b;
    if (x->arrival != y->arrival) {
        return x->arrival < y->arrival ? -1 : 1;
    }
    if (x->port != y->port) {
        return x->port < y->port ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static void exchange(struct world *w)
{
    qsort(w->sent, w->sent_count, sizeof *w->sent, compare_sent);
    for (uint32_t i = 0; i < w->sent_count; i++) {
        const struct sent *s = &w->sent[i];
        uint64_t ports = switch_forward(&w->net, s->port, s->bytes);
        for (unsigned p = 0; p < w->net.ports; p++) {
            if (ports >> p & 1) {
                devices_deliver_frame(machine_devices(w->node[p].machine),
                                      to_cycles(s->arrival, w->node[p].mhz), s->bytes, s->size);
            }
        }
    }
    w->sent_count = 0;
}

static bool for_good(enum stop_reason r)
{
    return r == STOP_POWEROFF || r == STOP_TRIPLE_FAULT || r == STOP_BREAKPOINT;
}

// The length of a window: no frame sent in it can arrive before its end.
static uint64_t window(const struct world *w)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < w->net.ports; i++) {
        least = w->node[i].link < least ? w->node[i].link : least;
    }
    return least > WINDOW_NS_MIN * 1000 ? least : WINDOW_NS_MIN * 1000;
}

// One window up to `end`. Returns whether any machine may go on after it.
static bool run_window(struct world *w, uint64_t end)
{
    bool alive = false;
    for (unsigned i = 0; i < w->net.ports; i++) {
        struct node *n = &w->node[i];
        if (!for_good(n->stopped)) {
            n->stopped = machine_run(n->machine, to_cycles(end, n->mhz), UINT64_MAX);
            alive |= n->stopped == STOP_LIMIT;
        }
    }
    alive |= w->sent_count > 0;
    exchange(w);
    w->now = end;
    return alive;
}

unsigned world_run(struct world *w, uint64_t until_ns)
{
    assert(until_ns <= UINT64_MAX / 2000);
    uint64_t until = until_ns * 1000, step = window(w);
    bool alive = w->net.ports > 0;
    while (alive && w->now < until) {
        alive = run_window(w, until - w->now > step ? w->now + step : until);
    }
    unsigned stopped = 0;
    for (unsigned i = 0; i < w->net.ports; i++) {
        stopped += for_good(w->node[i].stopped);
    }
    return stopped;
}

uint64_t world_time(const struct world *w)
{
    return w->now / 1000;
}

enum stop_reason world_stopped(const struct world *w, unsigned port)
{
    assert(port < w->net.ports);
    return w->node[port].stopped;
}

const struct net_switch *world_switch(const struct world *w)
{
    return &w->net;
}

uint64_t world_overflows(const struct world *w)
{
    return w->overflows;
}
