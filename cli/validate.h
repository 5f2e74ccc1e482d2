// Measuring what published tables measured, for `ringside validate`. A measure is
//   nano NAME         cycles of one pass of scenarios/guest/nano/NAME.s
//   os WORKLOAD N [LETTERS]  cycles a unit of a workload of the toy OS, from runs of length N and 2 N; letters: its options
//   queued WORKLOAD N RATE   the same with many requests under way, and a device that does RATE a second
//   refs NAME         page-table references of one pass, in one dimension or two
//   walk NAME         cycles in page walks of one pass
#ifndef CLI_VALIDATE_H
#define CLI_VALIDATE_H

#include "cli/guest.h"
#include "models/run.h"

// What measuring needs and keeps between measurements.
struct validate_bench {
    struct toyos os, os_paravirt;
    bool has_os, has_os_paravirt;
};

// Thousandths of a cycle (or reference). 0, with a reason of one line in err, if it cannot be done.
uint64_t validate_measure(struct validate_bench *b, const char *measure, const char *arch,
                          const struct cpu_model *model, char *err, size_t err_size);
void validate_bench_free(struct validate_bench *b);

#endif
