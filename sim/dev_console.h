// dev_console.h: the console, the part of a 16550 serial port that a small kernel uses. Output gathers in memory; whoever runs the
// machine shows it.
#ifndef RINGSIDE_SIM_DEV_CONSOLE_H
#define RINGSIDE_SIM_DEV_CONSOLE_H

#include "sim/types.h"

enum {
    CONSOLE_PORT = 0x3f8,
    CONSOLE_PORTS = 8,
    CONSOLE_PIN = 4,
    CONSOLE_OUTPUT_MAX =
        16 << 20, // bytes kept; a guest that prints for ever must not eat the host's memory
    CONSOLE_INPUT_MAX = 64 << 10,
};

struct console {
    char *output; // grows; owned
    size_t output_size, output_room;
    uint64_t output_dropped;
    uint8_t *input; // CONSOLE_INPUT_MAX bytes, a ring, made when first needed; owned
    uint32_t input_at, input_count;
    uint64_t input_dropped;
    bool interrupts; // IER bit 0
};

void console_free(struct console *c);
uint64_t console_read(struct console *c, uint64_t offset);
void console_write(struct console *c, uint64_t offset, uint32_t value);
// Somebody types. What does not fit is dropped and counted.
void console_type(struct console *c, const char *bytes, size_t n);
// Whether the console holds its interrupt line high.
bool console_line(const struct console *c);

#endif
