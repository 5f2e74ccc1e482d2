// toyos.c: builds the toy operating system from its sources and puts it into a machine's memory.
#include "sim/toyos.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The programs, by the names of their sources in user/.
static const char *const programs[] = {
#define PROGRAM(name)                                   #name,
#define WORKLOAD(name, default_n, max_n, unit, summary) #name,
#include "sim/toyos.def"
#undef PROGRAM
#undef WORKLOAD
};
enum { PROGRAM_COUNT = sizeof programs / sizeof *programs };

// Files that are one line. What lies in layers/NAME is an image's layer, which a container may have above the rest.
static const struct {
    const char *path, *text;
} texts[] = {{"etc/os", "toyos, the base image\n"},
             {"layers/ubuntu/etc/os", "Ubuntu, by its files\n"}};
enum { TEXT_COUNT = sizeof texts / sizeof *texts };

// The RAM disk's format, and that of the programs in it: see scenarios/guest/kernel/defs.inc.
#define RAMDISK_MAGIC UINT64_C(0x53464d4152343654)
#define PROGRAM_MAGIC UINT64_C(0x435845343654)
enum {
    DIRECTORY_COUNT = 8, // offset of the number of rows
    DIRECTORY_ROWS = 64, // of the first row
    ROW_NAME = 0,        // of the fields of a row
    ROW_OFFSET = 40,
    ROW_LENGTH = 48,
    ROW_SIZE = 64,
    ROW_NAME_MAX = 39,
    PROGRAM_ENTRY = 8,
    PROGRAM_SEGMENTS = 16, // offset of their number
    PROGRAM_ROWS = 64,
    PROGRAM_ROW_SIZE = 40,
};

// The disk: block 0 is its directory; then two files of DISK_FILE bytes: data, full of words, and scratch,
// full of zeros.
enum { DISK_FILE = 4 << 20 };

// Bytes that grow at the end. Once `failed`, memory is short and nothing happens any more.
struct bytes {
    uint8_t *at;
    size_t size, room;
    bool failed;
};

// n zero bytes more.
static void bytes_add(struct bytes *b, size_t n)
{
    if (!b->failed && b->room - b->size < n) {
        size_t room = 2 * b->room + n;
        uint8_t *at = realloc(b->at, room);
        b->failed = !at;
        if (at) {
            b->at = at;
            b->room = room;
        }
    }
    if (!b->failed) {
        memset(b->at + b->size, 0, n);
        b->size += n;
    }
}

static void bytes_page_up(struct bytes *b)
{
    bytes_add(b, (size_t)(-b->size & PAGE_MASK));
}

// A word of a format, little endian whatever the host is. Offsets are our own, always inside.
static void put64(uint8_t *to, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(v >> 8 * i);
    }
}

static void directory_row(uint8_t *row, const char *name, size_t offset, size_t length)
{
    assert(strlen(name) <= ROW_NAME_MAX);
    memcpy(row + ROW_NAME, name, strlen(name));
    put64(row + ROW_OFFSET, offset);
    put64(row + ROW_LENGTH, length);
}

// ---- assembling ----------------------------------------------------------------------------------

// What the assembler's include callback needs: where the including source lies.
struct finder {
    const struct toyos_sources *sources;
    const char *folder; // "kernel" or "user"
};

// An included file is looked for in the same folder, then in the kernel's: programs share its numbers.
static bool find_include(void *ctx, const char *name, const char *from, struct asm_source *out,
                         char *err, size_t err_size)
{
    const struct finder *f = ctx;
    (void)from;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    if (f->sources->find(f->sources->ctx, path, out)) {
        return true;
    }
    snprintf(path, sizeof path, "kernel/%s", name);
    if (f->sources->find(f->sources->ctx, path, out)) {
        return true;
    }
    snprintf(err, err_size, "no such file");
    return false;
}

