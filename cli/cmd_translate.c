// `ringside translate`: one address translation, reference by reference; or homework about many.
#include "cli/export.h"
#include "cli/machine_options.h"
#include "cli/model.h"
#include "cli/translate.h"
#include "sim/quiz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

struct translate_options {
    uint64_t levels, ept_levels; // ept_levels 0: as levels of the demonstration, if nested
    bool nested, nested_twice, huge, ept_huge;
    int access;
    uint64_t ring;
    bool no_wp;
    const char *space, *memory, *ptbr, *eptp;
    bool map;
    uint64_t seed, questions;
    bool answers;
    const char *cpu, *export_json;
};

// ---- the address space ---------------------------------------------------------------------------

static unsigned dimensions(const struct translate_options *o)
{
    return o->nested_twice ? 3 : o->nested || o->ept_levels || o->ept_huge || o->eptp ? 2 : 1;
}

static int parse_address(const char *option, const char *text, uint64_t *value)
{
    return cli_parse_size(text, value)
               ? CLI_OK
               : cli_error(CLI_USAGE, "%s: '%s' is not an address such as 0x1000", option, text);
}

static int open_dump(const struct translate_options *o, const unsigned levels[WALK_DIMS_MAX],
                     struct space *space)
{
    uint64_t ptbr = 0, eptp = 0;
    if (!o->ptbr) {
        return cli_error(CLI_USAGE, "--memory needs --ptbr, the page-table base; "
                                    "'ringside exec --registers' prints it");
    }
    if (dimensions(o) > 1 && !o->eptp) {
        return cli_error(CLI_USAGE, "nested tables in --memory need --eptp, the EPT's root");
    }
    int status = parse_address("--ptbr", o->ptbr, &ptbr);
    status = status == CLI_OK && o->eptp ? parse_address("--eptp", o->eptp, &eptp) : status;
    if (status == CLI_OK && dimensions(o) > 2) {
        status = cli_error(CLI_USAGE, "--memory knows one nested table; leave out --nested-twice");
    }
    return status == CLI_OK ? space_from_dump(o->memory, ptbr, eptp, dimensions(o), levels, space)
                            : status;
}

static int open_space(const struct translate_options *o, struct space *space)
{
    unsigned nested = o->ept_levels ? (unsigned)o->ept_levels : 4;
    const unsigned levels[WALK_DIMS_MAX] = {(unsigned)o->levels, nested, nested};
    if (o->space && o->memory) {
        return cli_error(CLI_USAGE, "--space and --memory exclude each other; choose one");
    }
    if (!o->memory && (o->ptbr || o->eptp)) {
        return cli_error(CLI_USAGE, "--ptbr and --eptp go with --memory FILE");
    }
    if (o->memory) {
        return open_dump(o, levels, space);
    }
    if (o->space) {
        return space_read(o->space, space);
    }
    const struct space_config config = {
        .ram = 64 << 20,
        .dims = dimensions(o),
        .levels = {levels[0], levels[1], levels[2]},
        .back_huge = o->ept_huge,
        .shuffle = true,
        .seed = o->seed,
    };
    char error[256];
    if (!space_demo(space, &config, o->huge, error, sizeof error)) {
        return cli_error(CLI_UNAVAILABLE, "%s", error);
    }
    return CLI_OK;
}

// ---- one address ---------------------------------------------------------------------------------

// A number, the name of a region, or that and "+OFFSET".
static int find_address(const struct space *space, const char *text, uint64_t *va)
{
    if (cli_parse_size(text, va)) {
        return CLI_OK;
    }
    const char *names[SPACE_REGIONS_MAX + 1] = {NULL};
    size_t length = strcspn(text, "+");
    uint64_t offset = 0;
    bool offset_ok = text[length] == '\0' || cli_parse_size(text + length + 1, &offset);
    for (unsigned i = 0; i < space->regions; i++) {
        names[i] = space->region[i].name;
        if (offset_ok && strlen(names[i]) == length && strncmp(names[i], text, length) == 0) {
            *va = space->region[i].va + offset;
            return CLI_OK;
        }
    }
    const char *nearest = cli_nearest(text, names);
    return cli_error(CLI_USAGE, "'%s' is neither an address nor a region; %s%s%s--map lists them",
                     text, nearest ? "did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'? " : "");
}

