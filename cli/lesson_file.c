// Reads lessons. A file begins with lines "title:", "workload:", "arch:", "compare:", each with a value; then come pages, divided by lines
// of three dashes. A page may begin with "run: COMMAND", done when the page is opened; its other lines are text, up to a line "answer:",
// behind which a question's answer stands. docs/dashboard.md shows one.
#include "cli/lesson_file.h"

#include "cli/data.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_LESSON = 1 << 20 };
static const char suffix[] = ".lesson";

struct reader {
    const char *path, *at;
    unsigned line;
    struct lesson *lesson;
    struct lesson_scene *scene;
    char *text, *answer; // of the page, each as large as the file
    char run[LESSON_VALUE_SIZE];
    bool in_answer;
};

static bool is_path(const char *name)
{
    size_t n = strlen(name), tail = sizeof suffix - 1;
    return n > tail && strcmp(name + n - tail, suffix) == 0;
}

static const struct data_file *built_in(const char *name, const char *lang)
{
    char path[LESSON_VALUE_SIZE];
    snprintf(path, sizeof path, "lessons/%s.%s%s", name, lang, suffix);
    return data_find(path);
}

bool lesson_exists(const char *name)
{
    return is_path(name) || built_in(name, "en");
}

// The value behind "KEY: " if the line begins so, cut to what fits; else NULL.
static bool value_of(const char *line, const char *key, char value[LESSON_VALUE_SIZE])
{
    size_t n = strlen(key);
    if (strncmp(line, key, n) != 0 || line[n] != ':') {
        return false;
    }
    line += n + 1;
    snprintf(value, LESSON_VALUE_SIZE, "%s", line + strspn(line, " "));
    return true;
}

// Blank lines at both ends are no part of a text.
static char *trimmed(char *text)
{
    text += strspn(text, "\n");
    for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n';) {
        text[--n] = '\0';
    }
    return text;
}

static int end_page(struct reader *r)
{
    char *text = trimmed(r->text), *answer = trimmed(r->answer);
    if (!text[0]) {
        return cli_input_error(r->path, r->line, 1,
                               "a page without text; write some above this line");
    }
    bool room =
        lesson_add(r->lesson, text, r->in_answer ? answer : NULL, r->run[0] ? r->run : NULL);
    r->text[0] = r->answer[0] = r->run[0] = '\0';
    r->in_answer = false;
    return room ? CLI_OK
                : cli_input_error(r->path, r->line, 1, "more than %d pages; make two lessons of it",
                                  LESSON_PAGES_MAX);
}

static int read_head(struct reader *r, const char *line)
{
    struct lesson_scene unused;
    struct lesson_scene *scene = r->scene ? r->scene : &unused;
    char title[LESSON_VALUE_SIZE];
    if (value_of(line, "title", title)) {
        return lesson_title(r->lesson, title) ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory");
    }
    if (value_of(line, "workload", scene->workload) || value_of(line, "arch", scene->arch) ||
        value_of(line, "compare", scene->compare)) {
        return CLI_OK;
    }
    return cli_input_error(
        r->path, r->line, 1,
        "'%.40s' is none of title:, workload:, arch: and compare:; an empty line ends these", line);
}

static int read_line(struct reader *r, const char *line, bool head)
{
    if (head) {
        return read_head(r, line);
    }
    if (strcmp(line, "---") == 0) {
        return end_page(r);
    }
    if (strcmp(line, "answer:") == 0) {
        r->in_answer = true;
        return CLI_OK;
    }
    if (!r->in_answer && !r->text[strspn(r->text, "\n")] && value_of(line, "run", r->run)) {
        return CLI_OK;
    }
    char *to = r->in_answer ? r->answer : r->text;
    strcat(strcat(to, line), "\n");
    return CLI_OK;
}

static int read_all(struct reader *r, size_t size)
{
    char *line = malloc(size + 1);
    int status = line ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory for a lesson");
    bool head = true;
    while (status == CLI_OK && *r->at) {
        size_t n = strcspn(r->at, "\n");
        snprintf(line, size + 1, "%.*s", (int)n, r->at);
        r->at += n + (r->at[n] == '\n');
        r->line++;
        if (head && !line[0]) {
            head = false;
            continue;
        }
        status = read_line(r, line, head);
    }
    free(line);
    return status == CLI_OK ? end_page(r) : status;
}

int lesson_read(const char *name, const char *lang, struct lesson *out, struct lesson_scene *scene)
{
    const struct data_file *file = built_in(name, lang);
    size_t size = file ? file->size : 0;
    char *own = is_path(name) ? cli_read_file(name, LARGEST_LESSON, &size) : NULL;
    *out = (struct lesson){0};
    if (is_path(name) && !own) {
        return CLI_BAD_INPUT;
    }
    if (!own && !file) {
        return CLI_OK;
    }
    struct reader r = {.path = own ? name : file->name,
                       .at = own ? own : file->text,
                       .lesson = out,
                       .scene = scene,
                       .text = calloc(1, 2 * size + 2),
                       .answer = calloc(1, 2 * size + 2)};
    int status = r.text && r.answer ? read_all(&r, size)
                                    : cli_error(CLI_UNAVAILABLE, "no memory for a lesson");
    free(r.text);
    free(r.answer);
    free(own);
    return status;
}
