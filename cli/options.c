// Parses command lines: libpopt splits them by a table derived from ours, and the values are then
// checked and stored in the commands' structs.
#include "cli/options.h"

#include <inttypes.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>

const struct option_row cli_common_options[] = {
    {.letter = 'h',
     .name = "help",
     .kind = OPTION_FLAG,
     .help = "print this help",
     .offset = offsetof(struct common_options, help)},
    {.letter = 'V',
     .name = "version",
     .kind = OPTION_FLAG,
     .help = "print the version and what is built in",
     .offset = offsetof(struct common_options, version)},
    {.name = "color",
     .kind = OPTION_CHOICE,
     .arg = "WHEN",
     .help = "colour the output: auto (on a terminal, unless NO_COLOR is set), always, never",
     .offset = offsetof(struct common_options, color),
     .choices = (const char *const[]){"auto", "always", "never", NULL}},
    {.name = "ascii",
     .kind = OPTION_FLAG,
     .help = "plain ASCII: no bars and lines of the locale's characters",
     .offset = offsetof(struct common_options, ascii)},
    {0},
};

enum { MOST_OPTIONS = 64 }; // of one command, the common ones included

// Everything allocated for one command line. The strings of an OPTION_LIST live as long as it does.
struct parse_memory {
    struct poptOption table[MOST_OPTIONS + 1]; // libpopt keeps a pointer to it
    const struct option_row *rows[MOST_OPTIONS];
    void *fields[MOST_OPTIONS];
    size_t row_count;
    const char **argv; // with the values of one multi-valued option joined into one argument
    char **strings;    // to be freed
    size_t string_count;
};

enum { JOINT = '\x1f' }; // ASCII's unit separator: between the joined values

size_t option_value_count(const struct option_row *row)
{
    size_t count = row->arg != NULL;
    for (const char *c = row->arg; c && *c; c++) {
        count += *c == ' ';
    }
    return count;
}

static void *must(void *memory)
{
    if (!memory) {
        // So early, and for so few bytes, there is nobody to return an error to.
        exit(cli_error(CLI_UNAVAILABLE, "no memory for the command line"));
    }
    return memory;
}

static char *keep(struct parse_memory *memory, char *string)
{
    memory->strings =
        must(realloc(memory->strings, (memory->string_count + 1) * sizeof *memory->strings));
    memory->strings[memory->string_count++] = must(string);
    return string;
}

static void add_rows(struct parse_memory *memory, const struct option_group *group)
{
    for (const struct option_row *row = group->rows; row && row->name; row++) {
        size_t i = memory->row_count;
        if (i == MOST_OPTIONS) {
            abort(); // a table of ours has outgrown MOST_OPTIONS
        }
        memory->rows[i] = row;
        memory->fields[i] = (char *)group->values + row->offset;
        memory->table[i] = (struct poptOption){
            .longName = row->name,
            .shortName = row->letter,
            .argInfo = row->kind == OPTION_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
            .val = (int)i + 1,
        };
        memory->row_count++;
    }
}

// The option that this argument ends with and that finds its value in the arguments after it; NULL
// if the argument is an operand, or complete in itself.
static const struct option_row *open_option(const struct parse_memory *memory, const char *argument)
{
    bool is_long = strncmp(argument, "--", 2) == 0;
    if (argument[0] != '-' || argument[1] == '\0') {
        return NULL;
    }
    for (const char *letter = argument + 1; is_long || *letter; letter++) {
        for (size_t i = 0; i < memory->row_count; i++) {
            const struct option_row *row = memory->rows[i];
            if (is_long ? strcmp(row->name, argument + 2) == 0 : row->letter == *letter) {
                if (row->kind != OPTION_FLAG) {
                    return is_long || letter[1] == '\0' ? row : NULL;
                }
                break;
            }
        }
        if (is_long) {
            return NULL;
        }
    }
    return NULL;
}

// libpopt knows options with one value only, so the values of those with more are joined first.
static int join_values(struct parse_memory *memory, const char *name, int argc,
                       const char *const *argv, bool stop_at_operand, int *joined_count)
{
    const char **to = memory->argv = must(malloc(((size_t)argc + 1) * sizeof *to));
    int i = 0;
    while (i < argc) {
        const char *argument = argv[i];
        bool operand = argument[0] != '-' || argument[1] == '\0';
        *to++ = argv[i++];
        if (i > 1 && (strcmp(argument, "--") == 0 || (operand && stop_at_operand))) {
            break;
        }
        const struct option_row *row = i > 1 ? open_option(memory, argument) : NULL;
        int count = row ? (int)option_value_count(row) : 0;
        if (count > 1 && argc - i < count) {
            return cli_error(CLI_USAGE, "%s needs %d values: %s; see '%s --help'", argument, count,
                             row->arg, name);
        }
        if (count == 1 && i < argc) {
            *to++ = argv[i++];
        } else if (count > 1) {
            size_t length = 0;
            for (int k = 0; k < count; k++) {
                length += strlen(argv[i + k]) + 1;
            }
            char *end = keep(memory, malloc(length));
            *to++ = end;
            for (int k = 0; k < count; k++) {
                size_t part = strlen(argv[i]);
                memcpy(end, argv[i++], part);
                end[part] = k + 1 < count ? JOINT : '\0';
                end += part + 1;
            }
        }
    }
    while (i < argc) {
        *to++ = argv[i++];
    }
    *to = NULL;
    *joined_count = (int)(to - memory->argv);
    return CLI_OK;
}

static void append(struct parse_memory *memory, struct option_list *list, const char *value)
{
    size_t bytes = (list->count + 1) * sizeof *list->items;
    const char **items = must(malloc(bytes));
    if (list->count > 0) {
        memcpy(items, list->items, bytes - sizeof *list->items);
    }
    items[list->count++] = value;
    list->items = (const char **)keep(memory, (char *)items);
}

