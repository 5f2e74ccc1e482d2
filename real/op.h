// The micro-operations and the exits that one of them must take: see op.def.
#ifndef RINGSIDE_REAL_OP_H
#define RINGSIDE_REAL_OP_H

#include "real/reason.h"

enum real_op {
#define OP(NAME, ...) REAL_OP_##NAME,
#include "real/op.def"
#undef OP
    REAL_OP_COUNT
};

enum { REAL_SETUP_RING3 = 1 << 8 }; // beside layout.h's SETUP_*

struct real_op_info {
    const char *name, *doc;
    bool rogue;
    unsigned setup;
    unsigned count;
    const char *exits[2]; // nested, shadow
    unsigned eois;
};

const struct real_op_info *real_op_info(enum real_op op);
enum real_op real_op_find(const char *name); // REAL_OP_COUNT: none of that name

// The exits of one operation on this platform, by reason (indexed by enum exit_reason), without EXTERNAL_INTERRUPT; their sum.
unsigned real_op_expected(enum real_op op, const struct real_platform *platform,
                          unsigned exits[EXIT_REASONS]);

#endif
