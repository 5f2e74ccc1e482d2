// The kernel that the full-system peers boot: takes "LOOP PASSES" lines on the serial port, runs that loop, and answers with a line. The loops are
// those of bench/cpu_native.c, compiled once more for a machine without anything.
#include "bench/cpu_loops.h"

void kernel_main(void);
void enter_user(void (*code)(uint64_t passes), uint64_t passes);
void leave_user(void);
void user_syscalls(uint64_t passes);
void user_interrupts(uint64_t passes);
void system_call(void);
void interrupt(void);

enum {
    SERIAL = 0x3f8, // a 16550: its registers by offset
    DIVISOR_LOW = 0,
    DIVISOR_HIGH = 1,
    LINE_CONTROL = 3,
    DIVISOR_ACCESS = 0x80,
    EIGHT_BITS = 3,
    STATUS = 5,
    HAS_BYTE = 1,
    HAS_ROOM = 0x20
};

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

// 115,200 bauds of eight bits: QEMU's port is so from the start, Bochs's has five bits until told.
static void set_up_serial(void)
{
    out8(SERIAL + LINE_CONTROL, DIVISOR_ACCESS);
    out8(SERIAL + DIVISOR_LOW, 1);
    out8(SERIAL + DIVISOR_HIGH, 0);
    out8(SERIAL + LINE_CONTROL, EIGHT_BITS);
}

static void reload_space(void)
{
    uint64_t base;
    __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(base) : : "memory");
}

static uint8_t get(void)
{
    while (!(in8(SERIAL + STATUS) & HAS_BYTE)) {
    }
    return in8(SERIAL);
}

static void put(const char *text)
{
    for (; *text; text++) {
        while (!(in8(SERIAL + STATUS) & HAS_ROOM)) {
        }
        out8(SERIAL, (uint8_t)*text);
    }
}

// A decimal number and the byte behind it.
static uint64_t number(void)
{
    uint64_t n = 0;
    for (uint8_t c = get(); c >= '0' && c <= '9'; c = get()) {
        n = n * 10 + (c - '0');
    }
    return n;
}

static struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, zero;
} gates[256];

static void set_gate(unsigned vector, void (*handler)(void))
{
    uint64_t at = (uint64_t)handler;
    gates[vector] = (struct gate){.offset_low = (uint16_t)at,
                                  .selector = 0x08,
                                  .type = 0xee, // interrupt gate, ring 3 may
                                  .offset_middle = (uint16_t)(at >> 16),
                                  .offset_high = (uint32_t)(at >> 32)};
}

void kernel_main(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = {sizeof gates - 1, (uint64_t)gates};
    set_gate(0x80, interrupt);
    set_gate(0x90, leave_user);
    __asm__ volatile("lidt %0" : : "m"(table));
    write_msr(0xc0000081, (uint64_t)0x10 << 48 | (uint64_t)0x08 << 32); // STAR
    write_msr(0xc0000082, (uint64_t)system_call);                       // LSTAR
    static void (*const loops[])(uint64_t) = {
        native_alu,      native_sum_small, native_sum_large, native_copy_small, native_copy_large,
        native_page_256, native_page_4096, native_sieve,     native_crc,        native_sort};
    enum { LOOPS = sizeof loops / sizeof *loops };
    set_up_serial();
    put("ready\n");
    for (;;) {
        uint64_t loop = number(), passes = number();
        for (; loop >= LOOP_FLUSHED && passes > LOOP_FLUSH_PASSES; passes -= LOOP_FLUSH_PASSES) {
            reload_space();
            loops[(loop - LOOP_FLUSHED) % LOOPS](LOOP_FLUSH_PASSES);
        }
        loop %= LOOP_FLUSHED;
        if (loop < LOOPS) {
            loops[loop](passes);
        } else {
            enter_user(loop == LOOPS ? user_syscalls : user_interrupts, passes);
        }
        put(".\n");
    }
}
