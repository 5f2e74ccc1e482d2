// types.h: the value types that every part of the simulator shares. The three kinds of address
// are distinct struct types: free at run time, and mixing them does not compile.
#ifndef RINGSIDE_SIM_TYPES_H
#define RINGSIDE_SIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Guest-virtual: what a program computes with; translated by the page tables of the software that
// is running.
typedef struct {
    uint64_t v;
} gva_t;

// Guest-physical: what a guest kernel believes to be RAM; on the bare machine it equals the host-
// physical address.
typedef struct {
    uint64_t v;
} gpa_t;

// Host-physical: an offset on the real machine's memory bus.
typedef struct {
    uint64_t v;
} hpa_t;

static inline gva_t gva(uint64_t v)
{
    return (gva_t){v};
}
static inline gpa_t gpa(uint64_t v)
{
    return (gpa_t){v};
}
static inline hpa_t hpa(uint64_t v)
{
    return (hpa_t){v};
}

enum {
    PAGE_SHIFT = 12,      // base page: 4 KiB
    HUGE_PAGE_SHIFT = 21, // huge page: 2 MiB, a leaf at level 2
    LEVEL_BITS = 9,       // index bits per level of a page table
    LEVELS_MIN = 2,
    LEVELS_MAX = 5,
    // width of a physical address; frame bits above are reserved and must be zero
    PHYS_BITS = 40,
};
#define PAGE_SIZE      (UINT64_C(1) << PAGE_SHIFT)
#define HUGE_PAGE_SIZE (UINT64_C(1) << HUGE_PAGE_SHIFT)
#define PAGE_MASK      (PAGE_SIZE - 1)

#endif
