// dev_switch.c: learns where addresses live from the frames they send, and floods what it does not know.
#include "sim/dev_switch.h"

#include <assert.h>

void switch_init(struct net_switch *s, unsigned ports)
{
    assert(ports <= SWITCH_PORTS_MAX);
    *s = (struct net_switch){.ports = ports};
}

static uint64_t address(const uint8_t *from)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 6; i++) {
        v |= (uint64_t)from[i] << i * 8;
    }
    return v;
}

uint64_t switch_forward(struct net_switch *s, unsigned port, const uint8_t *frame)
{
    assert(port < s->ports);
    uint64_t to = address(frame), from = address(frame + 6), in = UINT64_C(1) << port;
    if (!(from & 1)) { // a group address sends nothing
        unsigned i = (unsigned)(from >> 40) % SWITCH_TABLE;
        s->table[i].mac = from;
        s->table[i].port = (uint8_t)port;
        s->table[i].used = true;
    }
    unsigned i = (unsigned)(to >> 40) % SWITCH_TABLE;
    if (!(to & 1) && s->table[i].used && s->table[i].mac == to) {
        s->forwarded++;
        return (UINT64_C(1) << s->table[i].port) & ~in;
    }
    s->flooded++;
    uint64_t all = s->ports == 64 ? UINT64_MAX : (UINT64_C(1) << s->ports) - 1;
    return all & ~in;
}
