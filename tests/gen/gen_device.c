// Snippets about disk, network card and I/O APIC; what is on the disk, and in the card's rings.
#include "tests/gen/gen_snippets.h"

#include <string.h>

enum { SECTOR = 0x10, COUNT = 0x18, ADDRESS = 0x20, COMMAND = 0x28, STATUS = 0x30, CONTROL = 0x38 };
enum { READ = 1, DISK_PIN = 5, NIC_PIN = 6 };
enum { NIC_CONTROL = 0x10, RING = 0x20, SIZE = 0x28, TAIL = 0x30, RX = 0x20, DESCRIPTORS = 8 };

// Memory that a device is to read or write: mostly behind a page that the program knows, code and tables among them.
static uint64_t buffer(struct gen *g)
{
    uint64_t ram = g->p->config.ram;
    switch (gen_below(g, 10)) {
    case 0: return g->body_frame[gen_below(g, 3)] + 4 * gen_below(g, 1024);
    case 1: return ram - 512 * (1 + gen_below(g, 4)) + gen_below(g, 3); // ends about where RAM does
    case 2: return gen_chance(g, 50) ? gen_value(g) : gen_below(g, ram);
    case 3: return gen_chance(g, 20) ? g->root[0] : gen_frame(g);
    default: {
        const struct gen_window *w = gen_any_window(g);
        return (w->leaf & UINT64_C(0xfffffff000)) + gen_below(g, PAGE_SIZE);
    }
    }
}

// A sector of random bits, a sector of additions: what is read over code may well be code.
static void make_disk(struct gen *g)
{
    struct gen_program *p = g->p;
    if (gen_chance(g, 5)) {
        return;
    }
    p->disk_size = 512 * (1 + (size_t)gen_below(g, GEN_DISK_BYTES / 512));
    for (size_t at = 0; at < p->disk_size; at += 4) {
        struct insn in = {OP_ADD, (uint8_t)gen_dest(g), (uint8_t)gen_reg(g), (uint8_t)gen_reg(g),
                          0};
        uint32_t word = (uint32_t)gen_bits(g);
        if (at / 512 % 2) {
            isa_encode(&in, &word);
        }
        memcpy(p->disk + at, &word, sizeof word);
    }
}

// Some frames lie behind their descriptors; of those, most are for this machine.
static void make_ring(struct gen *g, unsigned which)
{
    uint64_t base = gen_frame(g);
    g->ring[which] = base;
    for (unsigned i = 0; i < DESCRIPTORS; i++) {
        uint64_t own = base + 512 + 400 * i, length = 14 + gen_below(g, 380);
        if (which == 0) {
            gen_poke(g, own, gen_chance(g, 70) ? UINT64_C(0x010034365402) : gen_bits(g));
            gen_poke(g, own + 8, gen_bits(g));
        } else {
            length = gen_chance(g, 85) ? 400 : length;
        }
        gen_poke(g, base + 16 * i, gen_chance(g, 50) ? own : buffer(g));
        gen_poke(g, base + 16 * i + 8, gen_chance(g, 90) ? length : gen_below(g, 3000));
    }
}

void gen_devices_make(struct gen *g)
{
    g->p->disk_size = 0;
    if (g->profile->traits & GEN_DEVICE) {
        make_disk(g);
        make_ring(g, 0);
        make_ring(g, 1);
    }
}

// Puts a value into the register at [r6 + offset].
static void put(struct gen *g, int64_t offset, uint64_t value)
{
    gen_li(g, 5, value);
    gen_op(g, OP_STD, 5, 6, 0, offset);
}

static void put_entry(struct gen *g, uint64_t index, uint64_t value)
{
    gen_li(g, 5, index);
    gen_op(g, OP_STW, 5, 6, 0, 0);
    gen_li(g, 5, value);
    gen_op(g, OP_STW, 5, 6, 0, 0x10);
}

static void set_pin(struct gen *g, uint64_t pin)
{
    uint64_t vector = gen_chance(g, 80)   ? (uint64_t)V_DEVICE
                      : gen_chance(g, 80) ? V_TIMER + gen_below(g, 16)
                                          : gen_below(g, 256);
    uint64_t level = gen_chance(g, 60) ? 1 << 15 : 0, masked = gen_chance(g, 15) ? 1 << 16 : 0;
    gen_li(g, 6, g->ioapic);
    if (gen_chance(g, 30)) {
        put_entry(g, 0x11 + 2 * pin, (gen_chance(g, 30) ? 0xff : gen_below(g, 3)) << 24);
    }
    put_entry(g, 0x10 + 2 * pin, vector | level | masked);
}