static int show_addresses(const struct cli *cli, const struct translate_options *o,
                          struct space *space, const struct style *style,
                          const struct cpu_model *model)
{
    json_t *list = json_array();
    int status = CLI_OK;
    for (size_t i = 0; i < cli->arg_count && status == CLI_OK; i++) {
        uint64_t va;
        struct translation t;
        const struct walk_access access = {.write = o->access == ACCESS_WRITE,
                                           .fetch = o->access == ACCESS_FETCH,
                                           .user = o->ring == 3,
                                           .wp = !o->no_wp};
        status = find_address(space, cli->args[i], &va);
        if (status == CLI_OK) {
            translation_make(&t, space, va, access, (unsigned)o->ring, true, model);
            if (i > 0) {
                putchar('\n');
            }
            translation_print(stdout, style, space, &t, model);
            json_array_append_new(list, translation_json(space, &t));
        }
    }
    if (status == CLI_OK && o->export_json) {
        json_t *document = export_document("ringside/translate/1", o->seed);
        json_object_set_new(document, "cpu", json_string(model->name));
        json_object_set(document, "translations", list);
        status = export_json(o->export_json, document);
    }
    json_decref(list);
    return status;
}

// ---- homework ------------------------------------------------------------------------------------

static void print_task(const struct translate_options *o, const struct space *space,
                       const struct style *style)
{
    tone_printf(stdout, style, TONE_HEADING,
                "Homework on address translation, seed %" PRIu64 "\n\n", o->seed);
    printf("Tables of %u levels, 512 entries of 8 bytes a page; the root is at 0x%" PRIx64 ".\n",
           space->dim[0].levels, space->dim[0].root);
    if (space->dims > 1) {
        printf("Nested: the addresses in them are guest-physical. The EPT has %u levels, its root "
               "is at\n"
               "host-physical 0x%" PRIx64 ".\n",
               space->dim[1].levels, space->dim[1].root);
    }
    printf("Entry: P bit 0, W 1, U 2, A 5, D 6, PS 7 (2 MiB leaf at level 2), frame 12-39, NX 63;\n"
           "bits 40-51 must be 0. WP is set: rings 0 to 2 respect W as well.\n");
    if (space->dims > 1) {
        printf("EPT entry: R bit 0, W 1, X 2, PS 7, frame 12-39.\n");
    }
    putchar('\n');
    space_print_tables(stdout, style, space);
}

static void print_question(const struct translation *t, unsigned number)
{
    const char *what = t->access.fetch   ? "fetches an instruction at"
                       : t->access.write ? "writes to"
                                         : "reads";
    printf("%3u. Ring %u %s 0x%016" PRIx64 ".\n", number, t->ring, what, t->va);
}

