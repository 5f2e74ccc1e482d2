// Published tables as data: reading them, comparing cells, and telling calibrated cells from predicted ones.
#include "models/validate.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char good[] = "# a comment\n"
                           "title\tT\n"
                           "paper\tPAPER99\n"
                           "cpu\tx\n"
                           "as\tratio\n"
                           "column\tnative\tnative\n"
                           "column\tBT\ttype2/fullvirt-bt\tother\n"
                           "row\tcall/ret\tnano callret\t11\t51\n"
                           "row\tin\tnano in\t0.45\t-\n"
                           "cite\tin\tnative\tport time of 450 ns\n"
                           "note\t*\tBT\ta remark\n";

static void parse(struct validate_table *t, const char *text)
{
    char err[256] = "";
    CHECK(validate_parse(t, "t.tsv", text, strlen(text), err, sizeof err));
}

static void test_reads(void)
{
    struct validate_table t;
    parse(&t, good);
    CHECK_STR(t.paper, "PAPER99");
    CHECK_U64(t.columns, 2);
    CHECK(t.column[0].cpu == NULL);
    CHECK_STR(t.column[1].cpu, "other");
    CHECK_U64(t.rows, 2);
    CHECK_U64(t.row[0].cell[1].milli, 51000);
    CHECK_U64(t.row[1].cell[0].milli, 450);
    CHECK(!t.row[1].cell[1].known);
    CHECK_U64(t.notes, 2);
    CHECK_U64(t.note[0].kind, VALIDATE_CITE);
    validate_free(&t);
}

static void test_compares(void)
{
    struct validate_table t;
    parse(&t, good);
    const uint64_t figures[] = {11000, 55000, 0};
    CHECK_U64(validate_compared(&t, figures, 1, false), 5000);
    CHECK_U64(validate_compared(&t, figures, 2, false), 0);
    t.as = VALIDATE_RATE; // twice the throughput is half the time
    const uint64_t rates[] = {1000, 2000};
    CHECK_U64(validate_compared(&t, rates, 1, false), 500);
    CHECK_U64(validate_compared(&t, rates, 1, true), 2000);
    t.as = VALIDATE_US;
    t.mhz = 733;
    const uint64_t cycles[] = {7330000};
    CHECK_U64(validate_compared(&t, cycles, 0, true), 10000);
    CHECK_U64(validate_compared(&t, cycles, 0, false), 7330000);
    validate_free(&t);
}

// A model all of whose costs are somebody's guess but for one with the given source.
static void make_model(struct cpu_model *m, const char *source)
{
    *m = (struct cpu_model){.mhz = 1000};
    for (unsigned k = 0; k < COST_COUNT; k++) {
        m->cost[k] = (struct cost_value){1, COST_ASSUMED, "a guess"};
    }
    m->cost[COST_IN].source = source;
}

static void test_tells_calibrated(void)
{
    static const struct {
        const char *source;
        size_t row, column;
        bool calibrated;
    } cases[] = {
        {"PAPER99 Fig. 4, call/ret native 11: half of it", 0, 0, true},
        {"PAPER99 Fig. 4, call/ret BT 51, less native 11", 0, 1, true},
        {"PAPER99 Fig. 4, call/ret BT 51, less native 11", 0, 0, false},
        {"PAPER99 Fig. 4, call/ret native 1176", 0, 0, false}, // 11 is not in 1176
        {"PAPER98 Fig. 4, call/ret native 11", 0, 0, false},   // another paper
        {"as PAPER99 Fig. 4, call/ret native 11", 0, 0, false},
        {"PAPER99 sec. 3, port time of 450 ns", 1, 0, true}, // by the cite line
        {"PAPER99 sec. 3, port time of 450 ns", 0, 0, false},
    };
    struct validate_table t;
    parse(&t, good);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cpu_model m;
        make_model(&m, cases[i].source);
        const char *key = validate_calibrated(&t, cases[i].row, cases[i].column, &m);
        CHECK((key != NULL) == cases[i].calibrated);
        if (key) {
            CHECK_STR(key, "insn.in");
        }
    }
    validate_free(&t);
}

static void test_refuses(void)
{
    static const char *const wrong[] = {
        "title\tT\n",                                 // the rest is missing
        "nonsense\tx\n",                              // no such statement
        "as\tfurlongs\n",                             // no such comparison
        "as\tus\n",                                   // no clock
        "column\ta\tnative\nrow\tr\tnano in\n",       // no value
        "column\ta\tnative\nrow\tr\tnano in\t1\t2\n", // one too many
        "column\ta\tnative\nrow\tr\tnano in\t1,5\n",  // no number
        "caches\ton\n",                               // only off
        "a\tb\tc\td\te\tf\tg\th\ti\tj\tk\tl\n",       // too many fields
        ("column\ta\tb\ncolumn\ta\tb\ncolumn\ta\tb\ncolumn\ta\tb\ncolumn\ta\tb\n"
         "column\ta\tb\ncolumn\ta\tb\n"), // too many columns
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct validate_table t;
        char err[256] = "";
        CHECK(!validate_parse(&t, "t.tsv", wrong[i], strlen(wrong[i]), err, sizeof err));
        CHECK(strncmp(err, "t.tsv:", 6) == 0);
        CHECK(strchr(err, '\n') == NULL);
    }
}

TEST_SUITE(validate, {"reads", test_reads}, {"compares", test_compares},
           {"tells calibrated cells from predicted ones", test_tells_calibrated},
           {"refuses what is wrong", test_refuses});
