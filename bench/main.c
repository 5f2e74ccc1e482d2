// Runs the benches: all of them, or those named. Prints Markdown-free tables on standard output.
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH(name) extern const struct bench name##_bench;
#include "bench/benches.def"
#undef BENCH

static const struct bench *const benches[] = {
#define BENCH(name) &name##_bench,
#include "bench/benches.def"
#undef BENCH
};

enum { BENCHES = sizeof benches / sizeof *benches };

static void print_help(void)
{
    printf(
        "usage: run-bench [--quick | --full] [--rounds N] [--loop NAME] [BENCH...]\n"
        "\n"
        "Measures the simulator beside its peers in one run; rates are in millions a second, "
        "and the\n"
        "last column is our rate divided by the peer's (above 1: we are faster). A second is one "
        "of\n"
        "processor time, whoever has it.\n"
        "\n"
        "  --quick     fewer rounds and operations: seconds, and noisier\n"
        "  --full      steady medians (the default)\n"
        "  --rounds N  take the median of N rounds, 1 to 101\n"
        "  --loop NAME of the bench cpu, this loop only (page4096, say)\n"
        "  -h, --help  this\n"
        "\n"
        "benches:\n");
    for (size_t i = 0; i < BENCHES; i++) {
        printf("  %-10s  %s\n", benches[i]->name, benches[i]->title);
    }
}

static int usage_error(const char *what, const char *word)
{
    fprintf(stderr, "run-bench: %s '%s'; try --help\n", what, word);
    return 2;
}

// Whether `name` was asked for: nothing named means all.
static bool wanted(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool known(const char *name)
{
    for (size_t i = 0; i < BENCHES; i++) {
        if (strcmp(benches[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool parse_rounds(const char *text, unsigned *rounds)
{
    char *end;
    long value = strtol(text, &end, 10);
    *rounds = (unsigned)value;
    return *text && !*end && value >= 1 && value <= 101;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.quick = false, .rounds = 0};
    int names = 0; // moved to the front of argv
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            print_help();
            return 0;
        } else if (strcmp(argv[i], "--quick") == 0 || strcmp(argv[i], "--full") == 0) {
            options.quick = argv[i][2] == 'q';
        } else if (strcmp(argv[i], "--rounds") == 0) {
            const char *text = i + 1 < argc ? argv[++i] : "";
            if (!parse_rounds(text, &options.rounds)) {
                return usage_error("--rounds wants a number from 1 to 101, not", text);
            }
        } else if (strcmp(argv[i], "--loop") == 0) {
            options.loop = i + 1 < argc ? argv[++i] : "";
        } else if (!known(argv[i])) {
            return usage_error(argv[i][0] == '-' ? "unknown option" : "no such bench", argv[i]);
        } else {
            argv[names++] = argv[i];
        }
    }
    if (options.rounds == 0) {
        options.rounds = options.quick ? 3 : 9;
    }
    int status = 0;
    for (size_t i = 0; i < BENCHES; i++) {
        if (wanted(benches[i]->name, argv, names)) {
            printf("%s%s: %s\n", i ? "\n" : "", benches[i]->name, benches[i]->title);
            status |= benches[i]->run(&options);
        }
    }
    return status;
}
