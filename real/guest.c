// Builds micro-guests: page tables, descriptor tables and mailbox around the code of guest_code.S.
#include "real/guest.h"
#include "real/layout.h"

#include <stdlib.h>
#include <string.h>

void real_guest_free(struct real_guest *g)
{
    free(g->ram);
    *g = (struct real_guest){0};
}

#if defined __x86_64__

extern const uint8_t real_code[], real_code_end[], real_code_main[], real_code_other[],
    real_code_syscall[], real_code_page_fault[], real_code_timer[], real_code_ping[],
    real_code_pong[], real_code_exceptions[];
#define real_op_HYPERCALL                real_op_vmcall
#define OP(NAME, name, group, code, ...) extern const uint8_t real_op_##code[];
#include "real/op.def"
#undef OP
extern const uint8_t real_op_vmmcall[];

static const uint8_t *const op_code[] = {
#define OP(NAME, name, group, code, ...) real_op_##code,
#include "real/op.def"
#undef OP
};

// Present, writable, ring 3 too; accessed and dirty already, so that no walker has anything to write.
enum { ENTRY = 0x67, WINDOW_ENTRY = ENTRY, TABLE_ENTRIES = 512, GATE = 0x8e };

static void put(struct real_guest *g, uint64_t at, uint64_t value)
{
    memcpy(g->ram + at, &value, sizeof value);
}

static uint64_t code_at(const uint8_t *label)
{
    return LAYOUT_CODE + (uint64_t)(label - real_code);
}

static void make_tables(struct real_guest *g)
{
    for (uint64_t root = LAYOUT_ROOT_A; root <= LAYOUT_ROOT_B; root += LAYOUT_PAGE) {
        put(g, root, LAYOUT_PDPT | ENTRY);
    }
    put(g, LAYOUT_PDPT, LAYOUT_PD_LOW | ENTRY);
    put(g, LAYOUT_PDPT + 8, LAYOUT_PD_FAR | ENTRY);
    put(g, LAYOUT_PDPT + 24, LAYOUT_PD_DEV | ENTRY);
    put(g, LAYOUT_PD_LOW, LAYOUT_PT_LOW | ENTRY);
    put(g, LAYOUT_PD_LOW + 8 * (LAYOUT_WINDOW >> 21), LAYOUT_PT_WIN | ENTRY);
    put(g, LAYOUT_PT_WIN, LAYOUT_FRAME_X | WINDOW_ENTRY);
    for (uint64_t i = 1; i < LAYOUT_RAM / LAYOUT_PAGE; i++) { // address 0 stays unmapped
        put(g, LAYOUT_PT_LOW + 8 * i, (i * LAYOUT_PAGE) | ENTRY);
    }
    for (uint64_t i = 0; i < LAYOUT_FAR_MAX; i++) {
        put(g, LAYOUT_PT_FAR + 8 * i, (LAYOUT_FAR + i * LAYOUT_PAGE) | ENTRY);
    }
    for (uint64_t i = 0; i < LAYOUT_FAR_MAX / TABLE_ENTRIES; i++) {
        put(g, LAYOUT_PD_FAR + 8 * i, (LAYOUT_PT_FAR + i * LAYOUT_PAGE) | ENTRY);
    }
    put(g, LAYOUT_PD_DEV + 8 * (LAYOUT_DEVICE >> 21 & 511), LAYOUT_PT_DEV | ENTRY);
    put(g, LAYOUT_PT_DEV, LAYOUT_DEVICE | ENTRY);
    put(g, LAYOUT_PD_DEV + 8 * ((uint64_t)LAYOUT_WILD >> 21 & 511), LAYOUT_PT_WILD | ENTRY);
    put(g, LAYOUT_PT_WILD, LAYOUT_WILD | ENTRY);
    put(g, LAYOUT_FRAME_X, LAYOUT_FRAME_X);
    put(g, LAYOUT_FRAME_Y, LAYOUT_FRAME_Y);
}

static void gate(struct real_guest *g, unsigned vector, uint64_t handler)
{
    uint64_t low = (handler & 0xffff) | (uint64_t)REAL_CS_KERNEL << 16 | (uint64_t)GATE << 40 |
                   (handler >> 16 & 0xffff) << 48;
    put(g, LAYOUT_IDT + 16 * (uint64_t)vector, low);
    put(g, LAYOUT_IDT + 16 * (uint64_t)vector + 8, handler >> 32);
}

