// KVM's binary statistics (KVM_GET_STATS_FD): counters by name, read without any privilege beyond the virtual machine itself.
#ifndef RINGSIDE_REAL_STATS_H
#define RINGSIDE_REAL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REAL_STATS_MAX = 128, REAL_STAT_NAME_SIZE = 48 };

struct real_stats {
    size_t count;
    struct real_stat {
        char name[REAL_STAT_NAME_SIZE];
        uint64_t value;
    } stat[REAL_STATS_MAX]; // those of one value only: histograms are left out
};

// Reads the file's bytes as the kernel lays them out (Documentation/virt/kvm/api.rst, 4.135). False if they are not of that form.
bool real_stats_parse(struct real_stats *s, const uint8_t *bytes, size_t size);
// Reads them from the descriptor.
bool real_stats_read(struct real_stats *s, int fd);
// 0 if there is none of that name.
uint64_t real_stats_get(const struct real_stats *s, const char *name);
// into += from, by name.
void real_stats_add(struct real_stats *into, const struct real_stats *from);
// from -= what was before, by name.
void real_stats_subtract(struct real_stats *from, const struct real_stats *before);

#endif