static bool assemble(const struct toyos_sources *sources, const char *folder, const char *name,
                     bool paravirt, struct asm_result *out, char *err, size_t err_size)
{
    struct finder f = {sources, folder};
    const struct asm_define define = {"PARAVIRT", 1};
    struct asm_request request = {.include = find_include,
                                  .include_ctx = &f,
                                  .defines = &define,
                                  .define_count = paravirt ? 1 : 0};
    char path[128];
    snprintf(path, sizeof path, "%s/%s.s", folder, name);
    if (!sources->find(sources->ctx, path, &request.source)) {
        snprintf(err, err_size, "the toy OS's source %s is missing", path);
        return false;
    }
    if (asm_assemble(&request, out)) {
        return true;
    }
    for (size_t i = 0; sources->diagnose && i < out->diagnostic_count; i++) {
        sources->diagnose(sources->ctx, &out->diagnostics[i]);
    }
    snprintf(err, err_size, "%zu error%s in %s", out->diagnostic_count,
             out->diagnostic_count == 1 ? "" : "s", path);
    asm_result_free(out);
    return false;
}

// ---- RAM disk and disk ---------------------------------------------------------------------------

// Appends a program as the kernel's exec wants it: a page of header, then each segment's bytes from a page's
// beginning on, so that they can be mapped where they lie. False if the image is nothing for it.
static bool add_program(struct bytes *b, const struct image *img, char *err, size_t err_size)
{
    if (img->segment_count > (PAGE_SIZE - PROGRAM_ROWS) / PROGRAM_ROW_SIZE) {
        snprintf(err, err_size, "more than %d segments",
                 (int)((PAGE_SIZE - PROGRAM_ROWS) / PROGRAM_ROW_SIZE));
        return false;
    }
    size_t start = b->size, count = 0;
    bytes_add(b, PAGE_SIZE);
    for (size_t i = 0; i < img->segment_count; i++) {
        const struct image_segment *s = &img->segments[i];
        if (s->size + s->bss == 0) {
            continue;
        }
        if (s->addr & PAGE_MASK) {
            snprintf(err, err_size, "section %s does not begin at a page", s->name);
            return false;
        }
        size_t offset = b->size - start;
        bytes_add(b, (size_t)s->size);
        bytes_page_up(b);
        if (b->failed) {
            break;
        }
        if (s->size > 0) {
            memcpy(b->at + start + offset, s->bytes, (size_t)s->size);
        }
        uint8_t *row = b->at + start + PROGRAM_ROWS + PROGRAM_ROW_SIZE * count++;
        put64(row, s->addr);
        put64(row + 8, offset);
        put64(row + 16, s->size);
        put64(row + 24, s->size + s->bss);
        put64(row + 32, (s->flags & IMAGE_WRITE ? 1u : 0) | (s->flags & IMAGE_EXEC ? 2u : 0));
    }
    if (b->failed) {
        snprintf(err, err_size, "no memory");
        return false;
    }
    uint8_t *header = b->at + start;
    put64(header, PROGRAM_MAGIC);
    put64(header + PROGRAM_ENTRY, img->entry);
    put64(header + PROGRAM_SEGMENTS, count);
    return true;
}

// Appends a file as it is, and fills in row `row` of the directory.
static void add_file(struct bytes *b, size_t row, const char *name, const char *from, size_t size)
{
    size_t start = b->size;
    bytes_add(b, size);
    bytes_page_up(b);
    if (!b->failed) {
        memcpy(b->at + start, from, size);
        directory_row(b->at + DIRECTORY_ROWS + ROW_SIZE * row, name, start, size);
    }
}