// Descriptors as in Intel's manual, vol. 3, 3.4.5: limits do not matter in long mode, but for the task segment's.
static void make_descriptors(struct real_guest *g)
{
    put(g, LAYOUT_GDT + REAL_CS_KERNEL, 0x00af9b000000ffff);
    put(g, LAYOUT_GDT + REAL_DS_KERNEL, 0x00cf93000000ffff);
    put(g, LAYOUT_GDT + REAL_CS_USER32, 0x00cffb000000ffff);
    put(g, LAYOUT_GDT + REAL_DS_USER, 0x00cff3000000ffff);
    put(g, LAYOUT_GDT + REAL_CS_USER, 0x00affb000000ffff);
    put(g, LAYOUT_GDT + REAL_TSS, 0x00008b0000000067 | (uint64_t)LAYOUT_TSS << 16);
    put(g, LAYOUT_TSS + 4, LAYOUT_STACK_0); // the stack of ring 0
    for (unsigned v = 0; v < 32; v++) {
        gate(g, v, code_at(real_code_exceptions) + 16 * v);
    }
    gate(g, 14, code_at(real_code_page_fault));
    gate(g, VECTOR_TIMER, code_at(real_code_timer));
    gate(g, VECTOR_PING, code_at(real_code_ping));
    gate(g, VECTOR_PONG, code_at(real_code_pong));
}

bool real_guest_micro(struct real_guest *g, enum real_op op, enum real_vendor vendor,
                      uint64_t count)
{
    const struct real_op_info *info = real_op_info(op);
    bool ring3 = (info->setup & REAL_SETUP_RING3) != 0;
    *g = (struct real_guest){
        .name = info->name,
        .ram = calloc(1, LAYOUT_RAM),
        .ram_size = LAYOUT_RAM,
        .far_base = LAYOUT_FAR,
        .far_size = op == REAL_OP_EPT ? (uint64_t)LAYOUT_FAR_MAX * LAYOUT_PAGE : 0,
        .cpus = info->setup & SETUP_OTHER ? 2 : 1,
        .start = {{code_at(real_code_main), LAYOUT_STACK_0 - 0x800, LAYOUT_ROOT_A, ring3, ring3},
                  {code_at(real_code_other), LAYOUT_STACK_1, LAYOUT_ROOT_A, false, false}},
        .gdt = LAYOUT_GDT,
        .gdt_limit = REAL_TSS + 15,
        .idt = LAYOUT_IDT,
        .idt_limit = 256 * 16 - 1,
        .tss = LAYOUT_TSS,
        .syscall_entry = code_at(real_code_syscall),
        .devices = {{false, PORT_USER, PORT_USER},
                    {true, LAYOUT_DEVICE, LAYOUT_DEVICE + LAYOUT_PAGE - 1}},
        .device_count = 2,
        .mark_port = PORT_MARK,
        .panic_port = PORT_PANIC,
        .panic_record = LAYOUT_MAILBOX + MAIL_VECTOR,
        .samples = LAYOUT_SAMPLES,
        .sample_count = info->rogue ? 0 : count,
    };
    if (!g->ram) {
        return false;
    }
    const uint8_t *code =
        op == REAL_OP_HYPERCALL && vendor == REAL_AMD ? real_op_vmmcall : op_code[op];
    memcpy(g->ram + LAYOUT_CODE, real_code, (size_t)(real_code_end - real_code));
    make_tables(g);
    make_descriptors(g);
    put(g, LAYOUT_MAILBOX + MAIL_COUNT, count);
    put(g, LAYOUT_MAILBOX + MAIL_WARM, info->rogue ? 0 : REAL_WARM);
    put(g, LAYOUT_MAILBOX + MAIL_OP, code_at(code));
    put(g, LAYOUT_MAILBOX + MAIL_SETUP, info->setup & 0xff);
    put(g, LAYOUT_MAILBOX + MAIL_DELAY,
        1000000); // long against an exit, even in an emulated machine
    put(g, LAYOUT_MAILBOX + MAIL_NEXT, LAYOUT_FAR);
    return true;
}

#else

bool real_guest_micro(struct real_guest *g, enum real_op op, enum real_vendor vendor,
                      uint64_t count)
{
    (void)op, (void)vendor, (void)count;
    *g = (struct real_guest){0};
    return false;
}

#endif
