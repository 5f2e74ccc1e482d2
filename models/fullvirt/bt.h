// bt.h: binary translation (VMware 1998, ADAMS06): the guest kernel's code is translated as it is met, a unit at a time, into a cache from
// which it runs in ring 1; user code runs as it is. Nothing sensitive is ever executed, so the ISA's holes do not matter.
#ifndef RINGSIDE_MODELS_FULLVIRT_BT_H
#define RINGSIDE_MODELS_FULLVIRT_BT_H

#include "models/vm.h"

extern const struct technique_ops bt_technique;

enum {
    BT_UNIT_MAX = 16, // instructions a unit (AGESEN12)
#ifdef RINGSIDE_SMALL_TABLES
    BT_CACHE_BYTES = 2048,
    BT_UNITS_MAX = 16,
#else
    BT_CACHE_BYTES = 1 << 20, // translated code; when it is full, all of it is thrown away
    BT_UNITS_MAX = 1 << 14,
#endif
    BT_ADAPT_AFTER =
        8, // write faults on page tables after which a store is translated to a callout
};

// How an instruction is translated.
enum bt_kind {
    BT_IDENT,    // as it is
    BT_DIRECT,   // branch, jump or call with a known target: chained
    BT_INDIRECT, // jalr: the target is looked up
    BT_IN_TC,    // sensitive, done by a short sequence
    BT_CALL_OUT, // done by the monitor
};
enum bt_kind bt_kind_of(unsigned op);

#endif