static int store_list(struct parse_memory *memory, const char *name, const struct option_row *row,
                      struct option_list *field, char *value)
{
    size_t missing = option_value_count(row);
    while (missing > 0) {
        char *joint = --missing > 0 ? strchr(value, JOINT) : NULL;
        if (missing > 0 && !joint) { // as in --triple=A, which join_values leaves alone
            return cli_error(CLI_USAGE,
                             "--%s takes its values as separate words: %s; see '%s --help'",
                             row->name, row->arg, name);
        }
        append(memory, field, value);
        if (joint) {
            *joint = '\0';
            value = joint + 1;
        }
    }
    return CLI_OK;
}

// A number or size, and its bounds.
static int store_number(const char *name, const struct option_row *row, uint64_t *field,
                        const char *value)
{
    bool is_size = row->kind == OPTION_SIZE;
    uint64_t parsed;
    if (!(is_size ? cli_parse_size : cli_parse_number)(value, &parsed)) {
        return cli_error(CLI_USAGE, "--%s: '%s' is not a %s; see '%s --help'", row->name, value,
                         is_size ? "size such as 4096, 64K, 16M or 1G" : "number such as 42 or 10k",
                         name);
    }
    if (parsed < row->min || (row->max > 0 && parsed > row->max)) {
        return row->max > 0 ? cli_error(CLI_USAGE, "--%s: %s is outside %" PRIu64 " to %" PRIu64,
                                        row->name, value, row->min, row->max)
                            : cli_error(CLI_USAGE, "--%s: %s is less than %" PRIu64, row->name,
                                        value, row->min);
    }
    *field = parsed;
    return CLI_OK;
}

static int store_choice(const struct option_row *row, int *field, const char *value)
{
    for (int i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *field = i;
            return CLI_OK;
        }
    }
    char all[256] = "";
    for (int i = 0; row->choices[i]; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", row->choices[i]);
    }
    return cli_error(CLI_USAGE, "--%s: '%s' is none of %s", row->name, value, all);
}

static int store(struct parse_memory *memory, const char *name, size_t index, char *value)
{
    const struct option_row *row = memory->rows[index];
    void *field = memory->fields[index];
    switch (row->kind) {
    case OPTION_FLAG: *(bool *)field = true; return CLI_OK;
    case OPTION_STRING: *(const char **)field = value; return CLI_OK;
    case OPTION_LIST: return store_list(memory, name, row, field, value);
    case OPTION_NUMBER:
    case OPTION_SIZE: return store_number(name, row, field, value);
    case OPTION_SEED:
        if (!cli_parse_seed(value, field)) {
            return cli_error(CLI_USAGE, "--%s: '%s' is neither a number nor 'random'", row->name,
                             value);
        }
        return CLI_OK;
    case OPTION_CHOICE: return store_choice(row, field, value);
    }
    abort();
}

// One line about what libpopt refused.
static int refuse(const struct parse_memory *memory, const char *name, poptContext context, int why)
{
    const char *bad = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    if (why == POPT_ERROR_NOARG) {
        return cli_error(CLI_USAGE, "option '%s' needs a value; see '%s --help'", bad, name);
    }
    if (why != POPT_ERROR_BADOPT) {
        return cli_error(CLI_USAGE, "option '%s': %s; see '%s --help'", bad, poptStrerror(why),
                         name);
    }
    const char *names[MOST_OPTIONS + 1];
    for (size_t i = 0; i < memory->row_count; i++) {
        names[i] = memory->rows[i]->name;
    }
    names[memory->row_count] = NULL;
    char word[40] = "";
    if (strncmp(bad, "--", 2) == 0) {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(bad + 2, "="), bad + 2);
    }
    const char *nearest = word[0] ? cli_nearest(word, names) : NULL;
    if (nearest) {
        return cli_error(CLI_USAGE, "unknown option '%s'; did you mean '--%s'? See '%s --help'",
                         bad, nearest, name);
    }
    return cli_error(CLI_USAGE, "unknown option '%s'; see '%s --help'", bad, name);
}

int options_parse(const char *name, int argc, const char *const *argv,
                  const struct option_group *groups, size_t group_count, bool stop_at_operand,
                  struct parsed *parsed)
{
    struct parse_memory *memory = must(calloc(1, sizeof *memory));
    *parsed = (struct parsed){.memory = memory};
    for (size_t i = 0; i < group_count; i++) {
        add_rows(memory, &groups[i]);
    }
    int joined_count = 0;
    int status = join_values(memory, name, argc, argv, stop_at_operand, &joined_count);
    if (status != CLI_OK) {
        return status;
    }
    poptContext context = must(poptGetContext(NULL, joined_count, memory->argv, memory->table,
                                              stop_at_operand ? POPT_CONTEXT_POSIXMEHARDER : 0));
    parsed->context = context;
    int found;
    while ((found = poptGetNextOpt(context)) > 0) {
        char *value = poptGetOptArg(context);
        status = store(memory, name, (size_t)found - 1, value ? keep(memory, value) : NULL);
        if (status != CLI_OK) {
            return status;
        }
    }
    if (found < -1) {
        return refuse(memory, name, context, found);
    }
    parsed->args = poptGetArgs(context);
    while (parsed->args && parsed->args[parsed->arg_count]) {
        parsed->arg_count++;
    }
    return CLI_OK;
}

void options_free(struct parsed *parsed)
{
    if (parsed->context) {
        poptFreeContext(parsed->context);
    }
    for (size_t i = 0; i < parsed->memory->string_count; i++) {
        free(parsed->memory->strings[i]);
    }
    free(parsed->memory->strings);
    free(parsed->memory->argv);
    free(parsed->memory);
}
