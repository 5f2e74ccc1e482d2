// Arithmetic that needs more than a C operator.
#ifndef RINGSIDE_SIM_ALU_H
#define RINGSIDE_SIM_ALU_H

#include "sim/types.h"

__extension__ typedef unsigned __int128 alu_wide;

static inline uint64_t alu_mulhu(uint64_t a, uint64_t b)
{
    return (uint64_t)((alu_wide)a * b >> 64);
}

// Quotient and remainder, toward zero. False, and nothing done, where the processor raises #DE.
static inline bool alu_divide(uint64_t a, uint64_t b, uint64_t *quotient, uint64_t *remainder)
{
    if (b == 0 || (a == UINT64_C(1) << 63 && b == UINT64_MAX)) {
        return false;
    }
    *quotient = (uint64_t)((int64_t)a / (int64_t)b);
    *remainder = (uint64_t)((int64_t)a % (int64_t)b);
    return true;
}

#endif
