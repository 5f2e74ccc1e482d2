// dev_machine.h: the bare machine's devices seen from outside: for a world that connects machines, and for tests.
#ifndef RINGSIDE_SIM_DEV_MACHINE_H
#define RINGSIDE_SIM_DEV_MACHINE_H

#include "sim/devices.h"
#include "sim/machine.h"

// Where the frames of a machine go: called as each leaves the card, at machine time `when`; `frame` is valid during the call.
typedef void net_sink(void *ctx, sim_time_t when, const uint8_t *frame, size_t size);

// Take the loop-back plug out of the machine's network card and plug in a cable to `sink`; the card becomes number `index` (its MAC
// follows from that). NULL: the loop-back plug again.
void machine_net_plug(struct machine *m, unsigned index, net_sink *sink, void *ctx);

// Whether something outside may yet wake a machine whose processors all wait: it hangs on a cable. machine_run then lets the time
// pass instead of calling it a deadlock.
bool machine_net_plugged(const struct machine *m);

struct devices *machine_devices(struct machine *m);

#endif
