// dev_switch.h: a learning Ethernet switch: which ports a frame goes out of. A pure value; whoever owns the cards moves the bytes.
#ifndef RINGSIDE_SIM_DEV_SWITCH_H
#define RINGSIDE_SIM_DEV_SWITCH_H

#include "sim/types.h"

enum { SWITCH_PORTS_MAX = 64, SWITCH_TABLE = 256 };

struct net_switch {
    unsigned ports;
    struct {
        uint64_t mac;
        uint8_t port;
        bool used;
    } table
        [SWITCH_TABLE]; // indexed by the address's last byte: a newer address there takes the place
    uint64_t forwarded, flooded; // frames
};

void switch_init(struct net_switch *s, unsigned ports);
// A frame (at least 14 bytes) comes in at `port`. Learns its source; returns a bit for each port it leaves by, never the one it came from.
uint64_t switch_forward(struct net_switch *s, unsigned port, const uint8_t *frame);

#endif
