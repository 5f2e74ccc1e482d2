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
// What the guest runs: `n` of the workload's units, a uint64_t; `append` and `arch` are strings, or `arch` a list.
#define OPTION_ROW_LENGTH(type, field)                                      \
    {                                                                       \
        .letter = 'n', .name = "length", .kind = OPTION_NUMBER, .arg = "N", \
        .help = "the workload's length; each has its own default",          \
        .offset = offsetof(type, field), .decided_later = true              \
    }
#define OPTION_ROW_APPEND(type, field)                                               \
    {                                                                                \
        .name = "append", .kind = OPTION_STRING, .arg = "WORDS",                     \
        .help = "more words for the kernel's command line, such as opt=h or cpus=2", \
        .offset = offsetof(type, field)                                              \
    }
// `of` is the kind, OPTION_STRING or OPTION_LIST; `what` its help.
#define OPTION_ROW_ARCH(type, field, of, of_arg, what)                               \
    {                                                                                \
        .letter = 'a', .name = "arch", .kind = of, .arg = of_arg, .help = what,      \
        .offset = offsetof(type, field), .values_from = "list architectures --names" \
    }
#define OPTION_ROW_TRACE(type, field)                                                    \
    {                                                                                    \
        .letter = 't', .name = "trace", .kind = OPTION_NUMBER, .arg = "N",               \
        .help = "show the last N steps", .offset = offsetof(type, field), .max = 1000000 \
    }

#endif
