// dev_reg.h: 64-bit device registers that may be accessed whole or by halves.
#ifndef RINGSIDE_SIM_DEV_REG_H
#define RINGSIDE_SIM_DEV_REG_H

#include "sim/types.h"

// The part of `reg` that an access of `size` bytes (4 or 8) at `offset` sees.
static inline uint64_t reg_get(uint64_t reg, uint64_t offset, unsigned size)
{
    return size == 8 ? reg : (uint32_t)(reg >> (offset & 4) * 8);
}

// `reg` after a write of `value` to that part.
static inline uint64_t reg_put(uint64_t reg, uint64_t offset, unsigned size, uint64_t value)
{
    if (size == 8) {
        return value;
    }
    unsigned shift = (unsigned)(offset & 4) * 8;
    return (reg & ~(UINT64_C(0xffffffff) << shift)) | (value & UINT64_C(0xffffffff)) << shift;
}

#endif
