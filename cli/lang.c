// Chooses a language and reads its catalogues.
#include "cli/lang.h"

#include "cli/data.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_CATALOG = 4 << 20, PATH_SIZE = 4096 };

static const char english[] = "en";

static const struct data_file *words_of(const char *code)
{
    char name[32];
    snprintf(name, sizeof name, "lang/%s.po", code);
    return data_find(name);
}

// "ko" of "ko_KR.UTF-8", if it is a language of ours; else English.
static void from_environment(char code[4])
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *value = NULL;
    for (size_t i = 0; i < 3 && !(value && value[0]); i++) {
        value = getenv(variables[i]);
    }
    size_t n = value ? strcspn(value, "_.@") : 0;
    if (n == 2) {
        memcpy(code, value, n);
        code[n] = '\0';
    }
    if (n != 2 || !words_of(code)) {
        memcpy(code, english, sizeof english);
    }
}

static int add(struct lang *lang, const char *path, const char *text, size_t size)
{
    char err[512];
    if (catalog_add(lang->catalog, path, text, size, err, sizeof err)) {
        return CLI_OK;
    }
    fflush(stdout);
    fprintf(stderr, "%s\n", err); // it begins with file:line:col
    return CLI_BAD_INPUT;
}

int lang_open(struct lang *lang, const char *option)
{
    *lang = (struct lang){.code = "en"};
    if (!option) {
        from_environment(lang->code);
    } else if (strlen(option) == 2 && (strcmp(option, english) == 0 || words_of(option))) {
        memcpy(lang->code, option, 3);
    } else {
        return cli_error(CLI_USAGE, "no language '%s'; --lang takes en or ko", option);
    }
    if (strcmp(lang->code, english) == 0) {
        return CLI_OK;
    }
    lang->catalog = catalog_create();
    if (!lang->catalog) {
        return cli_error(CLI_UNAVAILABLE, "no memory for a language");
    }
    const struct data_file *file = words_of(lang->code);
    return add(lang, file->name, file->text, file->size);
}

int lang_add_scenario(struct lang *lang, const char *name)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "lang/%s/%s.po", lang->code, name);
    const struct data_file *file = lang->catalog ? data_find(path) : NULL;
    return file ? add(lang, file->name, file->text, file->size) : CLI_OK;
}

int lang_add_beside(struct lang *lang, const char *script)
{
    char path[PATH_SIZE];
    size_t n = strlen(script), size;
    n -= n > 4 && strcmp(script + n - 4, ".lua") == 0 ? 4 : 0;
    if (!lang->catalog || n + 8 > sizeof path) {
        return CLI_OK;
    }
    snprintf(path, sizeof path, "%.*s.%s.po", (int)n, script, lang->code);
    if (access(path, F_OK) != 0) {
        return CLI_OK;
    }
    char *text = cli_read_file(path, LARGEST_CATALOG, &size);
    int status = text ? add(lang, path, text, size) : CLI_BAD_INPUT;
    free(text);
    return status;
}

void lang_close(struct lang *lang)
{
    catalog_free(lang->catalog);
    lang->catalog = NULL;
}