static bool build_ramdisk(struct toyos *os, const struct toyos_sources *sources, char *err,
                          size_t err_size)
{
    struct bytes b = {0};
    os->programs = calloc(PROGRAM_COUNT, sizeof *os->programs);
    if (!os->programs) {
        snprintf(err, err_size, "no memory");
        return false;
    }
    bytes_add(&b, DIRECTORY_ROWS + ROW_SIZE * (PROGRAM_COUNT + TEXT_COUNT + 2));
    bytes_page_up(&b);
    size_t rows = 0;
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (!assemble(sources, "user", programs[i], false, &os->programs[i], err, err_size)) {
            free(b.at);
            return false;
        }
        size_t start = b.size;
        char reason[96], path[ROW_NAME_MAX + 1];
        if (!add_program(&b, &os->programs[i].image, reason, sizeof reason)) {
            snprintf(err, err_size, "user/%s.s: %s", programs[i], reason);
            free(b.at);
            return false;
        }
        snprintf(path, sizeof path, "bin/%s", programs[i]);
        directory_row(b.at + DIRECTORY_ROWS + ROW_SIZE * rows++, path, start, b.size - start);
    }
    struct asm_source script;
    if (!sources->find(sources->ctx, "user/script.inc", &script)) {
        snprintf(err, err_size, "the toy OS's source user/script.inc is missing");
        free(b.at);
        return false;
    }
    add_file(&b, rows++, "etc/script", script.text, script.size);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        add_file(&b, rows++, texts[i].path, texts[i].text, strlen(texts[i].text));
    }
    char text[TOYOS_TEXT_SIZE];
    toyos_text(text);
    add_file(&b, rows++, "etc/text", text, sizeof text);
    if (b.failed) {
        snprintf(err, err_size, "no memory");
        free(b.at);
        return false;
    }
    put64(b.at, RAMDISK_MAGIC);
    put64(b.at + DIRECTORY_COUNT, rows);
    os->ramdisk = b.at;
    os->ramdisk_size = b.size;
    return true;
}

uint64_t toyos_disk_word(uint64_t i)
{
    // SplitMix64's output function (Steele, Lea, Flood, OOPSLA 2014): any word without the ones before it.
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void toyos_text(char text[TOYOS_TEXT_SIZE])
{
    // One letter or space from each word of the same sequence: a space for 5 values of 32.
    for (size_t i = 0; i < TOYOS_TEXT_SIZE; i++) {
        unsigned v = (unsigned)(toyos_disk_word(i) >> 59);
        text[i] = (char)(v < 26 ? 'a' + v : ' ');
    }
}

static bool build_disk(struct toyos *os)
{
    os->disk_size = PAGE_SIZE + 2 * DISK_FILE;
    os->disk = calloc(1, os->disk_size);
    if (!os->disk) {
        return false;
    }
    put64(os->disk, RAMDISK_MAGIC);
    put64(os->disk + DIRECTORY_COUNT, 2);
    directory_row(os->disk + DIRECTORY_ROWS, "disk/data", PAGE_SIZE, DISK_FILE);
    directory_row(os->disk + DIRECTORY_ROWS + ROW_SIZE, "disk/scratch", PAGE_SIZE + DISK_FILE,
                  DISK_FILE);
    for (size_t i = 0; i < DISK_FILE / 8; i++) {
        put64(os->disk + PAGE_SIZE + 8 * i, toyos_disk_word(i));
    }
    return true;
}

// ---- the whole -----------------------------------------------------------------------------------

bool toyos_build(struct toyos *out, const struct toyos_sources *sources, bool paravirt, char *err,
                 size_t err_size)
{
    *out = (struct toyos){.paravirt = paravirt};
    if (!assemble(sources, "kernel", "kernel", paravirt, &out->kernel, err, err_size)) {
        return false;
    }
    bool ok = build_ramdisk(out, sources, err, err_size);
    if (ok && !build_disk(out)) {
        snprintf(err, err_size, "no memory");
        ok = false;
    }
    if (!ok) {
        toyos_free(out);
    }
    return ok;
}

void toyos_free(struct toyos *os)
{
    asm_result_free(&os->kernel);
    for (size_t i = 0; os->programs && i < PROGRAM_COUNT; i++) {
        asm_result_free(&os->programs[i]);
    }
    free(os->programs);
    free(os->ramdisk);
    free(os->disk);
    *os = (struct toyos){0};
}

const struct image *toyos_program(const struct toyos *os, const char *name)
{
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (strcmp(programs[i], name) == 0) {
            return &os->programs[i].image;
        }
    }
    return NULL;
}

