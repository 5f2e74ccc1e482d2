// Reads the file of KVM's binary statistics: a header, an identification, descriptors, and data, each where the header says.
#include "real/stats.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADER_SIZE = 24, // flags, name size, descriptors, and three offsets: 32 bits each
    DESCRIPTOR_SIZE =
        16,          // flags 32, exponent 16, values 16, offset 32, bucket size 32; then the name
    TYPE_MASK = 0xf, // of a descriptor's flags
    TYPE_LINEAR_HISTOGRAM = 3, // and above: more than one value
    FILE_MAX = 1 << 16,        // ours have 12 KiB
};

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static struct real_stat *find(struct real_stats *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->stat[i].name, name) == 0) {
            return &s->stat[i];
        }
    }
    return NULL;
}

bool real_stats_parse(struct real_stats *s, const uint8_t *bytes, size_t size)
{
    s->count = 0;
    if (size < HEADER_SIZE) {
        return false;
    }
    uint64_t name_size = u32(bytes + 4), count = u32(bytes + 8);
    uint64_t descriptors = u32(bytes + 16), data = u32(bytes + 20);
    uint64_t step = DESCRIPTOR_SIZE + name_size;
    if (name_size == 0 || name_size > 4096 || count > size / step || descriptors > size ||
        count * step > size - descriptors || data > size) {
        return false;
    }
    for (uint64_t i = 0; i < count && s->count < REAL_STATS_MAX; i++) {
        const uint8_t *d = bytes + descriptors + i * step;
        uint64_t offset = data + u32(d + 8);
        uint16_t values;
        memcpy(&values, d + 6, sizeof values);
        if ((u32(d) & TYPE_MASK) >= TYPE_LINEAR_HISTOGRAM || values != 1) {
            continue;
        }
        if (offset > size - 8 || !memchr(d + DESCRIPTOR_SIZE, 0, name_size)) {
            return false;
        }
        struct real_stat *stat = &s->stat[s->count];
        size_t length = strlen((const char *)d + DESCRIPTOR_SIZE);
        if (length < REAL_STAT_NAME_SIZE) {
            memcpy(stat->name, d + DESCRIPTOR_SIZE, length + 1);
            memcpy(&stat->value, bytes + offset, sizeof stat->value);
            s->count++;
        }
    }
    return true;
}

bool real_stats_read(struct real_stats *s, int fd)
{
    static _Thread_local uint8_t bytes[FILE_MAX];
    size_t size = 0;
    while (size < sizeof bytes) {
        ssize_t n = pread(fd, bytes + size, sizeof bytes - size, (off_t)size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        size += (size_t)n;
    }
    return real_stats_parse(s, bytes, size);
}

uint64_t real_stats_get(const struct real_stats *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->stat[i].name, name) == 0) {
            return s->stat[i].value;
        }
    }
    return 0;
}

void real_stats_add(struct real_stats *into, const struct real_stats *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct real_stat *stat = find(into, from->stat[i].name);
        if (stat) {
            stat->value += from->stat[i].value;
        } else if (into->count < REAL_STATS_MAX) {
            into->stat[into->count++] = from->stat[i];
        }
    }
}

void real_stats_subtract(struct real_stats *from, const struct real_stats *before)
{
    for (size_t i = 0; i < from->count; i++) {
        from->stat[i].value -= real_stats_get(before, from->stat[i].name);
    }
}