static int give_homework(const struct translate_options *o, struct space *space,
                         const struct style *style, const struct cpu_model *model)
{
    // A stream of its own, so that the space does not depend on the number of questions.
    struct prng prng;
    prng_seed(&prng, o->seed ^ UINT64_C(0x7175657374696f6e));
    json_t *list = json_array();
    print_task(o, space, style);
    tone_printf(stdout, style, TONE_HEADING, "\n%s\n",
                o->answers ? "Questions and answers" : "Questions");
    printf("To which %s address does it lead, after how many references to table entries?\n"
           "Or which fault is it, with which error code, and who handles it?\n\n",
           space->dims > 1 ? "host-physical" : "physical");
    for (unsigned i = 0; i < o->questions; i++) {
        struct quiz_question q;
        struct translation t;
        quiz_draw(space, &prng, &q);
        translation_make(&t, space, q.va, q.access, q.access.user ? 3 : 0, false, model);
        print_question(&t, i + 1);
        if (o->answers) {
            translation_print_outcome(stdout, style, space, &t);
            for (unsigned k = 0; space->dims == 1 && k < t.log.count; k++) {
                const struct walk_step *s = &t.log.step[k];
                printf("     level %u [%3u] at 0x%" PRIx64 ": %016" PRIx64 "\n", s->level, s->index,
                       s->entry_addr, s->value);
            }
            putchar('\n');
        }
        json_t *answer = translation_json(space, &t);
        if (!o->answers) {
            static const char *const secret[] = {"outcome",         "physical",      "page_size",
                                                 "fault_dimension", "fault_address", "error_code",
                                                 "references",      "cycles",        "steps"};
            for (size_t k = 0; k < sizeof secret / sizeof *secret; k++) {
                json_object_del(answer, secret[k]);
            }
        }
        json_array_append_new(list, answer);
    }
    if (!o->answers) {
        printf("\nThe answers: the same command with -c.\n");
    }
    int status = CLI_OK;
    if (o->export_json) {
        json_t *document = export_document("ringside/translate/1", o->seed);
        json_object_set_new(document, "cpu", json_string(model->name));
        json_object_set(document, o->answers ? "answers" : "questions", list);
        status = export_json(o->export_json, document);
    }
    json_decref(list);
    return status;
}

// ---- the command ---------------------------------------------------------------------------------

static int run_translate(const struct cli *cli, const void *options)
{
    const struct translate_options *o = options;
    struct style style = style_of(cli);
    struct cpu_model model;
    struct space *space = malloc(sizeof *space); // with its lists of frames too large for the stack
    if (!space) {
        return cli_error(CLI_UNAVAILABLE, "no memory for the address space");
    }
    bool homework = cli->arg_count == 0 && !o->map;
    int status = CLI_OK;
    if (homework && o->memory) {
        status =
            cli_error(CLI_USAGE, "give an address to translate, or --map to see what there is");
    } else if (!homework && o->answers) {
        status = cli_error(CLI_USAGE, "-c shows the answers of homework; leave out the address");
    }
    status = status == CLI_OK ? open_space(o, space) : status;
    if (status != CLI_OK) {
        free(space);
        return status;
    }
    status = model_load(o->cpu, &model);
    if (status == CLI_OK) {
        if (o->map) {
            space_print_map(stdout, &style, space);
            fputs(cli->arg_count > 0 ? "\n" : "", stdout);
        }
        if (homework && space->regions == 0) {
            status = cli_input_error(
                o->space, 0, 0,
                "nothing is mapped to ask about; add a line 'map NAME ADDRESS SIZE any'");
        } else if (homework) {
            status = give_homework(o, space, &style, &model);
        } else {
            status = show_addresses(cli, o, space, &style, &model);
        }
        cpu_model_free(&model);
    }
    space_free(space);
    free(space);
    return status;
}

#define FIELD(name) offsetof(struct translate_options, name)

