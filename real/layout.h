// Where things lie in the guest-physical memory of a micro-guest: read by the assembler (guest_code.S) and by the builder (guest.c), so
// only numbers, written so that both understand them.
#ifndef RINGSIDE_REAL_LAYOUT_H
#define RINGSIDE_REAL_LAYOUT_H

#define LAYOUT_ROOT_A  0x1000 // page-table level 4; a second one with the same content, to switch to
#define LAYOUT_ROOT_B  0x2000
#define LAYOUT_PDPT    0x3000
#define LAYOUT_PD_LOW  0x4000
#define LAYOUT_PT_LOW  0x5000  // the first 2 MiB, each page where it is
#define LAYOUT_PT_WIN  0x6000  // the window, whose first entry the guest changes
#define LAYOUT_PD_FAR  0x7000  // 1 GiB and up: memory that nobody has touched yet
#define LAYOUT_PT_FAR  0x8000  // eight tables
#define LAYOUT_PD_DEV  0x10000 // 3 GiB and up: no memory there
#define LAYOUT_PT_DEV  0x11000
#define LAYOUT_GDT     0x12000
#define LAYOUT_IDT     0x13000
#define LAYOUT_TSS     0x14000
#define LAYOUT_MAILBOX 0x15000
#define LAYOUT_PT_WILD 0x16000
#define LAYOUT_CODE    0x20000
#define LAYOUT_STACK_0 0x30000 // tops
#define LAYOUT_STACK_1 0x31000
#define LAYOUT_SAMPLES 0x40000
#define LAYOUT_FRAME_X 0x100000 // what the window shows in turn; each holds its own address
#define LAYOUT_FRAME_Y 0x101000
#define LAYOUT_RAM     0x200000

#define LAYOUT_ABSENT  0x500000 // guest-virtual: mapped by nothing
#define LAYOUT_WINDOW  0x600000
#define LAYOUT_FAR     0x40000000
#define LAYOUT_FAR_MAX 4096 // pages
#define LAYOUT_DEVICE  0xd0000000
#define LAYOUT_WILD    0xe0000000

// The page through which host and guest talk: offsets of 64-bit fields.
#define MAIL_COUNT     0  // operations to measure
#define MAIL_WARM      8  // operations before that
#define MAIL_OP        16 // address of the operation
#define MAIL_SETUP     24 // set of SETUP_*
#define MAIL_TICKS     32 // timer interrupts so far
#define MAIL_READY     40 // the second processor waits
#define MAIL_DELAY     48 // of the timer, ns
#define MAIL_VECTOR    56 // of the exception that ended the guest
#define MAIL_ERROR     64
#define MAIL_RIP       72
#define MAIL_CR2       80
#define MAIL_NEXT      88 // the next untouched page

#define SETUP_APIC     1 // turn the local APIC on
#define SETUP_OTHER    2 // wait for the second processor
#define SETUP_MSR      4 // note what the MSR holds that will be written

// Ports: the host counts, measures or ends the guest there.
#define PORT_MARK      0x510 // 1: warm; 2: done
#define PORT_USER      0x511 // a device in user space
#define PORT_PANIC     0x512 // an exception that nobody expected
#define PORT_PIC       0x21  // a device that KVM models in the kernel

#define VECTOR_TIMER   0x40
#define VECTOR_PING    0x41
#define VECTOR_PONG    0x42

#ifndef __ASSEMBLER__
enum { LAYOUT_PAGE = 0x1000 };
#endif

#endif
