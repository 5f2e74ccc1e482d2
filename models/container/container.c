// container.c: a container. The machine runs one kernel, the host's, on the bare processors: what there is to do is to tell that kernel to start
// bin/runc, which asks it for a container (scenarios/guest/kernel/container.s and cgroup.s) and runs the system's programs inside. Nothing here
// makes a container equal to native or different from it: namespaces and limits are the kernel's own code.
#include "models/container/container.h"

#include "models/native.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// The words that bin/runc reads, and the options that stand behind them.
static const struct {
    const char *word;
    enum arch_option option;
} words[] = {{"shares", OPTION_CPU_SHARES},
             {"quota", OPTION_CPU_QUOTA},
             {"memory", OPTION_MEMORY},
             {"neighbours", OPTION_NEIGHBOURS}};

static bool command_line(const struct vm *vm, const char *line, char *out, size_t size)
{
    int used = snprintf(out, size, "init=bin/runc");
    for (size_t i = 0; i < sizeof words / sizeof *words && used >= 0 && (size_t)used < size; i++) {
        used += snprintf(out + used, size - (size_t)used, " %s=%" PRIu64, words[i].word,
                         vm->arch.option[words[i].option]);
    }
    if (used >= 0 && (size_t)used < size) {
        used += snprintf(out + used, size - (size_t)used, " -- %s", line);
    }
    return used >= 0 && (size_t)used < size;
}

const struct technique_ops container_technique = {
    .name = "container",
    .start = native_start,
    .state = native_state,
    .command_line = command_line,
    .no_kernel = "a container has no kernel of its own, its programs call the host's: the Ubuntu "
                 "in your container is not a kernel. Run this one under native or a virtual "
                 "machine, such as type2/fullvirt-hw"};
