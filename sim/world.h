// world.h: several machines in one time, their network cards on one switch. They run in lockstep, in windows no longer than a frame
// needs from one card to another, so that what one sends can only matter to the others in a later window: the result does not
// depend on how the windows fall to real processors, and is the same every time.
#ifndef RINGSIDE_SIM_WORLD_H
#define RINGSIDE_SIM_WORLD_H

#include "sim/dev_switch.h"
#include "sim/machine.h"

struct world;

// An empty world at time 0; NULL when memory is short. Destroying it unplugs the machines and leaves them to their owner.
struct world *world_create(void);
void world_destroy(struct world *w);

// Connect a machine, which must not have run yet, to the next port of the switch; its card becomes number `port` (see nic_mac). Returns the
// port, or -1 when all SWITCH_PORTS_MAX are taken. The machine must outlive the world or world_destroy().
int world_add(struct world *w, struct machine *m);

// Run until every machine has stopped for good (powered off, triple fault, breakpoint), or none can ever go on, or world time is
// `until_ns`. Returns how many machines have stopped for good so far.
unsigned world_run(struct world *w, uint64_t until_ns);

// World time, nanoseconds: where the last window ended.
uint64_t world_time(const struct world *w);
// Why the machine at `port` came back last.
enum stop_reason world_stopped(const struct world *w, unsigned port);
const struct net_switch *world_switch(const struct world *w);
// Frames lost because more were sent in one window than the switch can hold.
uint64_t world_overflows(const struct world *w);

#endif