static void command(struct gen *g)
{
    uint64_t sectors = g->p->disk_size / 512, count = 1 + gen_below(g, 3);
    uint64_t sector = sectors > count ? gen_below(g, sectors - count + 1) : 0;
    gen_li(g, 6, g->disk);
    if (gen_chance(g, 80)) {
        put(g, SECTOR, gen_chance(g, 92) ? sector : gen_value(g));
    }
    put(g, COUNT, gen_chance(g, 95) ? count : gen_value(g));
    put(g, ADDRESS, buffer(g));
    if (gen_chance(g, 70)) {
        put(g, CONTROL, gen_chance(g, 90));
    }
    put(g, COMMAND, gen_chance(g, 94) ? READ + gen_below(g, 3) : gen_value(g));
}

static void disk(struct gen *g)
{
    if (gen_chance(g, 60)) {
        set_pin(g, DISK_PIN);
    }
    command(g);
    switch (gen_below(g, 5)) {
    case 0:
        gen_op(g, OP_STI, 0, 0, 0, 0);
        gen_op(g, OP_HLT, 0, 0, 0, 0);
        break;
    case 1: command(g); break; // most likely it is busy
    case 2: gen_op(g, OP_LDD, gen_dest(g), 6, 0, STATUS); break;
    default:
        gen_op(g, OP_STI, 0, 0, 0, 0);
        gen_inside(g);
        break;
    }
}

static void set_ring(struct gen *g, int64_t which)
{
    put(g, RING + which * RX, gen_chance(g, 96) ? g->ring[which] : buffer(g));
    put(g, SIZE + which * RX, gen_chance(g, 95) ? DESCRIPTORS : gen_below(g, 40));
}

static void net(struct gen *g)
{
    if (gen_chance(g, 40)) {
        set_pin(g, NIC_PIN);
    }
    gen_li(g, 6, g->nic);
    if (gen_chance(g, 60)) {
        set_ring(g, 0);
        set_ring(g, 1);
    }
    if (gen_chance(g, 80)) {
        put(g, NIC_CONTROL, gen_chance(g, 85) ? 1 | gen_below(g, 16) : gen_below(g, 16));
    }
    put(g, TAIL + RX, gen_below(g, DESCRIPTORS));
    put(g, TAIL, gen_below(g, DESCRIPTORS));
    if (gen_chance(g, 60)) {
        gen_op(g, OP_STI, 0, 0, 0, 0);
    }
    if (gen_chance(g, 30)) {
        gen_op(g, OP_HLT, 0, 0, 0, 0);
    } else {
        gen_inside(g);
    }
}

static void device_register(struct gen *g)
{
    const uint64_t base[] = {g->disk, g->nic, g->ioapic};
    unsigned which = (unsigned)gen_below(g, 3);
    bool io = which == 2, word = gen_chance(g, 60);
    int64_t offset = io ? (int64_t)gen_below(g, 3) * 16 : (int64_t)gen_below(g, which ? 14 : 9) * 8;
    offset += word && gen_chance(g, 30) ? 4 : gen_chance(g, 3) ? 1 : 0;
    gen_li(g, 6, base[which]);
    if (io && gen_chance(g, 60)) {
        gen_li(g, 5, gen_chance(g, 50) ? 0x10 + gen_below(g, 48) : gen_below(g, 256));
        gen_op(g, OP_STW, 5, 6, 0, 0);
        offset = 0x10;
    }
    if (gen_chance(g, 50)) {
        gen_op(g, word ? OP_LDWU : OP_LDD, gen_dest(g), 6, 0, offset);
        return;
    }
    gen_li(g, 5, gen_chance(g, 50) ? gen_below(g, 4) : gen_value(g));
    gen_op(g, word ? OP_STW : OP_STD, 5, 6, 0, offset);
}

void (*const gen_device_table[GEN_SNIPPETS])(struct gen *) = {
    [GEN_DISK] = disk,
    [GEN_NET] = net,
    [GEN_DEVICE_REGISTER] = device_register,
};
