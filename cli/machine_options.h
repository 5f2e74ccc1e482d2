// The options that every command has which makes a machine: what is written once for all of them.
#ifndef RINGSIDE_CLI_MACHINE_OPTIONS_H
#define RINGSIDE_CLI_MACHINE_OPTIONS_H

#include "cli/cli.h"
#include "sim/types.h"

// In each, `field` is a uint64_t of the command's options, but for the flag.
#define OPTION_ROW_CPUS(type, field)                                                      \
    {                                                                                     \
        .name = "cpus", .kind = OPTION_NUMBER, .arg = "N", .help = "processors, 1 to 64", \
        .offset = offsetof(type, field), .min = 1, .max = 64                              \
    }
// `what` is its help, `least` the smallest that will do.
#define OPTION_ROW_MEM(type, field, least, what)                                 \
    {                                                                            \
        .name = "mem", .kind = OPTION_SIZE, .arg = "SIZE", .help = what,         \
        .offset = offsetof(type, field), .min = least, .max = UINT64_C(64) << 30 \
    }
// `whose` page tables: "the", "the guest's".
#define OPTION_ROW_LEVELS(type, field, whose)                                               \
    {                                                                                       \
        .name = "levels", .kind = OPTION_NUMBER, .arg = "N",                                \
        .help = "levels of " whose " page tables, 2 to 5", .offset = offsetof(type, field), \
        .min = LEVELS_MIN, .max = LEVELS_MAX                                                \
    }
#define OPTION_ROW_HOLES_CLOSED(type, field)                                              \
    {                                                                                     \
        .name = "holes-closed", .kind = OPTION_FLAG,                                      \
        .help = "sensitive instructions trap: an ISA that Popek and Goldberg would like", \
        .offset = offsetof(type, field)                                                   \
    }
#define OPTION_ROW_TRACE(type, field)                                                    \
    {                                                                                    \
        .letter = 't', .name = "trace", .kind = OPTION_NUMBER, .arg = "N",               \
        .help = "show the last N steps", .offset = offsetof(type, field), .max = 1000000 \
    }

#endif
