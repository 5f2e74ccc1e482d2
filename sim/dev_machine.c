// dev_machine.c: puts the devices into the bare machine: what they ask for is answered by machine_*(), and what the machine asks of
// them (sim/machine_internal.h, and the console and disk of sim/machine.h) is passed on.
#include "sim/dev_machine.h"

#include "sim/machine_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

// The devices, and the end of the cable.
struct board {
    struct devices devices; // first: a struct devices * of a machine is a struct board *
    struct machine *machine;
    net_sink *sink; // NULL: loop-back plug
    void *sink_ctx;
};

static struct board *board_of(const struct machine *m)
{
    return (struct board *)(void *)m->devices;
}

static const enum machine_event kinds[] = {[DEV_EVENT_TIMER] = MEVENT_LAPIC_TIMER,
                                           [DEV_EVENT_DISK] = MEVENT_DISK,
                                           [DEV_EVENT_NIC_TX] = MEVENT_NIC_TX,
                                           [DEV_EVENT_NIC_RX] = MEVENT_NIC_RX};

// ---- what devices ask for ------------------------------------------------------------------------

static sim_time_t env_now(void *ctx)
{
    return machine_now(((struct board *)ctx)->machine);
}

static event_handle_t env_schedule(void *ctx, sim_time_t when, enum dev_event kind, uint32_t target)
{
    return machine_schedule(((struct board *)ctx)->machine, when, kinds[kind], target, 0);
}

static void env_cancel(void *ctx, event_handle_t handle)
{
    if (handle != EVENT_NONE) {
        machine_cancel(((struct board *)ctx)->machine, handle);
    }
}

static bool env_dma_read(void *ctx, uint64_t addr, void *to, size_t n)
{
    return iommu_read(((struct board *)ctx)->machine, addr, to, n);
}

static bool env_dma_write(void *ctx, uint64_t addr, const void *from, size_t n)
{
    return iommu_write(((struct board *)ctx)->machine, addr, from, n);
}

static bool env_post(void *ctx, unsigned vector)
{
    const struct iommu *i = &((struct board *)ctx)->machine->iommu;
    return i->post && i->post(i->ctx, vector);
}

static void env_interrupt(void *ctx, unsigned cpu, int vector)
{
    machine_cpu_intr(((struct board *)ctx)->machine, cpu, vector);
}

static unsigned env_tpr(void *ctx, unsigned cpu)
{
    return machine_cpu_tpr(((struct board *)ctx)->machine, cpu);
}

static void env_set_tpr(void *ctx, unsigned cpu, unsigned tpr)
{
    machine_cpu_set_tpr(((struct board *)ctx)->machine, cpu, tpr);
}

static void env_start_cpu(void *ctx, unsigned cpu, unsigned vector)
{
    machine_start_cpu(((struct board *)ctx)->machine, cpu, vector);
}

static void env_stop(void *ctx, unsigned cpu, uint32_t status)
{
    machine_stop(((struct board *)ctx)->machine, STOP_POWEROFF, cpu, status);
}

static void env_transmit(void *ctx, const uint8_t *frame, size_t size)
{
    struct board *b = ctx;
    sim_time_t now = machine_now(b->machine);
    if (b->sink) {
        b->sink(b->sink_ctx, now, frame, size);
    } else {
        devices_deliver_frame(&b->devices, now + cost_cycles(b->devices.env.model, COST_LINK),
                              frame, size);
    }
}

static const struct dev_env_ops ops = {.now = env_now,
                                       .schedule = env_schedule,
                                       .cancel = env_cancel,
                                       .dma_read = env_dma_read,
                                       .dma_write = env_dma_write,
                                       .post = env_post,
                                       .interrupt = env_interrupt,
                                       .tpr = env_tpr,
                                       .set_tpr = env_set_tpr,
                                       .start_cpu = env_start_cpu,
                                       .stop = env_stop,
                                       .transmit = env_transmit};

// ---- what the machine asks of devices ------------------------------------------------------------

struct devices *machine_devices_create(struct machine *m)
{
    struct board *b = calloc(1, sizeof *b);
    if (!b) {
        return NULL;
    }
    b->machine = m;
    struct dev_env env = {.ops = &ops, .ctx = b, .model = m->config.model};
    devices_init(&b->devices, &env, m->config.cpus, nic_mac(0));
    devices_connect(&b->devices, &m->bus);
    return &b->devices;
}

void machine_devices_destroy(struct devices *d)
{
    if (d) {
        devices_free(d);
        free(d);
    }
}

void machine_device_event(struct machine *m, const struct event *e)
{
    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (e->kind == (unsigned)kinds[k]) {
            devices_fire(m->devices, (enum dev_event)k, e->target);
            return;
        }
    }
    assert(false && "an event of no device");
}

unsigned machine_lapic_ack(struct machine *m, unsigned cpu)
{
    return devices_ack(m->devices, cpu);
}

uint64_t machine_lapic_deadline(const struct machine *m, unsigned cpu)
{
    return apic_deadline(&m->devices->apic[cpu]);
}

void machine_lapic_set_deadline(struct machine *m, unsigned cpu, uint64_t tsc)
{
    apic_set_deadline(&m->devices->apic[cpu], &m->devices->env, tsc);
}

// ---- what users of the machine ask ---------------------------------------------------------------

const char *machine_console(const struct machine *m, size_t *size)
{
    const struct console *c = &m->devices->console;
    *size = c->output_size;
    return c->output ? c->output : "";
}

void machine_console_input(struct machine *m, const char *bytes, size_t n)
{
    devices_type(m->devices, bytes, n);
}

bool machine_disk_attach(struct machine *m, const uint8_t *bytes, size_t size, char *err,
                         size_t err_size)
{
    if (size % DISK_SECTOR != 0 || size > DISK_BYTES_MAX) {
        snprintf(err, err_size, "a disk of %zu bytes; make it a multiple of %d bytes, up to 4 GiB",
                 size, (int)DISK_SECTOR);
        return false;
    }
    if (!devices_attach_disk(m->devices, bytes, size)) {
        snprintf(err, err_size, "no memory for a disk of %zu bytes; take a smaller one", size);
        return false;
    }
    return true;
}

const uint8_t *machine_disk(const struct machine *m, size_t *size)
{
    *size = (size_t)m->devices->disk.sectors * DISK_SECTOR;
    return m->devices->disk.bytes;
}

void machine_net_plug(struct machine *m, unsigned index, net_sink *sink, void *ctx)
{
    struct board *b = board_of(m);
    b->sink = sink;
    b->sink_ctx = ctx;
    b->devices.nic.mac = nic_mac(index);
}

bool machine_net_plugged(const struct machine *m)
{
    return board_of(m)->sink != NULL;
}

struct devices *machine_devices(struct machine *m)
{
    return m->devices;
}
