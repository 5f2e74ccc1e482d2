// image.h: a T64 program as the assembler writes it and the machine loads it: segments, symbols,
// and a line table for whoever shows source. The file form is defined here and nowhere else;
// reading one from bytes checks everything (files are not trusted).
#ifndef RINGSIDE_SIM_IMAGE_H
#define RINGSIDE_SIM_IMAGE_H

#include "sim/types.h"

// A run of bytes at a fixed address; bss is the count of zero bytes behind them.
struct image_segment {
    const char *name; // section name
    // where it is loaded (physical for bare programs and kernels, virtual for user programs)
    uint64_t addr;
    const uint8_t *bytes;
    uint64_t size, bss;
    uint32_t flags; // IMAGE_WRITE | IMAGE_EXEC
    // symbols and lines of this segment are at addr + bias: not 0 if it runs elsewhere than it is loaded
    uint64_t bias;
};
enum { IMAGE_WRITE = 1, IMAGE_EXEC = 2 };

struct image_symbol {
    const char *name;
    uint64_t value;
    bool is_address; // false: a constant
};

// From addr on, the code stems from file:line. Sorted by addr.
struct image_line {
    uint64_t addr;
    uint32_t file; // index into files
    uint32_t line; // from 1
};

struct image {
    uint64_t entry;
    const struct image_segment *segments;
    size_t segment_count;
    const struct image_symbol *symbols; // sorted by value, then name
    size_t symbol_count;
    const char *const *files;
    size_t file_count;
    const struct image_line *lines;
    size_t line_count;
    void *storage; // owns all of the above; freed by image_free
};

// Parse a file's bytes. On failure returns false and a one-line reason (what, and at which byte)
// in err.
bool image_parse(struct image *out, const uint8_t *bytes, size_t size, char *err, size_t err_size);
// Serialize; *out is malloc'ed, the caller frees it. Same image, same bytes.
bool image_write(const struct image *img, uint8_t **out, size_t *size);
void image_free(struct image *img);
// The symbol by name, or NULL.
const struct image_symbol *image_find(const struct image *img, const char *name);
// The nearest address symbol at or below addr, or NULL.
const struct image_symbol *image_near(const struct image *img, uint64_t addr);
// The line table's row for addr, or NULL.
const struct image_line *image_line_at(const struct image *img, uint64_t addr);

#endif
