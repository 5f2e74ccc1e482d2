// The parts of `ringside real`: each stands in its file cli/real_NAME.c; cmd_real.c has the options and chooses.
#ifndef CLI_REAL_H
#define CLI_REAL_H

#include "cli/table.h"
#include "real/doctor.h"
#include "real/measure.h"
#include "sim/cost.h"

// As given on the command line; see the table in cmd_real.c.
struct real_options {
    uint64_t count; // operations a run; 0: as op.def says
    uint64_t limit; // milliseconds for a guest
    bool no_trace, names;
    const char *root, *cpu, *output, *export_json, *export_csv;
};

// What `run`, `calibrate` and `compare` measure with: the computer as found, and the results so far.
struct real_session {
    const struct real_options *o;
    struct real_probe probe;
    struct real_platform platform;
    struct real_trace trace;
    struct real_run_config config;
    bool has[REAL_OP_COUNT];
    struct real_measure measure[REAL_OP_COUNT];
};

// Looks at the computer. Returns CLI_OK, or CLI_UNAVAILABLE after a line that says what is missing. real_session_end in either case.
int real_session_begin(struct real_session *s, const struct real_options *o);
// Measures the operations named (none: all that are measured, or also those that misbehave), and first the empty one. Returns
// CLI_OK, or another status after an error line.
int real_session_measure(struct real_session *s, const char *const *names, size_t count,
                         bool rogues);
// Whether a signal asks for the end: then nothing is to be printed any more.
bool real_session_interrupted(void);
// Leaves nothing behind; if a signal asked for the end, ends the program by it.
void real_session_end(struct real_session *s);
// The median time of one operation in cycles, less what clock and call take; 0 if it was not measured.
uint64_t real_session_cycles(const struct real_session *s, enum real_op op);
// "Intel VT-x, nested paging, kernel 6.1": where it was measured.
void real_session_title(const struct real_session *s, char *text, size_t size);

// What the simulator says of one operation: exits by reason (folded as the vendor's are), and time in thousandths of a cycle.
struct real_prediction {
    unsigned exits[EXIT_REASONS];
    uint64_t milli;
};
bool real_predict(enum real_op op, const struct real_platform *platform,
                  const struct cpu_model *model, struct real_prediction *out, char *err,
                  size_t err_size);
// Why the simulator's exits of this operation are known to be others than a real processor's; NULL: they must agree.
const char *real_differs(enum real_op op, enum real_paging paging);

int real_doctor_command(const struct cli *cli, const struct real_options *o);
int real_run_command(const struct cli *cli, const struct real_options *o);
int real_calibrate_command(const struct cli *cli, const struct real_options *o);
int real_list_command(const struct cli *cli, const struct real_options *o);
int real_compare_command(const struct cli *cli, const struct real_options *o);

#endif
