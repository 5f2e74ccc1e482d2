// toyos.h: the toy operating system as something to boot: it assembles kernel and programs from their
// sources, packs the programs into a RAM disk, makes the disk's content, and lays all of it out in a
// machine's (or virtual machine's) memory. It also lists the workloads, with what each must compute.
#ifndef RINGSIDE_SIM_TOYOS_H
#define RINGSIDE_SIM_TOYOS_H

#include "sim/asm.h"
#include "sim/machine.h"

// Where the parts lie in (guest-)physical memory; the kernel itself is at 0x10000.
// Virtual address of physical address 0: the kernel's direct map.
#define TOYOS_DIRECT_MAP   UINT64_C(0xffffffffe0000000)
#define TOYOS_BOOT_INFO    UINT64_C(0x1000)
#define TOYOS_COMMAND_LINE UINT64_C(0x1800)
#define TOYOS_RAMDISK      UINT64_C(0x100000)
#define TOYOS_RAM_MIN      (UINT64_C(16) << 20)
#define TOYOS_RAM_DEFAULT  (UINT64_C(64) << 20)
// The statuses with which a kernel that panics stops the machine, and bin/runc if its container was out of memory (Docker says 137, too).
enum { TOYOS_PANIC = 0x70, TOYOS_OUT_OF_MEMORY = 137, TOYOS_COMMAND_LINE_MAX = 1024 };

// Where the sources come from.
struct toyos_sources {
    // Finds the text called `name`, such as "kernel/kernel.s" or "user/ulib.inc", and fills *out; it
    // must stay valid until toyos_build returns. False if there is none.
    bool (*find)(void *ctx, const char *name, struct asm_source *out);
    // Is told of every error in the sources; may be NULL.
    void (*diagnose)(void *ctx, const struct asm_diagnostic *error);
    void *ctx;
};

// One built system. The same for every machine, workload, and number of processors.
struct toyos {
    bool paravirt;
    // Symbols and lines are at virtual addresses, segments and entry at physical ones.
    struct asm_result kernel;
    struct asm_result *programs; // their symbols and lines, in the order of toyos.def
    uint8_t *ramdisk;
    size_t ramdisk_size;
    uint8_t *disk;
    size_t disk_size;
};

// Assemble everything. paravirt: the kernel that calls a hypervisor, else the native one. False, with a
// reason in err, if a source is missing or wrong, or memory is short; *out needs no freeing then.
bool toyos_build(struct toyos *out, const struct toyos_sources *sources, bool paravirt, char *err,
                 size_t err_size);
void toyos_free(struct toyos *os);

// The image of the program with that name, or NULL: for whoever shows what runs in ring 3.
const struct image *toyos_program(const struct toyos *os, const char *name);

// What the boot information says.
struct toyos_boot {
    uint64_t ram;
    unsigned cpus;
    uint64_t seed;
    const char *command_line; // "workload=NAME n=LENGTH …": see docs/toyos.md
};

// Write kernel, RAM disk, command line and boot information to the memory behind `write`, which returns
// false for what lies outside it. False with a reason if it does not fit. The first processor begins at
// os->kernel.image.entry with a0 = TOYOS_BOOT_INFO.
bool toyos_place(const struct toyos *os, const struct toyos_boot *boot,
                 bool (*write)(void *ctx, uint64_t addr, const void *from, size_t n), void *ctx,
                 char *err, size_t err_size);

// All of that for a bare machine: memory, disk, first processor.
bool toyos_load(const struct toyos *os, const struct toyos_boot *boot, struct machine *m, char *err,
                size_t err_size);

// A user program that is measured.
struct toyos_workload {
    const char *name;
    const char *summary; // one line: what it does
    const char *unit;    // what its length counts
    uint64_t default_n;  // length for a run of some million instructions
    uint64_t max_n;      // a longer one would need too much memory
    // The checksum that it must print for length n: computed here once more, in C. Any n from 0 to max_n.
    uint64_t (*expected)(uint64_t n);
};

// The workloads, in the order in which they are listed.
const struct toyos_workload *toyos_workloads(size_t *count);
// The one of that name, or NULL.
const struct toyos_workload *toyos_workload_find(const char *name);

// Look for "NAME: checksum 0x…" in a console's output. False if there is no such line.
bool toyos_checksum(const char *console, size_t size, const char *name, uint64_t *checksum);

// The text in the RAM disk's file etc/text, which workload compile reads: small letters and spaces, no
// zero at the end.
enum { TOYOS_TEXT_SIZE = 8192 };
void toyos_text(char text[TOYOS_TEXT_SIZE]);
// Bytes of a message of workload netrr.
enum { TOYOS_NETRR_BYTES = 32 };

// The word that the disk's file "data" holds at place i (its words are 8 bytes, little endian).
uint64_t toyos_disk_word(uint64_t i);

#endif