// Zeros are written, too: a virtual machine's memory may have been used before.
static bool write_zeros(bool (*write)(void *ctx, uint64_t addr, const void *from, size_t n),
                        void *ctx, uint64_t addr, uint64_t n)
{
    static const uint8_t zeros[PAGE_SIZE];
    while (n > 0) {
        size_t chunk = n < sizeof zeros ? (size_t)n : sizeof zeros;
        if (!write(ctx, addr, zeros, chunk)) {
            return false;
        }
        addr += chunk;
        n -= chunk;
    }
    return true;
}

bool toyos_place(const struct toyos *os, const struct toyos_boot *boot,
                 bool (*write)(void *ctx, uint64_t addr, const void *from, size_t n), void *ctx,
                 char *err, size_t err_size)
{
    size_t length = strlen(boot->command_line);
    if (length >= TOYOS_COMMAND_LINE_MAX) {
        snprintf(err, err_size, "a command line of %zu bytes; %d is the most", length,
                 TOYOS_COMMAND_LINE_MAX - 1);
        return false;
    }
    if (boot->ram < TOYOS_RAM_MIN) {
        snprintf(err, err_size, "%llu MiB of memory; the toy OS wants %llu at least",
                 (unsigned long long)(boot->ram >> 20), (unsigned long long)(TOYOS_RAM_MIN >> 20));
        return false;
    }
    uint8_t info[64] = "T64IINFO";
    put64(info + 8, boot->ram);
    put64(info + 16, boot->cpus);
    put64(info + 24, TOYOS_RAMDISK);
    put64(info + 32, os->ramdisk_size);
    put64(info + 40, TOYOS_COMMAND_LINE);
    put64(info + 48, os->paravirt ? 1 : 0);
    put64(info + 56, boot->seed);
    bool ok = write(ctx, TOYOS_BOOT_INFO, info, sizeof info) &&
              write(ctx, TOYOS_COMMAND_LINE, boot->command_line, length + 1) &&
              write(ctx, TOYOS_RAMDISK, os->ramdisk, os->ramdisk_size);
    const struct image *kernel = &os->kernel.image;
    for (size_t i = 0; ok && i < kernel->segment_count; i++) {
        const struct image_segment *s = &kernel->segments[i];
        if (s->addr + s->size + s->bss > TOYOS_RAMDISK) {
            snprintf(err, err_size, "the kernel's section %s reaches into the RAM disk", s->name);
            return false;
        }
        ok = (s->size == 0 || write(ctx, s->addr, s->bytes, (size_t)s->size)) &&
             write_zeros(write, ctx, s->addr + s->size, s->bss);
    }
    if (!ok) {
        snprintf(err, err_size, "the toy OS does not fit into memory");
    }
    return ok;
}

static bool write_machine(void *ctx, uint64_t addr, const void *from, size_t n)
{
    return machine_write(ctx, addr, from, n);
}

bool toyos_load(const struct toyos *os, const struct toyos_boot *boot, struct machine *m, char *err,
                size_t err_size)
{
    return toyos_place(os, boot, write_machine, m, err, err_size) &&
           machine_load(m, &os->kernel.image, TOYOS_BOOT_INFO, err, err_size) &&
           machine_disk_attach(m, os->disk, os->disk_size, err, err_size);
}

bool toyos_checksum(const char *console, size_t size, const char *name, uint64_t *checksum)
{
    char start[64];
    int n = snprintf(start, sizeof start, "%s: checksum 0x", name);
    assert(n > 0 && (size_t)n < sizeof start);
    for (size_t at = 0; at + (size_t)n + 16 <= size; at++) {
        if ((at > 0 && console[at - 1] != '\n') || memcmp(console + at, start, (size_t)n) != 0) {
            continue;
        }
        char digits[17] = {0}, *end;
        memcpy(digits, console + at + n, 16);
        *checksum = strtoull(digits, &end, 16);
        return end == digits + 16;
    }
    return false;
}
