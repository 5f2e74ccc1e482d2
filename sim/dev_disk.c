// dev_disk.c: checks a command when it is given, waits as long as a disk would, then moves the data at once.
#include "sim/dev_disk.h"

#include "sim/dev_reg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    REG_ID = 0x00,
    REG_SECTORS = 0x08,
    REG_SECTOR = 0x10,
    REG_COUNT = 0x18,
    REG_ADDRESS = 0x20,
    REG_COMMAND = 0x28,
    REG_STATUS = 0x30,
    REG_CONTROL = 0x38,
    CONTROL_INTERRUPT = 1,
    STATUS_CODE_SHIFT = 8,
};

bool disk_attach(struct disk *d, const struct dev_env *env, const uint8_t *bytes, uint64_t size)
{
    assert(size % DISK_SECTOR == 0 && size <= DISK_BYTES_MAX);
    uint8_t *copy = NULL;
    if (size > 0) {
        copy = malloc(size);
        if (!copy) {
            return false;
        }
        memcpy(copy, bytes, size);
    }
    env->ops->cancel(env->ctx, d->event);
    free(d->bytes);
    d->event = EVENT_NONE;
    d->status &= (uint32_t)~DISK_BUSY;
    d->bytes = copy;
    d->sectors = size / DISK_SECTOR;
    return true;
}

void disk_free(struct disk *d)
{
    free(d->bytes);
    *d = (struct disk){0};
}

bool disk_line(const struct disk *d)
{
    return (d->control & CONTROL_INTERRUPT) && (d->status & DISK_DONE);
}

static void finish(struct disk *d, enum disk_error error)
{
    d->status = DISK_DONE;
    if (error != DISK_OK) {
        d->status |= DISK_ERROR | (uint32_t)error << STATUS_CODE_SHIFT;
    }
}

// What is wrong with the command in the registers. The buffer is looked at when the data moves.
static enum disk_error check(const struct disk *d)
{
    if (d->command < DISK_READ || d->command > DISK_FLUSH) {
        return DISK_BAD_COMMAND;
    }
    if (d->sectors == 0) {
        return DISK_BAD_SECTOR;
    }
    if (d->command == DISK_FLUSH) {
        return DISK_OK;
    }
    if (d->count == 0 || d->count > DISK_COUNT_MAX) {
        return DISK_BAD_COUNT;
    }
    return d->sector >= d->sectors || d->count > d->sectors - d->sector ? DISK_BAD_SECTOR : DISK_OK;
}

static uint64_t duration(struct disk *d, const struct dev_env *env)
{
    if (d->command == DISK_FLUSH) {
        return cost_cycles(env->model, COST_DISK_SEEK);
    }
    uint64_t cycles = cost_cycles_for(env->model, COST_DISK_KIB, d->count * DISK_SECTOR, 1024);
    if (d->sector != d->next_sector) {
        d->seeks++;
        cycles += cost_cycles(env->model, COST_DISK_SEEK);
    }
    return cycles;
}

static void start(struct disk *d, const struct dev_env *env)
{
    if (d->status & DISK_BUSY) {
        return;
    }
    enum disk_error error = check(d);
    if (error != DISK_OK) {
        finish(d, error);
        return;
    }
    d->running_sector = d->sector;
    d->running_count = d->count;
    d->running_address = d->address;
    d->status = DISK_BUSY;
    d->event =
        env->ops->schedule(env->ctx, env->ops->now(env->ctx) + duration(d, env), DEV_EVENT_DISK, 0);
    if (d->event == EVENT_NONE) { // the host's memory is out: better at once than never
        disk_fire(d, env);
    }
}

void disk_fire(struct disk *d, const struct dev_env *env)
{
    bool ok = true;
    d->event = EVENT_NONE;
    if (d->command == DISK_FLUSH) {
        finish(d, DISK_OK);
        return;
    }
    size_t n = (size_t)d->running_count * DISK_SECTOR;
    uint8_t *at = d->bytes + d->running_sector * DISK_SECTOR;
    if (d->command == DISK_READ) {
        ok = env->ops->dma_write(env->ctx, d->running_address, at, n);
        d->reads += ok;
    } else {
        ok = env->ops->dma_read(env->ctx, d->running_address, at, n);
        d->writes += ok;
    }
    d->next_sector = d->running_sector + d->running_count;
    finish(d, ok ? DISK_OK : DISK_BAD_ADDRESS);
}

uint64_t disk_read(const struct disk *d, uint64_t offset, unsigned size)
{
    uint64_t reg;
    switch (offset & ~UINT64_C(7)) {
    case REG_ID: reg = DISK_ID; break;
    case REG_SECTORS: reg = d->sectors; break;
    case REG_SECTOR: reg = d->sector; break;
    case REG_COUNT: reg = d->count; break;
    case REG_ADDRESS: reg = d->address; break;
    case REG_COMMAND: reg = d->command; break;
    case REG_STATUS: reg = d->status; break;
    case REG_CONTROL: reg = d->control; break;
    default: reg = UINT64_MAX; break;
    }
    return reg_get(reg, offset, size);
}

void disk_write(struct disk *d, const struct dev_env *env, uint64_t offset, unsigned size,
                uint64_t value)
{
    bool low = !(offset & 4);
    switch (offset & ~UINT64_C(7)) {
    case REG_SECTOR: d->sector = reg_put(d->sector, offset, size, value); break;
    case REG_COUNT: d->count = reg_put(d->count, offset, size, value); break;
    case REG_ADDRESS: d->address = reg_put(d->address, offset, size, value); break;
    case REG_CONTROL:
        d->control = reg_put(d->control, offset, size, value) & CONTROL_INTERRUPT;
        break;
    case REG_COMMAND:
        if (low && !(d->status & DISK_BUSY)) {
            d->command = value & UINT32_MAX;
            start(d, env);
        }
        break;
    case REG_STATUS:
        if (low && (value & DISK_DONE)) {
            d->status &= DISK_BUSY;
        }
        break;
    default: break;
    }
}
