// dev_console.c: four of a 16550's registers over two buffers.
#include "sim/dev_console.h"

#include <stdlib.h>

enum { REG_DATA = 0, REG_INTERRUPT_ENABLE = 1, REG_INTERRUPT_ID = 2, REG_LINE_STATUS = 5 };

void console_free(struct console *c)
{
    free(c->output);
    free(c->input);
    *c = (struct console){0};
}

bool console_line(const struct console *c)
{
    return c->interrupts && c->input_count > 0;
}

// Memory that is short counts as full: the guest's output is then incomplete, which output_dropped tells.
static void put(struct console *c, char byte)
{
    if (c->output_size == c->output_room) {
        size_t room = c->output_room ? c->output_room * 2 : 4096;
        char *grown = room <= CONSOLE_OUTPUT_MAX ? realloc(c->output, room) : NULL;
        if (!grown) {
            c->output_dropped++;
            return;
        }
        c->output = grown;
        c->output_room = room;
    }
    c->output[c->output_size++] = byte;
}

static uint8_t get(struct console *c)
{
    if (c->input_count == 0) {
        return 0;
    }
    uint8_t byte = c->input[c->input_at];
    c->input_at = (c->input_at + 1) % CONSOLE_INPUT_MAX;
    c->input_count--;
    return byte;
}

void console_type(struct console *c, const char *bytes, size_t n)
{
    if (!c->input && n > 0) {
        c->input = malloc(CONSOLE_INPUT_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (!c->input || c->input_count == CONSOLE_INPUT_MAX) {
            c->input_dropped += n - i;
            return;
        }
        c->input[(c->input_at + c->input_count++) % CONSOLE_INPUT_MAX] = (uint8_t)bytes[i];
    }
}

uint64_t console_read(struct console *c, uint64_t offset)
{
    switch (offset) {
    case REG_DATA: return get(c);
    case REG_INTERRUPT_ENABLE: return c->interrupts;
    case REG_INTERRUPT_ID: return console_line(c) ? 0xc4 : 0xc1;
    case REG_LINE_STATUS: return 0x60u | (c->input_count > 0);
    default: return UINT32_MAX;
    }
}

void console_write(struct console *c, uint64_t offset, uint32_t value)
{
    if (offset == REG_DATA) {
        put(c, (char)(value & 0xff));
    } else if (offset == REG_INTERRUPT_ENABLE) {
        c->interrupts = value & 1;
    }
}
