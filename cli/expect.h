// Expectations that a program carries in its own comments, and their check after a run:
//
//     ; expect "a line of the console"       the lines, in order, are the whole console
//     ; expect status 3                      powered off with that status (0 if nothing is said)
//     ; expect stop deadlock                 power-off, triple-fault, deadlock or limit
//     ; expect a0 = 42                       a register: zero to sp, r0 to r15, pc, ring, flags ...
//     ; expect cpu1 a0 = 42                  of another processor
//     ; expect [counter+8] = 0x10            8 bytes of memory; byte, half or word before [: 1, 2, 4
//     ; expect #PF = 2                       how often an exception was delivered; also "interrupts"
#ifndef CLI_EXPECT_H
#define CLI_EXPECT_H

#include "cli/program.h"
#include "cli/report.h"

// The registers that can be named beside the general ones: fields of struct cpu_state.
#define EXPECT_SPECIALS(X) \
    X(pc) X(ring) X(flags) X(msw) X(ptbr) X(vbar) X(tr) X(far) X(tpr) X(kstack) X(lstar)

struct expectation {
    unsigned line;
    const char *text; // behind the word "expect"; in the source, not ended by a NUL
    size_t length;
    enum {
        EXPECT_CONSOLE,
        EXPECT_STATUS,
        EXPECT_STOP,
        EXPECT_REGISTER,
        EXPECT_MEMORY,
        EXPECT_COUNT
    } kind;
    unsigned cpu, size; // processor; bytes of memory
    unsigned which;     // register, vector, stop reason
    uint64_t address;   // of memory
    uint64_t want;
    char *console; // the line, owned
    bool holds;    // after the check
    char got[96];  // what was there instead, if it does not hold
};

struct expectations {
    struct expectation *list;
    size_t count, failed;
};

// Collects those of the program's source. Returns CLI_OK, or CLI_BAD_INPUT after an error line. A program
// without any, or read from an image, gives an empty list. Free with expect_free().
int expect_parse(const struct program *program, struct expectations *expectations);
void expect_free(struct expectations *expectations);
// Adds an empty one; ends the program if there is no memory.
struct expectation *expect_add(struct expectations *expectations);

// Reads `n` bytes of physical memory at `addr`; false if there is none.
typedef bool expect_read_fn(const void *ctx, uint64_t addr, void *to, size_t n);

// Fills `holds` and `got` of each, and `failed`. Unless one of them is about status or stop, the program must
// have powered off with status 0: if not, an expectation saying so is added.
void expect_check(struct expectations *expectations, const struct report *report,
                  expect_read_fn *read, const void *ctx);

// Prints each that fails as one error line, then a line with how many hold; returns the exit status.
int expect_print(const struct expectations *expectations, const struct program *program);
json_t *expect_json(const struct expectations *expectations);

#endif