const struct command command_translate = {
    .name = "translate",
    .summary = "show a page walk, reference by reference, or ask about many (homework)",
    .operands = "[ADDRESS|REGION[+OFFSET]]...",
    .description =
        "Translates virtual addresses with the machine's own walker and shows each reference to a "
        "table entry: where the entry is, what it holds, flag by flag, and where it leads; "
        "natively, or "
        "nested, where each address of the guest's tables is itself translated.\n"
        "\n"
        "The tables are those of a demonstration (the same for the same seed; --map lists its "
        "regions), of a description (--space), or of a machine's memory (--memory, as 'ringside "
        "exec "
        "--dump-memory' writes it).\n"
        "\n"
        "Without an address it is homework: the tables and questions. Answers come with -c only.",
    .examples =
        (const struct command_example[]){
            {"ringside translate 0x400123", "four references of a native walk"},
            {"ringside translate --nested 0x400123", "24 references: the same under EPT"},
            {"ringside translate --nested --huge --ept-huge heap",
             "15: 2 MiB pages in both dimensions"},
            {"ringside translate --access write code",
             "a page fault, with its error code explained"},
            {"ringside translate --nested unbacked",
             "an EPT violation: a VM exit, not a page fault"},
            {"ringside translate --map", "what there is to translate"},
            {"ringside translate -s 7 -n 5 --levels 2", "homework on two-level tables"},
            {"ringside translate -s 7 -n 5 --levels 2 -c", "its answers"},
            {0}},
    .options =
        (const struct option_row[]){
            OPTION_ROW_LEVELS(struct translate_options, levels, "the"),
            {.name = "nested",
             .kind = OPTION_FLAG,
             .help = "translate in two dimensions: guest tables and EPT",
             .offset = FIELD(nested)},
            {.name = "ept-levels",
             .kind = OPTION_NUMBER,
             .arg = "M",
             .help = "levels of the EPT, 2 to 5 (4 unless given); implies --nested",
             .offset = FIELD(ept_levels),
             .min = LEVELS_MIN,
             .max = LEVELS_MAX},
            {.name = "nested-twice",
             .kind = OPTION_FLAG,
             .help = "three dimensions: a guest of a hypervisor that is itself a guest",
             .offset = FIELD(nested_twice)},
            {.name = "huge",
             .kind = OPTION_FLAG,
             .help = "the demonstration's heap is of 2 MiB pages",
             .offset = FIELD(huge)},
            {.name = "ept-huge",
             .kind = OPTION_FLAG,
             .help = "the EPT maps 2 MiB pages; implies --nested",
             .offset = FIELD(ept_huge)},
            {.letter = 'a',
             .name = "access",
             .kind = OPTION_CHOICE,
             .arg = "KIND",
             .help = "read, write or fetch",
             .offset = FIELD(access),
             .choices = (const char *const[]){"read", "write", "fetch", NULL}},
            {.letter = 'r',
             .name = "ring",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "ring that makes the access, 0 to 3",
             .offset = FIELD(ring),
             .max = 3},
            {.name = "no-wp",
             .kind = OPTION_FLAG,
             .help = "machine word without WP: rings 0 to 2 write everywhere",
             .offset = FIELD(no_wp)},
            {.letter = 'm',
             .name = "map",
             .kind = OPTION_FLAG,
             .help = "list what is mapped",
             .offset = FIELD(map)},
            {.name = "space",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "take the address space that FILE describes (docs/cli.md)",
             .offset = FIELD(space)},
            {.name = "memory",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "take the tables in a dump of memory; needs --ptbr",
             .offset = FIELD(memory)},
            {.name = "ptbr",
             .kind = OPTION_STRING,
             .arg = "ADDRESS",
             .help = "page-table base in --memory",
             .offset = FIELD(ptbr)},
            {.name = "eptp",
             .kind = OPTION_STRING,
             .arg = "ADDRESS",
             .help = "root of the EPT in --memory",
             .offset = FIELD(eptp)},
            OPTION_ROW_SEED(struct translate_options, seed),
            {.letter = 'n',
             .name = "questions",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "how many questions",
             .offset = FIELD(questions),
             .min = 1,
             .max = 1000},
            {.letter = 'c',
             .name = "compute",
             .kind = OPTION_FLAG,
             .help = "show the answers",
             .offset = FIELD(answers)},
            OPTION_ROW_CPU(struct translate_options, cpu),
            OPTION_ROW_EXPORT_JSON(struct translate_options, export_json),
            {0}},
    .defaults =
        &(const struct translate_options){
            .levels = 4, .ring = 3, .seed = CLI_DEFAULT_SEED, .questions = 5, .cpu = MODEL_DEFAULT},
    .options_size = sizeof(struct translate_options),
    .max_args = CLI_ANY_ARGS,
    .run = run_translate,
};
