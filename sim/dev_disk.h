// dev_disk.h: a disk that moves sectors by DMA, one command at a time, and takes its time. Registers in docs/devices.md.
#ifndef RINGSIDE_SIM_DEV_DISK_H
#define RINGSIDE_SIM_DEV_DISK_H

#include "sim/dev_env.h"

#define DISK_BASE UINT64_C(0xfeb00000)
#define DISK_ID   UINT64_C(0x6b73696434364154)

enum { DISK_PIN = 5, DISK_SECTOR = 512, DISK_COUNT_MAX = 2048 };
#define DISK_BYTES_MAX (UINT64_C(4) << 30)

enum disk_command { DISK_READ = 1, DISK_WRITE, DISK_FLUSH };
enum { DISK_BUSY = 1, DISK_DONE = 2, DISK_ERROR = 4 }; // status bits
enum disk_error { DISK_OK, DISK_BAD_COMMAND, DISK_BAD_SECTOR, DISK_BAD_COUNT, DISK_BAD_ADDRESS };

struct disk {
    uint8_t *bytes;                                    // the medium; owned, NULL: no disk
    uint64_t sectors;                                  // its capacity
    uint64_t sector, count, address, command, control; // registers as written
    uint32_t status;
    uint64_t running_sector, running_count,
        running_address;           // of the command that runs: registers may be written meanwhile
    uint64_t next_sector;          // where the last command ended: going on there needs no seek
    event_handle_t event;          // the end of the command that runs
    uint64_t reads, writes, seeks; // completed commands, and how many began elsewhere
};

// Put in a medium (copied; size a multiple of 512 up to DISK_BYTES_MAX; 0 takes it out). False when memory is short: nothing changes.
// A command that runs is forgotten.
bool disk_attach(struct disk *d, const struct dev_env *env, const uint8_t *bytes, uint64_t size);
void disk_free(struct disk *d);
uint64_t disk_read(const struct disk *d, uint64_t offset, unsigned size);
void disk_write(struct disk *d, const struct dev_env *env, uint64_t offset, unsigned size,
                uint64_t value);
// The event is due: the data moves.
void disk_fire(struct disk *d, const struct dev_env *env);
// Whether the disk holds its interrupt line high.
bool disk_line(const struct disk *d);

#endif
